// Starts the page's own code, which Trunk named after its content, as soon as it has its words. (A script inside the page would
// need a policy that allows every such script.)
const { js, wasm } = document.querySelector("script[data-wasm]").dataset;
const app = import(js);
const code = fetch(wasm);
const words = await import("./words.js");
await words.default({ module_or_path: new URL("./words_bg.wasm", import.meta.url) });
await words.begin();
const { default: init } = await app;
await init({ module_or_path: code });
