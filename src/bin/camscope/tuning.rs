//! Choice of the faster kernels on the adapter at hand, by timing: where the results are kept, and a line of progress.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use camscope::device::{DeviceKind, tuning};
use camscope::model::Network;
use etcetera::BaseStrategy;

/// Time between two lines of progress.
const PAUSE: Duration = Duration::from_secs(2);

/// Keep what is timed on these devices, which are open, in the user's cache, under their names and this version of camscope.
pub fn keep(devices: &[DeviceKind]) {
    let Ok(user) = etcetera::choose_base_strategy() else { return };
    let mut names: Vec<String> = devices.iter().filter_map(|&device| name(device)).collect();
    names.dedup();
    let name = format!("{} {}", names.join(" "), env!("CARGO_PKG_VERSION"));
    let name = name.to_lowercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    tuning::keep_in(&user.cache_dir().join("camscope").join("tuning"), &name);
}

/// Return the name of a device, as the driver tells it.
fn name(device: DeviceKind) -> Option<String> {
    match device {
        DeviceKind::Cpu => None,
        #[cfg(feature = "gpu")]
        DeviceKind::Gpu => {
            let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
            let options = wgpu::RequestAdapterOptions {
                power_preference: wgpu::PowerPreference::HighPerformance,
                ..wgpu::RequestAdapterOptions::default()
            };
            let adapter = pollster::block_on(instance.request_adapter(&options)).ok()?;
            let info = adapter.get_info();
            Some(format!("{} {}", info.name, info.driver_info))
        }
        #[cfg(feature = "cuda")]
        DeviceKind::Cuda(index) => cudarc::driver::CudaContext::new(index).and_then(|card| card.name()).ok(),
        #[allow(unreachable_patterns)] // in a build with both
        DeviceKind::Gpu | DeviceKind::Cuda(_) => None,
    }
}

/// Use the faster kernels from now on to train `network` on photos of `side` × `side` pixels. Report the progress of
/// tuning on standard error if it takes long.
pub fn start(network: &Network, side: usize) {
    // Forward, weight gradient and input gradient; the photos need none.
    let total = (3 * network.distinct_convolutions(side, side)).saturating_sub(1);
    let reported = Mutex::new(Instant::now());
    tuning::start(move |number| {
        let Ok(mut reported) = reported.lock() else { return };
        if reported.elapsed() >= PAUSE {
            *reported = Instant::now();
            eprintln!(
                "tuning convolutions for this adapter (timed once, then kept): {number} of {}",
                total.max(number)
            );
        }
    });
}
