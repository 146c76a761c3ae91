//! Class activation maps: tensors in, tensors out. No image, no page.

mod eigen;
mod explain;
mod faithfulness;
mod full_grad;
mod gradient;
mod imputation;
mod perturbation;
mod sanity;

use burn::tensor::{Int, Tensor, TensorData, activation};

pub use explain::explain;
pub use faithfulness::faithfulness;
pub use sanity::sanity;

use crate::device::ReadError;
use crate::kernels;
use crate::model::Network;

/// Why there is no map.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum CamError {
    #[error("there is no stage {stage}; the network's are 1 to {stages}")]
    Stage { stage: usize, stages: usize },
    #[error("the maps were stopped before they were done")]
    Stopped,
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The maps of `classes` from the features `[1, k, h, w]` of one forward pass of `network`: `[classes.len(), h, w]`.
/// A map's mean plus the class's bias is its logit; with NIN's head, whose maps hold the bias, the mean alone.
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

/// `M_c(x, y) = Σ_k w_k^c f_k(x, y)` for each of `classes`, by one matrix product
/// (Zhou et al. 2016, "Learning Deep Features for Discriminative Localization", equation 2).
///
/// `features` is `[1, k, h, w]`, `weight` the head's `[k, classes]`; the result `[classes.len(), h, w]`, in the order
/// asked for and not normalised: the mean of a map plus the class's bias is its logit.
pub fn class_activation_maps(features: Tensor<4>, weight: Tensor<2>, classes: &[usize]) -> Tensor<3> {
    let [_, k, h, w] = features.dims();
    let rows = weight.select(1, indices(classes, &features)).transpose();
    kernels::matmul(rows, features.reshape([k, h * w])).reshape([classes.len(), h, w])
}

fn indices<const D: usize>(classes: &[usize], beside: &Tensor<D>) -> Tensor<1, Int> {
    let indices: Vec<i32> = classes.iter().map(|&class| class as i32).collect();
    Tensor::from_data(TensorData::new(indices, [classes.len()]), &beside.device())
}

/// `values`, a row of channels for each of `count` classes, beside `a [1, k, h, w]`: `[count, k, 1, 1]`.
fn channel_weights(values: Vec<f32>, count: usize, a: &Tensor<4>) -> Tensor<4> {
    let [_, k, _, _] = a.dims();
    Tensor::from_data(TensorData::new(values, [count, k, 1, 1]), &a.device())
}

/// The sum of row i's logit of `classes[i]`: what is differentiated to have every class's gradient in a row of its own.
fn one_hot(logits: Tensor<2>, classes: &[usize]) -> Tensor<1> {
    let [rows, all] = logits.dims();
    let mut chosen = vec![0f32; rows * all];
    classes.iter().enumerate().for_each(|(row, class)| chosen[row * all + class] = 1.0);
    let chosen = Tensor::from_data(TensorData::new(chosen, [rows, all]), &logits.device());
    (logits * chosen).sum()
}

/// Every channel of `[n, k, h, w]` from its lowest value to its highest as 0 to 1.
fn stretched(x: Tensor<4>) -> Tensor<4> {
    const EPSILON: f64 = 1e-7;
    let x = x.clone() - x.min_dim(3).min_dim(2);
    let highest = x.clone().max_dim(3).max_dim(2);
    x / (highest + EPSILON)
}
