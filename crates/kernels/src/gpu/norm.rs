//! Batch norm + ReLU of a training step, fused in both passes (Ioffe and Szegedy 2015, section 3), as in `cpu::norm`.
//!
//! One cube sums a channel: each unit adds up every [`UNITS`]th value, and then all units add up the units' sums. That takes one
//! launch, and one barrier per sum.

use burn::backend::Cube;
use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::activation::Relu;
use super::{empty, plane, row};
use crate::ClampedRelu;
use crate::op::{Norm, NormGradients};

/// Units of a cube that sums a channel.
const UNITS: usize = 256;

/// Dimensions `[images, channels, area]` of a batch.
#[derive(CubeType, CubeLaunch)]
struct Batch {
    /// Batch size.
    images: usize,
    /// Channels.
    channels: usize,
    /// Pixels of a plane, `h · w`.
    area: usize,
}

/// Values of one channel, as the kernels need them.
#[derive(CubeType)]
struct Channel {
    mean: f32,
    /// `1 / √(σ² + ε)`.
    inverse_std: f32,
    gamma: f32,
    beta: f32,
}

/// Return the values of `channel`. The rows of `parameters` are mean, variance, γ and β, `[4][channels]`.
#[cube]
fn channel_of(parameters: &[f32], channel: usize, channels: usize, epsilon: f32) -> Channel {
    Channel {
        mean: parameters[channel],
        inverse_std: 1.0f32 / (parameters[channels + channel] + epsilon).sqrt(),
        gamma: parameters[2 * channels + channel],
        beta: parameters[3 * channels + channel],
    }
}

/// Return the position in `[images][channels][area]` of a channel's `i`th value.
#[cube]
fn position(batch: &Batch, channel: usize, i: usize) -> usize {
    (i / batch.area * batch.channels + channel) * batch.area + i % batch.area
}

/// Return the sum of `part` over all units of the cube.
#[cube]
fn cube_sum(part: f32, #[comptime] units: usize) -> f32 {
    let mut parts = Shared::<[f32]>::new_slice(units);
    parts[UNIT_POS as usize] = part;
    sync_cube();
    let mut sum = 0.0f32;
    for unit in 0..units {
        sum += parts[unit];
    }
    sum
}

/// Write mean and biased variance of every channel, γ and β to `parameters` `[4][channels]`; one cube per channel.
///
/// The mean is summed from the channel's first value and the variance from the mean: unlike `E[x²] − E[x]²`, this loses no
/// precision where the mean is large.
#[cube(launch_unchecked)]
fn statistics_kernel(
    // [images][channels][area]
    x: &[f32],
    gamma: &[f32],
    beta: &[f32],
    parameters: &mut [f32],
    batch: &Batch,
    #[comptime] units: usize,
) {
    let channel = CUBE_POS_X as usize;
    let unit = UNIT_POS as usize;
    let count = batch.images * batch.area;
    let rounds = count.div_ceil(units);
    let first = x[channel * batch.area];
    let mut part = 0.0f32;
    for round in 0..rounds {
        let i = round * units + unit;
        let inside = i < count;
        let at = select(inside, position(batch, channel, i), 0usize);
        part += select(inside, x[at] - first, 0.0f32);
    }
    let mean = first + cube_sum(part, units) / count as f32;
    let mut squares = 0.0f32;
    for round in 0..rounds {
        let i = round * units + unit;
        let inside = i < count;
        let at = select(inside, position(batch, channel, i), 0usize);
        let deviation = select(inside, x[at] - mean, 0.0f32);
        squares += deviation * deviation;
    }
    let variance = cube_sum(squares, units) / count as f32;
    if unit == 0 {
        parameters[channel] = mean;
        parameters[batch.channels + channel] = variance;
        parameters[2 * batch.channels + channel] = gamma[channel];
        parameters[3 * batch.channels + channel] = beta[channel];
    }
}

/// Set `y = relu(γ (x − μ) / √(σ² + ε) + β)`; one unit per pixel (`x`) and plane (row).
#[cube(launch_unchecked)]
fn forward_kernel(x: &[f32], parameters: &[f32], y: &mut [f32], batch: &Batch, epsilon: f32, relu: &Relu) {
    let pixel = ABSOLUTE_POS_X as usize;
    let plane = row();
    if pixel < batch.area && plane < batch.images * batch.channels {
        let c = channel_of(parameters, plane % batch.channels, batch.channels, epsilon);
        let at = plane * batch.area + pixel;
        let z = (x[at] - c.mean) * (c.gamma * c.inverse_std) + c.beta;
        y[at] = relu.apply(z);
    }
}

/// Write the gradients of γ and β to `sums` `[2][channels]`; one cube per channel.
#[cube(launch_unchecked)]
fn parameter_gradients_kernel(
    x: &[f32],
    dy: &[f32],
    parameters: &[f32],
    sums: &mut [f32],
    batch: &Batch,
    epsilon: f32,
    relu: &Relu,
    #[comptime] units: usize,
) {
    let channel = CUBE_POS_X as usize;
    let unit = UNIT_POS as usize;
    let c = channel_of(parameters, channel, batch.channels, epsilon);
    let count = batch.images * batch.area;
    let mut d_gamma = 0.0f32;
    let mut d_beta = 0.0f32;
    for round in 0..count.div_ceil(units) {
        let i = round * units + unit;
        let inside = i < count;
        let at = select(inside, position(batch, channel, i), 0usize);
        let centred = (x[at] - c.mean) * c.inverse_std;
        let g = select(inside, dy[at] * relu.derivative(centred * c.gamma + c.beta), 0.0f32);
        d_gamma += g * centred;
        d_beta += g;
    }
    let d_gamma = cube_sum(d_gamma, units);
    let d_beta = cube_sum(d_beta, units);
    if unit == 0 {
        sums[channel] = d_gamma;
        sums[batch.channels + channel] = d_beta;
    }
}

