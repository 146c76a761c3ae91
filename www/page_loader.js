// Starts the page's program, which Trunk named after its content. (A script inside the page would need a policy that allows every such
// script.) A failure becomes an error of the page: WebKit reports none of a module that ends in one.
const { js, wasm } = document.querySelector("script[data-wasm]").dataset;
const code = fetch(wasm);
import(js)
  .then(({ default: init }) => init({ module_or_path: code }))
  .catch((error) => setTimeout(() => { throw error; }));
