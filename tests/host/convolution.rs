//! The definitions of a convolution and a batch norm in double precision, the reference for the operations of every device.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNormConfig, PaddingConfig2d};
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use camscope::kernels::{ClampedRelu, Packed, batch_norm_relu, conv2d, conv2d_add_relu, conv2d_relu};
use proptest::prelude::*;

use crate::support::values;

/// Return pseudorandom numbers in [-1, 1), always the same for a seed.
pub fn noise(seed: u64, count: usize) -> Vec<f32> {
    // SplitMix64.
    let mix = |i: u64| {
        let z = i.wrapping_add(seed << 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 40) as f32 / 8_388_608.0 - 1.0
    };
    (1..=count as u64).map(mix).collect()
}

/// Assert that the values are as close as single precision allows for a sum of so many numbers. Rounding errors have
/// random signs, so their sum grows with the square root.
pub fn assert_near(what: &str, actual: Tensor<4>, expected: &[f64], summands: usize) {
    assert_within(1e-6, what, actual, expected, summands);
}

/// Do the same with another error per summand, as a fraction of the largest result.
pub fn assert_within(error: f64, what: &str, actual: Tensor<4>, expected: &[f64], summands: usize) {
    let actual = values(actual);
    assert_eq!(actual.len(), expected.len(), "{what}: number of values");
    let largest = expected.iter().fold(1f64, |largest, value| largest.max(value.abs()));
    for (i, (&actual, expected)) in actual.iter().zip(expected).enumerate() {
        assert!(
            (f64::from(actual) - expected).abs() <= error * (summands as f64).sqrt() * largest,
            "{what}[{i}]: actual {actual}, expected {expected}"
        );
    }
}

#[derive(Debug, Clone)]
pub struct Case {
    pub images: usize,
    pub c_in: usize,
    pub c_out: usize,
    pub size: [usize; 2],
    pub kernel: [usize; 2],
    pub stride: usize,
    /// Top, left, bottom, right.
    pub padding: [usize; 4],
}

impl Case {
    /// Return the height and width of the output.
    pub fn size_out(&self) -> [usize; 2] {
        [0, 1].map(|a| (self.size[a] + self.padding[a] + self.padding[a + 2] - self.kernel[a]) / self.stride + 1)
    }

    /// Call `f` with the indices into output, input and weights of every product that a convolution sums.
    pub fn for_products(&self, mut f: impl FnMut(usize, usize, usize)) {
        let ([h, w], [h_out, w_out], [kh, kw]) = (self.size, self.size_out(), self.kernel);
        for image in 0..self.images {
            for (out, index) in (0..self.c_out * h_out * w_out).enumerate() {
                let (c_out, y, x) = (index / w_out / h_out, index / w_out % h_out, index % w_out);
                for tap in 0..self.c_in * kh * kw {
                    let (c_in, i, j) = (tap / kw / kh, tap / kw % kh, tap % kw);
                    let (y, x) = (
                        (y * self.stride + i).wrapping_sub(self.padding[0]),
                        (x * self.stride + j).wrapping_sub(self.padding[1]),
                    );
                    if y < h && x < w {
                        let out = image * self.c_out * h_out * w_out + out;
                        f(out, ((image * self.c_in + c_in) * h + y) * w + x, c_out * self.c_in * kh * kw + tap);
                    }
                }
            }
        }
    }
}

/// Return a strategy for convolutions of any shape.
pub fn cases() -> impl Strategy<Value = Case> {
    let channels = prop_oneof![1..4usize, 5..40usize];
    let sides = prop_oneof![Just([1usize, 1]), Just([3, 3]), Just([5, 5]), Just([7, 7]), Just([1, 3]), Just([2, 3])];
    (1..6usize, channels.clone(), channels, sides, 1..4usize, [1..24usize, 1..24], prop::array::uniform4(0..4usize))
        .prop_map(|(images, c_in, c_out, kernel, stride, size, padding)| Case {
            images,
            c_in,
            c_out,
            size: [0, 1].map(|a| size[a].max(kernel[a])),
            kernel,
            stride,
            padding: std::array::from_fn(|side| padding[side].min(kernel[side % 2] - 1)),
        })
}

