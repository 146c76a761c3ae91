// Starts the page's own code, which Trunk named after its content. (A script inside the page would need a policy that allows
// every such script.)
const { js, wasm } = document.querySelector("script[data-wasm]").dataset;
const { default: init } = await import(js);
await init({ module_or_path: wasm });
