//! FullGrad: gradients at the input and at every bias (Srinivas & Fleuret 2019, "Full-Gradient Representation for Neural
//! Network Visualization", equation 8).

use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Gradients, Tensor};

use super::{one_hot, stretched};
use crate::model::Network;

/// `Σ_input ψ(G x) + Σ_layers Σ_channels ψ(G b)` for each of `classes`, where ψ takes the size, stretches each channel to
/// 0 … 1 and scales it up to the photo: `[classes, h, w]`, nowhere negative. `network` is folded, so that every bias is a
/// convolution's, and on a device that differentiates; `x` is `[1, 3, h, w]`. The head's bias, which has no place, is not
/// among them.
pub fn full_grad(network: &Network, x: Tensor<4>, classes: &[usize]) -> Tensor<3> {
    let [_, _, h, w] = x.dims();
    let x = x.repeat_dim(0, classes.len()).require_grad();
    // Zeros added to what a convolution gives: their gradient is that of the bias, place by place.
    let mut probes = Vec::new();
    let features = network.stages.iter().fold(x.clone(), |x, stage| {
        stage.forward_through(x, &mut |block, x| {
            let z = block.before_activation(x);
            let probe = Tensor::zeros(z.dims(), &z.device()).require_grad();
            if let Some(bias) = &block.conv.bias {
                probes.push((probe.clone(), bias.val().inner()));
            }
            block.activation.forward(z + probe)
        })
    });
    let gradients = one_hot(network.head(features), classes).backward();
    let up = |layer: Tensor<4>| {
        let options = InterpolateOptions::new(InterpolateMode::Bilinear).with_align_corners(false);
        interpolate(layer, options.with_output_size([h, w]))
    };
    // Scaling up is linear: once for a layer's sum is enough.
    let drawn = |gradient: Tensor<4>, value: Tensor<4>| up(stretched((gradient * value).abs()).sum_dim(1));
    let of_input = drawn(gradient_of(&x, &gradients), x.clone().inner());
    let maps = probes.into_iter().fold(of_input, |sum, (probe, bias)| {
        let bias = bias.unsqueeze_dims::<4>(&[0, 2, 3]);
        sum + drawn(gradient_of(&probe, &gradients), bias)
    });
    maps.squeeze_dim(1)
}

/// Zeros where the classes do not depend on it.
pub(super) fn gradient_of(x: &Tensor<4>, gradients: &Gradients) -> Tensor<4> {
    x.grad(gradients).unwrap_or_else(|| x.clone().inner().zeros_like())
}
