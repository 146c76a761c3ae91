//! Elements of a stage: a convolution, a pool, or a block of several convolutions.

use burn::module::Module;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::tensor::Tensor;

use super::blocks::{Fire, Inception, InvertedResidual, Residual};
use super::conv_block::{ConvBlock, ConvVisitor, Padding};
use crate::kernels;

/// Element of a stage.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // a network has a few dozen, and burn's derive needs unboxed variants
pub enum Layer {
    /// Convolution, batch norm and activation.
    Conv(ConvBlock),
    /// Max-pooling.
    MaxPool(MaxPool2d),
    /// Block of MobileNetV2 and EfficientNet.
    InvertedResidual(InvertedResidual),
    /// Block of ResNets and their plain twins.
    Residual(Residual),
    /// Block of GoogLeNet.
    Inception(Inception),
    /// Block of SqueezeNet.
    Fire(Fire),
}

impl Layer {
    /// Build max-pooling over 2×2 pixels with stride 2.
    pub fn max_pool() -> Self {
        Self::MaxPool(MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init())
    }

    /// Build max-pooling over 3×3 pixels with stride 2 and `padding` pixels on every side. `ceil` keeps a last window
    /// that reaches over the border.
    pub fn max_pool_3(padding: usize, ceil: bool) -> Self {
        let pool = MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_ceil_mode(ceil);
        Self::MaxPool(pool.with_padding(Padding::Symmetric(padding).config()).init())
    }

    /// Compute `[n, c_in, h, w]` → `[n, c_out, h', w']`, with `visit` in place of every convolution.
    pub fn forward(&self, x: Tensor<4>, visit: &mut dyn ConvVisitor) -> Tensor<4> {
        match self {
            Self::Conv(block) => visit.conv(block, x),
            Self::MaxPool(pool) => kernels::max_pool2d(pool, x),
            Self::InvertedResidual(block) => block.forward(x, visit),
            Self::Residual(block) => block.forward(x, visit),
            Self::Inception(block) => block.forward(x, visit),
            Self::Fire(block) => block.forward(x, visit),
        }
    }

    /// Replace every convolution of the layer by `f` of it, in the order of the forward pass.
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
