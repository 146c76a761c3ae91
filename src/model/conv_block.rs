//! Convolution with batch norm and activation: the unit that all networks are built of.
//!
//! Field names of modules are part of the tensor paths in `.bpk` files.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Initializer, PaddingConfig2d};
use burn::tensor::{Device, FloatDType, Tensor, activation};
use serde::{Deserialize, Serialize};

use crate::kernels::{self, ClampedRelu, Packed};

/// Non-linearity after a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `x` where positive, `slope · x` elsewhere. The value is the slope.
    LeakyRelu(f64),
    /// `max(x, 0)`.
    Relu,
    /// ReLU clamped at 6, as in mobile networks.
    Relu6,
    /// `1 / (1 + exp(−x))`.
    Sigmoid,
    /// Identity: the end of a residual branch, before the sum.
    Linear,
}

impl Activation {
    /// Apply the activation to every element.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        match *self {
            Self::LeakyRelu(slope) => activation::leaky_relu(x, slope),
            Self::Relu => activation::relu(x),
            Self::Relu6 => x.clamp(0.0, 6.0),
            Self::Sigmoid => activation::sigmoid(x),
            Self::Linear => x,
        }
    }

    /// Express the activation as a clamped ReLU, which kernels can fuse with a convolution; `None` for a sigmoid.
    fn clamped_relu(&self) -> Option<ClampedRelu> {
        let relu = |slope, cap| Some(ClampedRelu { slope, cap });
        match *self {
            Self::LeakyRelu(slope) => relu(slope as f32, f32::INFINITY),
            Self::Relu => relu(0.0, f32::INFINITY),
            Self::Relu6 => relu(0.0, 6.0),
            Self::Linear => Some(ClampedRelu::NONE),
            Self::Sigmoid => None,
        }
    }
}

/// Padding of a layer's input: zeros for a convolution, −∞ for max-pooling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Padding {
    /// Padding that leaves `ceil(size / stride)` pixels. An odd pixel goes to the right and to the bottom (TensorFlow's
    /// "same").
    Same,
    /// The same number of pixels on every side (PyTorch).
    Symmetric(usize),
}

impl Padding {
    pub(super) fn config(self) -> PaddingConfig2d {
        match self {
            Self::Same => PaddingConfig2d::Same,
            Self::Symmetric(0) => PaddingConfig2d::Valid,
            Self::Symmetric(pixels) => PaddingConfig2d::Explicit(pixels, pixels, pixels, pixels),
        }
    }
}

/// Configuration of a [`ConvBlock`].
#[derive(Debug, Clone)]
pub struct ConvBlockConfig {
    /// Input and output channels.
    pub channels: [usize; 2],
    /// Side of the square kernel, in pixels.
    pub kernel: usize,
    /// Stride in both directions, in pixels.
    pub stride: usize,
    /// Padding of the input.
    pub padding: Padding,
    /// Groups of channels: 1 for a full convolution, the number of channels for a depthwise one.
    pub groups: usize,
    /// Epsilon of the batch norm. `None` leaves the norm out and gives the convolution a bias.
    pub norm: Option<f64>,
    /// Activation after the norm.
    pub activation: Activation,
}

impl ConvBlockConfig {
    /// Configure a convolution of stride 1 that keeps the size, followed by a ReLU.
    pub fn new(channels: [usize; 2], kernel: usize, norm: Option<f64>) -> Self {
        Self { channels, kernel, stride: 1, padding: Padding::Same, groups: 1, norm, activation: Activation::Relu }
    }

    /// Replace the stride, and pad by half the kernel on every side as PyTorch's networks do. For a stride above 1 that
    /// differs from [`Padding::Same`].
    #[must_use]
    pub fn with_stride(self, stride: usize) -> Self {
        let padding = Padding::Symmetric(self.kernel / 2);
        Self { stride, padding, ..self }
    }

    /// Replace the activation.
    #[must_use]
    pub fn with_activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// Build the block with new weights.
    pub fn init(&self, device: &Device) -> ConvBlock {
        // He et al. 2015: keeps the variance of activations through deep stacks of ReLUs.
        let initializer = Initializer::KaimingNormal { gain: std::f64::consts::SQRT_2, fan_out_only: false };
        let mut conv = Conv2dConfig::new(self.channels, [self.kernel; 2])
            .with_stride([self.stride; 2])
            .with_groups(self.groups)
            .with_padding(self.padding.config())
            .with_bias(false)
            .with_initializer(initializer)
            .init(device);
        if self.norm.is_none() {
            conv.bias = Some(Initializer::Zeros.init([self.channels[1]], device));
        }
        let norm = self.norm.map(|eps| BatchNormConfig::new(self.channels[1]).with_epsilon(eps).init(device));
        ConvBlock { conv, norm, activation: self.activation, packed: Packed::default() }
    }
}

/// Convolution, batch norm (if any) and activation.
#[derive(Module, Debug)]
pub struct ConvBlock {
    /// Convolution, with a bias if there is no norm.
    pub conv: Conv2d,
    /// Batch norm; `None` after folding.
    pub norm: Option<BatchNorm>,
    /// Activation after the norm.
    #[module(skip)]
    pub activation: Activation,
    /// Cache of repacked weights.
    #[module(skip)]
    packed: Packed,
}

