//! Engine worker for the visitor's graphics adapter, through WebGPU.

fn main() {
    camscope::engine::worker::run(camscope::device::DeviceKind::Gpu);
}
