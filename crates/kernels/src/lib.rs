//! Operations of our own where burn's are slow, on the processor and on adapters through wgpu: convolution with the rectifier
//! behind it, and their gradients; outside of training also depthwise. On the processor the batch norm of a training step with
//! its rectifier; on adapters max-pooling outside of training, and small products. Every other device and every other case
//! goes burn's way.

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

static PLAIN: AtomicBool = AtomicBool::new(false);

/// From now on burn's own operations do everything (`true`), or these here what they can.
pub fn use_plain(plain: bool) {
    PLAIN.store(plain, Ordering::Relaxed);
}

/// `z` where positive, `slope · z` elsewhere, at most `cap`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClampedRelu {
    pub slope: f32,
    pub cap: f32,
}

impl ClampedRelu {
    /// Leaves everything as it is.
    pub const NONE: Self = Self { slope: 1.0, cap: f32::INFINITY };
}

#[cfg(feature = "cpu")]
impl ClampedRelu {
    /// What is not a number stays none: `min` would make the cap of it, and hide that a network has broken.
    #[inline(always)]
    fn apply(self, z: f32) -> f32 {
        let z = if z > 0.0 { z } else { z * self.slope };
        if z > self.cap { self.cap } else { z }
    }

    #[inline(always)]
    fn slope_at(self, z: f32) -> f32 {
        // Two choices between values that are there already: a branch would keep the loop from being vectorised.
        let below_cap = if z > 0.0 { 1.0 } else { self.slope };
        if z > self.cap { 0.0 } else { below_cap }
    }

    /// The slope where `y` is the result, for slopes that keep the sign.
    #[inline(always)]
    fn slope_to(self, y: f32) -> f32 {
        let below_cap = if y > 0.0 { 1.0 } else { self.slope };
        if y >= self.cap { 0.0 } else { below_cap }
    }
}

/// [`Conv2d::forward`] of `[n, c_in, h, w]`, calculated in the float type of `x`.
pub fn conv2d(conv: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    conv2d_relu(conv, &Packed::default(), ClampedRelu::NONE, x, |x| x)
}

/// [`conv2d`] and then the rectifier, which `otherwise` says in burn's operations, for all that is not one operation of ours.
/// That keeps in `packed` what it makes of the weights.
pub fn conv2d_relu(
    conv: &Conv2d,
    packed: &Packed,
    relu: ClampedRelu,
    x: Tensor<4>,
    otherwise: impl FnOnce(Tensor<4>) -> Tensor<4>,
) -> Tensor<4> {
    if x.dtype() != conv.weight.dtype() {
        return otherwise(in_type(conv, x.dtype()).forward(x));
    }
    #[cfg(any(feature = "cpu", feature = "gpu"))]
    if op::is_ours(&x) && conv.dilation == [1, 1] && conv.stride[0] == conv.stride[1] {
        // Of a network that learns, frozen stages take photos that know of no gradients.
        let learns = x.device().is_autodiff() || conv.weight.val().device().is_autodiff();
        match (learns, conv.groups) {
            (false, 1) => return op::conv2d_relu(conv, packed, relu, x),
            (false, _) if op::is_depthwise(conv) => return op::conv2d_relu(conv, packed, relu, x),
            (true, 1) => return op::conv2d(conv, relu, x),
            _ => {}
        }
    }
    let _ = (packed, relu);
    otherwise(conv.forward(x))
}

/// [`Linear::forward`] of `[n, k]`.
pub fn linear(linear: &Linear, x: Tensor<2>) -> Tensor<2> {
    let y = matmul(x, linear.weight.val());
    match &linear.bias {
        Some(bias) => y + bias.val().unsqueeze(),
        None => y,
    }
}

/// The product of two matrices, of which one is small.
pub fn matmul(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    if op::on_gpu(&a) && op::is_ours(&a) {
        return op::matmul(a, b);
    }
    a.matmul(b)
}

/// [`MaxPool2d::forward`].
pub fn max_pool2d(pool: &MaxPool2d, x: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "gpu")]
    if op::on_gpu(&x) && op::is_ours(&x) && !x.device().is_autodiff() && !pool.ceil_mode && pool.dilation == [1, 1] {
        return op::max_pool2d(pool, x);
    }
    pool.forward(x)
}

/// The convolution with its weights in another float type; gradients find their way through to the weights themselves.
fn in_type(conv: &Conv2d, dtype: DType) -> Conv2d {
    fn cast<const D: usize>(param: &Param<Tensor<D>>, dtype: DType) -> Param<Tensor<D>> {
        Param::initialized(param.id, param.val().cast(dtype))
    }
    let bias = conv.bias.as_ref().map(|bias| cast(bias, dtype));
    Conv2d { weight: cast(&conv.weight, dtype), bias, ..conv.clone() }
}

/// [`BatchNorm::forward`] of `[n, c, h, w]` and then the rectifier. `otherwise` says the same in burn's operations, for
/// all that is not a training step on the processor.
pub fn batch_norm_relu(
    norm: &BatchNorm,
    relu: ClampedRelu,
    x: Tensor<4>,
    otherwise: impl FnOnce(Tensor<4>) -> Tensor<4>,
) -> Tensor<4> {
    #[cfg(feature = "cpu")]
    if op::on_cpu(&x) && op::is_ours(&x) && x.device().is_autodiff() && norm.training.is_enabled() {
        return op::batch_norm_relu(norm, relu, x);
    }
    let _ = (norm, relu);
    otherwise(x)
}
