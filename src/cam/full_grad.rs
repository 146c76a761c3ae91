//! FullGrad: gradients at the input and at every bias (Srinivas & Fleuret 2019, "Full-Gradient Representation for
//! Neural Network Visualization", equation 8).

use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Gradients, Tensor};

use super::{min_max_scaled, sum_of_class_logits};
use crate::model::{ConvBlock, Network};

/// Compute `Σ_input ψ(G x) + Σ_layers Σ_channels ψ(G b)` for each of `classes`: `[classes, h, w]`, never negative.
///
/// ψ takes the absolute value, scales each channel to 0 … 1 and interpolates to the size of the photo `x [1, 3, h, w]`.
/// `network` must be folded, so that every bias belongs to a convolution, and lie on an autodiff device. The head's
/// bias has no place in the photo and is left out.
pub fn full_grad(network: &Network, x: Tensor<4>, classes: &[usize]) -> Tensor<3> {
    let [_, _, h, w] = x.dims();
    let x = x.repeat_dim(0, classes.len()).require_grad();
    // Each probe adds zeros to the output of a convolution: its gradient is that of the bias, cell by cell.
    let mut probes = Vec::new();
    let features = network.stages.iter().fold(x.clone(), |x, stage| {
        stage.forward_with(x, &mut |block: &ConvBlock, x| {
            let z = block.before_activation(x);
            let probe = Tensor::zeros(z.dims(), &z.device()).require_grad();
            if let Some(bias) = &block.conv.bias {
                probes.push((probe.clone(), bias.val().inner()));
            }
            block.activation.forward(z + probe)
        })
    });
    let gradients = sum_of_class_logits(network.head(features), classes).backward();
    let to_photo_size = |layer: Tensor<4>| {
        let options = InterpolateOptions::new(InterpolateMode::Bilinear).with_align_corners(false);
        interpolate(layer, options.with_output_size([h, w]))
    };
    // Interpolation is linear, so the channels of a layer are summed first and interpolated once.
    let psi =
        |gradient: Tensor<4>, value: Tensor<4>| to_photo_size(min_max_scaled((gradient * value).abs()).sum_dim(1));
    let input_map = psi(gradient_of(&x, &gradients), x.clone().inner());
    let maps = probes.into_iter().fold(input_map, |sum, (probe, bias)| {
        let bias = bias.unsqueeze_dims::<4>(&[0, 2, 3]);
        sum + psi(gradient_of(&probe, &gradients), bias)
    });
    maps.squeeze_dim(1)
}

/// Return the gradient at `x`, or zeros if the output does not depend on `x`.
pub(super) fn gradient_of(x: &Tensor<4>, gradients: &Gradients) -> Tensor<4> {
    x.grad(gradients).unwrap_or_else(|| x.clone().inner().zeros_like())
}
