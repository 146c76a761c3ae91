//! Device under test.

use burn::tensor::Device;
use camscope::device::{DeviceKind, open};

use crate::support::report;

/// Open the device under test. Without it, print that `tests` are skipped, or fail in the continuous integration, which has a
/// software adapter.
pub fn open_wanted(tests: &str) -> Option<Device> {
    match pollster::block_on(open(wanted())) {
        Ok(device) => Some(device),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{tests}: {error}");
            report(&format!("skipped: {tests}: {error} (`make setup SYSTEM=1` installs an adapter)"));
            None
        }
    }
}

/// Return the device that `CAMSCOPE_TEST_DEVICE` names: `gpu`, or `cuda:0` in a build with the feature `cuda`.
pub fn wanted() -> DeviceKind {
    let name = std::env::var("CAMSCOPE_TEST_DEVICE").unwrap_or_else(|_| "gpu".into());
    match name.strip_prefix("cuda:").map(str::parse) {
        None if name == "gpu" => DeviceKind::Gpu,
        Some(Ok(index)) => DeviceKind::Cuda(index),
        _ => panic!("CAMSCOPE_TEST_DEVICE is gpu or cuda:INDEX, not {name}"),
    }
}
