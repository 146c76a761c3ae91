//! CPU kernels on slices, and their binding to burn's backend `Flex`.
//!
//! Convolutions are products over padded lines (`conv`), products over pixels (`pointwise`), minimal filtering
//! (`winograd`), or sums over the taps of one channel (`depthwise`).

mod conv;
mod depthwise;
mod microkernel;
mod norm;
mod padded_lines;
mod pointwise;
mod winograd;

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;

use self::norm::Batch;
use self::winograd::WeightLayout;
use super::algorithm::{ConvAlgorithm, Costs, Tile};
use super::op::{Convolution, ConvolutionGradients, InferenceConvolution, Norm, NormGradients};
use super::shape::ConvShape;
use super::{ClampedRelu, Packed};
use crate::threads::for_each_chunk;

/// Return a tensor with `values` in row-major order.
fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

/// Return the dimensions of `x` `[n, c, h, w]` for the norm.
fn batch(x: &FlexTensor) -> Batch {
    let [images, channels, h, w] = x.layout().shape().dims();
    Batch { images, channels, area: h * w }
}

/// Values that one task of an elementwise operation takes.
const CHUNK: usize = 1 << 14;

/// Return the values of a convolution + ReLU, dense or depthwise: `[n, c_out, h', w']`.
fn convolve(
    x: FlexTensor,
    weight: FlexTensor,
    packed: &Packed,
    bias: FlexTensor,
    shape: &ConvShape,
    relu: ClampedRelu,
) -> Vec<f32> {
    let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.to_contiguous());
    let [_, c_in, ..] = weight.layout().shape().dims::<4>();
    let (x, w, bias) = (x.storage(), weight.storage(), bias.storage());
    if c_in != shape.c_in {
        let plane_shape = ConvShape { images: shape.images * shape.c_in, c_in: 1, c_out: 1, ..*shape };
        return depthwise::forward(&plane_shape, x, w, bias, relu);
    }
    if let Some(tile) = Tile::for_conv(shape, costs()) {
        let pack = || winograd::pack(tile, shape, w, WeightLayout::Forward);
        let weights = packed.on_cpu(&weight, ConvAlgorithm::Winograd(tile), pack);
        return winograd::forward(tile, shape, x, &weights, bias, relu);
    }
    let weights = packed.on_cpu(&weight, ConvAlgorithm::Direct, || conv::pack(shape, w));
    match shape.is_pointwise() {
        true => pointwise::forward(shape, x, &weights, bias, relu),
        false => conv::forward(shape, x, &weights, bias, relu),
    }
}

/// Return what the steps of a convolution cost with this processor's vectors.
fn costs() -> Costs {
    let panel = microkernel::panel_columns();
    // Wide vectors speed up the multiplications, but patches are still gathered value by value.
    Costs { panel, weight_load: 8.0, transform: if panel > 8 { 32.0 } else { 8.0 } }
}

impl InferenceConvolution for Flex {
    fn convolution_relu(
        x: FlexTensor,
        weight: FlexTensor,
        packed: Packed,
        bias: FlexTensor,
        shape: ConvShape,
        relu: ClampedRelu,
    ) -> FlexTensor {
        let [h, w] = shape.size_out;
        tensor(convolve(x, weight, &packed, bias, &shape, relu), [shape.images, shape.c_out, h, w])
    }

    fn convolution_add_relu(
        x: FlexTensor,
        weight: FlexTensor,
        packed: Packed,
        bias: FlexTensor,
        shortcut: FlexTensor,
        shape: ConvShape,
        relu: ClampedRelu,
    ) -> FlexTensor {
        let mut y = convolve(x, weight, &packed, bias, &shape, ClampedRelu::NONE);
        let shortcut = shortcut.to_contiguous();
        let shortcut = shortcut.storage::<f32>();
        for_each_chunk(&mut y, CHUNK, |i, y| {
            y.iter_mut().zip(&shortcut[i * CHUNK..]).for_each(|(y, &shortcut)| *y = relu.apply(*y + shortcut));
        });
        let [h, w] = shape.size_out;
        tensor(y, [shape.images, shape.c_out, h, w])
    }
}

