//! Batch norm + ReLU of a training step, fused in both passes (Ioffe and Szegedy 2015, section 3).

#![allow(clippy::needless_lifetimes)] // pulp's macro needs explicit lifetimes.

use pulp::{Arch, Simd, with_simd};

use crate::ClampedRelu;
use crate::threads::{for_each_chunk, map};

/// Number of partial sums. It is fixed, so that results do not depend on the width of the CPU's vectors.
const LANES: usize = 16;

/// Return `Σ term(x, y)`: in `f32` within each of `LANES` partial sums, in `f64` across them.
#[inline(always)]
fn sum_terms(x: &[f32], y: &[f32], term: impl Fn(f32, f32) -> f32) -> f64 {
    let mut lanes = [0.0; LANES];
    let (x, y) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let remainder = x.remainder().iter().zip(y.remainder()).map(|(&x, &y)| f64::from(term(x, y))).sum::<f64>();
    for (x, y) in x.zip(y) {
        for (sum, (&x, &y)) in lanes.iter_mut().zip(x.iter().zip(y)) {
            *sum += term(x, y);
        }
    }
    remainder + lanes.iter().map(|&sum| f64::from(sum)).sum::<f64>()
}

/// Return the sum of `x`.
#[with_simd(sum = Arch::new())]
#[inline(always)]
fn sum_with<'a, S: Simd>(_: S, x: &'a [f32]) -> f64 {
    sum_terms(x, x, |x, _| x)
}

/// Return the mean of `x`, and the sum of squared deviations from it.
#[with_simd(moments = Arch::new())]
#[inline(always)]
fn moments_with<'a, S: Simd>(_: S, x: &'a [f32]) -> (f64, f64) {
    let mean = (sum_terms(x, x, |x, _| x) / x.len() as f64) as f32;
    (f64::from(mean), sum_terms(x, x, |x, _| (x - mean) * (x - mean)))
}

/// Set `y = relu(scale (x − mean) + beta)`.
#[with_simd(clamped_relu = Arch::new())]
#[inline(always)]
fn relu_with<'a, S: Simd>(_: S, y: &'a mut [f32], x: &'a [f32], channel: &'a Channel, relu: ClampedRelu) {
    let Channel { scale, mean, beta, .. } = *channel;
    y.iter_mut().zip(x).for_each(|(y, x)| *y = relu.apply((x - mean) * scale + beta));
}

/// Return `Σ g (x − mean)` and `Σ g`, where `g` is the gradient of the input of the ReLU.
#[with_simd(gradient_sums = Arch::new())]
#[inline(always)]
fn gradient_sums_with<'a, S: Simd>(
    _: S,
    x: &'a [f32],
    dy: &'a [f32],
    channel: &'a Channel,
    relu: ClampedRelu,
) -> (f64, f64) {
    let Channel { scale, mean, beta, .. } = *channel;
    let g = |x: f32, dy: f32| dy * relu.derivative((x - mean) * scale + beta);
    (sum_terms(x, dy, |x, dy| g(x, dy) * (x - mean)), sum_terms(x, dy, g))
}

/// Set `dx = scale (g − mean_g − (x − mean) x_factor)`, where `g` is the gradient of the input of the ReLU.
#[with_simd(input_gradient = Arch::new())]
#[inline(always)]
fn input_gradient_with<'a, S: Simd>(
    _: S,
    dx: &'a mut [f32],
    x: &'a [f32],
    dy: &'a [f32],
    channel: &'a Channel,
    relu: ClampedRelu,
    [mean_g, x_factor]: [f32; 2],
) {
    let Channel { scale, mean, beta, .. } = *channel;
    for ((dx, &x), &dy) in dx.iter_mut().zip(x).zip(dy) {
        let centred = x - mean;
        *dx = scale * (dy * relu.derivative(centred * scale + beta) - mean_g - centred * x_factor);
    }
}

/// Dimensions `[images, channels, area]` of a batch.
#[derive(Clone, Copy)]
pub struct Batch {
    /// Batch size.
    pub images: usize,
    /// Channels.
    pub channels: usize,
    /// Pixels of a plane, `h · w`.
    pub area: usize,
}

impl Batch {
    /// Return the values of one channel of one image.
    fn plane<'a>(&self, x: &'a [f32], image: usize, channel: usize) -> &'a [f32] {
        &x[(image * self.channels + channel) * self.area..][..self.area]
    }
}

