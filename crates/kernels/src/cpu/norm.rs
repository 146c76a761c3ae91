//! Batch norm of a training step and the rectifier behind it in one pass each way (Ioffe and Szegedy 2015, section 3).

#![allow(clippy::needless_lifetimes)] // pulp's macro wants them written out

use pulp::{Arch, Simd, with_simd};

use crate::ClampedRelu;
use crate::threads::{for_each_chunk, map};

/// Sums are kept in so many lanes, whatever the vectors' width.
const LANES: usize = 16;

#[inline(always)]
fn add_up(x: &[f32], y: &[f32], term: impl Fn(f32, f32) -> f32) -> f64 {
    let mut lanes = [0.0; LANES];
    let (x, y) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let rest = x.remainder().iter().zip(y.remainder()).map(|(&x, &y)| f64::from(term(x, y))).sum::<f64>();
    for (x, y) in x.zip(y) {
        for (sum, (&x, &y)) in lanes.iter_mut().zip(x.iter().zip(y)) {
            *sum += term(x, y);
        }
    }
    rest + lanes.iter().map(|&sum| f64::from(sum)).sum::<f64>()
}

#[with_simd(sum = Arch::new())]
#[inline(always)]
fn sum_with<'a, S: Simd>(_: S, x: &'a [f32]) -> f64 {
    add_up(x, x, |x, _| x)
}

/// Mean, and squared distances from it.
#[with_simd(moments = Arch::new())]
#[inline(always)]
fn moments_with<'a, S: Simd>(_: S, x: &'a [f32]) -> (f64, f64) {
    let mean = (add_up(x, x, |x, _| x) / x.len() as f64) as f32;
    (f64::from(mean), add_up(x, x, |x, _| (x - mean) * (x - mean)))
}

#[with_simd(clamped_relu = Arch::new())]
#[inline(always)]
fn relu_with<'a, S: Simd>(_: S, y: &'a mut [f32], x: &'a [f32], channel: &'a Channel, relu: ClampedRelu) {
    let Channel { scale, mean, beta, .. } = *channel;
    y.iter_mut().zip(x).for_each(|(y, x)| *y = relu.apply((x - mean) * scale + beta));
}

/// The sums of `g x̂ σ` and of `g`, the gradient of what the rectifier is given.
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
    let g = |x: f32, dy: f32| dy * relu.slope_at((x - mean) * scale + beta);
    (add_up(x, dy, |x, dy| g(x, dy) * (x - mean)), add_up(x, dy, g))
}

/// `dx = scale (g − mean_g − (x − mean) by_x)`.
#[with_simd(input_gradient = Arch::new())]
#[inline(always)]
fn input_gradient_with<'a, S: Simd>(
    _: S,
    dx: &'a mut [f32],
    x: &'a [f32],
    dy: &'a [f32],
    channel: &'a Channel,
    relu: ClampedRelu,
    [mean_g, by_x]: [f32; 2],
) {
    let Channel { scale, mean, beta, .. } = *channel;
    for ((dx, &x), &dy) in dx.iter_mut().zip(x).zip(dy) {
        let centred = x - mean;
        *dx = scale * (dy * relu.slope_at(centred * scale + beta) - mean_g - centred * by_x);
    }
}

/// A batch `[n, channels, area]`.
#[derive(Clone, Copy)]
pub struct Batch {
    pub images: usize,
    pub channels: usize,
    pub area: usize,
}

impl Batch {
    fn plane<'a>(&self, x: &'a [f32], image: usize, channel: usize) -> &'a [f32] {
        &x[(image * self.channels + channel) * self.area..][..self.area]
    }
}

/// Mean and (biased) variance of every channel. Each plane's own are found first and then put together (Chan et al.
/// 1983), so that a large mean costs no digits.
pub fn statistics(batch: &Batch, x: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let channel = |c: usize| {
        let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
        let area = batch.area as f64;
        for image in 0..batch.images {
            let (own, own_squares) = moments(batch.plane(x, image, c));
            let delta = own - mean;
            squares += own_squares + delta * delta * count * area / (count + area);
            mean += delta * area / (count + area);
            count += area;
        }
        (mean as f32, (squares / count) as f32)
    };
    map(batch.channels, channel).into_iter().unzip()
}

/// The sum of every channel.
pub fn channel_sums(batch: &Batch, x: &[f32]) -> Vec<f32> {
    let channel = |c| (0..batch.images).map(|image| sum(batch.plane(x, image, c))).sum::<f64>() as f32;
    map(batch.channels, channel)
}

/// What one channel does: `relu(scale · (x − mean) + beta)`.
#[derive(Clone, Copy)]
struct Channel {
    scale: f32,
    mean: f32,
    beta: f32,
    inverse_std: f64,
}

/// `relu(γ (x − μ) / √(σ² + ε) + β)`, where μ and σ² are the batch's own.
pub struct Norm {
    channels: Vec<Channel>,
    relu: ClampedRelu,
}

impl Norm {
    pub fn new(gamma: &[f32], beta: &[f32], mean: &[f32], variance: &[f32], epsilon: f64, relu: ClampedRelu) -> Self {
        let channel = |c: usize| {
            let inverse_std = (f64::from(variance[c]) + epsilon).sqrt().recip();
            let scale = (f64::from(gamma[c]) * inverse_std) as f32;
            Channel { scale, mean: mean[c], beta: beta[c], inverse_std }
        };
        Self { channels: (0..gamma.len()).map(channel).collect(), relu }
    }

    pub fn forward(&self, batch: &Batch, x: &[f32]) -> Vec<f32> {
        let mut y = vec![0.0; x.len()];
        for_each_chunk(&mut y, batch.channels * batch.area, |image, y| {
            for (c, (y, channel)) in y.chunks_exact_mut(batch.area).zip(&self.channels).enumerate() {
                clamped_relu(y, batch.plane(x, image, c), channel, self.relu);
            }
        });
        y
    }

    /// Gradients of the input, of γ and of β from `dy`, that of the output.
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
        // γ/σ (g − mean(g) − x̂ mean(g x̂))
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