/// Check a convolution with its activation, and their gradients.
pub fn check(case: &Case, device: &Device) {
    let Case { images, c_in, c_out, size, kernel, stride, padding } = case.clone();
    let (x, weight) = (noise(1, images * c_in * size[0] * size[1]), noise(2, c_out * c_in * kernel[0] * kernel[1]));
    let [h, w] = case.size_out();
    let (bias, mut dy) = (noise(3, c_out), noise(4, images * c_out * h * w));
    let mut z: Vec<f64> = (0..dy.len()).map(|out| f64::from(bias[out / (h * w) % c_out])).collect();
    case.for_products(|out, input, tap| z[out] += f64::from(x[input]) * f64::from(weight[tap]));
    let leaky = ClampedRelu { slope: 0.2, cap: f32::INFINITY };
    let relu = [ClampedRelu::NONE, leaky, ClampedRelu { slope: 0.0, cap: 0.5 }][(c_in + c_out) % 3];
    let (slope, cap) = (f64::from(relu.slope), f64::from(relu.cap));
    let y: Vec<f64> = z.iter().map(|&z| (if z > 0.0 { z } else { slope * z }).min(cap)).collect();
    // Close to a kink of the activation, rounding decides on which side a sum is. The gradient there is not compared.
    let near_kink = |z: f64| z.abs() < 1e-3 || (z - cap).abs() < 1e-3;
    dy.iter_mut().zip(&z).filter(|(_, z)| near_kink(**z)).for_each(|(dy, _)| *dy = 0.0);
    let slope_at = |z: f64| {
        if z > cap {
            0.0
        } else if z > 0.0 {
            1.0
        } else {
            slope
        }
    };
    let dz: Vec<f64> = dy.iter().zip(&z).map(|(&dy, &z)| f64::from(dy) * slope_at(z)).collect();
    let (mut dx, mut dw) = (vec![0f64; x.len()], vec![0f64; weight.len()]);
    case.for_products(|out, input, tap| {
        dx[input] += dz[out] * f64::from(weight[tap]);
        dw[tap] += dz[out] * f64::from(x[input]);
    });

    // In a Winograd convolution, transformed patches are ten times as large as the sums to which they cancel.
    let back = if kernel == [3; 2] { 1e-5 } else { 1e-6 };
    let forward = if stride == 1 { back } else { 1e-6 };
    let device = device.clone().autodiff();
    let [top, left, bottom, right] = padding;
    let mut conv: Conv2d = Conv2dConfig::new([c_in, c_out], kernel)
        .with_stride([stride; 2])
        .with_padding(PaddingConfig2d::Explicit(top, left, bottom, right))
        .init(&device);
    conv.weight = Param::from_data(TensorData::new(weight, [c_out, c_in, kernel[0], kernel[1]]), &device);
    conv.bias = Some(Param::from_data(TensorData::new(bias, [c_out]), &device));
    let x = Tensor::<4>::from_data(TensorData::new(x, [images, c_in, size[0], size[1]]), &device).require_grad();
    let fallback = |_| panic!("the convolution and its activation are one operation");
    let actual = conv2d_relu(&conv, &Packed::default(), relu, x.clone(), fallback);
    assert_within(forward, "output", actual.clone().inner(), &y, c_in * kernel[0] * kernel[1]);
    let dy_tensor = Tensor::<4>::from_data(TensorData::new(dy.clone(), [images, c_out, h, w]), &device);
    let gradients = (actual * dy_tensor).sum().backward();
    assert_within(back, "input's gradient", x.grad(&gradients).unwrap(), &dx, c_out * kernel[0] * kernel[1]);
    assert_near("weights' gradient", conv.weight.val().grad(&gradients).unwrap(), &dw, images * h * w);
    let db: Vec<f64> = (0..c_out).map(|c| dz.chunks(h * w).skip(c).step_by(c_out).flatten().sum()).collect();
    let actual = conv.bias.unwrap().val().grad(&gradients).unwrap();
    assert_near("bias's gradient", actual.reshape([1, c_out, 1, 1]), &db, images * h * w);
}

