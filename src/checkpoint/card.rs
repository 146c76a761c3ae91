//! What the manifest says of a model. The page knows no model that it does not tell.

use serde::{Deserialize, Serialize};

use crate::core::preprocessing::Preprocessing;
use crate::model::NetworkConfig;

/// `www/models/manifest.json`. The first model is the one the page begins with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub models: Vec<ModelCard>,
}

/// One model: everything needed to fetch, check, build and feed it, and to say where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// Short and unique, for addresses and command lines.
    pub name: String,
    /// For people.
    pub title: String,
    /// The family and its configuration.
    pub network: NetworkConfig,
    /// Class names in the order of the logits.
    pub classes: Vec<String>,
    /// How photos are prepared.
    #[serde(alias = "recipe")]
    pub preprocessing: Preprocessing,
    pub licence: String,
    /// Where the weights come from and how they were made.
    pub source: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<Accuracy>,
    /// File name beside the manifest; holds the beginning of the hash, so a name never means two contents.
    #[serde(default)]
    pub file: String,
    /// Size of the file.
    #[serde(default)]
    pub bytes: u64,
    /// SHA-256 of the file, lower-case hexadecimal.
    #[serde(default)]
    pub sha256: String,
}

/// A measured share of right answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// From 0 to 1.
    pub top1: f32,
    /// The data it was measured on.
    pub on: String,
}
