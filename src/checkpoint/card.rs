//! Model cards, and the manifest that lists them. The page offers the models of the manifest and no others.

use serde::{Deserialize, Serialize};

use crate::core::preprocessing::Preprocessing;
use crate::model::NetworkConfig;

/// Content of `www/models/manifest.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Cards of all models. The page starts with the first.
    pub models: Vec<ModelCard>,
}

/// A model card: everything needed to fetch, verify, build and run a model, and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// Name for addresses and command lines, short and unique.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// Family of the network and its configuration.
    pub network: NetworkConfig,
    /// Names of the classes, in the order of the logits.
    pub classes: Vec<String>,
    /// How a photo becomes the network's input. Cards of earlier versions call it `recipe`.
    #[serde(alias = "recipe")]
    pub preprocessing: Preprocessing,
    /// Licence of the weights.
    pub licence: String,
    /// Where the weights come from and how they were made.
    pub source: String,
    /// Measured accuracy, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<Accuracy>,
    /// Name of the weights file beside the manifest. It holds the start of the hash, so one name never has two
    /// contents.
    #[serde(default)]
    pub file: String,
    /// Size of the weights file.
    #[serde(default)]
    pub bytes: u64,
    /// SHA-256 of the weights file, in lower-case hexadecimal.
    #[serde(default)]
    pub sha256: String,
}

/// Accuracy as measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// Share of images whose most probable class is right, 0 to 1.
    pub top1: f32,
    /// The images that it was measured on, and which split they are.
    pub on: String,
}
