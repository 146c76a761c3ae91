//! The layers that stages are made of: convolution + norm + activation, and pooling; blocks of several are in `blocks`.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Initializer, PaddingConfig2d};
use burn::tensor::{Device, FloatDType, Tensor, activation};
use serde::{Deserialize, Serialize};

use crate::kernels::{self, ClampedRelu, Packed};

use super::blocks::{Fire, Inception, InvertedResidual, Residual};

/// The non-linearity behind a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `x` where positive, `slope · x` elsewhere.
    LeakyRelu(f64),
    Relu,
    /// ReLU cut off at 6, as the mobile networks use it.
    Relu6,
    Sigmoid,
    /// None: the end of a residual branch, before the sum.
    Linear,
}

impl Activation {
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        match *self {
            Self::LeakyRelu(slope) => activation::leaky_relu(x, slope),
            Self::Relu => activation::relu(x),
            Self::Relu6 => x.clamp(0.0, 6.0),
            Self::Sigmoid => activation::sigmoid(x),
            Self::Linear => x,
        }
    }
}

impl Activation {
    /// The same as one rectifier, where it is one.
    fn relu(&self) -> Option<ClampedRelu> {
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

/// What surrounds a layer's input: zeros for a convolution, nothing that could win for a pool.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Padding {
    /// As much as keeps `ceil(size / stride)` pixels; the odd one goes right and below (TensorFlow's "same").
    Same,
    /// So many pixels on every side (PyTorch).
    Around(usize),
}

impl Padding {
    fn config(self) -> PaddingConfig2d {
        match self {
            Self::Same => PaddingConfig2d::Same,
            Self::Around(0) => PaddingConfig2d::Valid,
            Self::Around(pixels) => PaddingConfig2d::Explicit(pixels, pixels, pixels, pixels),
        }
    }
}

/// How a [`ConvBlock`] is built. Square kernels.
#[derive(Debug, Clone)]
pub struct ConvBlockConfig {
    pub channels: [usize; 2],
    pub kernel: usize,
    pub stride: usize,
    pub padding: Padding,
    pub groups: usize,
    /// Epsilon of the batch norm; `None` leaves the norm out and gives the convolution a bias.
    pub norm: Option<f64>,
    pub activation: Activation,
}

impl ConvBlockConfig {
    /// Stride 1, the size kept, ReLU.
    pub fn new(channels: [usize; 2], kernel: usize, norm: Option<f64>) -> Self {
        Self { channels, kernel, stride: 1, padding: Padding::Same, groups: 1, norm, activation: Activation::Relu }
    }

    /// PyTorch's usual padding for the kernel, which for a stride above 1 is not [`Padding::Same`].
    pub fn with_stride(self, stride: usize) -> Self {
        let padding = Padding::Around(self.kernel / 2);
        Self { stride, padding, ..self }
    }

    pub fn with_activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    pub fn init(&self, device: &Device) -> ConvBlock {
        // He et al. 2015: keeps the activations' variance through deep stacks of rectifiers.
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

/// Convolution, then batch norm (if any), then the activation.
#[derive(Module, Debug)]
pub struct ConvBlock {
    pub conv: Conv2d,
    pub norm: Option<BatchNorm>,
    #[module(skip)]
    pub activation: Activation,
    #[module(skip)]
    packed: Packed,
}

/// What is done at a convolution on the way through a network: [`ConvBlock::forward`], or more than that.
pub type ConvVisitor<'a> = dyn FnMut(&ConvBlock, Tensor<4>) -> Tensor<4> + 'a;

impl ConvBlock {
    /// `[n, c_in, h, w]` to `[n, c_out, h', w']`, in the float type of `x`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let dtype = x.dtype();
        let Some(norm) = &self.norm else {
            return match self.activation.relu() {
                Some(relu) => kernels::conv2d_relu(&self.conv, &self.packed, relu, x, |x| self.activation.forward(x)),
                None => self.activation.forward(kernels::conv2d(&self.conv, x)),
            };
        };
        let x = kernels::conv2d(&self.conv, x);
        let one_by_one = |x| self.activation.forward(norm.forward(x));
        // A batch's sums are too large for float16.
        let x = x.cast(FloatDType::F32);
        let y = match self.activation.relu() {
            Some(relu) => kernels::batch_norm_relu(norm, relu, x, one_by_one),
            None => one_by_one(x),
        };
        y.cast(dtype)
    }

    /// What the activation is applied to, outside of training: `[n, c_in, h, w]` to `[n, c_out, h', w']`.
    pub fn before_activation(&self, x: Tensor<4>) -> Tensor<4> {
        let x = kernels::conv2d(&self.conv, x);
        match &self.norm {
            Some(norm) => norm.forward(x),
            None => x,
        }
    }

    /// `γ (W x − μ) / √(σ² + ε) + β` is a convolution again: scaled weights, shifted bias.
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

/// Anything a stage may hold.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // a few dozen per network, and burn's derive wants the plain type
pub enum Layer {
    Conv(ConvBlock),
    MaxPool(MaxPool2d),
    InvertedResidual(InvertedResidual),
    Residual(Residual),
    Inception(Inception),
    Fire(Fire),
}

impl Layer {
    /// Max-pooling over 2×2 with stride 2.
    pub fn max_pool() -> Self {
        Self::MaxPool(MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init())
    }

    /// Max-pooling over 3×3 with stride 2 and `padding` pixels around; `ceil` keeps a last window that hangs over.
    pub fn max_pool_3(padding: usize, ceil: bool) -> Self {
        let pool = MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_ceil_mode(ceil);
        Self::MaxPool(pool.with_padding(Padding::Around(padding).config()).init())
    }

    pub fn forward(&self, x: Tensor<4>, through: &mut ConvVisitor<'_>) -> Tensor<4> {
        match self {
            Self::Conv(block) => through(block, x),
            Self::MaxPool(pool) => kernels::max_pool2d(pool, x),
            Self::InvertedResidual(block) => block.forward(x, through),
            Self::Residual(block) => block.forward(x, through),
            Self::Inception(block) => block.forward(x, through),
            Self::Fire(block) => block.forward(x, through),
        }
    }

    /// Every convolution of the layer, in the order of the forward pass.
    pub fn map_convs(self, f: &mut impl FnMut(ConvBlock) -> ConvBlock) -> Self {
        match self {
            Self::Conv(block) => Self::Conv(f(block)),
            Self::MaxPool(pool) => Self::MaxPool(pool),
            Self::InvertedResidual(block) => Self::InvertedResidual(block.map_convs(f)),
            Self::Residual(block) => Self::Residual(block.map_convs(f)),
            Self::Inception(block) => Self::Inception(block.map_convs(f)),
            Self::Fire(block) => Self::Fire(block.map_convs(f)),
        }
    }
}
