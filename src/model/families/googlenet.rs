//! GoogLeNet: inception blocks, then its original head of global average pooling and one linear layer.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::family::{Entry, Family, PublicWeights, PyTorchNames};
use crate::core::preprocessing::Preprocessing;
use crate::model::{ConfigError, ConvBlockConfig, Inception, Layer, Network, Stage};

/// torchvision's value.
const NORM_EPSILON: f64 = 1e-3;

/// Configuration of GoogLeNet (Szegedy et al. 2015, table 1) with batch norm, as in torchvision, and without auxiliary
/// classifiers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GoogLeNetConfig {
    /// Whether a batch norm follows every convolution. False for published checkpoints, whose norms are folded.
    pub batch_norm: bool,
    /// Number of classes.
    pub classes: usize,
}

/// Rows of table 1: input channels, then the six of [`Inception::new`]. A max-pool follows every group but the last.
const INCEPTIONS: [&[(usize, [usize; 6])]; 3] = [
    &[(192, [64, 96, 128, 16, 32, 32]), (256, [128, 128, 192, 32, 96, 64])],
    &[
        (480, [192, 96, 208, 16, 48, 64]),
        (512, [160, 112, 224, 24, 64, 64]),
        (512, [128, 128, 256, 24, 64, 64]),
        (512, [112, 144, 288, 32, 64, 64]),
        (528, [256, 160, 320, 32, 128, 128]),
    ],
    &[(832, [256, 160, 320, 32, 128, 128]), (832, [384, 192, 384, 48, 128, 128])],
];

impl Family for GoogLeNetConfig {
    fn init(&self, device: &Device) -> Result<Network, ConfigError> {
        let norm = self.batch_norm.then_some(NORM_EPSILON);
        let conv = |channels, kernel, stride| {
            let config = ConvBlockConfig::new(channels, kernel, norm);
            Layer::Conv(if stride > 1 { config.with_stride(stride) } else { config }.init(device))
        };
        let pool = || Layer::max_pool_3(0, true);
        let mut stages = vec![
            Stage { layers: vec![conv([3, 64], 7, 2), pool()] },
            Stage { layers: vec![conv([64, 64], 1, 1), conv([64, 192], 3, 1), pool()] },
        ];
        for (i, rows) in INCEPTIONS.into_iter().enumerate() {
            let mut layers: Vec<_> =
                rows.iter().map(|&(c_in, c_out)| Layer::Inception(Inception::new(c_in, c_out, norm, device))).collect();
            match i {
                0 => layers.push(pool()),
                1 => layers.push(Layer::max_pool()),
                _ => {}
            }
            stages.push(Stage { layers });
        }
        Ok(Network::new(stages, 1024, self.classes, device))
    }

    fn classes(&self) -> usize {
        self.classes
    }

    fn set_classes(&mut self, classes: usize) {
        self.classes = classes;
    }

    fn fold(&mut self) {
        self.batch_norm = false;
    }

    fn pytorch_head(&self) -> &'static str {
        "fc"
    }

    fn pytorch_names(&self, network: &Network) -> PyTorchNames {
        PyTorchNames { convs: conv_names(&network.stages), head_is_new: false, ignored: &["aux1.", "aux2."] }
    }
}

/// GoogLeNet.
pub(super) fn networks() -> Vec<Entry<GoogLeNetConfig>> {
    vec![Entry {
        name: "googlenet".into(),
        title: "GoogLeNet".into(),
        config: GoogLeNetConfig { batch_norm: true, classes: 1000 },
        // torchvision ported these weights from TensorFlow, where values lie in [−1, 1].
        weights: PublicWeights {
            preprocessing: Preprocessing { resize: 256, ..Preprocessing::symmetric(224) },
            ..PublicWeights::torchvision()
        },
    }]
}

/// Name the convolutions as torchvision does: `inception3a.branch2.0.conv` with norm `inception3a.branch2.0.bn`.
fn conv_names(stages: &[Stage]) -> Vec<(String, String)> {
    let mut prefixes: Vec<String> = ["conv1", "conv2", "conv3"].map(str::to_owned).into();
    for (s, stage) in stages.iter().enumerate().skip(2) {
        let blocks = stage.layers.iter().filter(|layer| matches!(layer, Layer::Inception(_)));
        for (_, letter) in blocks.zip('a'..) {
            let parts = ["branch1", "branch2.0", "branch2.1", "branch3.0", "branch3.1", "branch4.1"];
            prefixes.extend(parts.map(|part| format!("inception{}{letter}.{part}", s + 1)));
        }
    }
    prefixes.into_iter().map(|prefix| (format!("{prefix}.conv"), format!("{prefix}.bn"))).collect()
}