impl Convolution for Flex {
    fn convolution(
        x: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        shape: ConvShape,
        relu: ClampedRelu,
    ) -> FlexTensor {
        // A cache would never hit: the weights change in every training step.
        Self::convolution_relu(x, weight, Packed::default(), bias, shape, relu)
    }
}

impl ConvolutionGradients for Flex {
    fn relu_gradient(relu: ClampedRelu, y: FlexTensor, dy: FlexTensor) -> FlexTensor {
        let [y, dy] = [y, dy].map(|tensor| tensor.to_contiguous());
        let (y_values, mut dz) = (y.storage::<f32>(), dy.storage::<f32>().to_vec());
        for_each_chunk(&mut dz, CHUNK, |i, dz| {
            let y = &y_values[i * CHUNK..];
            dz.iter_mut().zip(y).for_each(|(dz, &y)| *dz *= relu.derivative_from_output(y));
        });
        tensor(dz, y.layout().shape().dims::<4>())
    }

    fn input_gradient(shape: &ConvShape, dy: FlexTensor, weight: FlexTensor) -> FlexTensor {
        let [dy, weight] = [dy, weight].map(|tensor| tensor.to_contiguous());
        let transposed = shape.transposed();
        let tile = if shape.stride == 1 { Tile::for_conv(&transposed, costs()) } else { None };
        let dx = match tile {
            Some(tile) => {
                let weights = winograd::pack(tile, &transposed, weight.storage(), WeightLayout::Flipped);
                winograd::forward(
                    tile,
                    &transposed,
                    dy.storage(),
                    &weights,
                    &vec![0.0; transposed.c_out],
                    ClampedRelu::NONE,
                )
            }
            None => conv::input_gradient(shape, dy.storage(), weight.storage()),
        };
        let [h, w] = shape.size_in;
        tensor(dx, [shape.images, shape.c_in, h, w])
    }

    fn weight_gradient(shape: &ConvShape, x: FlexTensor, dy: FlexTensor) -> FlexTensor {
        let [x, dy] = [x, dy].map(|tensor| tensor.to_contiguous());
        let dw = conv::weight_gradient(shape, x.storage(), dy.storage());
        let [kh, kw] = shape.kernel;
        tensor(dw, [shape.c_out, shape.c_in, kh, kw])
    }

    fn bias_gradient(shape: &ConvShape, dy: FlexTensor) -> FlexTensor {
        let dy = dy.to_contiguous();
        tensor(norm::channel_sums(&batch(&dy), dy.storage()), [shape.c_out])
    }
}

impl Norm for Flex {
    fn batch_norm_relu(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        epsilon: f64,
        relu: ClampedRelu,
    ) -> (FlexTensor, FlexTensor) {
        let [x, gamma, beta] = [x, gamma, beta].map(|tensor| tensor.to_contiguous());
        let (batch, shape) = (batch(&x), x.layout().shape().dims::<4>());
        let (mean, variance) = norm::statistics(&batch, x.storage());
        let parameters = [&mean, &variance, gamma.storage(), beta.storage()].concat();
        let y = batch_norm(&parameters, batch.channels, epsilon, relu).forward(&batch, x.storage());
        (tensor(y, shape), tensor(parameters, [4, batch.channels]))
    }
}

/// Return the norm with `parameters` `[4][channels]`: mean, variance, γ and β.
fn batch_norm(parameters: &[f32], channels: usize, epsilon: f64, relu: ClampedRelu) -> norm::Norm {
    let row = |i: usize| &parameters[i * channels..(i + 1) * channels];
    norm::Norm::new(row(2), row(3), row(0), row(1), epsilon, relu)
}

impl NormGradients for Flex {
    fn batch_norm_gradients(
        x: FlexTensor,
        parameters: FlexTensor,
        dy: FlexTensor,
        epsilon: f64,
        relu: ClampedRelu,
    ) -> (FlexTensor, FlexTensor) {
        let [x, parameters, dy] = [x, parameters, dy].map(|tensor| tensor.to_contiguous());
        let (batch, shape) = (batch(&x), x.layout().shape().dims::<4>());
        let norm = batch_norm(parameters.storage(), batch.channels, epsilon, relu);
        let [dx, d_gamma, d_beta] = norm.gradients(&batch, x.storage(), dy.storage());
        (tensor(dx, shape), tensor([d_gamma, d_beta].concat(), [2, batch.channels]))
    }
}
