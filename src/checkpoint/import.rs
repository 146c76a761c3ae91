//! Import of public checkpoints as models of the site. The registry knows their network, classes, preprocessing and
//! source.

use std::path::Path;

use burn::tensor::Device;

use super::ModelCard;
use super::state_dict::{StateDict, StateDictError};
use crate::data::CIFAR10;
use crate::model::{ClassNames, ConfigError, Network, NetworkEntry, find};

/// Largest value of a float16.
const LARGEST: f32 = 65_504.0;

/// Why a checkpoint cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// No network has that name.
    #[error(transparent)]
    Name(#[from] ConfigError),
    /// The list of classes does not fit the file.
    #[error("the list names {given} classes, and the file has {found}")]
    Classes {
        /// Classes in the list.
        given: usize,
        /// Classes in the file.
        found: usize,
    },
    /// The file cannot be read, or is of another network.
    #[error(transparent)]
    StateDict(#[from] StateDictError),
}

/// A checkpoint as a model of the site.
pub struct Imported {
    /// Its card. The file's name, size and hash are set when it is published.
    pub card: ModelCard,
    /// The network, with its batch norms folded.
    pub network: Network,
    /// What was chosen of the file or renamed, for people.
    pub notes: Vec<String>,
}

/// Read a PyTorch checkpoint of the network called `name`, and fold its batch norms.
///
/// The number of classes is the file's. `classes` names them; without it they are those of the public weights or of the card in
/// the file, or numbered.
///
/// # Errors
/// [`ImportError`]; for a file of another network it names the first tensors that do not fit.
pub fn import(name: &str, path: &Path, classes: Option<Vec<String>>, device: &Device) -> Result<Imported, ImportError> {
    let mut entry = find(name)?;
    let state = StateDict::read(path, &entry.config)?;
    if let Some((tensor, value)) = state.largest().filter(|(_, value)| *value > LARGEST) {
        let what = format!("a value of {value}, and the site's files hold at most {LARGEST} (float16)");
        return Err(StateDictError::Values { path: path.display().to_string(), tensor, what }.into());
    }
    let public = entry.config.classes();
    let count = state.classes(&entry.config).unwrap_or(public);
    if let Some(given) = classes.as_ref().map(Vec::len).filter(|given| *given != count) {
        return Err(ImportError::Classes { given, found: count });
    }
    entry.config = entry.config.with_classes(count);
    if !state.has_norms() {
        entry.config = entry.config.folded();
    }
    let exported = state.card.as_ref().and_then(|card| serde_json::from_str::<ModelCard>(card).ok());
    let mut notes = state.notes.clone();
    let network = state.into_network(path, &entry.config, device)?.folded();
    let mut card = match exported.filter(|card| card.network == entry.config.clone().folded()) {
        Some(exported) => exported,
        None => card(entry),
    };
    if let Some(classes) = classes {
        card.classes = classes;
    } else if card.classes.len() != count {
        card.classes = (0..count).map(|class| format!("class {class}")).collect();
        notes.push(format!(
            "the file has {count} classes, which have no names in it; `--classes FILE` names them, one a line"
        ));
    }
    Ok(Imported { card, network, notes })
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
