//! Methods that weight a stage's activations by gradients of the logits.
//!
//! Each is a formula over the activations `A [1, k, h, w]` and the gradients `G [c, k, h, w]` of `c` classes' logits.
//! Each returns the weighted activations `[c, k, h, w]`, whose sum over the channels is the map. Most papers end with a
//! ReLU; these functions do not, so that evidence against a class stays visible.

use burn::tensor::{Tensor, activation};

/// Return `α_k A_k(x, y)` with `α_k` the mean of `G_k` over the grid (Selvaraju et al. 2017, "Grad-CAM", equations 1
/// and 2).
pub fn grad_cam(a: Tensor<4>, g: Tensor<4>) -> Tensor<4> {
    g.mean_dim(3).mean_dim(2) * a
}

/// Return `G_k(x, y) A_k(x, y)` (Draelos & Carin 2020, "Use HiResCAM instead of Grad-CAM", equation 4).
pub fn hires_cam(a: Tensor<4>, g: Tensor<4>) -> Tensor<4> {
    g * a
}

/// Return `w_k A_k(x, y)` with `w_k = Σ_xy a_k relu(G_k)` and `a_k = G_k² / (2 G_k² + G_k³ Σ_xy A_k)`
/// (Chattopadhay et al. 2018, "Grad-CAM++", equations 7 and 19).
pub fn grad_cam_plus_plus(a: Tensor<4>, g: Tensor<4>) -> Tensor<4> {
    const EPSILON: f64 = 1e-6;
    let square = g.clone().powi_scalar(2);
    let sums = a.clone().sum_dim(3).sum_dim(2);
    let share = square.clone() / (square.clone() * 2.0 + square * g.clone() * sums + EPSILON);
    (share * activation::relu(g)).sum_dim(3).sum_dim(2) * a
}

/// Return `w_k A_k(x, y)` with `w_k = Σ_xy G_k A_k / Σ_xy A_k` (Fu et al. 2020, "Axiom-based Grad-CAM", equation 8).
pub fn xgrad_cam(a: Tensor<4>, g: Tensor<4>) -> Tensor<4> {
    const EPSILON: f64 = 1e-7;
    let sums = a.clone().sum_dim(3).sum_dim(2) + EPSILON;
    (g * a.clone() / sums).sum_dim(3).sum_dim(2) * a
}

/// Return `relu(G_k(x, y)) A_k(x, y)` (Jiang et al. 2021, "LayerCAM", equations 4 and 5).
pub fn layer_cam(a: Tensor<4>, g: Tensor<4>) -> Tensor<4> {
    activation::relu(g) * a
}
