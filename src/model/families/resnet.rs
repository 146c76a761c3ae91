//! Residual networks, and plain networks of the same convolutions (He et al. 2016, "Deep Residual Learning for Image
//! Recognition").

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::family::{ClassNames, Entry, Family, PublicWeights, PyTorchNames};
use crate::core::preprocessing::Preprocessing;
use crate::model::{Activation, ConfigError, ConvBlock, ConvBlockConfig, Layer, Network, Residual, Stage};

/// PyTorch's default.
const NORM_EPSILON: f64 = 1e-5;

/// Configuration of a ResNet or its plain twin. The depth determines the kind.
///
/// Depths 18, 34, 50, 101 and 152 are the ImageNet networks (table 1). Their bottlenecks have the stride in the 3×3
/// convolution, as in torchvision. Depths 20, 32, 44, 56 and 110 are the CIFAR networks (section 4.2), with shortcuts
/// of option A.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResNetConfig {
    /// Number of layers with weights.
    pub depth: usize,
    /// Whether blocks have shortcuts. False builds the plain twin: the same convolutions without shortcuts.
    pub shortcuts: bool,
    /// Whether a batch norm follows every convolution. False for published checkpoints, whose norms are folded.
    pub batch_norm: bool,
    /// Number of classes.
    pub classes: usize,
}

impl Family for ResNetConfig {
    fn init(&self, device: &Device) -> Result<Network, ConfigError> {
        Ok(match self.depth {
            18 => self.imagenet([2, 2, 2, 2], false, device),
            34 => self.imagenet([3, 4, 6, 3], false, device),
            50 => self.imagenet([3, 4, 6, 3], true, device),
            101 => self.imagenet([3, 4, 23, 3], true, device),
            152 => self.imagenet([3, 8, 36, 3], true, device),
            _ if self.is_cifar() => self.cifar((self.depth - 2) / 6, device),
            other => return Err(ConfigError::Depth { family: "ResNet", depths: DEPTHS, found: other }),
        })
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
        if self.is_cifar() { "linear" } else { "fc" }
    }

    fn pytorch_names(&self, network: &Network) -> PyTorchNames {
        PyTorchNames { convs: conv_names(&network.stages), head_is_new: false, ignored: &[] }
    }
}

impl ResNetConfig {
    /// Return whether the depth is that of a CIFAR network.
    pub fn is_cifar(&self) -> bool {
        CIFAR.contains(&self.depth)
    }

    /// Build a CIFAR network of three stages with `blocks` blocks each.
    fn cifar(&self, blocks: usize, device: &Device) -> Network {
        let stem = self.conv([3, 16], 3).init(device);
        let mut stages = vec![Stage { layers: vec![Layer::Conv(stem)] }];
        let mut c_in = 16;
        for (c_out, stride) in [(16, 1), (32, 2), (64, 2)] {
            stages.push(self.stage(blocks, |first| {
                let (c, stride) = if first { (c_in, stride) } else { (c_out, 1) };
                Residual { body: self.basic([c, c_out], stride, device), project: None, shortcut: self.shortcuts }
            }));
            c_in = c_out;
        }
        Network::new(stages, c_in, self.classes, device)
    }

    /// Build an ImageNet network of four stages with `blocks` blocks.
    fn imagenet(&self, blocks: [usize; 4], bottleneck: bool, device: &Device) -> Network {
        let stem = self.conv([3, 64], 7).with_stride(2).init(device);
        let mut stages = vec![Stage { layers: vec![Layer::Conv(stem), Layer::max_pool_3(1, false)] }];
        let mut c_in = 64;
        for (i, blocks) in blocks.into_iter().enumerate() {
            let width = 64 << i;
            let c_out = if bottleneck { width * 4 } else { width };
            stages.push(self.stage(blocks, |first| {
                let c = if first { c_in } else { c_out };
                let stride = if first && i > 0 { 2 } else { 1 };
                let body = match bottleneck {
                    true => self.bottleneck([c, width, c_out], stride, device),
                    false => self.basic([c, c_out], stride, device),
                };
                let project = (self.shortcuts && (c, stride) != (c_out, 1)).then(|| {
                    self.conv([c, c_out], 1).with_stride(stride).with_activation(Activation::Linear).init(device)
                });
                Residual { body, project, shortcut: self.shortcuts }
            }));
            c_in = c_out;
        }
        Network::new(stages, c_in, self.classes, device)
    }

