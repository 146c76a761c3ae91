//! Fast kernels for the operations that dominate inference and training, as extensions of burn's backends.
//!
//! | operation | CPU | GPU, through wgpu or CUDA |
//! |---|---|---|
//! | convolution + ReLU, and its gradients | yes | yes |
//! | depthwise convolution + ReLU | inference | inference |
//! | depthwise and 1×1 convolution, each + ReLU | – | inference, one photo |
//! | batch norm + ReLU | training | training |
//! | max-pooling | – | inference |
//! | product of small matrices, and its gradients | – | yes |
//!
//! Everything else, and every other device, falls back to burn's own operations.

#[cfg(any(feature = "cpu", feature = "cube"))]
mod algorithm;
#[cfg(feature = "cpu")]
mod cpu;
#[cfg(feature = "cube")]
mod gpu;
#[cfg(any(feature = "cpu", feature = "cube"))]
mod gradients;
#[cfg(any(feature = "cpu", feature = "cube"))]
mod op;
mod packed;
mod recording;
#[cfg(any(feature = "cpu", feature = "cube"))]
mod shape;
pub mod threads;
#[cfg(feature = "autotune")]
pub mod tuning;

use std::sync::atomic::{AtomicBool, Ordering};

use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Linear};
use burn::tensor::{DType, FloatDType, Tensor};

pub use packed::Packed;
pub use recording::Recording;

/// Enable WebAssembly's relaxed SIMD, which every later call then requires.
#[cfg(all(feature = "relaxed", target_family = "wasm"))]
pub fn enable_relaxed_simd() {
    pulp::wasm::enable_relaxed_simd();
}

/// Whether every operation falls back to burn; see [`use_plain`].
static PLAIN: AtomicBool = AtomicBool::new(false);

/// Switch this crate's kernels off (`true`) or on (`false`) for the whole process, to compare with burn's operations.
pub fn use_plain(plain: bool) {
    PLAIN.store(plain, Ordering::Relaxed);
}

/// Limit the transformed weights kept on GPUs, for devices with little memory: they take up to four times the memory of the
/// original ones. Large convolutions become slower.
pub fn save_memory() {
    #[cfg(feature = "cube")]
    gpu::save_memory();
}

/// Whether adapters compute on the processor; see [`assume_software_adapter`].
static SOFTWARE: AtomicBool = AtomicBool::new(false);

/// Select GPU kernels for an adapter that runs on the CPU, where arithmetic is expensive relative to memory.
pub fn assume_software_adapter() {
    SOFTWARE.store(true, Ordering::Relaxed);
}

/// Piecewise linear activation `min(z if z > 0 else slope · z, cap)`: ReLU, leaky ReLU, ReLU6 or the identity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClampedRelu {
    /// Factor for `z ≤ 0`: 0 for ReLU, 1 for the identity.
    pub slope: f32,
    /// Largest output: infinity for ReLU, 6 for ReLU6.
    pub cap: f32,
}

impl ClampedRelu {
    /// The identity.
    pub const NONE: Self = Self { slope: 1.0, cap: f32::INFINITY };
}

#[cfg(feature = "cpu")]
impl ClampedRelu {
    /// Return the activation of `z`. NaN stays NaN; `f32::min` would return the cap and hide divergence.
    #[inline(always)]
    fn apply(self, z: f32) -> f32 {
        let z = if z > 0.0 { z } else { z * self.slope };
        if z > self.cap { self.cap } else { z }
    }

    /// Return the derivative at input `z`.
    #[inline(always)]
    fn derivative(self, z: f32) -> f32 {
        // Both `if`s select between values that are already computed: a branch would prevent vectorisation of the loop.
        let below_cap = if z > 0.0 { 1.0 } else { self.slope };
        if z > self.cap { 0.0 } else { below_cap }
    }

    /// Return the derivative where the output is `y`. It needs `slope ≥ 0`, so that `y` has the sign of the input.
    #[inline(always)]
    fn derivative_from_output(self, y: f32) -> f32 {
        let below_cap = if y > 0.0 { 1.0 } else { self.slope };
        if y >= self.cap { 0.0 } else { below_cap }
    }
}

/// Apply [`Conv2d::forward`] to `x` `[n, c_in, h, w]`; the result has the float type of `x`.
pub fn conv2d(conv: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    conv2d_relu(conv, &Packed::default(), ClampedRelu::NONE, x, |x| x)
}

/// Apply [`conv2d`] and then `relu`, in one kernel where there is one.
///
/// The parameters are float32. If `x` is float16, the result and what autodiff keeps are float16 too; products, sums
/// and the parameters' gradients are float32 all the same, because a float16 sum of many values loses the small ones. (Products
/// of a tuned convolution can be TF32: see `tuning`.)
///
/// `fallback` is the same activation in burn's operations; it runs where no kernel supports the convolution. Inference
/// caches the repacked weights in `packed`.
pub fn conv2d_relu(
    conv: &Conv2d,
    packed: &Packed,
    relu: ClampedRelu,
    x: Tensor<4>,
    fallback: impl FnOnce(Tensor<4>) -> Tensor<4>,
) -> Tensor<4> {
    let dtype = x.dtype();
    #[cfg(any(feature = "cpu", feature = "cube"))]
    match (mode(conv, &x), conv.groups) {
        (Some(Mode::Training), 1) => return op::conv2d_training(conv, relu, x),
        (Some(Mode::Inference), groups) if groups == 1 || op::is_depthwise(conv) => {
            return op::conv2d_inference(conv, packed, None, relu, x.cast(FloatDType::F32)).cast(dtype);
        }
        _ => {}
    }
    let _ = (packed, relu);
    fallback(conv.forward(x.cast(FloatDType::F32))).cast(dtype)
}

