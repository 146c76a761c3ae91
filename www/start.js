// If the page's own code cannot start (an old browser, a cut download), says so where it would have been.
function say(reason) {
  const place = document.getElementById("loading");
  if (!place) return;
  const [now, note] = place.children;
  now.hidden = true;
  note.hidden = false;
  place.setAttribute("role", "alert");
  note.querySelector("code").textContent = reason ?? "";
}
addEventListener("error", (event) => say(event.message ?? event.target.src), true);
addEventListener("unhandledrejection", (event) => say(event.reason));