    /// Build a stage; `block` is told whether it builds the first one.
    fn stage(&self, blocks: usize, block: impl Fn(bool) -> Residual) -> Stage {
        Stage { layers: (0..blocks).map(|i| Layer::Residual(block(i == 0))).collect() }
    }

    /// Build the body of a basic block: two 3×3 convolutions.
    fn basic(&self, [c_in, c_out]: [usize; 2], stride: usize, device: &Device) -> Vec<ConvBlock> {
        let last = self.conv([c_out, c_out], 3).with_activation(Activation::Linear);
        vec![self.conv([c_in, c_out], 3).with_stride(stride).init(device), last.init(device)]
    }

    /// Build the body of a bottleneck block: 1×1, 3×3 and 1×1.
    fn bottleneck(&self, [c_in, width, c_out]: [usize; 3], stride: usize, device: &Device) -> Vec<ConvBlock> {
        let last = self.conv([width, c_out], 1).with_activation(Activation::Linear);
        let middle = self.conv([width, width], 3).with_stride(stride);
        vec![self.conv([c_in, width], 1).init(device), middle.init(device), last.init(device)]
    }

    fn conv(&self, channels: [usize; 2], kernel: usize) -> ConvBlockConfig {
        ConvBlockConfig::new(channels, kernel, self.batch_norm.then_some(NORM_EPSILON))
    }
}

const CIFAR: [usize; 5] = [20, 32, 44, 56, 110];
const IMAGENET: [usize; 5] = [18, 34, 50, 101, 152];
const DEPTHS: &str = "18, 34, 50, 101, 152 (ImageNet) or 20, 32, 44, 56, 110 (CIFAR)";

/// ResNets and their plain twins: CIFAR depths first, then ImageNet depths.
pub(super) fn networks() -> Vec<Entry<ResNetConfig>> {
    let entry = |depth: usize, shortcuts: bool| {
        let config = ResNetConfig { depth, shortcuts, batch_norm: true, classes: 1000 };
        let cifar = Preprocessing { resize: 32, size: 32, ..Preprocessing::imagenet() };
        let weights = match (config.is_cifar(), shortcuts) {
            (true, false) => PublicWeights::unknown(ClassNames::Cifar10, cifar),
            (false, false) => PublicWeights::unknown(ClassNames::ImageNet, Preprocessing::imagenet()),
            (true, true) => PublicWeights {
                classes: ClassNames::Cifar10,
                preprocessing: cifar,
                licence: "BSD-2-Clause",
                source: "Yerlan Idelbayev's PyTorch repository akamaster/pytorch_resnet_cifar10, trained on CIFAR-10",
            },
            (false, true) => PublicWeights::torchvision(),
        };
        let (name, title) = if shortcuts { ("resnet", "ResNet") } else { ("plain", "Plain") };
        Entry {
            name: format!("{name}-{depth}"),
            title: format!("{title}-{depth}"),
            config: ResNetConfig { classes: weights.classes.count(), ..config },
            weights,
        }
    };
    [CIFAR, IMAGENET]
        .into_iter()
        .flat_map(|depths| [true, false].map(|shortcuts| depths.map(|depth| entry(depth, shortcuts))))
        .flatten()
        .collect()
}

/// Name the convolutions as torchvision does: `layer1.0.conv1` with norm `layer1.0.bn1`.
fn conv_names(stages: &[Stage]) -> Vec<(String, String)> {
    let mut convs = vec![("conv1".to_owned(), "bn1".to_owned())];
    for (s, stage) in stages.iter().enumerate().skip(1) {
        for (b, layer) in stage.layers.iter().enumerate() {
            let Layer::Residual(block) = layer else { continue };
            let prefix = format!("layer{s}.{b}");
            convs.extend((1..=block.body.len()).map(|i| (format!("{prefix}.conv{i}"), format!("{prefix}.bn{i}"))));
            if block.project.is_some() {
                convs.push((format!("{prefix}.downsample.0"), format!("{prefix}.downsample.1")));
            }
        }
    }
    convs
}
