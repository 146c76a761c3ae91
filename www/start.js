// Before the page's program is there: the first paint in the visitor's language. (www/words has the others' choice, too.)
try {
  const languages = [localStorage.getItem("camscope-language"), ...navigator.languages].filter(Boolean);
  const known = languages.map((language) => language.split("-")[0]).find((language) => ["en", "ko"].includes(language));
  document.documentElement.lang = known ?? "en";
} catch {
  // A browser without storage speaks English at first.
}
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
