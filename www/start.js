// If the page's own code cannot start (an old browser, a cut download), say so where it would have been.
function say(reason) {
  const note = document.getElementById("loading");
  if (!note) return;
  note.setAttribute("role", "alert");
  note.textContent = `camscope cannot start (${reason}). Reload the page, or try a newer browser.`;
}
addEventListener("error", (event) => say(event.message ?? "a part of the page is missing"), true);
addEventListener("unhandledrejection", (event) => say(event.reason));
