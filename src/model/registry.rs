//! Every network by name. `info`, `train`, `import`, benchmarks and all lists of names are made from these entries.
//!
//! A family of networks is one file that implements [`Family`] and lists its networks, and one line each in
//! [`NetworkConfig`], its two matches and [`networks`].

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::efficientnet::{self, EfficientNetLiteConfig};
use super::googlenet::{self, GoogLeNetConfig};
use super::resnet::{self, ResNetConfig};
use super::squeezenet::{self, SqueezeNetConfig};
use super::vgg::{self, VggGapConfig};
use super::{ConfigError, Network};
use crate::core::preprocessing::Preprocessing;

/// What a family of networks provides: how to build one, fold it, and read PyTorch's checkpoints of it.
pub trait Family {
    /// Build the network with freshly initialised weights.
    ///
    /// # Errors
    /// [`ConfigError`] where a value lies outside what the family allows.
    fn init(&self, device: &Device) -> Result<Network, ConfigError>;

    /// Number of classes that the head tells apart.
    fn classes(&self) -> usize;

    /// Change the number of classes.
    fn set_classes(&mut self, classes: usize);

    /// Describe the network after [`Network::folded`], which leaves no batch norm.
    fn fold(&mut self);

    /// Name of the last layer in PyTorch's public checkpoints.
    fn pytorch_head(&self) -> &'static str;

    /// Names of the other tensors in PyTorch's public checkpoints of `network`.
    fn pytorch_names(&self, network: &Network) -> PyTorchNames;
}

/// Tensor names of a PyTorch checkpoint.
pub struct PyTorchNames {
    /// Each convolution with its batch norm, in the order of [`Network::map_convs`]. The norm's name is unused where the
    /// network has none.
    pub convs: Vec<(String, String)>,
    /// Public checkpoints end in another head, so ours may be missing.
    pub head_is_new: bool,
    /// Prefixes of tensors that such checkpoints hold besides.
    pub ignored: &'static [&'static str],
}

/// Configuration of any network: the `network` object of a model card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "family", rename_all = "kebab-case")]
pub enum NetworkConfig {
    VggGap(VggGapConfig),
    #[serde(rename = "resnet")]
    ResNet(ResNetConfig),
    #[serde(rename = "googlenet")]
    GoogLeNet(GoogLeNetConfig),
    #[serde(rename = "squeezenet")]
    SqueezeNet(SqueezeNetConfig),
    EfficientnetLite(EfficientNetLiteConfig),
}

/// All networks, family by family.
pub fn networks() -> Vec<NetworkEntry> {
    [vgg::networks(), resnet::networks(), googlenet::networks(), squeezenet::networks(), efficientnet::networks()]
        .into_iter()
        .flatten()
        .collect()
}

impl NetworkConfig {
    fn family(&self) -> &dyn Family {
        match self {
            Self::VggGap(config) => config,
            Self::ResNet(config) => config,
            Self::GoogLeNet(config) => config,
            Self::SqueezeNet(config) => config,
            Self::EfficientnetLite(config) => config,
        }
    }

    fn family_mut(&mut self) -> &mut dyn Family {
        match self {
            Self::VggGap(config) => config,
            Self::ResNet(config) => config,
            Self::GoogLeNet(config) => config,
            Self::SqueezeNet(config) => config,
            Self::EfficientnetLite(config) => config,
        }
    }
}

/// One network by name.
#[derive(Debug, Clone)]
pub struct NetworkEntry {
    /// The one spelling on command lines, in manifests and on the page, such as `resnet-20`.
    pub name: String,
    /// Other accepted spellings: PyTorch's.
    pub aliases: Vec<String>,
    /// For people.
    pub title: String,
    /// As it is trained: with batch norm where its authors have it, and with the classes of its public weights.
    pub config: NetworkConfig,
    pub weights: PublicWeights,
}

