//! Class activation maps: tensors in, tensors out. No image, no page, no model.

mod boxes;

use burn::tensor::{Int, Tensor, TensorData};

pub use boxes::{BOX_THRESHOLD, GridBox, evidence_box};

/// `M_c(x, y) = Σ_k w_k^c f_k(x, y)` for each of `classes`, by one matrix product
/// (Zhou et al. 2016, "Learning Deep Features for Discriminative Localization", equation 2).
///
/// `features` is `[1, k, h, w]`, `weight` the head's `[k, classes]`; the result `[classes.len(), h, w]`, in the order
/// asked for and not normalised: the mean of a map plus the class's bias is its logit.
pub fn class_activation_maps(features: Tensor<4>, weight: Tensor<2>, classes: &[usize]) -> Tensor<3> {
    let [_, k, h, w] = features.dims();
    let indices: Vec<i32> = classes.iter().map(|&class| class as i32).collect();
    let indices = Tensor::<1, Int>::from_data(TensorData::new(indices, [classes.len()]), &features.device());
    let rows = weight.select(1, indices).transpose();
    rows.matmul(features.reshape([k, h * w])).reshape([classes.len(), h, w])
}
