//! What a family of networks provides to the registry.

use burn::tensor::Device;

use crate::core::preprocessing::Preprocessing;
use crate::model::{ConfigError, Network};

/// A family's part of the registry: build a network, fold it, and read its PyTorch checkpoints.
pub trait Family {
    /// Build the network with freshly initialised weights.
    ///
    /// # Errors
    /// [`ConfigError`] if a value lies outside the family's range.
    fn init(&self, device: &Device) -> Result<Network, ConfigError>;

    /// Return the number of classes.
    fn classes(&self) -> usize;

    /// Replace the number of classes.
    fn set_classes(&mut self, classes: usize);

    /// Change the configuration to that of the network after [`Network::folded`], which has no batch norm.
    fn fold(&mut self);

    /// Return the name of the last layer in PyTorch's public checkpoints.
    fn pytorch_head(&self) -> &'static str;

    /// Return the names of the other tensors in PyTorch's public checkpoints of `network`.
    fn pytorch_names(&self, network: &Network) -> PyTorchNames;
}

/// Tensor names of a PyTorch checkpoint.
pub struct PyTorchNames {
    /// Name of each convolution and of its batch norm, in the order of [`Network::map_convs`]. A network without norms
    /// ignores their names.
    pub convs: Vec<(String, String)>,
    /// Whether public checkpoints end in a different head, so that this network's may be missing.
    pub head_is_new: bool,
    /// Prefixes of further tensors in such checkpoints, which are skipped.
    pub ignored: &'static [&'static str],
}

/// Entry of the registry: one network.
#[derive(Debug, Clone)]
pub struct Entry<C> {
    /// Spelling on command lines, in manifests and on the page, such as `resnet-20`. PyTorch's `resnet20` means the same:
    /// see [`same_name`](crate::core::names::same_name).
    pub name: String,
    /// Name for people, such as `ResNet-20`.
    pub title: String,
    /// Configuration for training: with batch norm if the authors use it, and with the classes of the public weights.
    pub config: C,
    /// Public weights in PyTorch's format.
    pub weights: PublicWeights,
}

/// Training data, preprocessing and origin of a network's public checkpoints.
#[derive(Debug, Clone)]
pub struct PublicWeights {
    /// Classes of the head.
    pub classes: ClassNames,
    /// Preprocessing that the weights expect.
    pub preprocessing: Preprocessing,
    /// SPDX identifier of the licence.
    pub licence: &'static str,
    /// Author, training data and origin of the weights.
    pub source: &'static str,
}

/// Data set whose classes public weights predict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClassNames {
    /// The 1,000 classes of ImageNet (ILSVRC 2012).
    ImageNet,
    /// The ten classes of CIFAR-10.
    Cifar10,
    /// No data set: the public weights have a different head, so the new head is untrained.
    Untrained,
}

impl ClassNames {
    /// Return the number of classes: ten for an untrained head.
    pub fn count(self) -> usize {
        match self {
            Self::ImageNet => 1000,
            Self::Cifar10 | Self::Untrained => 10,
        }
    }
}

impl PublicWeights {
    /// Describe a network without public weights: whoever imports some knows where they come from.
    pub(super) fn unknown(classes: ClassNames, preprocessing: Preprocessing) -> Self {
        Self { classes, preprocessing, licence: "unknown", source: "weights of unknown source" }
    }

    /// Describe torchvision's weights for ImageNet.
    pub(super) fn torchvision() -> Self {
        Self {
            classes: ClassNames::ImageNet,
            preprocessing: Preprocessing::imagenet(),
            licence: "BSD-3-Clause",
            source: "torchvision's weights, trained on ImageNet",
        }
    }
}

impl<C> Entry<C> {
    /// Turn the family's configuration into that of any family.
    pub(super) fn map<D>(self, f: impl FnOnce(C) -> D) -> Entry<D> {
        let Self { name, title, config, weights } = self;
        Entry { name, title, config: f(config), weights }
    }
}
