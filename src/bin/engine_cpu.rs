//! The worker that computes on the visitor's processor.

fn main() {
    camscope::engine::worker::run(camscope::device::DeviceKind::Cpu);
}
