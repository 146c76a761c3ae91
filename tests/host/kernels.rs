//! The CPU kernels against their definitions in double precision.

use burn::nn::conv::Conv2dConfig;
use burn::tensor::{Device, Tensor};
use camscope::kernels::{ClampedRelu, Packed, conv2d_relu};
use proptest::prelude::*;

use crate::convolution::{
    Case, assert_near, cases, check, check_batch_norm, check_float16_sums, check_relu, winograd_cases,
};
use crate::support::values;

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_convolution_is_what_its_definition_says(case in prop_oneof![cases(), winograd_cases()]) {
        check(&case, &Device::flex());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_convolution_with_relu_is_what_its_definition_says(case in cases()) {
        check_relu(&case, false, &Device::flex());
        check_relu(&Case { c_out: case.c_in, ..case }, true, &Device::flex());
    }

    /// A 1×1 convolution is one matrix product.
    #[test]
    fn a_1x1_convolution_is_what_its_definition_says(images in 1..4usize, c_in in 1..70usize, c_out in 1..70usize, size in [1..40usize, 1..40]) {
        let case = Case { images, c_in, c_out, size, kernel: [1; 2], stride: 1, padding: [0; 4] };
        check_relu(&case, false, &Device::flex());
    }

    #[test]
    fn a_winograd_convolution_is_what_its_definition_says(case in winograd_cases()) {
        check_relu(&case, false, &Device::flex());
    }
}

/// There are more tiles than are processed at once.
#[test]
fn a_large_winograd_convolution_is_what_its_definition_says() {
    for (images, channels) in [(1, [64, 40]), (5, [16, 24])] {
        let [c_in, c_out] = channels;
        let case = Case { images, c_in, c_out, size: [70, 65], kernel: [3; 2], stride: 1, padding: [1; 4] };
        check_relu(&case, false, &Device::flex());
    }
}

/// When a convolution's weights change, its cached packed weights are not used any more.
#[test]
fn packed_weights_follow_the_weights() {
    let (device, packed) = (Device::flex(), Packed::default());
    let mut conv = Conv2dConfig::new([3, 5], [1, 1]).with_bias(false).init(&device);
    let x = Tensor::<4>::ones([1, 3, 1, 1], &device);
    for scale in [1.0, 1.0, -2.0] {
        conv.weight = conv.weight.map(|weight| weight * scale);
        let actual = conv2d_relu(&conv, &packed, ClampedRelu::NONE, x.clone(), |x| x);
        let sums = values(conv.weight.val().sum_dim(1).reshape([1, 5, 1, 1]));
        assert_near("output", actual, &sums.iter().map(|&sum| f64::from(sum)).collect::<Vec<_>>(), 3);
    }
}

/// A network that diverged must show it: the cap of a clamped ReLU must not turn NaN into a number.
#[test]
fn nan_stays_nan() {
    let device = Device::flex();
    for groups in [1, 4] {
        let conv = Conv2dConfig::new([4, 4], [3, 3]).with_groups(groups).init(&device);
        let x = Tensor::<4>::full([1, 4, 3, 3], f32::NAN, &device);
        let actual = values(conv2d_relu(&conv, &Packed::default(), ClampedRelu { slope: 0.0, cap: 6.0 }, x, |x| x));
        assert!(actual.iter().all(|value| value.is_nan()), "{actual:?}");
    }
}

/// The lines are longer than a panel of the kernel, and there are fewer photos than threads.
#[test]
fn a_large_convolution_is_what_its_definition_says() {
    for (images, channels, stride) in [(1, [3, 40], 1), (1, [20, 9], 2), (3, [5, 6], 1)] {
        let [c_in, c_out] = channels;
        check(&Case { images, c_in, c_out, size: [60, 50], kernel: [3, 3], stride, padding: [1; 4] }, &Device::flex());
    }
}

/// Checks output, gradients and running statistics of a training step.
#[test]
fn a_batch_norm_with_relu_is_what_its_definition_says() {
    // A mean of ten is rounded to half a millionth.
    check_batch_norm([3, 5, 7, 6], 6e-7, &Device::flex());
}

#[test]
fn float16_gradients_are_summed_in_float32() {
    assert!(check_float16_sums(&Device::flex()), "the CPU has float16");
}
