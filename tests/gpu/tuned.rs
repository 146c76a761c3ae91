//! Convolutions whose kernel is chosen by timing, on the graphics adapter. They have a process of their own, because once it is
//! on, tuning stays on.

#[expect(dead_code, reason = "the other tests use more of it")]
#[path = "../host/convolution.rs"]
mod convolution;
#[expect(dead_code, reason = "the other tests use more of it")]
#[path = "../host/support.rs"]
mod support;

use std::sync::atomic::{AtomicUsize, Ordering};

use camscope::device::{DeviceKind, open};
use camscope::kernels::tuning;

use convolution::{Case, check, check_rectified};
use support::report;

/// Both ways to compute an operation are timed and the faster one is right, here and for a batch of nearly the same size. What
/// was found is kept in the folder.
#[test]
fn tuned_convolutions_are_right_and_kept() {
    static USED: AtomicUsize = AtomicUsize::new(0);
    let folder = tempfile::tempdir().unwrap();
    tuning::keep_in(folder.path(), "test");
    let device = match pollster::block_on(open(DeviceKind::Gpu)) {
        Ok(device) => device,
        Err(error) => return report(&format!("skipped: tuned convolutions: {error}")),
    };
    tuning::start(|number| USED.store(number, Ordering::Relaxed));
    let case = Case { images: 20, c_in: 8, c_out: 9, size: [9, 7], kernel: [3, 3], stride: 1, padding: [1; 4] };
    check(&case, &device);
    let strided = Case { stride: 2, ..case.clone() };
    check(&strided, &device);
    assert_eq!(USED.load(Ordering::Relaxed), 6, "three operations for two shapes");
    check(&Case { images: 17, ..case.clone() }, &device);
    check_rectified(&case, false, &device);
    // For a few photos this crate's kernels are used as they are.
    check(&Case { images: 2, kernel: [1, 1], padding: [0; 4], ..case }, &device);
    assert_eq!(USED.load(Ordering::Relaxed), 6, "the same shapes again");

    let mut kept = Vec::new();
    for file in std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
        assert!(file.file_name().unwrap().to_string_lossy().starts_with("test"), "{}", file.display());
        kept.extend(std::fs::read(file).unwrap());
    }
    for operation in ["convolution", "weight gradient", "input gradient"] {
        let needle = operation.as_bytes();
        assert!(kept.windows(needle.len()).any(|bytes| bytes == needle), "the {operation} was not kept");
    }
}
