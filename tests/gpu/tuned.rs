//! Convolutions whose kernel is chosen by timing, on the graphics adapter. They have a process of their own, because once it is
//! on, tuning stays on.

#[expect(dead_code, reason = "the other tests use more of it")]
#[path = "../host/convolution.rs"]
mod convolution;
mod device;
#[expect(dead_code, reason = "the other tests use more of it")]
#[path = "../host/support.rs"]
mod support;

use std::sync::atomic::{AtomicUsize, Ordering};

use camscope::kernels::tuning::{self, Implementation};

use convolution::{Case, check, check_relu};
use device::open_wanted;

/// Each way to compute an operation is right, and so is the faster one, here and for a batch of nearly the same size. What was
/// found is kept in the folder.
#[test]
fn tuned_convolutions_are_right_and_kept() {
    static USED: AtomicUsize = AtomicUsize::new(0);
    let folder = tempfile::tempdir().unwrap();
    let Some(device) = open_wanted("tuned convolutions") else { return };
    tuning::keep_in(folder.path(), "test");
    tuning::start(|number| USED.store(number, Ordering::Relaxed));
    let case = Case { images: 20, c_in: 8, c_out: 9, size: [9, 7], kernel: [3, 3], stride: 1, padding: [1; 4] };
    // Even sides with a stride leave the last row of the padding unused; TensorFlow pads only below and on the right.
    let strided = Case { size: [8, 10], stride: 2, ..case.clone() };
    let same = Case { padding: [0, 0, 1, 1], ..strided.clone() };
    let pointwise = Case { kernel: [1, 1], padding: [0; 4], ..case.clone() };
    for way in [Implementation::Own, Implementation::Burn] {
        tuning::use_only(way);
        for case in [&case, &strided, &same, &pointwise] {
            check(case, &device);
            check_relu(case, false, &device);
        }
    }
    tuning::use_only(Implementation::Faster);
    check(&case, &device);
    check(&strided, &device);
    check(&Case { images: 17, ..case.clone() }, &device);
    check_relu(&case, false, &device);
    assert_eq!(USED.load(Ordering::Relaxed), 12, "three operations for four shapes");
    // For a few photos this crate's kernels are used as they are.
    check(&Case { images: 2, size: [5, 5], ..case }, &device);
    assert_eq!(USED.load(Ordering::Relaxed), 12, "small batches are not tuned");

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
