//! Device under test.

use camscope::device::DeviceKind;

/// Return the device that `CAMSCOPE_TEST_DEVICE` names: `gpu`, or `cuda:0` in a build with the feature `cuda`.
pub fn wanted() -> DeviceKind {
    let name = std::env::var("CAMSCOPE_TEST_DEVICE").unwrap_or_else(|_| "gpu".into());
    match name.strip_prefix("cuda:").map(str::parse) {
        None if name == "gpu" => DeviceKind::Gpu,
        Some(Ok(index)) => DeviceKind::Cuda(index),
        _ => panic!("CAMSCOPE_TEST_DEVICE is gpu or cuda:INDEX, not {name}"),
    }
}
