//! VGG's convolutions with global average pooling in place of its three fully connected layers.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::registry::{ClassNames, Family, NetworkEntry, PublicWeights, PyTorchNames};
use super::{Activation, ConfigError, ConvBlockConfig, Layer, Network, NetworkConfig, Stage};
use crate::core::preprocessing::Preprocessing;

const NORM_EPSILON: f64 = 1e-5;
const STAGE_CHANNELS: [usize; 5] = [64, 128, 256, 512, 512];

/// VGG-11/13/16/19 (Simonyan & Zisserman 2015, table 1, columns A, B, D, E) as a GAP network
/// (Zhou et al. 2016). The default is the network of the project's source article: depth 16, full width,
/// LeakyReLU(0.2), no batch norm, ten classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VggGapConfig {
    /// 11, 13, 16 or 19, by VGG's own count (its fully connected layers included, which are gone here).
    pub depth: usize,
    /// Multiplies every channel count, `0 < width ≤ 4`.
    pub width: f64,
    pub activation: Activation,
    pub batch_norm: bool,
    /// How many of the five stages end in a 2×2 max-pool. 5 is VGG; 4 leaves the last one out, as the CAM paper
    /// does for a finer map; small inputs want fewer still.
    pub pools: usize,
    #[serde(default)]
    pub head: VggHead,
    pub classes: usize,
}

/// What follows the thirteen convolutions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VggHead {
    /// Global average pooling and one linear layer: the source article's.
    #[default]
    Gap,
    /// One more 3×3 convolution to 1,024 channels before them, as the CAM paper has it (section 3); leave the fifth pool
    /// out with it (`pools: 4`).
    Conv1024,
    /// One 1×1 convolution with a channel per class, rectified, and global average pooling (Lin et al. 2014,
    /// "Network in Network", section 3.2): the maps are the network's own last activations.
    Nin,
}

impl Default for VggGapConfig {
    fn default() -> Self {
        let activation = Activation::LeakyRelu(0.2);
        Self { depth: 16, width: 1.0, activation, batch_norm: false, pools: 5, head: VggHead::Gap, classes: 10 }
    }
}

impl Family for VggGapConfig {
    fn init(&self, device: &Device) -> Result<Network, ConfigError> {
        let convolutions = match self.depth {
            11 => [1, 1, 2, 2, 2],
            13 => [2, 2, 2, 2, 2],
            16 => [2, 2, 3, 3, 3],
            19 => [2, 2, 4, 4, 4],
            other => return Err(ConfigError::Depth { family: "VGG", depths: "11, 13, 16 or 19", found: other }),
        };
        let range = |what, expected, found| Err(ConfigError::Range { what, expected, found });
        if !(self.width > 0.0 && self.width <= 4.0) {
            return range("width", "above 0 and at most 4", self.width.to_string());
        }
        if self.pools > 5 {
            return range("pools", "from 0 to 5", self.pools.to_string());
        }

        let channels = |full: usize| ((full as f64 * self.width).round() as usize).max(1);
        let conv = |channels| {
            let norm = self.batch_norm.then_some(NORM_EPSILON);
            Layer::Conv(ConvBlockConfig::new(channels, 3, norm).with_activation(self.activation).init(device))
        };
        let mut c_in = 3;
        let mut stages = Vec::with_capacity(6);
        for (i, (full, repeat)) in STAGE_CHANNELS.into_iter().zip(convolutions).enumerate() {
            let c_out = channels(full);
            let mut layers: Vec<_> = (0..repeat).map(|j| conv([if j == 0 { c_in } else { c_out }, c_out])).collect();
            if i < self.pools {
                layers.push(Layer::max_pool());
            }
            stages.push(Stage { layers });
            c_in = c_out;
        }
        if self.head == VggHead::Conv1024 {
            stages.push(Stage { layers: vec![conv([c_in, channels(1024)])] });
            c_in = channels(1024);
        }
        let network = Network::new(stages, c_in, self.classes, device);
        Ok(if self.head == VggHead::Nin { network.rectified(device) } else { network })
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
        "classifier"
    }

    fn pytorch_names(&self, network: &Network) -> PyTorchNames {
        PyTorchNames { convs: conv_names(&network.stages), head_is_new: true, ignored: &["classifier."] }
    }
}

/// The article's GAP networks (LeakyReLU), and torchvision's convolutions (ReLU) under a new head.
pub(super) fn networks() -> Vec<NetworkEntry> {
    let entry = |depth: usize, name: String, alias: Option<String>, batch_norm, activation| NetworkEntry {
        name,
        aliases: alias.into_iter().collect(),
        title: format!("VGG{depth}-GAP"),
        config: NetworkConfig::VggGap(VggGapConfig { depth, batch_norm, activation, ..VggGapConfig::default() }),
        weights: PublicWeights {
            classes: ClassNames::Untrained,
            preprocessing: Preprocessing::imagenet(),
            licence: "BSD-3-Clause",
            source: "the convolutions of torchvision's weights, trained on ImageNet; the head is new and untrained: go on \
                     with `camscope train --init`",
        },
    };
    let of_depth = |depth| {
        [
            entry(depth, format!("vgg{depth}-gap"), None, false, Activation::LeakyRelu(0.2)),
            entry(depth, format!("vgg{depth}"), None, false, Activation::Relu),
            entry(depth, format!("vgg{depth}-bn"), Some(format!("vgg{depth}_bn")), true, Activation::Relu),
        ]
    };
    [11, 13, 16, 19].into_iter().flat_map(of_depth).collect()
}

/// `features.N`: convolution, norm (if any), activation and pool are each a module of the sequence.
fn conv_names(stages: &[Stage]) -> Vec<(String, String)> {
    let (mut at, mut convs) = (0, Vec::new());
    for layer in stages.iter().flat_map(|stage| &stage.layers) {
        match layer {
            Layer::Conv(block) => {
                convs.push((format!("features.{at}"), format!("features.{}", at + 1)));
                at += if block.norm.is_some() { 3 } else { 2 };
            }
            _ => at += 1,
        }
    }
    convs
}
