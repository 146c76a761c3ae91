//! The graphics adapter's operations against their definitions in double precision.
//!
//! They run on any adapter that Vulkan offers: a real one, or lavapipe (Debian's mesa-vulkan-drivers). Without an
//! adapter every test is skipped, and the reason is printed.

#[path = "../host/convolution.rs"]
mod convolution;
#[expect(dead_code, reason = "the host tests use more of it")]
#[path = "../host/support.rs"]
mod support;

use std::sync::LazyLock;

use burn::nn::PaddingConfig2d;
use burn::nn::pool::MaxPool2dConfig;
use burn::tensor::{Device, Tensor, TensorData};
use camscope::device::{DeviceKind, open};
use camscope::kernels::{matmul, max_pool2d, use_plain};
use camscope::model::NetworkConfig;
use proptest::prelude::*;

use convolution::{Case, cases, check, check_rectified, noise, winograd_cases};
use support::{assert_close, report, values};

/// Return the adapter, which is opened once. Without one, print the reason once and return `None`: every test is then
/// skipped.
fn adapter() -> Option<Device> {
    static ADAPTER: LazyLock<Option<Device>> = LazyLock::new(|| match pollster::block_on(open(DeviceKind::Gpu)) {
        Ok(device) => Some(device),
        Err(error) => {
            report(&format!(
                "skipped: all tests of the graphics kernels: {error} (`make setup SYSTEM=1` installs one)"
            ));
            None
        }
    });
    ADAPTER.clone()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_rectified_convolution_is_what_its_definition_says(case in cases()) {
        let Some(device) = adapter() else { return Ok(()) };
        check_rectified(&case, false, &device);
        check_rectified(&Case { c_out: case.c_in, ..case }, true, &device);
    }

    #[test]
    fn a_convolution_and_its_gradients_are_what_their_definitions_say(case in prop_oneof![cases(), winograd_cases()]) {
        let Some(device) = adapter() else { return Ok(()) };
        check(&case, &device);
    }

    #[test]
    fn a_winograd_convolution_is_what_its_definition_says(case in winograd_cases()) {
        let Some(device) = adapter() else { return Ok(()) };
        check_rectified(&case, false, &device);
    }

    /// A 1×1 convolution is one matrix product. The channels need not fill whole vectors.
    #[test]
    fn a_1x1_convolution_is_what_its_definition_says(images in 1..4usize, c_in in 1..70usize, c_out in 1..70usize, size in [1..20usize, 1..20]) {
        let Some(device) = adapter() else { return Ok(()) };
        check_rectified(&Case { images, c_in, c_out, size, kernel: [1; 2], stride: 1, padding: [0; 4] }, false, &device);
    }

    #[test]
    fn a_small_product_and_its_gradients_agree_with_the_cpu(rows in 1..40usize, depth in 1..40usize, columns in 1..40usize, transposed: bool) {
        let Some(device) = adapter() else { return Ok(()) };
        let shape = if transposed { [columns, depth] } else { [depth, columns] };
        let on = |device: &Device| {
            let device = device.clone().autodiff();
            let a = Tensor::<2>::from_data(TensorData::new(noise(1, rows * depth), [rows, depth]), &device).require_grad();
            let b = Tensor::<2>::from_data(TensorData::new(noise(2, depth * columns), shape), &device).require_grad();
            let product = matmul(a.clone(), if transposed { b.clone().transpose() } else { b.clone() });
            let dy = Tensor::from_data(TensorData::new(noise(3, rows * columns), [rows, columns]), &device);
            let gradients = (product.clone() * dy).sum().backward();
            [product.inner(), a.grad(&gradients).unwrap(), b.grad(&gradients).unwrap()].map(values)
        };
        for (actual, expected) in on(&device).iter().zip(&on(&Device::flex())) {
            assert_close("product", actual, expected, 1e-5);
        }
    }

    #[test]
    fn max_pooling_agrees_with_the_cpu(side in 2..4usize, stride in 1..3usize, padding in 0..2usize, size in [4..20usize, 4..20]) {
        let Some(device) = adapter() else { return Ok(()) };
        let shape = [2, 5, size[0], size[1]];
        let x = noise(7, shape.iter().product());
        let pool = MaxPool2dConfig::new([side; 2]).with_strides([stride; 2]);
        let pool = pool.with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding)).init();
        let on = |device: &Device| Tensor::<4>::from_data(TensorData::new(x.clone(), shape), device);
        // The reference is burn's own operation on the CPU.
        let (actual, expected) = (max_pool2d(&pool, on(&device)), pool.forward(on(&Device::flex())));
        prop_assert_eq!(actual.dims(), expected.dims());
        prop_assert_eq!(values(actual), values(expected));
    }
}

/// A batch of more images than are processed at once.
#[test]
fn a_large_winograd_convolution_is_what_its_definition_says() {
    let Some(device) = adapter() else { return };
    let case = Case { images: 3, c_in: 33, c_out: 20, size: [70, 65], kernel: [3; 2], stride: 1, padding: [1; 4] };
    check_rectified(&case, false, &device);
}

/// Whole networks of every family give the same logits on the adapter, with our operations and with burn's, as on the
/// CPU.
#[test]
fn networks_agree_with_the_cpu() {
    let Some(device) = adapter() else { return };
    let cpu = Device::flex();
    for (name, side) in [
        ("vgg11-gap", 48),
        ("resnet-18", 64),
        ("resnet-20", 32),
        ("googlenet", 64),
        ("efficientnet-lite0", 64),
        ("squeezenet1.1", 64),
    ] {
        let network = NetworkConfig::named(name, 10).unwrap().init(&cpu).unwrap().folded();
        let x = || TensorData::new(noise(3, 2 * 3 * side * side), [2, 3, side, side]);
        let expected = values(network.forward(Tensor::from_data(x(), &cpu)).logits);
        use burn::module::Module;
        let network = network.to_device(&device);
        let largest = expected.iter().fold(0f32, |largest, value| largest.max(value.abs()));
        for plain in [false, true] {
            use_plain(plain);
            let actual = values(network.forward(Tensor::from_data(x(), &device)).logits);
            use_plain(false);
            for (actual, expected) in actual.iter().zip(&expected) {
                assert!(
                    (actual - expected).abs() < 2e-4 * largest,
                    "{name}, plain {plain}: actual {actual}, expected {expected}"
                );
            }
        }
    }
}
