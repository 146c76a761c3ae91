//! The worker that computes on the visitor's graphics adapter.

fn main() {
    camscope::engine::worker::run(camscope::device::DeviceKind::Gpu);
}
