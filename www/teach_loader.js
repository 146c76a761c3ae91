// Starts the teaching half of the page where it was opened, or says there why it cannot.
try {
  const { default: init } = await import("./teach.js");
  await init({ module_or_path: new URL("./teach_bg.wasm", import.meta.url) });
} catch (error) {
  const note = document.getElementById("teach-loading");
  if (note) {
    note.setAttribute("role", "alert");
    note.textContent = `Teaching cannot start (${error.message ?? error}). Reload the page.`;
  }
}