/// Check a convolution with its activation outside of training, where it is one operation. If `depthwise`, each channel
/// has one filter.
pub fn check_relu(case: &Case, depthwise: bool, device: &Device) {
    let Case { images, c_in, c_out, size, kernel, stride, padding } = case.clone();
    let ([h, w], [kh, kw], [top, left, bottom, right]) = (case.size_out(), kernel, padding);
    let (x, bias) = (noise(1, images * c_in * size[0] * size[1]), noise(3, c_out));
    let weight = noise(2, c_out * if depthwise { 1 } else { c_in } * kh * kw);
    let mut y: Vec<f64> = (0..images * c_out * h * w).map(|out| f64::from(bias[out / (h * w) % c_out])).collect();
    case.for_products(|out, input, tap| {
        let (own, tap) = match depthwise {
            true => {
                (tap / (kh * kw) % c_in == tap / (kh * kw) / c_in, tap / (kh * kw) / c_in * kh * kw + tap % (kh * kw))
            }
            false => (true, tap),
        };
        if own {
            y[out] += f64::from(x[input]) * f64::from(weight[tap]);
        }
    });

    // In a Winograd convolution, transformed patches are ten times as large as the sums to which they cancel.
    let error = if kernel == [3; 2] && stride == 1 && !depthwise { 1e-5 } else { 1e-6 };
    let channels_in = if depthwise { 1 } else { c_in };
    let mut conv: Conv2d = Conv2dConfig::new([c_in, c_out], kernel)
        .with_stride([stride; 2])
        .with_groups(if depthwise { c_in } else { 1 })
        .with_padding(PaddingConfig2d::Explicit(top, left, bottom, right))
        .init(device);
    conv.weight = Param::from_data(TensorData::new(weight, [c_out, channels_in, kh, kw]), device);
    conv.bias = Some(Param::from_data(TensorData::new(bias, [c_out]), device));
    let x = Tensor::<4>::from_data(TensorData::new(x, [images, c_in, size[0], size[1]]), device);
    let packed = Packed::default();
    for relu in [ClampedRelu { slope: 0.2, cap: f32::INFINITY }, ClampedRelu { slope: 0.0, cap: 0.5 }] {
        let fallback = |_| panic!("without gradients, the convolution and its activation are one operation");
        let actual = conv2d_relu(&conv, &packed, relu, x.clone(), fallback);
        let (slope, cap) = (f64::from(relu.slope), f64::from(relu.cap));
        let y: Vec<f64> = y.iter().map(|&z| (if z > 0.0 { z } else { slope * z }).min(cap)).collect();
        assert_within(error, "output", actual, &y, channels_in * kh * kw);
    }
    if depthwise {
        return;
    }
    // The end of a residual block.
    let shortcut = noise(5, y.len());
    let sums: Vec<f64> = y.iter().zip(&shortcut).map(|(y, shortcut)| (y + f64::from(*shortcut)).max(0.0)).collect();
    let shortcut = Tensor::from_data(TensorData::new(shortcut, [images, c_out, h, w]), device);
    let fallback = |_| panic!("without gradients, the convolution, the sum and its activation are one operation");
    let relu = ClampedRelu { slope: 0.0, cap: f32::INFINITY };
    let actual = conv2d_add_relu(&conv, &packed, relu, x, shortcut, fallback);
    assert_within(error, "sum with the shortcut", actual, &sums, channels_in * kh * kw);
}

