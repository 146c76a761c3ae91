//! Methods that weight a stage's activations by gradients of the logits.
//!
//! Each is a formula over the activations `A [1, k, h, w]` and the gradients `G [c, k, h, w]` of `c` classes' logits.
//! Each returns the weighted activations `[c, k, h, w]`, whose sum over the channels is the map. Most papers end with a
//! ReLU; these functions do not, so that evidence against a class stays visible.

use burn::tensor::{Tensor, activation};

use crate::core::method::Method;

/// Weighted activations `[c, k, h, w]` from activations `[1, k, h, w]` and gradients `[c, k, h, w]`.
pub type Formula = fn(Tensor<4>, Tensor<4>) -> Tensor<4>;

/// Return the formula of a method that weights activations by gradients; `None` for other methods.
pub fn formula(method: Method) -> Option<Formula> {
    Some(match method {
        Method::GradCam => grad_cam,
        // Eigen-Grad-CAM takes the first component of what HiResCAM sums up.
        Method::HiResCam | Method::EigenGradCam => hires_cam,
        Method::GradCamPlusPlus => grad_cam_plus_plus,
        Method::XGradCam => xgrad_cam,
        Method::LayerCam => layer_cam,
        _ => return None,
    })
}

/// Return `α_k A_k(x, y)` with `α_k` the mean of `G_k` over the grid (Selvaraju et al. 2017, "Grad-CAM", equations 1
/// and 2).
fn grad_cam(a: Tensor<4>, g: Tensor<4>) -> Tensor<4> {
    g.mean_dim(3).mean_dim(2) * a
}

/// Return `G_k(x, y) A_k(x, y)` (Draelos & Carin 2020, "Use HiResCAM instead of Grad-CAM", equation 4).
fn hires_cam(a: Tensor<4>, g: Tensor<4>) -> Tensor<4> {
    g * a
}

/// Return `w_k A_k(x, y)` with `w_k = Σ_xy a_k relu(G_k)` and `a_k = G_k² / (2 G_k² + G_k³ Σ_xy A_k)`
/// (Chattopadhay et al. 2018, "Grad-CAM++", equations 7 and 19).
fn grad_cam_plus_plus(a: Tensor<4>, g: Tensor<4>) -> Tensor<4> {
    const EPSILON: f64 = 1e-6;
    let square = g.clone().powi_scalar(2);
    let sums = a.clone().sum_dim(3).sum_dim(2);
    let share = square.clone() / (square.clone() * 2.0 + square * g.clone() * sums + EPSILON);
    (share * activation::relu(g)).sum_dim(3).sum_dim(2) * a
}

/// Return `w_k A_k(x, y)` with `w_k = Σ_xy G_k A_k / Σ_xy A_k` (Fu et al. 2020, "Axiom-based Grad-CAM", equation 8).
fn xgrad_cam(a: Tensor<4>, g: Tensor<4>) -> Tensor<4> {
    const EPSILON: f64 = 1e-7;
    let sums = a.clone().sum_dim(3).sum_dim(2) + EPSILON;
    (g * a.clone() / sums).sum_dim(3).sum_dim(2) * a
}

/// Return `relu(G_k(x, y)) A_k(x, y)` (Jiang et al. 2021, "LayerCAM", equations 4 and 5).
fn layer_cam(a: Tensor<4>, g: Tensor<4>) -> Tensor<4> {
    activation::relu(g) * a
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    /// Two channels of two cells, two classes: each formula worked out by hand.
    #[test]
    fn formulas_by_hand() {
        let a = Tensor::<1>::from_floats([1.0, 2.0, 3.0, 4.0], &Device::flex()).reshape([1, 2, 1, 2]);
        let g = Tensor::<1>::from_floats([1.0, 3.0, -2.0, 4.0, 0.0, 2.0, -1.0, -3.0], &Device::flex())
            .reshape([2, 2, 1, 2]);
        let found = |method| {
            let weighted = formula(method).expect("a formula")(a.clone(), g.clone());
            weighted.into_data().try_into_vec_as::<f32>().expect("floats")
        };
        assert_eq!(found(Method::GradCam), [2.0, 4.0, 3.0, 4.0, 1.0, 2.0, -6.0, -8.0]);
        assert_eq!(found(Method::HiResCam), [1.0, 6.0, -6.0, 16.0, 0.0, 4.0, -3.0, -12.0]);
        assert_eq!(found(Method::LayerCam), [1.0, 6.0, 0.0, 16.0, 0.0, 4.0, 0.0, 0.0]);
        // Σ G A / Σ A is 7/3 and 10/7 for the first class, 4/3 and −15/7 for the second.
        let expected = [7.0 / 3.0, 14.0 / 3.0, 30.0 / 7.0, 40.0 / 7.0, 4.0 / 3.0, 8.0 / 3.0, -45.0 / 7.0, -60.0 / 7.0];
        let xgrad = found(Method::XGradCam);
        assert!(xgrad.iter().zip(expected).all(|(found, by_hand)| (found - by_hand).abs() < 1e-5), "{xgrad:?}");
    }
}
