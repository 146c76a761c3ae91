//! Engine worker for the visitor's CPU.

fn main() {
    camscope::engine::worker::run(camscope::device::DeviceKind::Cpu);
}