/// Apply [`conv2d`], add `shortcut`, which has the shape of the result, and apply `relu`: the end of a residual block.
/// Inference does it in one kernel where there is one; see [`conv2d_relu`] for the arguments.
pub fn conv2d_add_relu(
    conv: &Conv2d,
    packed: &Packed,
    relu: ClampedRelu,
    x: Tensor<4>,
    shortcut: Tensor<4>,
    fallback: impl FnOnce(Tensor<4>) -> Tensor<4>,
) -> Tensor<4> {
    #[cfg(any(feature = "cpu", feature = "cube"))]
    if mode(conv, &x) == Some(Mode::Inference) && conv.groups == 1 && x.dtype() == DType::F32 {
        return op::conv2d_inference(conv, packed, Some(shortcut), relu, x);
    }
    let _ = relu;
    fallback(conv2d_relu(conv, packed, ClampedRelu::NONE, x, |y| y) + shortcut)
}

/// Apply `depthwise` and its ReLU, then `pointwise`, whose weights `packed` caches, add `shortcut`, and apply the last ReLU: the
/// second half of an inverted residual.
///
/// Return `None` where there is no kernel that does it all. There is one for a single photo on a GPU, in inference: for a
/// photo, every launch counts.
pub fn separable(
    [depthwise, pointwise]: [&Conv2d; 2],
    packed: &Packed,
    relus: [ClampedRelu; 2],
    x: &Tensor<4>,
    shortcut: Option<&Tensor<4>>,
) -> Option<Tensor<4>> {
    #[cfg(feature = "cube")]
    if op::on_gpu(x)
        && x.dims()[0] == 1
        && x.dtype() == DType::F32
        && [depthwise, pointwise].iter().all(|conv| mode(conv, x) == Some(Mode::Inference))
        && op::is_depthwise(depthwise)
        && op::is_dense_pointwise(pointwise)
        && gpu::separable_fits(x.dims())
    {
        let convs = [depthwise, pointwise];
        return Some(op::separable_inference(convs, packed, relus, x.clone(), shortcut.cloned()));
    }
    let _ = (depthwise, pointwise, packed, relus, x, shortcut);
    None
}

/// Whether gradients are needed.
#[cfg(any(feature = "cpu", feature = "cube"))]
#[derive(PartialEq)]
enum Mode {
    Inference,
    Training,
}

/// Return how the kernels would apply `conv` to `x`; `None` if they cannot.
#[cfg(any(feature = "cpu", feature = "cube"))]
fn mode(conv: &Conv2d, x: &Tensor<4>) -> Option<Mode> {
    // Both are checked: the frozen stages of a network in training get inputs from the device without autodiff.
    let training = x.device().is_autodiff() || conv.weight.val().device().is_autodiff();
    let supported = op::is_supported(x) && conv.dilation == [1, 1] && conv.stride[0] == conv.stride[1];
    supported.then_some(if training { Mode::Training } else { Mode::Inference })
}

/// Apply [`Linear::forward`] to `x` `[n, k]`.
pub fn linear(linear: &Linear, x: Tensor<2>) -> Tensor<2> {
    let (weight, bias) = (linear.weight.val(), linear.bias.as_ref().map(|bias| bias.val()));
    #[cfg(feature = "cube")]
    if let Some(bias) = &bias
        && has_small_product(&x)
        && ![&x, &weight].iter().any(|tensor| tensor.device().is_autodiff())
    {
        return op::linear(x, weight, bias.clone());
    }
    let y = matmul(x, weight);
    match bias {
        Some(bias) => y + bias.unsqueeze(),
        None => y,
    }
}

/// Return whether there is a kernel for products of `a` with a small matrix.
#[cfg(feature = "cube")]
fn has_small_product(a: &Tensor<2>) -> bool {
    op::on_gpu(a) && op::is_supported(a) && a.dtype() == DType::F32
}

/// Return the product of `a` `[m, k]` and `b` `[k, n]`. The GPU kernel is made for small matrices.
pub fn matmul(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    #[cfg(feature = "cube")]
    if has_small_product(&a) {
        return op::matmul(a, b);
    }
    a.matmul(b)
}

/// Apply [`MaxPool2d::forward`] to `x` `[n, c, h, w]`.
pub fn max_pool2d(pool: &MaxPool2d, x: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "cube")]
    if op::on_gpu(&x)
        && op::is_supported(&x)
        && x.dtype() == DType::F32
        && !x.device().is_autodiff()
        && pool.dilation == [1, 1]
        && pool.stride[0] == pool.stride[1]
    {
        return op::max_pool2d(pool, x);
    }
    pool.forward(x)
}

/// Apply [`BatchNorm::forward`] to `x` `[n, c, h, w]` and then `relu`, fused in a training step.
///
/// `fallback` is both in burn's operations; it runs in every other case.
pub fn batch_norm_relu(
    norm: &BatchNorm,
    relu: ClampedRelu,
    x: Tensor<4>,
    fallback: impl FnOnce(Tensor<4>) -> Tensor<4>,
) -> Tensor<4> {
    #[cfg(any(feature = "cpu", feature = "cube"))]
    if op::is_supported(&x) && x.dtype() == DType::F32 && x.device().is_autodiff() && norm.training.is_enabled() {
        let [_, channels, ..] = x.dims();
        if channels <= op::MAX_NORM_CHANNELS {
            return op::batch_norm_relu(norm, relu, x);
        }
    }
    let _ = (norm, relu);
    fallback(x)
}
