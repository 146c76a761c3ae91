//! EfficientNet-Lite0: the mobile EfficientNet without squeeze-and-excitation, ReLU6 throughout.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::blocks::InvertedResidual;
use super::{Activation, ConfigError, ConvBlockConfig, Layer, Network, Padding, Stage, positive_classes};

/// TensorFlow's default, with which the public weights were trained.
const NORM_EPSILON: f64 = 1e-3;
const STEM: usize = 32;
const HEAD: usize = 1280;

/// (repeats, kernel, stride, expansion, channels) of each stage: Tan & Le 2019, table 1, EfficientNet-B0.
const STAGES: [(usize, usize, usize, usize, usize); 7] = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
];

/// EfficientNet-Lite0 as nine stages (stem, seven of inverted residuals, the 1×1 to 1,280 channels) and GAP + Linear.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EfficientNetLiteConfig {
    /// False for published checkpoints, whose norms are folded into the convolutions.
    pub batch_norm: bool,
    pub classes: usize,
}

impl EfficientNetLiteConfig {
    pub fn init(&self, device: &Device) -> Result<Network, ConfigError> {
        positive_classes(self.classes)?;
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
