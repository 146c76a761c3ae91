//! Class activation maps: tensors in, tensors out. No images and no page.
//!
//! [`class_maps`] reads CAM off one forward pass; [`explain`] computes maps by any
//! [`Method`](crate::core::method::Method). [`faithfulness`] and [`sanity`] measure how far a map can be trusted.

#![deny(missing_docs)]

mod eigen;
mod explain;
mod faithfulness;
mod full_grad;
mod gradient;
mod head;
mod imputation;
mod perturbation;
mod sanity;

use burn::tensor::{Int, Tensor, TensorData, activation};

pub use explain::explain;
pub use faithfulness::faithfulness;
pub use head::Head;
pub use sanity::sanity;

use crate::device::ReadError;
use crate::kernels;
use crate::model::Network;

/// Reason why there is no map.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum CamError {
    /// The options name a stage that the network does not have.
    #[error("there is no stage {stage}; the network's are 1 to {stages}")]
    Stage {
        /// Stage asked for, counted from 1.
        stage: usize,
        /// Number of the network's stages.
        stages: usize,
    },
    /// The caller's `progress` broke the computation off.
    #[error("the maps were stopped before they were done")]
    Stopped,
    /// The device did not return the result.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Compute the maps of `classes` from the features `[1, k, h, w]` of one forward pass of `network`:
/// `[classes.len(), h, w]`.
///
/// The mean of a map plus the class's bias is the logit. With NIN's head the maps include the bias and a ReLU, so the
/// mean alone is the logit.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use camscope::cam::class_maps;
/// # use camscope::model::NetworkConfig;
/// let device = Device::flex();
/// let network = NetworkConfig::named("resnet-20", 10)?.init(&device)?;
/// let output = network.forward(Tensor::ones([1, 3, 8, 8], &device));
/// let maps = class_maps(&network, output.features, &[7, 0]);
/// assert_eq!(maps.dims(), [2, 2, 2]);
/// # Ok::<(), camscope::model::ConfigError>(())
/// ```
pub fn class_maps(network: &Network, features: Tensor<4>, classes: &[usize]) -> Tensor<3> {
    let maps = class_activation_maps(features, network.linear.weight.val(), classes);
    match (&network.linear.bias, network.rectified) {
        (Some(bias), true) => {
            let bias = bias.val().select(0, indices(classes, &maps)).reshape([classes.len(), 1, 1]);
            activation::relu(maps + bias)
        }
        (None, true) => activation::relu(maps),
        (_, false) => maps,
    }
}

/// Compute `M_c(x, y) = Σ_k w_k^c f_k(x, y)` for each of `classes` as one matrix product (Zhou et al. 2016, "Learning
/// Deep Features for Discriminative Localization", equation 2).
///
/// `features` is `[1, k, h, w]` and `weight` the head's `[k, classes]`. The result is `[classes.len(), h, w]`, in the
/// order of `classes`, not normalised: the mean of a map plus the class's bias is the logit.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use camscope::cam::class_activation_maps;
/// let device = Device::flex();
/// // Two channels on a grid of one row and two columns; three classes.
/// let features = Tensor::<4>::from_data([[[[1.0, 2.0]], [[10.0, 20.0]]]], &device);
/// let weight = Tensor::<2>::from_data([[1.0, 0.0, 2.0], [0.0, 1.0, 3.0]], &device);
/// let maps = class_activation_maps(features, weight, &[2]);
/// assert_eq!(maps.into_data().try_into_vec_as::<f32>()?, [32.0, 64.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn class_activation_maps(features: Tensor<4>, weight: Tensor<2>, classes: &[usize]) -> Tensor<3> {
    let [_, k, h, w] = features.dims();
    let rows = weight.select(1, indices(classes, &features)).transpose();
    kernels::matmul(rows, features.reshape([k, h * w])).reshape([classes.len(), h, w])
}

/// Put class indices into a tensor on the device of `neighbour`.
fn indices<const D: usize>(classes: &[usize], neighbour: &Tensor<D>) -> Tensor<1, Int> {
    let indices: Vec<i32> = classes.iter().map(|&class| class as i32).collect();
    Tensor::from_data(TensorData::new(indices, [classes.len()]), &neighbour.device())
}

/// Shape `values`, `count` rows with one value for each channel of `a [1, k, h, w]`, as `[count, k, 1, 1]`.
fn channel_weights(values: Vec<f32>, count: usize, a: &Tensor<4>) -> Tensor<4> {
    let [_, k, _, _] = a.dims();
    Tensor::from_data(TensorData::new(values, [count, k, 1, 1]), &a.device())
}

/// Return `Σᵢ logits[i, classes[i]]`. Rows are independent, so one backward pass gives each class's gradient in its own
/// row.
fn sum_of_class_logits(logits: Tensor<2>, classes: &[usize]) -> Tensor<1> {
    let [rows, all] = logits.dims();
    let mut one_hot = vec![0f32; rows * all];
    classes.iter().enumerate().for_each(|(row, class)| one_hot[row * all + class] = 1.0);
    let one_hot = Tensor::from_data(TensorData::new(one_hot, [rows, all]), &logits.device());
    (logits * one_hot).sum()
}

/// Scale every channel of `[n, k, h, w]` from its minimum and maximum to 0 … 1.
fn min_max_scaled(x: Tensor<4>) -> Tensor<4> {
    const EPSILON: f64 = 1e-7;
    let x = x.clone() - x.min_dim(3).min_dim(2);
    let highest = x.clone().max_dim(3).max_dim(2);
    x / (highest + EPSILON)
}
