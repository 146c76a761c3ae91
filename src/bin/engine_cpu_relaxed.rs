//! The same where the browser has WebAssembly's relaxed SIMD: with its multiply-add, `www/engine_loader.js` prefers this one.

fn main() {
    pulp::wasm::enable_relaxed_simd();
    camscope::engine::worker::run(camscope::device::DeviceKind::Cpu);
}
