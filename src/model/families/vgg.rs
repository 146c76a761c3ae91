//! VGG with global average pooling in place of its three fully connected layers.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::family::{ClassNames, Entry, Family, PublicWeights, PyTorchNames};
use crate::core::preprocessing::Preprocessing;
use crate::model::{Activation, ConfigError, ConvBlockConfig, Layer, Network, Stage};

/// PyTorch's default.
const NORM_EPSILON: f64 = 1e-5;
/// Output channels of each stage at full width.
const STAGE_CHANNELS: [usize; 5] = [64, 128, 256, 512, 512];

/// Configuration of VGG-11/13/16/19 (Simonyan & Zisserman 2015, table 1, columns A, B, D, E) as a GAP network (Zhou et
/// al. 2016).
///
/// The default is the network of the project's source article: depth 16, full width, LeakyReLU(0.2), no batch norm, ten
/// classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VggGapConfig {
    /// 11, 13, 16 or 19, as VGG counts: including the three fully connected layers that are absent here.
    pub depth: usize,
    /// Factor on every channel count, `0 < width ≤ 4`.
    pub width: f64,
    /// Activation after every convolution.
    pub activation: Activation,
    /// Whether a batch norm follows every convolution. False once it is folded.
    pub batch_norm: bool,
    /// Number of stages, from the first, that end in a 2×2 max-pool: 0 to 5. VGG has 5. The CAM paper has 4, for a
    /// finer map. Small inputs need fewer still.
    pub pools: usize,
    /// Layers after the stages.
    #[serde(default)]
    pub head: VggHead,
    /// Number of classes.
    pub classes: usize,
}

/// Layers after VGG's convolutions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VggHead {
    /// Global average pooling and one linear layer, as in the source article.
    #[default]
    Gap,
    /// A 3×3 convolution to 1,024 channels, then global average pooling and one linear layer, as in the CAM paper
    /// (section 3). The paper leaves out the fifth pool (`pools: 4`).
    Conv1024,
    /// A 1×1 convolution with one channel per class, a ReLU and global average pooling (Lin et al. 2014, "Network in
    /// Network", section 3.2). The maps are the network's own last activations.
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
        let convolutions = self.convolutions()?;
        self.check_ranges()?;
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
        Ok(if self.head == VggHead::Nin { network.with_nin_head(device) } else { network })
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

impl VggGapConfig {
    /// Return the number of convolutions in each stage.
    fn convolutions(&self) -> Result<[usize; 5], ConfigError> {
        match self.depth {
            11 => Ok([1, 1, 2, 2, 2]),
            13 => Ok([2, 2, 2, 2, 2]),
            16 => Ok([2, 2, 3, 3, 3]),
            19 => Ok([2, 2, 4, 4, 4]),
            other => Err(ConfigError::Depth { family: "VGG", depths: "11, 13, 16 or 19", found: other }),
        }
    }

    fn check_ranges(&self) -> Result<(), ConfigError> {
        let range = |what, expected, found| Err(ConfigError::Range { what, expected, found });
        if !(self.width > 0.0 && self.width <= 4.0) {
            return range("width", "above 0 and at most 4", self.width.to_string());
        }
        if self.pools > 5 {
            return range("pools", "from 0 to 5", self.pools.to_string());
        }
        Ok(())
    }
}

/// The source article's GAP networks (LeakyReLU), and torchvision's convolutions (ReLU) under a new head.
pub(super) fn networks() -> Vec<Entry<VggGapConfig>> {
    let of_depth = |depth: usize| {
        let config = |batch_norm, activation| VggGapConfig { depth, batch_norm, activation, ..VggGapConfig::default() };
        let torchvision = |name: String, title, batch_norm| Entry {
            name,
            title,
            config: config(batch_norm, Activation::Relu),
            weights: PublicWeights {
                classes: ClassNames::Untrained,
                source: "the convolutions of torchvision's weights, trained on ImageNet; the head is new and untrained: \
                         train it with `camscope train --init`",
                ..PublicWeights::torchvision()
            },
        };
        [
            Entry {
                name: format!("vgg{depth}-gap"),
                title: format!("VGG{depth}-GAP"),
                config: config(false, Activation::LeakyRelu(0.2)),
                weights: PublicWeights::unknown(ClassNames::Untrained, Preprocessing::imagenet()),
            },
            torchvision(format!("vgg{depth}"), format!("VGG{depth}, GAP head"), false),
            torchvision(format!("vgg{depth}-bn"), format!("VGG{depth} with batch norm, GAP head"), true),
        ]
    };
    [11, 13, 16, 19].into_iter().flat_map(of_depth).collect()
}

/// Name the convolutions `features.N`: a convolution, its norm (if any), its activation and a pool are one module each
/// of torchvision's sequence.
fn conv_names(stages: &[Stage]) -> Vec<(String, String)> {
    let (mut index, mut convs) = (0, Vec::new());
    for layer in stages.iter().flat_map(|stage| &stage.layers) {
        match layer {
            Layer::Conv(block) => {
                convs.push((format!("features.{index}"), format!("features.{}", index + 1)));
                index += if block.norm.is_some() { 3 } else { 2 };
            }
            _ => index += 1,
        }
    }
    convs
}
