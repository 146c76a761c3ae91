//! Fast kernels for the operations that dominate inference and training, as extensions of burn's backends.
//!
//! | operation | CPU | GPU through wgpu |
//! |---|---|---|
//! | convolution + ReLU, and its gradients | yes | yes |
//! | depthwise convolution + ReLU | inference | inference |
//! | batch norm + ReLU | training | – |
//! | max-pooling | – | inference |
//! | product of small matrices, and its gradients | – | yes |
//!
//! Everything else, and every other device, falls back to burn's own operations.

#[cfg(any(feature = "cpu", feature = "gpu"))]
mod algorithm;
#[cfg(feature = "cpu")]
mod cpu;
#[cfg(feature = "gpu")]
mod gpu;
#[cfg(any(feature = "cpu", feature = "gpu"))]
mod gradients;
#[cfg(any(feature = "cpu", feature = "gpu"))]
mod op;
mod packed;
pub mod threads;

use std::sync::atomic::{AtomicBool, Ordering};

use burn::module::Param;
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Linear};
use burn::tensor::{DType, Tensor};

pub use packed::Packed;

/// Compute with WebAssembly's relaxed SIMD from now on, which every function then needs.
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

/// Apply [`Conv2d::forward`] to `x` `[n, c_in, h, w]`, in the float type of `x`.
pub fn conv2d(conv: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    conv2d_relu(conv, &Packed::default(), ClampedRelu::NONE, x, |x| x)
}

/// Apply [`conv2d`] and then `relu`, in one kernel where there is one.
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
    if x.dtype() != conv.weight.dtype() {
        return fallback(with_dtype(conv, x.dtype()).forward(x));
    }
    #[cfg(any(feature = "cpu", feature = "gpu"))]
    if op::is_supported(&x) && conv.dilation == [1, 1] && conv.stride[0] == conv.stride[1] {
        // Both are checked: the frozen stages of a network in training get inputs from the device without autodiff.
        let training = x.device().is_autodiff() || conv.weight.val().device().is_autodiff();
        match (training, conv.groups) {
            (false, 1) => return op::conv2d_inference(conv, packed, relu, x),
            (false, _) if op::is_depthwise(conv) => return op::conv2d_inference(conv, packed, relu, x),
            (true, 1) => return op::conv2d_training(conv, relu, x),
            _ => {}
        }
    }
    let _ = (packed, relu);
    fallback(conv.forward(x))
}

/// Apply [`Linear::forward`] to `x` `[n, k]`.
pub fn linear(linear: &Linear, x: Tensor<2>) -> Tensor<2> {
    let y = matmul(x, linear.weight.val());
    match &linear.bias {
        Some(bias) => y + bias.val().unsqueeze(),
        None => y,
    }
}

/// Return the product of `a` `[m, k]` and `b` `[k, n]`. The GPU kernel is made for small matrices.
pub fn matmul(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    if op::on_gpu(&a) && op::is_supported(&a) {
        return op::matmul(a, b);
    }
    a.matmul(b)
}

/// Apply [`MaxPool2d::forward`] to `x` `[n, c, h, w]`.
pub fn max_pool2d(pool: &MaxPool2d, x: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if op::on_gpu(&x) && op::is_supported(&x) && !x.device().is_autodiff() && !pool.ceil_mode && pool.dilation == [1, 1]
    {
        return op::max_pool2d(pool, x);
    }
    pool.forward(x)
}

/// Return `conv` with its parameters cast to `dtype`. Gradients flow through the cast to the original parameters.
fn with_dtype(conv: &Conv2d, dtype: DType) -> Conv2d {
    fn cast<const D: usize>(param: &Param<Tensor<D>>, dtype: DType) -> Param<Tensor<D>> {
        Param::initialized(param.id, param.val().cast(dtype))
    }
    let bias = conv.bias.as_ref().map(|bias| cast(bias, dtype));
    Conv2d { weight: cast(&conv.weight, dtype), bias, ..conv.clone() }
}

/// Apply [`BatchNorm::forward`] to `x` `[n, c, h, w]` and then `relu`, in one kernel for a training step on the CPU.
///
/// `fallback` is both in burn's operations; it runs in every other case.
pub fn batch_norm_relu(
    norm: &BatchNorm,
    relu: ClampedRelu,
    x: Tensor<4>,
    fallback: impl FnOnce(Tensor<4>) -> Tensor<4>,
) -> Tensor<4> {
    #[cfg(feature = "cpu")]
    if op::on_cpu(&x) && op::is_supported(&x) && x.device().is_autodiff() && norm.training.is_enabled() {
        return op::batch_norm_relu(norm, relu, x);
    }
    let _ = (norm, relu);
    fallback(x)
}
