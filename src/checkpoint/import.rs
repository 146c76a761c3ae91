//! Import of public checkpoints as models of the site. The registry knows their network, classes, preprocessing and
//! source.

use std::path::Path;

use burn::tensor::Device;

use super::ModelCard;
use super::state_dict::{StateDict, StateDictError};
use crate::data::CIFAR10;
use crate::model::{ClassNames, ConfigError, Network, NetworkEntry, find};

/// Why a checkpoint cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// No network has that name.
    #[error(transparent)]
    Name(#[from] ConfigError),
    /// The file cannot be read, or is of another network.
    #[error(transparent)]
    StateDict(#[from] StateDictError),
}

/// Read a PyTorch checkpoint of the network called `name`, and fold its batch norms.
///
/// # Errors
/// [`ImportError`]; for a file of another network it names the first tensors that do not fit.
pub fn import(name: &str, path: &Path, device: &Device) -> Result<(ModelCard, Network), ImportError> {
    let entry = find(name)?;
    let network = StateDict::read(path)?.into_network(path, &entry.config, device)?.folded();
    Ok((card(entry), network))
}

/// Return the card of the registry's public checkpoint.
fn card(entry: NetworkEntry) -> ModelCard {
    let NetworkEntry { name, title, config, weights, .. } = entry;
    let (classes, what): (Vec<String>, _) = match weights.classes {
        ClassNames::ImageNet => {
            (include_str!("imagenet-classes.txt").lines().map(str::to_owned).collect(), "1,000 things of ImageNet")
        }
        ClassNames::Cifar10 => (CIFAR10.map(str::to_owned).to_vec(), "CIFAR-10"),
        ClassNames::Untrained => {
            ((0..config.classes()).map(|class| format!("class {class}")).collect(), "untrained head")
        }
    };
    ModelCard {
        name,
        title: format!("{title} · {what}"),
        network: config.folded(),
        classes,
        preprocessing: weights.preprocessing,
        licence: weights.licence.into(),
        source: format!("{}; batch norms folded into the convolutions, as float16", weights.source),
        accuracy: None,
        file: String::new(),
        bytes: 0,
        sha256: String::new(),
    }
}