/// Check that the gradients of a float16 convolution are within 1 % of those of a float32 one where they are sums of
/// three million values of one sign. Added up in float16 they would stop growing at 2,048 times a value.
///
/// Return whether the device has float16.
pub fn check_float16_sums(device: &Device) -> bool {
    if !device.supports_dtype(FloatDType::F16) {
        return false;
    }
    let device = device.clone().autodiff();
    let shape = [3, 1, 1000, 1000];
    let positive = |seed, scale: f32| -> Vec<f32> {
        noise(seed, shape.iter().product()).into_iter().map(|value| scale * (1.5 + value)).collect()
    };
    let [x, dy] = [(1, 1.0), (2, 1e-3)].map(|(seed, scale)| TensorData::new(positive(seed, scale), shape));
    let gradients = |dtype: FloatDType| {
        let mut conv = Conv2dConfig::new([1, 1], [1, 1]).with_padding(PaddingConfig2d::Valid).init(&device);
        conv.bias = Some(Param::from_data([0.5f32], &device));
        let x = Tensor::<4>::from_data(x.clone(), &device).cast(dtype);
        let y = conv2d(&conv, x);
        assert_eq!(y.dtype(), dtype.into(), "the result is stored in the float type of the input");
        let gradients = (y.cast(FloatDType::F32) * Tensor::from_data(dy.clone(), &device)).sum().backward();
        let weight = values(conv.weight.val().grad(&gradients).unwrap());
        [weight[0], values(conv.bias.unwrap().val().grad(&gradients).unwrap())[0]]
    };
    let wide = |data: &TensorData| data.iter::<f64>().collect::<Vec<f64>>();
    let expected = [wide(&x).iter().zip(wide(&dy)).map(|(x, dy)| x * dy).sum::<f64>(), wide(&dy).iter().sum()];
    for (dtype, tolerance) in [(FloatDType::F16, 1e-2), (FloatDType::F32, 1e-4)] {
        for (actual, expected) in gradients(dtype).into_iter().zip(expected) {
            let error = (f64::from(actual) - expected).abs() / expected;
            assert!(error < tolerance, "{dtype:?}: {actual}, expected {expected}");
        }
    }
    true
}

/// Check a batch norm with its activation in a training step: output, gradients and running statistics. `error` is how far a
/// deviation from the mean may be off.
pub fn check_batch_norm([images, channels, h, w]: [usize; 4], error: f64, device: &Device) {
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

        let device = device.clone().autodiff();
        let mut norm = BatchNormConfig::new(channels).init(&device).train();
        norm.gamma = Param::from_data(TensorData::new(gamma.clone(), [channels]), &device);
        norm.beta = Param::from_data(TensorData::new(beta.clone(), [channels]), &device);
        let tensor = |values: &[f32]| {
            Tensor::<4>::from_data(TensorData::new(values.to_vec(), [images, channels, h, w]), &device)
        };
        let input = tensor(&x).require_grad();
        let output = batch_norm_relu(&norm, relu, input.clone(), |_| panic!("a training step is one operation"));
        let scale = variance.iter().map(|variance| (variance + 1e-5).sqrt().recip()).fold(1.0, f64::max);
        assert_within(error * scale, "output", output.clone().inner(), &all(&y), 1);
        let gradients = (output * tensor(&dy)).sum().backward();
        // The input's mean takes part of its precision, hence the larger tolerance.
        let actual: Vec<f32> = values(input.grad(&gradients).unwrap());
        for (i, actual) in actual.into_iter().enumerate() {
            assert!(
                (f64::from(actual) - dx(i)).abs() < 1.2e-4 * scale,
                "input's gradient[{i}]: actual {actual}, expected {}",
                dx(i)
            );
        }
        let per_channel = |tensor: Tensor<1>| tensor.reshape([1, channels, 1, 1]);
        assert_within(
            error * scale,
            "γ\'s gradient",
            per_channel(norm.gamma.val().grad(&gradients).unwrap()),
            &d_gamma,
            images * h * w,
        );
        assert_near("β's gradient", per_channel(norm.beta.val().grad(&gradients).unwrap()), &d_beta, images * h * w);
        let running = |start: f64, batch: &[f64]| -> Vec<f64> { batch.iter().map(|v| 0.9 * start + 0.1 * v).collect() };
        assert_near("mean", per_channel(norm.running_mean.value_sync().inner()), &running(0.0, &mean), 1);
        assert_near("variance", per_channel(norm.running_var.value_sync().inner()), &running(1.0, &variance), 1);
    }
}

/// Return a strategy for convolutions that use Winograd's algorithm.
pub fn winograd_cases() -> impl Strategy<Value = Case> {
    let padding = prop::array::uniform4(0..2usize);
    (1..4usize, 8..40usize, 8..40usize, [3..34usize, 3..34], padding).prop_map(
        |(images, c_in, c_out, size, padding)| Case { images, c_in, c_out, size, kernel: [3; 2], stride: 1, padding },
    )
}
