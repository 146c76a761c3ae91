//! SqueezeNet 1.1: fire modules, then NIN's head of one 1×1 convolution and global average pooling.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::family::{Entry, Family, PublicWeights, PyTorchNames};
use crate::model::{ConfigError, ConvBlockConfig, Fire, Layer, Network, Padding, Stage};

/// Configuration of SqueezeNet 1.1 (Iandola et al. 2016, in the authors' later, cheaper version, as in torchvision).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SqueezeNetConfig {
    /// Number of classes.
    pub classes: usize,
}

/// Channels of each fire module: input, squeeze, each expand. A max-pool precedes every group.
const FIRES: [&[(usize, usize, usize)]; 3] = [
    &[(64, 16, 64), (128, 16, 64)],
    &[(128, 32, 128), (256, 32, 128)],
    &[(256, 48, 192), (384, 48, 192), (384, 64, 256), (512, 64, 256)],
];

impl Family for SqueezeNetConfig {
    fn init(&self, device: &Device) -> Result<Network, ConfigError> {
        let stem =
            ConvBlockConfig { stride: 2, padding: Padding::Symmetric(0), ..ConvBlockConfig::new([3, 64], 3, None) };
        let mut stages = vec![Stage { layers: vec![Layer::Conv(stem.init(device))] }];
        for rows in FIRES {
            let fires =
                rows.iter().map(|&(c_in, squeeze, expand)| Layer::Fire(Fire::new(c_in, squeeze, expand, device)));
            stages.push(Stage { layers: std::iter::once(Layer::max_pool_3(0, true)).chain(fires).collect() });
        }
        Ok(Network::new(stages, 512, self.classes, device).with_nin_head(device))
    }

    fn classes(&self) -> usize {
        self.classes
    }

    fn set_classes(&mut self, classes: usize) {
        self.classes = classes;
    }

    /// Do nothing: there is no batch norm.
    fn fold(&mut self) {}

    fn pytorch_head(&self) -> &'static str {
        "classifier.1"
    }

    fn pytorch_names(&self, network: &Network) -> PyTorchNames {
        PyTorchNames { convs: conv_names(&network.stages), head_is_new: false, ignored: &[] }
    }
}

/// SqueezeNet 1.1.
pub(super) fn networks() -> Vec<Entry<SqueezeNetConfig>> {
    vec![Entry {
        name: "squeezenet1.1".into(),
        title: "SqueezeNet 1.1".into(),
        config: SqueezeNetConfig { classes: 1000 },
        weights: PublicWeights::torchvision(),
    }]
}

/// Name the convolutions `features.N`: a convolution, its activation, a fire module and a pool are one module each of
/// torchvision's sequence.
fn conv_names(stages: &[Stage]) -> Vec<(String, String)> {
    let (mut index, mut convs) = (0, Vec::new());
    for layer in stages.iter().flat_map(|stage| &stage.layers) {
        let parts: &[&str] = match layer {
            Layer::Conv(_) => &[""],
            Layer::Fire(_) => &[".squeeze", ".expand1x1", ".expand3x3"],
            _ => &[],
        };
        convs.extend(parts.iter().map(|part| (format!("features.{index}{part}"), String::new())));
        index += if matches!(layer, Layer::Conv(_)) { 2 } else { 1 };
    }
    convs
}
