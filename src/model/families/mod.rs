//! Registry of all networks. `info`, `train`, `import`, benchmarks and all lists of names read these entries.
//!
//! To add a family, write one file that implements [`Family`] and lists its networks, and add one line each to the modules
//! below, to [`NetworkConfig`], its two matches and [`networks`].

mod efficientnet;
mod family;
mod googlenet;
mod resnet;
mod squeezenet;
mod vgg;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

pub use efficientnet::EfficientNetLiteConfig;
pub use family::{ClassNames, Entry, Family, PublicWeights, PyTorchNames};
pub use googlenet::GoogLeNetConfig;
pub use resnet::ResNetConfig;
pub use squeezenet::SqueezeNetConfig;
pub use vgg::{VggGapConfig, VggHead};

use super::{ConfigError, Network};
use crate::core::names::same_name;

/// Entry of the registry: one network.
pub type NetworkEntry = Entry<NetworkConfig>;

/// Configuration of a network of any family: the `network` object of a model card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "family", rename_all = "kebab-case")]
pub enum NetworkConfig {
    /// VGG with global average pooling.
    VggGap(VggGapConfig),
    /// ResNet or its plain twin.
    #[serde(rename = "resnet")]
    ResNet(ResNetConfig),
    /// GoogLeNet.
    #[serde(rename = "googlenet")]
    GoogLeNet(GoogLeNetConfig),
    /// SqueezeNet 1.1.
    #[serde(rename = "squeezenet")]
    SqueezeNet(SqueezeNetConfig),
    /// EfficientNet-Lite0.
    EfficientnetLite(EfficientNetLiteConfig),
}

/// Return all networks, family by family.
pub fn networks() -> Vec<NetworkEntry> {
    let mut all = Vec::new();
    all.extend(vgg::networks().into_iter().map(|entry| entry.map(NetworkConfig::VggGap)));
    all.extend(resnet::networks().into_iter().map(|entry| entry.map(NetworkConfig::ResNet)));
    all.extend(googlenet::networks().into_iter().map(|entry| entry.map(NetworkConfig::GoogLeNet)));
    all.extend(squeezenet::networks().into_iter().map(|entry| entry.map(NetworkConfig::SqueezeNet)));
    all.extend(efficientnet::networks().into_iter().map(|entry| entry.map(NetworkConfig::EfficientnetLite)));
    all
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

/// Find a network by its name; see [`same_name`] for the spellings that are understood.
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
        .find(|entry| same_name(&entry.name, name))
        .ok_or_else(|| ConfigError::Name { found: name.to_owned(), names: names() })
}

/// Return the names of all networks, separated by commas, for messages and help texts.
pub fn names() -> String {
    networks().into_iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")
}

impl NetworkConfig {
    /// Configure the network called `name` (see [`find`]) for `classes` classes.
    ///
    /// ```
    /// # use camscope::model::NetworkConfig;
    /// assert_eq!(NetworkConfig::named("SqueezeNet1.1", 3)?.classes(), 3);
    /// assert!(NetworkConfig::named("squeezenet", 3).is_err());
    /// # Ok::<(), camscope::model::ConfigError>(())
    /// ```
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

    /// Replace options by their names in the manifest, such as `width`, `pools` and `head`.
    ///
    /// ```
    /// # use camscope::model::{NetworkConfig, VggHead};
    /// let options = serde_json::Map::from_iter([("head".to_owned(), "nin".into())]);
    /// let config = NetworkConfig::named("vgg16-gap", 10)?.with(options)?;
    /// assert!(matches!(config, NetworkConfig::VggGap(vgg) if vgg.head == VggHead::Nin));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`serde_json::Error`] for a name that the family does not have (it lists those it has), or a value of the wrong
    /// type.
    pub fn with(self, options: serde_json::Map<String, serde_json::Value>) -> Result<Self, serde_json::Error> {
        use serde::de::Error;
        let mut all = serde_json::to_value(self)?;
        for (name, value) in options {
            match all.get_mut(&name) {
                Some(option) if name != "family" => *option = value,
                _ => return Err(serde_json::Error::custom(unknown_option(&name, &all))),
            }
        }
        serde_json::from_value(all)
    }

    /// Build the network with freshly initialised weights.
    ///
    /// # Errors
    /// [`ConfigError`] if a value lies outside the family's range.
    pub fn init(&self, device: &Device) -> Result<Network, ConfigError> {
        match self.classes() {
            0 => Err(ConfigError::Range { what: "classes", expected: "at least 1", found: "0".into() }),
            _ => self.family().init(device),
        }
    }

    /// Return the number of classes.
    pub fn classes(&self) -> usize {
        self.family().classes()
    }

    /// Change the configuration to that of the network after [`Network::folded`], which has no batch norm.
    #[must_use]
    pub fn folded(mut self) -> Self {
        self.family_mut().fold();
        self
    }

    /// Return the name of the last layer in PyTorch's public checkpoints: the linear layer, or NIN's last convolution.
    pub fn pytorch_head(&self) -> &'static str {
        self.family().pytorch_head()
    }

    /// Return the names of the other tensors in PyTorch's public checkpoints of `network`.
    pub fn pytorch_names(&self, network: &Network) -> PyTorchNames {
        self.family().pytorch_names(network)
    }
}

/// Say that `config`, the JSON object of a network, has no option `name`, and list its options.
fn unknown_option(name: &str, config: &serde_json::Value) -> String {
    let keys = config.as_object().into_iter().flat_map(|object| object.keys());
    let options: Vec<&str> = keys.map(String::as_str).filter(|key| *key != "family").collect();
    format!("the network has no option \"{name}\"; it has {}", options.join(", "))
}