/// Return the mean and the biased variance of every channel.
///
/// The moments of each plane are computed first and then merged (Chan et al. 1983): unlike `E[x²] − E[x]²`, this loses
/// no precision where the mean is large.
pub fn statistics(batch: &Batch, x: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let channel = |c: usize| {
        let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
        let area = batch.area as f64;
        for image in 0..batch.images {
            let (plane_mean, plane_squares) = moments(batch.plane(x, image, c));
            let delta = plane_mean - mean;
            squares += plane_squares + delta * delta * count * area / (count + area);
            mean += delta * area / (count + area);
            count += area;
        }
        (mean as f32, (squares / count) as f32)
    };
    map(batch.channels, channel).into_iter().unzip()
}

/// Return the sum of every channel.
pub fn channel_sums(batch: &Batch, x: &[f32]) -> Vec<f32> {
    let channel = |c| (0..batch.images).map(|image| sum(batch.plane(x, image, c))).sum::<f64>() as f32;
    map(batch.channels, channel)
}

/// Coefficients of one channel's `relu(scale · (x − mean) + beta)`.
#[derive(Clone, Copy)]
struct Channel {
    /// `γ / √(σ² + ε)`.
    scale: f32,
    mean: f32,
    beta: f32,
    /// `1 / √(σ² + ε)`.
    inverse_std: f64,
}

/// `relu(γ (x − μ) / √(σ² + ε) + β)`, where μ and σ² are the batch's mean and variance.
pub struct Norm {
    channels: Vec<Channel>,
    relu: ClampedRelu,
}

impl Norm {
    /// Return the norm with these values per channel, `[c]` each.
    pub fn new(gamma: &[f32], beta: &[f32], mean: &[f32], variance: &[f32], epsilon: f64, relu: ClampedRelu) -> Self {
        let channel = |c: usize| {
            let inverse_std = (f64::from(variance[c]) + epsilon).sqrt().recip();
            let scale = (f64::from(gamma[c]) * inverse_std) as f32;
            Channel { scale, mean: mean[c], beta: beta[c], inverse_std }
        };
        Self { channels: (0..gamma.len()).map(channel).collect(), relu }
    }

    /// Return the output for `x` `[n, c, h, w]`.
    pub fn forward(&self, batch: &Batch, x: &[f32]) -> Vec<f32> {
        let mut y = vec![0.0; x.len()];
        for_each_chunk(&mut y, batch.channels * batch.area, |image, y| {
            for (c, (y, channel)) in y.chunks_exact_mut(batch.area).zip(&self.channels).enumerate() {
                clamped_relu(y, batch.plane(x, image, c), channel, self.relu);
            }
        });
        y
    }

    /// Return the gradients of the input, of γ and of β, from the gradient `dy` of the output.
    pub fn gradients(&self, batch: &Batch, x: &[f32], dy: &[f32]) -> [Vec<f32>; 3] {
        let sums = |c: usize| {
            let channel = &self.channels[c];
            let planes = (0..batch.images).map(|image| (batch.plane(x, image, c), batch.plane(dy, image, c)));
            let (d_gamma, d_beta) = planes
                .map(|(x, dy)| gradient_sums(x, dy, channel, self.relu))
                .fold((0.0, 0.0), |sums, plane| (sums.0 + plane.0, sums.1 + plane.1));
            (d_gamma * channel.inverse_std, d_beta)
        };
        let sums: Vec<(f64, f64)> = map(batch.channels, sums);
        let count = (batch.images * batch.area) as f64;
        // dx = γ/σ (g − mean(g) − x̂ mean(g x̂)), where x̂ = (x − μ)/σ.
        let terms = |((d_gamma, d_beta), channel): (&(f64, f64), &Channel)| {
            [(d_beta / count) as f32, (d_gamma / count * channel.inverse_std) as f32]
        };
        let terms: Vec<[f32; 2]> = sums.iter().zip(&self.channels).map(terms).collect();
        let mut dx = vec![0.0; x.len()];
        for_each_chunk(&mut dx, batch.channels * batch.area, |image, dx| {
            for (c, dx) in dx.chunks_exact_mut(batch.area).enumerate() {
                let (x, dy) = (batch.plane(x, image, c), batch.plane(dy, image, c));
                input_gradient(dx, x, dy, &self.channels[c], self.relu, terms[c]);
            }
        });
        let (d_gamma, d_beta) = sums.into_iter().map(|(gamma, beta)| (gamma as f32, beta as f32)).unzip();
        [dx, d_gamma, d_beta]
    }
}
