//! Networks: a list of stages and a head, whatever the family. Nothing here knows of files or pages.

mod blocks;
mod cost;
mod efficientnet;
mod googlenet;
mod layers;
mod registry;
mod resnet;
mod squeezenet;
mod vgg;

use burn::module::Module;
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::{Device, FloatDType, Tensor, activation};

use crate::kernels;

pub use blocks::{Fire, Inception, InvertedResidual, Residual};
pub use cost::StageCost;
pub use efficientnet::EfficientNetLiteConfig;
pub use googlenet::GoogLeNetConfig;
pub use layers::{Activation, ConvBlock, ConvBlockConfig, ConvVisitor, Layer, Padding};
pub use registry::{
    ClassNames, Family, NetworkConfig, NetworkEntry, PublicWeights, PyTorchNames, find, names, networks,
};
pub use resnet::ResNetConfig;
pub use squeezenet::SqueezeNetConfig;
pub use vgg::{VggGapConfig, VggHead};

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
    #[error("a {family} has a depth of {depths}, not {found}; set \"depth\" to one of them")]
    Depth { family: &'static str, depths: &'static str, found: usize },
    #[error("{what} must be {expected}, not {found}")]
    Range { what: &'static str, expected: &'static str, found: String },
    #[error("there is no network \"{found}\"; there are {names}")]
    Name { found: String, names: String },
}

/// One stage: layers applied in turn.
#[derive(Module, Debug)]
pub struct Stage {
    pub layers: Vec<Layer>,
}

impl Stage {
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.forward_through(x, &mut ConvBlock::forward)
    }

    /// The same with `through` in every convolution's place.
    pub fn forward_through(&self, x: Tensor<4>, through: &mut ConvVisitor<'_>) -> Tensor<4> {
        self.layers.iter().fold(x, |x, layer| layer.forward(x, through))
    }
}

/// `stages` in turn.
pub fn run(stages: &[Stage], x: Tensor<4>) -> Tensor<4> {
    stages.iter().fold(x, |x, stage| stage.forward(x))
}

/// Stages that turn a photo into features, and global average pooling with one linear layer that turns
/// features into logits (Zhou et al. 2016, section 2).
#[derive(Module, Debug)]
pub struct Network {
    pub stages: Vec<Stage>,
    /// `weight` is `[k, classes]`: column c holds the weights `w_k^c` of class c's map.
    pub linear: Linear,
    /// NIN's head: the linear layer is applied at every place and rectified before the average, so that a map's mean
    /// is its logit.
    pub rectified: bool,
}

impl Network {
    pub(crate) fn new(stages: Vec<Stage>, channels: usize, classes: usize, device: &Device) -> Self {
        Self { stages, linear: LinearConfig::new(channels, classes).init(device), rectified: false }
    }

    /// With NIN's head. Small weights over a bias of 1: no class begins below zero, where no gradient would reach it.
    pub(crate) fn rectified(mut self, device: &Device) -> Self {
        let shape = self.linear.weight.dims();
        self.linear.weight = Initializer::Normal { mean: 0.0, std: 0.01 }.init(shape, device);
        self.linear.bias = Some(Initializer::Ones.init([shape[1]], device));
        Self { rectified: true, ..self }
    }

    /// Photos `[n, 3, h, w]`, normalised by the model's recipe, to features and logits.
    pub fn forward(&self, x: Tensor<4>) -> Output {
        let features = run(&self.stages, x);
        let logits = self.head(features.clone());
        Output { features, logits }
    }

    /// Features `[n, k, h, w]` to logits `[n, classes]`: the mean over the grid and the linear layer, which for a
    /// linear head may change places. Always in float32.
    pub fn head(&self, features: Tensor<4>) -> Tensor<2> {
        let [n, k, h, w] = features.dims();
        let places = features.cast(FloatDType::F32).reshape([n, k, h * w]);
        if self.rectified {
            let scores = activation::relu(self.linear.forward(places.swap_dims(1, 2)));
            return scores.mean_dim(1).squeeze_dim(1);
        }
        kernels::linear(&self.linear, places.mean_dim(2).squeeze_dim(2))
    }

    /// The same function with every batch norm folded into its convolution: fewer operations, and no training
    /// mode left to forget when a map is drawn.
    pub fn folded(self) -> Self {
        self.map_convs(&mut ConvBlock::folded)
    }

    /// Changes every convolution, in the order of the forward pass.
    pub fn map_convs(mut self, f: &mut impl FnMut(ConvBlock) -> ConvBlock) -> Self {
        for stage in &mut self.stages {
            stage.layers = std::mem::take(&mut stage.layers).into_iter().map(|layer| layer.map_convs(f)).collect();
        }
        self
    }
}
