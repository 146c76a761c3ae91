//! The graphics adapter's operations against their definitions in double precision.
//!
//! They run on any adapter that Vulkan offers: a real one, or lavapipe (Debian's mesa-vulkan-drivers). With
//! `CAMSCOPE_TEST_DEVICE=cuda:0` they run on a CUDA device; the build then needs the feature `cuda`. Without the device
//! every test is skipped, and the reason is printed.

#[path = "../host/convolution.rs"]
mod convolution;
mod device;
#[expect(dead_code, reason = "the host tests use more of it")]
#[path = "../host/support.rs"]
mod support;

use std::sync::LazyLock;

use burn::module::{Module, Param};
use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2dConfig;
use burn::nn::pool::MaxPool2dConfig;
use burn::tensor::{Device, Tensor, TensorData, activation};
use camscope::device::DeviceKind;
use camscope::kernels::{ClampedRelu, Packed, Recording, conv2d, matmul, max_pool2d, separable, use_plain};
use camscope::model::{Network, NetworkConfig};
use proptest::prelude::*;

use convolution::{Case, cases, check, check_batch_norm, check_float16_sums, check_relu, noise, winograd_cases};
use device::{open_wanted, wanted};
use support::{assert_close, report, values};

/// Return the device, which is opened once. Without it, print the reason once and return `None`: every test is then
/// skipped.
fn adapter() -> Option<Device> {
    static ADAPTER: LazyLock<Option<Device>> = LazyLock::new(|| open_wanted("all tests of the graphics kernels"));
    ADAPTER.clone()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_convolution_with_relu_is_what_its_definition_says(case in cases()) {
        let Some(device) = adapter() else { return Ok(()) };
        check_relu(&case, false, &device);
        check_relu(&Case { c_out: case.c_in, ..case }, true, &device);
    }

    #[test]
    fn a_convolution_and_its_gradients_are_what_their_definitions_say(case in prop_oneof![cases(), winograd_cases()]) {
        let Some(device) = adapter() else { return Ok(()) };
        check(&case, &device);
    }

    #[test]
    fn a_winograd_convolution_is_what_its_definition_says(case in winograd_cases()) {
        let Some(device) = adapter() else { return Ok(()) };
        check_relu(&case, false, &device);
    }

    /// A 1×1 convolution is one matrix product. The channels need not fill whole vectors.
    #[test]
    fn a_1x1_convolution_is_what_its_definition_says(images in 1..4usize, c_in in 1..70usize, c_out in 1..70usize, size in [1..20usize, 1..20]) {
        let Some(device) = adapter() else { return Ok(()) };
        check_relu(&Case { images, c_in, c_out, size, kernel: [1; 2], stride: 1, padding: [0; 4] }, false, &device);
    }

    /// The second half of an inverted residual in one kernel, for maps and channels above and below its blocks.
    #[test]
    fn a_separable_convolution_agrees_with_the_cpu(
        (c_in, c_out) in (1..300usize, 1..300usize),
        size in prop_oneof![[1..9usize, 1..9usize], [20..30usize, 20..30usize], [56..60usize, 56..60usize]],
        (side, stride, same) in (1..6usize, 1..3usize, any::<bool>()),
        (shortcut, capped) in (any::<bool>(), any::<bool>()),
    ) {
        let Some(device) = adapter() else { return Ok(()) };
        // Enough channels for several chunks where the map is small, few where the definition would take long.
        let c_in = if size[0] < 9 { 2 * c_in } else { c_in.div_ceil(4) };
        prop_assume!(same || size.iter().all(|&size| size >= side));
        let padding = if same { PaddingConfig2d::Same } else { PaddingConfig2d::Valid };
        let relu = ClampedRelu { slope: 0.1, cap: if capped { 0.5 } else { f32::INFINITY } };
        let last = if shortcut { ClampedRelu::NONE } else { relu };
        let on = |device: &Device| {
            let conv = |seed, [c_out, c_in]: [usize; 2], groups, side: usize| {
                let shape = [c_out, c_in, side, side];
                let channels = [c_in * groups, c_out];
                let mut conv = Conv2dConfig::new(channels, [side; 2]).with_groups(groups).with_padding(PaddingConfig2d::Valid).init(device);
                conv.weight = Param::from_data(TensorData::new(noise(seed, shape.iter().product()), shape), device);
                conv.bias = Some(Param::from_data(TensorData::new(noise(seed + 1, c_out), [c_out]), device));
                conv
            };
            let mut depthwise = conv(1, [c_in, 1], c_in, side);
            (depthwise.stride, depthwise.padding) = ([stride; 2], padding.clone());
            let pointwise = conv(3, [c_out, c_in], 1, 1);
            let x = Tensor::<4>::from_data(TensorData::new(noise(5, c_in * size[0] * size[1]), [1, c_in, size[0], size[1]]), device);
            (depthwise, pointwise, x)
        };
        let activate = |x: Tensor<4>, relu: ClampedRelu| {
            let leaky = activation::leaky_relu(x, f64::from(relu.slope));
            if relu.cap.is_finite() { leaky.clamp_max(relu.cap) } else { leaky }
        };
        let (depthwise, pointwise, x) = on(&Device::flex());
        let y = pointwise.forward(activate(depthwise.forward(x), relu));
        let added = TensorData::new(noise(6, y.shape().num_elements()), y.shape());
        let y = if shortcut { y + Tensor::from_data(added.clone(), &Device::flex()) } else { y };
        // The sums are rounded before the activation, which makes some smaller, but not their errors.
        let largest = y.clone().abs().max().into_scalar::<f32>().max(1.0);
        let expected = values(activate(y, last));
        let (depthwise, pointwise, x) = on(&device);
        let added = shortcut.then(|| Tensor::from_data(added, &device));
        let y = separable([&depthwise, &pointwise], &Packed::default(), [relu, last], &x, added.as_ref());
        // One channel is no depthwise convolution, but a dense one.
        let Some(y) = y else {
            prop_assert!(c_in == 1, "no kernel for {c_in} channels");
            return Ok(());
        };
        assert_close("separable convolution", &values(y), &expected, 3e-6 * largest);
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
    fn max_pooling_agrees_with_the_cpu(
        side in 2..4usize, stride in 1..4usize, padding in 0..2usize, size in [4..20usize, 4..20], ceil: bool,
    ) {
        let Some(device) = adapter() else { return Ok(()) };
        let shape = [2, 5, size[0], size[1]];
        let x = noise(7, shape.iter().product());
        let pool = MaxPool2dConfig::new([side; 2]).with_strides([stride; 2]).with_ceil_mode(ceil);
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
    check_relu(&case, false, &device);
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
        // Two photos, and one, for which there are kernels of their own.
        let x = || TensorData::new(noise(3, 2 * 3 * side * side), [2, 3, side, side]);
        let logits = |network: &Network, device: &Device| {
            let x = Tensor::<4>::from_data(x(), device);
            [x.clone(), x.narrow(0, 0, 1)].map(|x| values(network.forward(x).logits)).concat()
        };
        let expected = logits(&network, &cpu);
        let network = network.to_device(&device);
        let largest = expected.iter().fold(0f32, |largest, value| largest.max(value.abs()));
        for plain in [false, true] {
            // On CUDA, burn's own products use TF32, which has ten bits after the leading one.
            let tolerance = if plain && matches!(wanted(), DeviceKind::Cuda(_)) { 5e-3 } else { 2e-4 };
            use_plain(plain);
            let actual = logits(&network, &device);
            use_plain(false);
            assert_eq!(actual.len(), expected.len());
            for (actual, expected) in actual.iter().zip(&expected) {
                assert!(
                    (actual - expected).abs() < tolerance * largest,
                    "{name}, plain {plain}: actual {actual}, expected {expected}"
                );
            }
        }
    }
}

/// Return a strategy for convolutions that would need more than 65,535 workgroups along an axis: by their planes, by
/// their images or by their pixels. No loop of them is that long, because lavapipe ends loops after 65,531 rounds.
fn large_cases() -> impl Strategy<Value = Case> {
    let case = |images, c_in, c_out, size, side: usize, stride| {
        let padding = [side / 2; 4];
        Case { images, c_in, c_out, size, kernel: [side; 2], stride, padding }
    };
    prop_oneof![
        (44_000..45_000usize, 1..3usize).prop_map(move |(c, stride)| case(3, 1, c, [2, 2], 3, stride)),
        (44_000..45_000usize, 1..3usize).prop_map(move |(c, side)| case(3, c, 1, [2, 2], 2 * side - 1, 1)),
        (65_536..66_000usize, 1..3usize).prop_map(move |(images, side)| case(images, 2, 3, [1, 2], 2 * side - 1, 1)),
        (2048..2050usize, 1..3usize).prop_map(move |(size, side)| case(1, 1, 1, [size, 2048], 2 * side - 1, 1)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_launch_exceeds_the_limit_of_workgroups(case in large_cases()) {
        let Some(device) = adapter() else { return Ok(()) };
        check_relu(&case, false, &device);
        // In training, so many pixels need more memory than an adapter must give a buffer.
        if case.size[0] < 2048 {
            check(&case, &device);
        }
    }

    #[test]
    fn no_launch_over_planes_exceeds_the_limit_of_workgroups(channels in 65_540..66_000usize) {
        let Some(device) = adapter() else { return Ok(()) };
        let x = TensorData::new(noise(7, 4 * 2 * channels), [2, channels, 2, 2]);
        let weight = TensorData::new(noise(8, 4 * channels), [channels, 1, 2, 2]);
        let pool = MaxPool2dConfig::new([2; 2]).with_strides([2; 2]).init();
        let on = |device: &Device| {
            let x = Tensor::<4>::from_data(x.clone(), device);
            let mut conv = Conv2dConfig::new([channels; 2], [2; 2]).with_groups(channels).init(device);
            (conv.weight, conv.bias) = (Param::from_data(weight.clone(), device), None);
            [values(max_pool2d(&pool, x.clone())), values(conv2d(&conv, x))]
        };
        let ([pooled, convolved], [expected_pooled, expected]) = (on(&device), on(&Device::flex()));
        prop_assert!(pooled == expected_pooled, "max-pooling of {} planes", 2 * channels);
        assert_close("depthwise convolution", &convolved, &expected, 1e-5);
    }
}

/// Fewer values than a workgroup has units, and more; a single pixel; many channels.
#[test]
fn a_batch_norm_with_relu_is_what_its_definition_says() {
    let Some(device) = adapter() else { return };
    for shape in [[3, 5, 7, 6], [3, 2, 1, 3], [7, 3, 20, 19], [5, 300, 1, 2]] {
        // A mean of ten is rounded to half a millionth; a sum in float32 adds as much.
        check_batch_norm(shape, 1.2e-6, &device);
    }
}

#[test]
fn float16_gradients_are_summed_in_float32() {
    let Some(device) = adapter() else { return };
    if !check_float16_sums(&device) {
        report("skipped: float16_gradients_are_summed_in_float32: the adapter has no float16");
    }
}

/// A replay gives what the network gives, for every input and whatever the adapter computes in between.
#[test]
fn a_recorded_pass_gives_what_the_network_gives() {
    let Some(device) = adapter() else { return };
    for (name, side) in
        [("vgg11-gap", 48), ("resnet-20", 32), ("googlenet", 64), ("efficientnet-lite0", 64), ("squeezenet1.1", 64)]
    {
        let network =
            NetworkConfig::named(name, 10).unwrap().init(&Device::flex()).unwrap().folded().to_device(&device);
        let shape = [2, 3, side, side];
        let recorded = Recording::new(shape, &device, |x| network.forward(x)).expect("adapters record");
        for seed in 1..4 {
            let input = noise(seed, shape.iter().product());
            let output = recorded.run(input.clone()).unwrap().clone();
            let [logits, features] = [values(output.logits), values(output.features)];
            let expected = network.forward(Tensor::from_data(TensorData::new(input, shape), &device));
            assert_close(name, &logits, &values(expected.logits), 1e-6);
            assert_close(name, &features, &values(expected.features), 1e-6);
            // Another batch size packs other weights and takes other memory.
            let other = Tensor::<4>::ones([seed as usize + 3, 3, side, side], &device);
            assert!(values(network.forward(other).logits).iter().all(|logit| logit.is_finite()));
        }
    }
    let nothing = Recording::new([1, 3, 32, 32], &Device::flex(), |x| x);
    assert!(nothing.is_none(), "the CPU records nothing");
}

/// Compilers of shaders may assume that all numbers are finite. Broken weights must show in the logits all the same.
#[test]
fn a_broken_network_has_no_finite_logits() {
    let Some(device) = adapter() else { return };
    for name in ["vgg11-gap", "resnet-20", "googlenet", "efficientnet-lite0", "squeezenet1.1"] {
        for broken in [f32::NAN, f32::INFINITY] {
            let network = NetworkConfig::named(name, 10).unwrap().init(&Device::flex()).unwrap().folded();
            let mut first = true;
            let network = network.map_convs(&mut |mut block| {
                if std::mem::take(&mut first) {
                    let mut weights = values(block.conv.weight.val());
                    weights[0] = broken;
                    let weights = TensorData::new(weights, block.conv.weight.dims());
                    block.conv.weight = Param::from_data(weights, &Device::flex());
                }
                block
            });
            let network = network.to_device(&device);
            let x = TensorData::new(noise(3, 3 * 64 * 64), [1, 3, 64, 64]);
            let logits = values(network.forward(Tensor::from_data(x, &device)).logits);
            assert!(!logits.iter().all(|logit| logit.is_finite()), "{name} with a weight of {broken}: {logits:?}");
        }
    }
}

/// NaN survives at any place of a window.
#[test]
fn max_pooling_keeps_nan() {
    let Some(device) = adapter() else { return };
    let pool = MaxPool2dConfig::new([2; 2]).with_strides([2; 2]).init();
    for place in 0..4 {
        let mut x = vec![1.0f32; 4];
        x[place] = f32::NAN;
        let y = values(max_pool2d(&pool, Tensor::from_data(TensorData::new(x, [1, 1, 2, 2]), &device)));
        assert!(y[0].is_nan(), "NaN at place {place}: {y:?}");
    }
}
