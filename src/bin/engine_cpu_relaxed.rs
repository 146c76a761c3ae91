//! Engine worker for the visitor's CPU where the browser has WebAssembly's relaxed SIMD, whose multiply-add is faster.
//! `www/engine_loader.js` prefers it.

fn main() {
    #[cfg(target_family = "wasm")]
    camscope::kernels::enable_relaxed_simd();
    camscope::engine::worker::run(camscope::device::DeviceKind::Cpu);
}