/// What the public checkpoints of a network were trained on, and where they come from.
#[derive(Debug, Clone)]
pub struct PublicWeights {
    pub classes: ClassNames,
    pub preprocessing: Preprocessing,
    /// SPDX identifier.
    pub licence: &'static str,
    pub source: &'static str,
}

/// Whose classes public weights tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClassNames {
    ImageNet,
    Cifar10,
    /// None: the head of the public weights is not ours, so a new one is untrained.
    Untrained,
}

impl ClassNames {
    /// Number of classes; ten for a head that is still to be trained.
    pub fn count(self) -> usize {
        match self {
            Self::ImageNet => 1000,
            Self::Cifar10 | Self::Untrained => 10,
        }
    }
}

impl PublicWeights {
    /// torchvision's weights for ImageNet.
    pub(super) fn torchvision() -> Self {
        Self {
            classes: ClassNames::ImageNet,
            preprocessing: Preprocessing::imagenet(),
            licence: "BSD-3-Clause",
            source: "torchvision's weights, trained on ImageNet",
        }
    }
}

impl NetworkEntry {
    fn goes_by(&self, name: &str) -> bool {
        let own = std::iter::once(&self.name).chain(&self.aliases);
        own.into_iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// Find a network by its name or an alias, in any case.
///
/// ```
/// # use camscope::model::find;
/// assert_eq!(find("resnet20").unwrap().name, "resnet-20");
/// ```
///
/// # Errors
/// [`ConfigError::Name`], which lists the names.
pub fn find(name: &str) -> Result<NetworkEntry, ConfigError> {
    networks()
        .into_iter()
        .find(|entry| entry.goes_by(name))
        .ok_or_else(|| ConfigError::Name { found: name.to_owned(), names: names() })
}

/// Names of all networks for messages and help texts, separated by commas.
pub fn names() -> String {
    networks().into_iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")
}

impl NetworkConfig {
    /// Configure the network called `name` (see [`find`]) for `classes` classes.
    ///
    /// # Errors
    /// [`ConfigError::Name`], which lists the names.
    pub fn named(name: &str, classes: usize) -> Result<Self, ConfigError> {
        Ok(find(name)?.config.with_classes(classes))
    }

    /// Replace the number of classes.
    #[must_use]
    pub fn with_classes(mut self, classes: usize) -> Self {
        self.family_mut().set_classes(classes);
        self
    }

    /// Replace some values by their names in the manifest: `width`, `pools`, `head`, ….
    ///
    /// # Errors
    /// A name that the family does not have, or a value of another kind.
    pub fn with(self, options: serde_json::Map<String, serde_json::Value>) -> Result<Self, serde_json::Error> {
        use serde::de::Error;
        let mut all = serde_json::to_value(self)?;
        for (name, value) in options {
            match all.get_mut(&name) {
                Some(place) if name != "family" => *place = value,
                _ => return Err(serde_json::Error::custom(format!("the network has no option \"{name}\""))),
            }
        }
        serde_json::from_value(all)
    }

    /// Build the network with freshly initialised weights.
    ///
    /// # Errors
    /// [`ConfigError`] where a value lies outside what the family allows.
    pub fn init(&self, device: &Device) -> Result<Network, ConfigError> {
        match self.classes() {
            0 => Err(ConfigError::Range { what: "classes", expected: "at least 1", found: "0".into() }),
            _ => self.family().init(device),
        }
    }

    /// Number of classes that the head tells apart.
    pub fn classes(&self) -> usize {
        self.family().classes()
    }

    /// Describe the same network after [`Network::folded`], which leaves no batch norm.
    #[must_use]
    pub fn folded(mut self) -> Self {
        self.family_mut().fold();
        self
    }

    /// Name of the last layer in PyTorch's public checkpoints: the linear layer, or NIN's last convolution.
    pub fn pytorch_head(&self) -> &'static str {
        self.family().pytorch_head()
    }

    /// Names of the other tensors in PyTorch's public checkpoints of `network`.
    pub fn pytorch_names(&self, network: &Network) -> PyTorchNames {
        self.family().pytorch_names(network)
    }
}
