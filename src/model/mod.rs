//! Networks: a list of stages and a head, whatever the family. Nothing here knows of files or pages.

mod efficientnet;
mod layers;
mod vgg;

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

pub use efficientnet::EfficientNetLiteConfig;
pub use layers::{Activation, ConvBlock, ConvBlockConfig, InvertedResidual, Layer};
pub use vgg::VggGapConfig;

/// What a forward pass gives.
#[derive(Debug, Clone)]
pub struct Output {
    /// Activations of the last stage, `[n, k, h, w]`: what a class activation map is made of.
    pub features: Tensor<4>,
    /// Class scores before the softmax, `[n, classes]`.
    pub logits: Tensor<2>,
}

/// Why a network cannot be built from its configuration.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum ConfigError {
    #[error("a VGG has 11, 13, 16 or 19 weight layers, not {0}; set \"depth\" to one of them")]
    Depth(usize),
    #[error("{what} must be {expected}, not {found}")]
    Range { what: &'static str, expected: &'static str, found: String },
}

/// The configuration of any network: the manifest's `network` object, by which a checkpoint's file is understood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "family", rename_all = "kebab-case")]
pub enum NetworkConfig {
    VggGap(VggGapConfig),
    EfficientnetLite(EfficientNetLiteConfig),
}

impl NetworkConfig {
    /// Builds the network with freshly initialised weights.
    ///
    /// # Errors
    /// [`ConfigError`] where a value lies outside what the family allows.
    pub fn init(&self, device: &Device) -> Result<Network, ConfigError> {
        match self {
            Self::VggGap(config) => config.init(device),
            Self::EfficientnetLite(config) => config.init(device),
        }
    }

    pub fn classes(&self) -> usize {
        match self {
            Self::VggGap(config) => config.classes,
            Self::EfficientnetLite(config) => config.classes,
        }
    }

    /// The same network after [`Network::folded`]: batch norm has become part of the convolutions.
    pub fn folded(mut self) -> Self {
        match &mut self {
            Self::VggGap(config) => config.batch_norm = false,
            Self::EfficientnetLite(config) => config.batch_norm = false,
        }
        self
    }
}

/// One stage: layers applied in turn.
#[derive(Module, Debug)]
pub struct Stage {
    pub layers: Vec<Layer>,
}

impl Stage {
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.layers.iter().fold(x, |x, layer| layer.forward(x))
    }
}

/// Stages that turn a photo into features, and global average pooling with one linear layer that turns
/// features into logits (Zhou et al. 2016, section 2).
#[derive(Module, Debug)]
pub struct Network {
    pub stages: Vec<Stage>,
    /// `weight` is `[k, classes]`: column c holds the weights `w_k^c` of class c's map.
    pub linear: Linear,
}

impl Network {
    pub(crate) fn new(stages: Vec<Stage>, channels: usize, classes: usize, device: &Device) -> Self {
        Self { stages, linear: LinearConfig::new(channels, classes).init(device) }
    }

    /// Photos `[n, 3, h, w]`, normalised by the model's recipe, to features and logits.
    pub fn forward(&self, x: Tensor<4>) -> Output {
        let features = (0..self.stages.len()).fold(x, |x, i| self.stage(i, x));
        let logits = self.head(features.clone());
        Output { features, logits }
    }

    /// Stage `i` alone, `0 ≤ i < stages.len()`.
    pub fn stage(&self, i: usize, x: Tensor<4>) -> Tensor<4> {
        self.stages[i].forward(x)
    }

    /// Features `[n, k, h, w]` to logits `[n, classes]`: the mean over the grid, then the linear layer.
    pub fn head(&self, features: Tensor<4>) -> Tensor<2> {
        let [n, k, h, w] = features.dims();
        let pooled = features.reshape([n, k, h * w]).mean_dim(2).reshape([n, k]);
        self.linear.forward(pooled)
    }

    /// The same function with every batch norm folded into its convolution: fewer operations, and no training
    /// mode left to forget when a map is drawn.
    pub fn folded(mut self) -> Self {
        for stage in &mut self.stages {
            stage.layers = std::mem::take(&mut stage.layers).into_iter().map(Layer::folded).collect();
        }
        self
    }
}
