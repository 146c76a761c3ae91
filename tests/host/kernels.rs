//! The CPU kernels against their definitions in double precision.

use burn::module::{Module, Param};
use burn::nn::BatchNormConfig;
use burn::nn::conv::Conv2dConfig;
use burn::tensor::{Device, Tensor, TensorData};
use camscope::kernels::{ClampedRelu, Packed, batch_norm_relu, conv2d_relu};
use proptest::prelude::*;

use crate::convolution::{Case, assert_near, cases, check, check_float16_sums, check_rectified, noise, winograd_cases};
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
    fn a_rectified_convolution_is_what_its_definition_says(case in cases()) {
        check_rectified(&case, false, &Device::flex());
        check_rectified(&Case { c_out: case.c_in, ..case }, true, &Device::flex());
    }

    /// A 1×1 convolution is one matrix product.
    #[test]
    fn a_1x1_convolution_is_what_its_definition_says(images in 1..4usize, c_in in 1..70usize, c_out in 1..70usize, size in [1..40usize, 1..40]) {
        let case = Case { images, c_in, c_out, size, kernel: [1; 2], stride: 1, padding: [0; 4] };
        check_rectified(&case, false, &Device::flex());
    }

    #[test]
    fn a_winograd_convolution_is_what_its_definition_says(case in winograd_cases()) {
        check_rectified(&case, false, &Device::flex());
    }
}

/// There are more tiles than are processed at once.
#[test]
fn a_large_winograd_convolution_is_what_its_definition_says() {
    for (images, channels) in [(1, [64, 40]), (5, [16, 24])] {
        let [c_in, c_out] = channels;
        let case = Case { images, c_in, c_out, size: [70, 65], kernel: [3; 2], stride: 1, padding: [1; 4] };
        check_rectified(&case, false, &Device::flex());
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
    let (images, channels, h, w) = (3, 5, 7, 6);
    // A mean far from zero must cost no precision.
    let x: Vec<f32> = noise(5, images * channels * h * w).iter().map(|v| v + 10.0).collect();
    let (gamma, beta, dy) = (noise(6, channels), noise(7, channels), noise(8, x.len()));
    let count = (images * h * w) as f64;
    let channel = |i: usize| i / (h * w) % channels;
    let sum_over = |c: usize, f: &dyn Fn(usize) -> f64| (0..x.len()).filter(|&i| channel(i) == c).map(f).sum::<f64>();
    let mean: Vec<f64> = (0..channels).map(|c| sum_over(c, &|i| f64::from(x[i])) / count).collect();
    let variance: Vec<f64> =
        (0..channels).map(|c| sum_over(c, &|i| (f64::from(x[i]) - mean[c]).powi(2)) / count).collect();
    let normed = |i: usize| (f64::from(x[i]) - mean[channel(i)]) / (variance[channel(i)] + 1e-5).sqrt();
    for relu in [ClampedRelu { slope: 0.2, cap: f32::INFINITY }, ClampedRelu { slope: 0.0, cap: 0.5 }] {
        let (slope, cap) = (f64::from(relu.slope), f64::from(relu.cap));
        let z = |i: usize| f64::from(gamma[channel(i)]) * normed(i) + f64::from(beta[channel(i)]);
        let y = |i: usize| (if z(i) > 0.0 { z(i) } else { slope * z(i) }).min(cap);
        let g = |i: usize| {
            f64::from(dy[i])
                * if z(i) > cap {
                    0.0
                } else if z(i) > 0.0 {
                    1.0
                } else {
                    slope
                }
        };
        let d_beta: Vec<f64> = (0..channels).map(|c| sum_over(c, &g)).collect();
        let d_gamma: Vec<f64> = (0..channels).map(|c| sum_over(c, &|i| g(i) * normed(i))).collect();
        let dx = |i: usize| {
            let c = channel(i);
            let scale = f64::from(gamma[c]) / (variance[c] + 1e-5).sqrt();
            scale * (g(i) - d_beta[c] / count - normed(i) * d_gamma[c] / count)
        };
        let all = |f: &dyn Fn(usize) -> f64| -> Vec<f64> { (0..x.len()).map(f).collect() };

        let device = Device::flex().autodiff();
        let mut norm = BatchNormConfig::new(channels).init(&device).train();
        norm.gamma = Param::from_data(TensorData::new(gamma.clone(), [channels]), &device);
        norm.beta = Param::from_data(TensorData::new(beta.clone(), [channels]), &device);
        let tensor = |values: &[f32]| {
            Tensor::<4>::from_data(TensorData::new(values.to_vec(), [images, channels, h, w]), &device)
        };
        let input = tensor(&x).require_grad();
        let output =
            batch_norm_relu(&norm, relu, input.clone(), |_| panic!("the CPU kernels do training steps themselves"));
        assert_near("output", output.clone().inner(), &all(&y), 1);
        let gradients = (output * tensor(&dy)).sum().backward();
        // The input's mean takes part of its precision, hence the larger tolerance.
        let actual: Vec<f32> = values(input.grad(&gradients).unwrap());
        for (i, actual) in actual.into_iter().enumerate() {
            assert!(
                (f64::from(actual) - dx(i)).abs() < 2e-4,
                "input's gradient[{i}]: actual {actual}, expected {}",
                dx(i)
            );
        }
        let per_channel = |tensor: Tensor<1>| tensor.reshape([1, channels, 1, 1]);
        assert_near("γ's gradient", per_channel(norm.gamma.val().grad(&gradients).unwrap()), &d_gamma, images * h * w);
        assert_near("β's gradient", per_channel(norm.beta.val().grad(&gradients).unwrap()), &d_beta, images * h * w);
        let running = |start: f64, batch: &[f64]| -> Vec<f64> { batch.iter().map(|v| 0.9 * start + 0.1 * v).collect() };
        assert_near("mean", per_channel(norm.running_mean.value_sync().inner()), &running(0.0, &mean), 1);
        assert_near("variance", per_channel(norm.running_var.value_sync().inner()), &running(1.0, &variance), 1);
    }
}

#[test]
fn float16_gradients_are_summed_in_float32() {
    assert!(check_float16_sums(&Device::flex()), "the CPU has float16");
}
