// The page's side of its service worker (sw.js): asks for it when the first network is ready, offers a new version, and counts
// what was stopped on its way out.

// For About: attempts that were stopped, and the bytes that were in them.
window.camscopeStopped = { requests: 0, bytes: 0 };
addEventListener("securitypolicyviolation", () => { window.camscopeStopped.requests += 1; });

function offer(registration) {
  if (document.getElementById("new-version")) return;
  const [note, text, use] = ["p", "span", "button"].map((name) => document.createElement(name));
  note.id = "new-version";
  note.setAttribute("role", "status");
  text.dataset.message = "version-new";
  use.dataset.message = "version-use";
  use.addEventListener("click", () => registration.waiting?.postMessage("take over"));
  note.append(text, use);
  document.body.append(note);
}

async function start() {
  const container = navigator.serviceWorker;
  let controlled = Boolean(container.controller);
  container.addEventListener("controllerchange", () => {
    // The first to come is no news; a later one brings another version's files.
    if (controlled) location.reload();
    controlled = true;
  });
  container.addEventListener("message", ({ data }) => {
    if (data === "kept") document.body.dataset.kept = "all";
    if (data === "others") document.querySelector("#new-version span").dataset.message = "version-others";
    if (data.refused) {
      window.camscopeStopped.requests += 1;
      window.camscopeStopped.bytes += data.bytes;
    }
  });
  const registration = await container.register("./sw.js", { updateViaCache: "none" });
  const offerWaiting = () => registration.waiting && container.controller && offer(registration);
  offerWaiting();
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", offerWaiting));
  const { active } = await container.ready;
  document.body.dataset.kept = "site";
  active.postMessage("keep weights");
}

// Whoever saves data, or visits over plain http, goes on as before.
if ("serviceWorker" in navigator && !navigator.connection?.saveData) {
  const settled = () => document.body.hasAttribute("data-settled");
  const begin = () => start().catch((error) => console.info(`camscope is not kept for offline: ${error.message ?? error}`));
  const wait = new MutationObserver(() => {
    if (!settled()) return;
    wait.disconnect();
    begin();
  });
  settled() ? begin() : wait.observe(document.body, { attributes: true, attributeFilter: ["data-settled"] });
}
