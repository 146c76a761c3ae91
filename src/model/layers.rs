//! The layers that stages are made of: convolution + norm + activation, pooling, the inverted residual.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Initializer, PaddingConfig2d};
use burn::tensor::{Device, Tensor, activation};
use serde::{Deserialize, Serialize};

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
    /// None: the linear bottleneck of the inverted residual.
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

/// How a [`ConvBlock`] is built. Square kernels; padding keeps `ceil(size / stride)` pixels, TensorFlow's "same"
/// (the odd pixel goes right and below), which for stride 1 is the usual symmetric padding.
#[derive(Debug, Clone)]
pub struct ConvBlockConfig {
    pub channels: [usize; 2],
    pub kernel: usize,
    pub stride: usize,
    pub groups: usize,
    /// Epsilon of the batch norm; `None` leaves the norm out and gives the convolution a bias.
    pub norm: Option<f64>,
    pub activation: Activation,
}

impl ConvBlockConfig {
    pub fn init(&self, device: &Device) -> ConvBlock {
        // He et al. 2015: keeps the activations' variance through deep stacks of rectifiers.
        let initializer = Initializer::KaimingNormal { gain: std::f64::consts::SQRT_2, fan_out_only: false };
        let mut conv = Conv2dConfig::new(self.channels, [self.kernel; 2])
            .with_stride([self.stride; 2])
            .with_groups(self.groups)
            .with_padding(PaddingConfig2d::Same)
            .with_bias(false)
            .with_initializer(initializer)
            .init(device);
        if self.norm.is_none() {
            conv.bias = Some(Initializer::Zeros.init([self.channels[1]], device));
        }
        let norm = self.norm.map(|eps| BatchNormConfig::new(self.channels[1]).with_epsilon(eps).init(device));
        ConvBlock { conv, norm, activation: self.activation }
    }
}

/// Convolution, then batch norm (if any), then the activation.
#[derive(Module, Debug)]
pub struct ConvBlock {
    pub conv: Conv2d,
    pub norm: Option<BatchNorm>,
    #[module(skip)]
    pub activation: Activation,
}

impl ConvBlock {
    /// `[n, c_in, h, w]` to `[n, c_out, ceil(h / stride), ceil(w / stride)]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = self.conv.forward(x);
        let x = match &self.norm {
            Some(norm) => norm.forward(x),
            None => x,
        };
        self.activation.forward(x)
    }

    /// `γ (W x − μ) / √(σ² + ε) + β` is a convolution again: scaled weights, shifted bias.
    fn folded(mut self) -> Self {
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

/// Expand (1×1) → depthwise → project (1×1, linear), with a shortcut where the shape stays
/// (Sandler et al. 2018, MobileNetV2, section 3.3).
#[derive(Module, Debug)]
pub struct InvertedResidual {
    pub expand: Option<ConvBlock>,
    pub depthwise: ConvBlock,
    pub project: ConvBlock,
    pub shortcut: bool,
}

impl InvertedResidual {
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let input = self.shortcut.then(|| x.clone());
        let x = match &self.expand {
            Some(expand) => expand.forward(x),
            None => x,
        };
        let x = self.project.forward(self.depthwise.forward(x));
        match input {
            Some(input) => x + input,
            None => x,
        }
    }
}

/// Anything a stage may hold.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // a few dozen per network, and burn's derive wants the plain type
pub enum Layer {
    Conv(ConvBlock),
    MaxPool(MaxPool2d),
    InvertedResidual(InvertedResidual),
}

impl Layer {
    /// Max-pooling over 2×2 with stride 2.
    pub fn max_pool() -> Self {
        Self::MaxPool(MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init())
    }

    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Conv(block) => block.forward(x),
            Self::MaxPool(pool) => pool.forward(x),
            Self::InvertedResidual(block) => block.forward(x),
        }
    }

    pub(super) fn folded(self) -> Self {
        match self {
            Self::Conv(block) => Self::Conv(block.folded()),
            Self::MaxPool(pool) => Self::MaxPool(pool),
            Self::InvertedResidual(block) => Self::InvertedResidual(InvertedResidual {
                expand: block.expand.map(ConvBlock::folded),
                depthwise: block.depthwise.folded(),
                project: block.project.folded(),
                shortcut: block.shortcut,
            }),
        }
    }
}
