//! SqueezeNet 1.1: fire modules, and NIN's head of one 1×1 convolution and global average pooling.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::blocks::Fire;
use super::{ConfigError, ConvBlockConfig, Layer, Network, Padding, Stage, positive_classes};

/// SqueezeNet 1.1 (Iandola et al. 2016, and the authors' later, cheaper version, which torchvision carries).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SqueezeNetConfig {
    pub classes: usize,
}

/// Input channels, squeeze, each expand; grouped by the pools before them.
const FIRES: [&[(usize, usize, usize)]; 3] = [
    &[(64, 16, 64), (128, 16, 64)],
    &[(128, 32, 128), (256, 32, 128)],
    &[(256, 48, 192), (384, 48, 192), (384, 64, 256), (512, 64, 256)],
];

impl SqueezeNetConfig {
    pub fn init(&self, device: &Device) -> Result<Network, ConfigError> {
        positive_classes(self.classes)?;
        let stem = ConvBlockConfig { stride: 2, padding: Padding::Around(0), ..ConvBlockConfig::new([3, 64], 3, None) };
        let mut stages = vec![Stage { layers: vec![Layer::Conv(stem.init(device))] }];
        for rows in FIRES {
            let fires =
                rows.iter().map(|&(c_in, squeeze, expand)| Layer::Fire(Fire::new(c_in, squeeze, expand, device)));
            stages.push(Stage { layers: std::iter::once(Layer::max_pool_3(0, true)).chain(fires).collect() });
        }
        Ok(Network::new(stages, 512, self.classes, device).rectified(device))
    }
}