/// Set `dx = γ/σ (g − mean(g) − x̂ mean(g x̂))`, where `g` is the gradient of the input of the ReLU and `x̂ = (x − μ)/σ`; one
/// unit per pixel (`x`) and plane (row).
#[cube(launch_unchecked)]
fn input_gradient_kernel(
    x: &[f32],
    dy: &[f32],
    parameters: &[f32],
    sums: &[f32],
    dx: &mut [f32],
    batch: &Batch,
    epsilon: f32,
    relu: &Relu,
) {
    let pixel = ABSOLUTE_POS_X as usize;
    let plane = row();
    if pixel < batch.area && plane < batch.images * batch.channels {
        let channel = plane % batch.channels;
        let c = channel_of(parameters, channel, batch.channels, epsilon);
        let count = (batch.images * batch.area) as f32;
        let at = plane * batch.area + pixel;
        let centred = (x[at] - c.mean) * c.inverse_std;
        let g = dy[at] * relu.derivative(centred * c.gamma + c.beta);
        let mean_g = sums[batch.channels + channel] / count;
        let mean_g_centred = sums[channel] / count;
        dx[at] = c.gamma * c.inverse_std * (g - mean_g - centred * mean_g_centred);
    }
}

/// Return the cubes that sum `channels` channels.
fn channel_cubes(channels: usize) -> (CubeCount, CubeDim) {
    (CubeCount::Static(channels as u32, 1, 1), CubeDim::new_1d(UNITS as u32))
}

impl Norm for Cube {
    fn batch_norm_relu(
        x: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        epsilon: f64,
        relu: ClampedRelu,
    ) -> (CubeTensor, CubeTensor) {
        let [x, gamma, beta] = [x, gamma, beta].map(into_contiguous);
        let [n, c, h, w] = x.meta.shape().dims();
        let (client, y, parameters) = (x.client.clone(), empty(&x, [n, c, h, w]), empty(&x, [4, c]));
        let (count, dim) = channel_cubes(c);
        // SAFETY: there is one cube per channel, of 256 units. `inside` keeps their reads within `x`, whose shape is `batch`.
        unsafe {
            statistics_kernel::launch_unchecked(
                &client,
                count,
                dim,
                x.clone().into_buffer_arg(),
                gamma.into_buffer_arg(),
                beta.into_buffer_arg(),
                parameters.clone().into_buffer_arg(),
                BatchLaunch::new(n, c, h * w),
                UNITS,
            );
        }
        let (count, dim) = plane([h * w, n * c]);
        // SAFETY: units beyond the pixels or planes do nothing. `x` and `y` have the shape of `batch`.
        unsafe {
            forward_kernel::launch_unchecked(
                &client,
                count,
                dim,
                x.into_buffer_arg(),
                parameters.clone().into_buffer_arg(),
                y.clone().into_buffer_arg(),
                BatchLaunch::new(n, c, h * w),
                epsilon as f32,
                relu.argument(),
            );
        }
        (y, parameters)
    }
}

impl NormGradients for Cube {
    fn batch_norm_gradients(
        x: CubeTensor,
        parameters: CubeTensor,
        dy: CubeTensor,
        epsilon: f64,
        relu: ClampedRelu,
    ) -> (CubeTensor, CubeTensor) {
        let [x, dy] = [x, dy].map(into_contiguous);
        let [n, c, h, w] = x.meta.shape().dims();
        let (client, dx, sums) = (x.client.clone(), empty(&x, [n, c, h, w]), empty(&x, [2, c]));
        let (count, dim) = channel_cubes(c);
        // SAFETY: as for the statistics; `dy` has the shape of `x`.
        unsafe {
            parameter_gradients_kernel::launch_unchecked(
                &client,
                count,
                dim,
                x.clone().into_buffer_arg(),
                dy.clone().into_buffer_arg(),
                parameters.clone().into_buffer_arg(),
                sums.clone().into_buffer_arg(),
                BatchLaunch::new(n, c, h * w),
                epsilon as f32,
                relu.argument(),
                UNITS,
            );
        }
        let (count, dim) = plane([h * w, n * c]);
        // SAFETY: units beyond the pixels or planes do nothing. `x`, `dy` and `dx` have the shape of `batch`.
        unsafe {
            input_gradient_kernel::launch_unchecked(
                &client,
                count,
                dim,
                x.into_buffer_arg(),
                dy.into_buffer_arg(),
                parameters.into_buffer_arg(),
                sums.clone().into_buffer_arg(),
                dx.clone().into_buffer_arg(),
                BatchLaunch::new(n, c, h * w),
                epsilon as f32,
                relu.argument(),
            );
        }
        (dx, sums)
    }
}
