//! Class activation maps: tensors in, tensors out. No image, no page.

mod boxes;
mod localise;

use burn::tensor::{Int, Tensor, TensorData, activation};

pub use boxes::{BOX_THRESHOLD, GridBox, evidence_box};
pub use localise::{Located, locate};

use crate::model::Network;

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
    rows.matmul(features.reshape([k, h * w])).reshape([classes.len(), h, w])
}

fn indices<const D: usize>(classes: &[usize], beside: &Tensor<D>) -> Tensor<1, Int> {
    let indices: Vec<i32> = classes.iter().map(|&class| class as i32).collect();
    Tensor::from_data(TensorData::new(indices, [classes.len()]), &beside.device())
}
