// Starts an engine: `new Worker("engine_loader.js?device=cpu")`. A failed start becomes an error event of the
// worker, which a rejected promise alone would not.
importScripts("./engines.js");
const device = new URLSearchParams(self.location.search).get("device");
const engine = device === "cpu" ? cpuEngine() : device;
self.addEventListener("unhandledrejection", (event) => setTimeout(() => { throw event.reason; }));
if (self.GPU) {
  // A browser with a broken graphics process never answers; null means that there is no adapter.
  const request = GPU.prototype.requestAdapter;
  GPU.prototype.requestAdapter = async function (...all) {
    const patience = new Promise((resolve) => setTimeout(resolve, 3000, null));
    const adapter = await Promise.race([request.apply(this, all), patience]);
    const { vendor, architecture, description } = adapter?.info ?? {};
    self.adapterName = [vendor, architecture, description].join(" ").toLowerCase(); // for the engine
    return adapter;
  };
  // Whoever waits for a result of an adapter that was lost (a driver's update, a sleeping laptop) waits for ever.
  const open = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...all) {
    const device = await open.apply(this, all);
    device.lost.then(() => setTimeout(() => { throw new Error("adapter-lost"); }));
    return device;
  };
}
importScripts(`./engine-${engine}.js`);
wasm_bindgen({ module_or_path: `./engine-${engine}_bg.wasm` }).catch((error) => setTimeout(() => { throw error; }));
