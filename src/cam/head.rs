//! Class activation maps on the CPU, from the head and the features that were read back from the device.
//!
//! A read-back takes milliseconds, in some browsers a hundred. Features and logits are therefore read back together, and the
//! maps of the best classes need no second read-back.

use crate::device::{ReadError, read, read_pair};
use crate::model::Network;

/// The head of a network, copied from its device.
#[derive(Debug, Clone)]
pub struct Head {
    /// Weights `[k, classes]`.
    weight: Vec<f32>,
    bias: Option<Vec<f32>>,
    classes: usize,
    /// See [`Network::rectified`].
    rectified: bool,
}

impl Head {
    /// Copy the head of `network` from its device.
    ///
    /// # Errors
    /// [`ReadError`] if the device fails.
    pub async fn read(network: &Network) -> Result<Self, ReadError> {
        let weight = network.linear.weight.val();
        let [_, classes] = weight.dims();
        let (weight, bias) = match &network.linear.bias {
            Some(bias) => {
                let [weight, bias] = read_pair(weight, bias.val()).await?;
                (weight, Some(bias))
            }
            None => (read(weight).await?, None),
        };
        Ok(Self { weight, bias, classes, rectified: network.rectified })
    }

    /// Compute the maps of `classes` from the features `[k, cells]` of one photo: `[classes.len(), cells]`, the same as
    /// [`class_maps`](super::class_maps).
    ///
    /// ```
    /// # use burn::tensor::{Device, Tensor};
    /// # use camscope::cam::{Head, class_maps};
    /// # use camscope::model::NetworkConfig;
    /// let device = Device::flex();
    /// let network = NetworkConfig::named("resnet-20", 10)?.init(&device)?;
    /// let head = pollster::block_on(Head::read(&network))?;
    /// let on_device = class_maps(&network, Tensor::ones([1, 64, 2, 2], &device), &[7]).into_data();
    /// let maps = head.class_maps(&[1.0; 64 * 4], &[7]);
    /// on_device.assert_approx_eq::<f32>(&burn::tensor::TensorData::new(maps, [1, 2, 2]), Default::default());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn class_maps(&self, features: &[f32], classes: &[usize]) -> Vec<f32> {
        let channels = self.weight.len() / self.classes.max(1);
        let cells = features.len() / channels.max(1);
        let mut maps = vec![0.0; classes.len() * cells];
        for (&class, map) in classes.iter().zip(maps.chunks_exact_mut(cells.max(1))) {
            for (channel, weights) in features.chunks_exact(cells.max(1)).zip(self.weight.chunks_exact(self.classes)) {
                map.iter_mut().zip(channel).for_each(|(sum, &feature)| *sum += weights[class] * feature);
            }
            if self.rectified {
                let bias = self.bias.as_ref().map_or(0.0, |bias| bias[class]);
                map.iter_mut().for_each(|score| *score = (*score + bias).max(0.0));
            }
        }
        maps
    }
}
