// Starts an engine: `new Worker("engine_loader.js?device=cpu")`. A failed start becomes an error event of the
// worker, which a rejected promise alone would not.
const device = new URLSearchParams(self.location.search).get("device");
self.addEventListener("unhandledrejection", (event) => setTimeout(() => { throw event.reason; }));
importScripts(`./engine-${device}.js`);
wasm_bindgen({ module_or_path: `./engine-${device}_bg.wasm` }).catch((error) => setTimeout(() => { throw error; }));