/// What computes the convolutions of a forward pass: [`Forward`], or a closure that records more.
pub trait ConvVisitor {
    /// Compute `block` of `x`.
    fn conv(&mut self, block: &ConvBlock, x: Tensor<4>) -> Tensor<4>;

    /// Compute `activation(block(x) + shortcut)`, the end of a residual block.
    fn conv_add(&mut self, block: &ConvBlock, x: Tensor<4>, shortcut: Tensor<4>, activation: Activation) -> Tensor<4> {
        activation.forward(self.conv(block, x) + shortcut)
    }

    /// Compute `pointwise(depthwise(x)) + shortcut`, the second half of an inverted residual, at once; `None` to have it computed
    /// step by step.
    fn separable(&mut self, _: [&ConvBlock; 2], _x: &Tensor<4>, _shortcut: Option<&Tensor<4>>) -> Option<Tensor<4>> {
        None
    }
}

impl<F: FnMut(&ConvBlock, Tensor<4>) -> Tensor<4>> ConvVisitor for F {
    fn conv(&mut self, block: &ConvBlock, x: Tensor<4>) -> Tensor<4> {
        self(block, x)
    }
}

/// The plain forward pass, in as few operations as there are kernels for.
pub struct Forward;

impl ConvVisitor for Forward {
    fn conv(&mut self, block: &ConvBlock, x: Tensor<4>) -> Tensor<4> {
        block.forward(x)
    }

    fn conv_add(&mut self, block: &ConvBlock, x: Tensor<4>, shortcut: Tensor<4>, activation: Activation) -> Tensor<4> {
        block.forward_add(x, shortcut, activation)
    }

    fn separable(&mut self, blocks: [&ConvBlock; 2], x: &Tensor<4>, shortcut: Option<&Tensor<4>>) -> Option<Tensor<4>> {
        ConvBlock::forward_separable(blocks, x, shortcut)
    }
}

impl ConvBlock {
    /// Compute `[n, c_in, h, w]` → `[n, c_out, h', w']` in the float type of `x`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let dtype = x.dtype();
        let Some(norm) = &self.norm else {
            return match self.activation.clamped_relu() {
                Some(relu) => kernels::conv2d_relu(&self.conv, &self.packed, relu, x, |x| self.activation.forward(x)),
                None => self.activation.forward(kernels::conv2d(&self.conv, x)),
            };
        };
        let x = kernels::conv2d(&self.conv, x);
        let unfused = |x| self.activation.forward(norm.forward(x));
        // The sums over a batch overflow float16.
        let x = x.cast(FloatDType::F32);
        let y = match self.activation.clamped_relu() {
            Some(relu) => kernels::batch_norm_relu(norm, relu, x, unfused),
            None => unfused(x),
        };
        y.cast(dtype)
    }

    /// Compute `activation(forward(x) + shortcut)`, in one kernel where there is one.
    pub fn forward_add(&self, x: Tensor<4>, shortcut: Tensor<4>, activation: Activation) -> Tensor<4> {
        let activate = |sum| activation.forward(sum);
        match (activation.clamped_relu(), &self.norm, self.activation) {
            (Some(relu), None, Activation::Linear) => {
                kernels::conv2d_add_relu(&self.conv, &self.packed, relu, x, shortcut, activate)
            }
            _ => activate(self.forward(x) + shortcut),
        }
    }

    /// Compute `pointwise(depthwise(x)) + shortcut` in one kernel; `None` where there is none.
    fn forward_separable(
        [depthwise, pointwise]: [&Self; 2],
        x: &Tensor<4>,
        shortcut: Option<&Tensor<4>>,
    ) -> Option<Tensor<4>> {
        let is_folded = depthwise.norm.is_none() && pointwise.norm.is_none();
        let relus = [depthwise.activation.clamped_relu()?, pointwise.activation.clamped_relu()?];
        let convs = [&depthwise.conv, &pointwise.conv];
        // The shortcut is added behind the activation of `pointwise`, so that has to be the identity.
        let fits = is_folded && (shortcut.is_none() || relus[1] == ClampedRelu::NONE);
        if fits { kernels::separable(convs, &pointwise.packed, relus, x, shortcut) } else { None }
    }

    /// Compute the input of the activation in inference mode: `[n, c_in, h, w]` → `[n, c_out, h', w']`.
    pub fn before_activation(&self, x: Tensor<4>) -> Tensor<4> {
        let x = kernels::conv2d(&self.conv, x);
        match &self.norm {
            Some(norm) => norm.forward(x),
            None => x,
        }
    }

    /// Fold the batch norm into the convolution: `γ (W x − μ) / √(σ² + ε) + β` is a convolution with scaled weights and
    /// a shifted bias.
    pub(super) fn folded(mut self) -> Self {
        let Some(norm) = self.norm.take() else { return self };
        let scale = norm.gamma.val() / (norm.running_var.value() + norm.epsilon).sqrt();
        let bias = match &self.conv.bias {
            Some(bias) => bias.val() - norm.running_mean.value(),
            None => -norm.running_mean.value(),
        };
        let channels = scale.dims()[0];
        let weight = self.conv.weight.val() * scale.clone().reshape([channels, 1, 1, 1]);
        self.conv.weight = Param::from_tensor(weight);
        self.conv.bias = Some(Param::from_tensor(bias * scale + norm.beta.val()));
        self
    }
}
