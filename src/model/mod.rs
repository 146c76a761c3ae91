//! Networks of any family: a list of stages and a head. Nothing here knows about files or pages.
//!
//! ```
//! # use burn::tensor::{Device, Tensor};
//! # use camscope::model::NetworkConfig;
//! let device = Device::flex();
//! let network = NetworkConfig::named("resnet-20", 10)?.init(&device)?;
//! let output = network.forward(Tensor::zeros([2, 3, 16, 16], &device));
//! assert_eq!((output.features.dims(), output.logits.dims()), ([2, 64, 4, 4], [2, 10]));
//! # Ok::<(), camscope::model::ConfigError>(())
//! ```

#![deny(missing_docs)]

mod blocks;
mod conv_block;
mod cost;
mod families;
mod layer;

use burn::module::Module;
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::{Device, FloatDType, Tensor, activation};

use crate::kernels;

pub use blocks::{Fire, Inception, InvertedResidual, Residual};
pub use conv_block::{Activation, ConvBlock, ConvBlockConfig, ConvVisitor, Forward, Padding};
pub use cost::StageCost;
pub use families::{
    ClassNames, EfficientNetLiteConfig, Family, GoogLeNetConfig, NetworkConfig, NetworkEntry, PublicWeights,
    PyTorchNames, ResNetConfig, SqueezeNetConfig, VggGapConfig, VggHead, find, names, networks,
};
pub use layer::Layer;

/// Result of a forward pass.
#[derive(Debug, Clone)]
pub struct Output {
    /// Activations of the last stage, `[n, k, h, w]`, from which class activation maps are computed.
    pub features: Tensor<4>,
    /// Class scores before the softmax, `[n, classes]`.
    pub logits: Tensor<2>,
}

/// Reason why a network cannot be built from its configuration.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum ConfigError {
    /// The family has no network of this depth.
    #[error("a {family} has a depth of {depths}, not {found}; set \"depth\" to one of them")]
    Depth {
        /// Name of the family, for people.
        family: &'static str,
        /// Depths that exist.
        depths: &'static str,
        /// Depth asked for.
        found: usize,
    },
    /// A value lies outside its range.
    #[error("{what} must be {expected}, not {found}")]
    Range {
        /// Name of the value in the configuration.
        what: &'static str,
        /// Values that are allowed.
        expected: &'static str,
        /// Value found.
        found: String,
    },
    /// No network has this name.
    #[error("there is no network \"{found}\"; there are {names}")]
    Name {
        /// Name asked for.
        found: String,
        /// All names, separated by commas.
        names: String,
    },
}

/// Layers applied in order; maps can be drawn of each stage's output.
#[derive(Module, Debug)]
pub struct Stage {
    /// Layers, first to last.
    pub layers: Vec<Layer>,
}

impl Stage {
    /// Compute `[n, c_in, h, w]` → `[n, c_out, h', w']`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.forward_with(x, &mut Forward)
    }

    /// Compute [`forward`](Self::forward) with `visit` in place of every convolution.
    pub fn forward_with(&self, x: Tensor<4>, visit: &mut dyn ConvVisitor) -> Tensor<4> {
        self.layers.iter().fold(x, |x, layer| layer.forward(x, visit))
    }
}

/// Run `stages` in order.
pub fn run(stages: &[Stage], x: Tensor<4>) -> Tensor<4> {
    stages.iter().fold(x, |x, stage| stage.forward(x))
}

/// Network with class activation maps: stages turn a photo into features, and a head of global average pooling and one
/// linear layer turns features into logits (Zhou et al. 2016, section 2).
///
/// Field names are part of the tensor paths in `.bpk` files.
#[derive(Module, Debug)]
pub struct Network {
    /// Stages, first to last.
    pub stages: Vec<Stage>,
    /// Head. `weight` is `[k, classes]`: column c holds the weights `w_k^c` of class c's map.
    pub linear: Linear,
    /// Whether the head is NIN's, which applies the linear layer and a ReLU at every cell before the average, so that
    /// the mean of a map is the logit.
    pub rectified: bool,
}

impl Network {
    /// Add a new linear head to `stages`, whose output has `channels` channels.
    pub(crate) fn new(stages: Vec<Stage>, channels: usize, classes: usize, device: &Device) -> Self {
        Self { stages, linear: LinearConfig::new(channels, classes).init(device), rectified: false }
    }

    /// Replace the head with a new NIN head. Its weights are small and its biases 1, so no class starts below zero,
    /// where the ReLU would block its gradient.
    pub(crate) fn with_nin_head(mut self, device: &Device) -> Self {
        let shape = self.linear.weight.dims();
        self.linear.weight = Initializer::Normal { mean: 0.0, std: 0.01 }.init(shape, device);
        self.linear.bias = Some(Initializer::Ones.init([shape[1]], device));
        Self { rectified: true, ..self }
    }

    /// Compute features and logits of photos `[n, 3, h, w]`, normalised by the model's
    /// [`Preprocessing`](crate::core::preprocessing::Preprocessing).
    pub fn forward(&self, x: Tensor<4>) -> Output {
        let features = run(&self.stages, x);
        let logits = self.head(features.clone());
        Output { features, logits }
    }

    /// Compute logits `[n, classes]` from features `[n, k, h, w]`, always in float32.
    ///
    /// A linear head averages over the grid first, which is cheaper: the average and the linear layer commute.
    pub fn head(&self, features: Tensor<4>) -> Tensor<2> {
        let [n, k, h, w] = features.dims();
        let cells = features.cast(FloatDType::F32).reshape([n, k, h * w]);
        if self.rectified {
            let scores = activation::relu(self.linear.forward(cells.swap_dims(1, 2)));
            return scores.mean_dim(1).squeeze_dim(1);
        }
        kernels::linear(&self.linear, cells.mean_dim(2).squeeze_dim(2))
    }

    /// Fold every batch norm into its convolution. The function stays the same but needs fewer operations, and no
    /// training mode remains that could affect a map.
    #[must_use]
    pub fn folded(self) -> Self {
        self.map_convs(&mut ConvBlock::folded)
    }

    /// Replace every convolution by `f` of it, in the order of the forward pass.
    pub fn map_convs(mut self, f: &mut impl FnMut(ConvBlock) -> ConvBlock) -> Self {
        for stage in &mut self.stages {
            stage.layers = std::mem::take(&mut stage.layers).into_iter().map(|layer| layer.map_convs(f)).collect();
        }
        self
    }
}
