// Starts a part of the page (`?part=`) where it was opened, or says there why it cannot.
const part = new URL(import.meta.url).searchParams.get("part");
try {
  const { default: init } = await import(`./${part}.js`);
  await init({ module_or_path: new URL(`./${part}_bg.wasm`, import.meta.url) });
} catch (error) {
  const note = document.querySelector(`#${part} > .waiting`);
  if (note) {
    note.setAttribute("role", "alert");
    note.dataset.message = `part-failed ${JSON.stringify({ why: String(error.message ?? error) })}`;
  }
}
