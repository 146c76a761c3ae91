//! Choice of the faster kernels on the adapter at hand, by timing: where the results are kept, and a line of progress.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use camscope::device::{DeviceKind, tuning};
use camscope::model::Network;
use etcetera::BaseStrategy;

/// Time between two lines of progress.
const PAUSE: Duration = Duration::from_secs(2);

/// Keep what is timed on this adapter in the user's cache, under the adapter's name.
pub fn keep(device: DeviceKind) {
    let Ok(user) = etcetera::choose_base_strategy() else { return };
    tuning::keep_in(&user.cache_dir().join("camscope").join("tuning"), &name(device));
}

/// Return a CUDA device's name, as `nvidia-h100-80gb-hbm3`; `adapter` for another device, or if the driver does not tell it.
fn name(device: DeviceKind) -> String {
    #[cfg(feature = "cuda")]
    if let DeviceKind::Cuda(index) = device {
        // The driver's library is loaded on first use, which panics if there is none.
        let card = std::panic::catch_unwind(|| cudarc::driver::CudaContext::new(index).and_then(|card| card.name()));
        if let Ok(Ok(card)) = card {
            return card.to_lowercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        }
    }
    let _ = device;
    "adapter".into()
}

/// Use the faster kernels from now on to train `network` on photos of `side` × `side` pixels, and tell on standard error
/// how far their timing is, if it takes long.
pub fn start(network: &Network, side: usize) {
    // Forward, weight gradient and input gradient; the photos need none.
    let total = (3 * network.distinct_convolutions(side, side)).saturating_sub(1);
    let told = Mutex::new(Instant::now());
    tuning::start(move |number| {
        let Ok(mut told) = told.lock() else { return };
        if told.elapsed() >= PAUSE {
            *told = Instant::now();
            eprintln!("tuning convolutions for this adapter, once: {number} of {}", total.max(number));
        }
    });
}
