// Starts the page's program, which Trunk named after its content. (A script inside the page would need a policy that allows every such
// script.)
const { js, wasm } = document.querySelector("script[data-wasm]").dataset;
const code = fetch(wasm);
const { default: init } = await import(js);
await init({ module_or_path: code });
