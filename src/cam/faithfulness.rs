//! Faithfulness of a map: the class's probability while the map decides which pixels the network sees.

use std::ops::ControlFlow;

use burn::tensor::{Tensor, TensorData, activation};

use super::CamError;
use super::imputation::impute;
use super::perturbation::run_batches;
use crate::core::metrics::Faithfulness;
use crate::device::read;
use crate::model::Network;
use crate::threads;

/// Steps from the whole photo to nothing (RISE removes 8 rows of 224 at a time).
const STEPS: usize = 28;
/// Shares of the photo that ROAD imputes, in tenths.
const TENTHS: usize = 9;
/// Taps of RISE's Gaussian blur.
const TAPS: isize = 11;
/// Standard deviation of RISE's Gaussian blur, in pixels.
const SIGMA: f32 = 5.0;
/// Standard deviation of the noise on imputed pixels, so that their smoothness does not reveal their shape (ROAD,
/// section 4).
const NOISE: f32 = 0.01;

/// Change to the photo before one forward pass. Pixels are ranked by the map.
#[derive(Debug, Clone, Copy)]
enum Perturbation {
    None,
    /// Multiply by the map's positive part, scaled to 0 … 1.
    Mask,
    /// Grey out that many steps of the highest pixels.
    Delete(usize),
    /// Sharpen that many steps of the highest pixels in the blurred photo.
    Insert(usize),
    /// Impute that many tenths, highest first.
    ImputeHighest(usize),
    /// Impute that many tenths, lowest first.
    ImputeLowest(usize),
}

impl Perturbation {
    /// List all perturbations in the order in which [`collect`] reads the probabilities.
    fn all() -> Vec<Self> {
        let steps = || 1..=STEPS;
        [Self::None, Self::Mask]
            .into_iter()
            .chain(steps().map(Self::Delete))
            .chain(steps().map(|step| Self::Insert(step - 1)))
            .chain((1..=TENTHS).map(Self::ImputeHighest))
            .chain((1..=TENTHS).map(Self::ImputeLowest))
            .collect()
    }
}

/// Measure how faithful `map` is to the network, in 76 forward passes.
///
/// `map` is row-major and as large as the photo `x [1, 3, h, w]`. Everything is measured by the probability of `class`.
/// `noise` is the standard deviation of the noise on pixels that ROAD imputes; `None` takes the published value, and 0
/// makes the result comparable with other implementations. `progress(done, total)` is called after every batch of
/// passes; the measurement stops when it breaks.
///
/// # Errors
/// [`CamError::Stopped`] if `progress` breaks, and [`CamError::Read`] if the device fails.
pub async fn faithfulness(
    network: &Network,
    x: Tensor<4>,
    map: &[f32],
    class: usize,
    noise: Option<f32>,
    mut progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Faithfulness, CamError> {
    let ([_, planes, h, w], device) = (x.dims(), x.device());
    let network = network.clone().folded();
    let perturber = Perturber::new(Photo { pixels: read(x).await?, h, w }, map, noise.unwrap_or(NOISE));
    let perturbations = Perturbation::all();
    let outputs = |from: usize, count: usize| {
        let batch = threads::map(count, |i| perturber.apply(perturbations[from + i])).concat();
        let batch = Tensor::from_data(TensorData::new(batch, [count, planes, h, w]), &device);
        activation::softmax(network.forward(batch).logits, 1)
    };
    let mut probabilities = Vec::with_capacity(perturbations.len());
    run_batches(perturbations.len(), outputs, &mut progress, |row| probabilities.push(row[class])).await?;
    Ok(collect(&probabilities))
}

/// Sort the probabilities, in the order of [`Perturbation::all`], into curves.
fn collect(probabilities: &[f32]) -> Faithfulness {
    let (original, rest) = (probabilities[0], &probabilities[2..]);
    let (deleted, rest) = rest.split_at(STEPS);
    let (inserted, rest) = rest.split_at(STEPS);
    let (highest, lowest) = rest.split_at(TENTHS);
    Faithfulness {
        probability: original,
        masked: probabilities[1],
        deletion: [&[original], deleted].concat(),
        insertion: [inserted, &[original]].concat(),
        road_most: highest.to_vec(),
        road_least: lowest.to_vec(),
    }
}

/// A photo with the data that perturbations derive from it and from the map.
struct Perturber {
    photo: Photo,
    blurred: Vec<f32>,
    /// The map's positive part, scaled to 0 … 1.
    mask: Vec<f32>,
    /// Pixels from the map's highest value to its lowest.
    ranking: Vec<usize>,
    noise: f32,
}

impl Perturber {
    fn new(photo: Photo, map: &[f32], noise: f32) -> Self {
        let blurred = photo.blurred();
        Self { photo, blurred, mask: scaled_positive_part(map), ranking: descending(map), noise }
    }

    fn apply(&self, perturbation: Perturbation) -> Vec<f32> {
        let (photo, ranking) = (&self.photo, &self.ranking);
        let count = photo.h * photo.w;
        match perturbation {
            Perturbation::None => photo.pixels.clone(),
            Perturbation::Mask => {
                let planes = photo.pixels.chunks_exact(count);
                planes.flat_map(|plane| plane.iter().zip(&self.mask).map(|(p, m)| p * m)).collect()
            }
            Perturbation::Delete(step) => photo.replaced(&photo.pixels, &ranking[..count * step / STEPS], &[]),
            Perturbation::Insert(step) => {
                photo.replaced(&self.blurred, &ranking[..count * step / STEPS], &photo.pixels)
            }
            Perturbation::ImputeHighest(tenths) => photo.imputed(&ranking[..removed(count, tenths)], self.noise),
            Perturbation::ImputeLowest(tenths) => photo.imputed(&ranking[count - removed(count, tenths)..], self.noise),
        }
    }
}

/// Return how many of `count` pixels lie above the `100 − 10 · tenths`th percentile, by NumPy's definition, as
/// pytorch-grad-cam removes them.
fn removed(count: usize, tenths: usize) -> usize {
    count - ((10 - tenths) * (count - 1)).div_ceil(10)
}

/// Return the pixels from the highest value to the lowest; equal values stay in reading order.
fn descending(map: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..map.len()).collect();
    order.sort_by(|&a, &b| map[b].total_cmp(&map[a]));
    order
}

/// Scale the positive part of `map` from its minimum and maximum to 0 … 1, as pytorch-grad-cam does.
fn scaled_positive_part(map: &[f32]) -> Vec<f32> {
    const EPSILON: f32 = 1e-7;
    let positive = || map.iter().map(|value| value.max(0.0));
    let low = positive().fold(f32::INFINITY, f32::min);
    let high = positive().fold(0.0, f32::max) - low;
    positive().map(|value| (value - low) / (high + EPSILON)).collect()
}

/// Colour planes of `h · w` normalised values: 0 is the mean grey.
struct Photo {
    pixels: Vec<f32>,
    h: usize,
    w: usize,
}

impl Photo {
    /// Return `base` with the pixels at `positions` taken from `source`, or grey if `source` is empty.
    fn replaced(&self, base: &[f32], positions: &[usize], source: &[f32]) -> Vec<f32> {
        let mut pixels = base.to_vec();
        for start in (0..pixels.len()).step_by(self.h * self.w) {
            for position in positions {
                pixels[start + position] = source.get(start + position).copied().unwrap_or(0.0);
            }
        }
        pixels
    }

    /// Return the photo with the pixels at `positions` imputed from their neighbours.
    fn imputed(&self, positions: &[usize], noise: f32) -> Vec<f32> {
        let mut known = vec![true; self.h * self.w];
        positions.iter().for_each(|&position| known[position] = false);
        impute(&self.pixels, &known, self.w, noise)
    }

    /// Return the photo under RISE's Gaussian blur; border pixels repeat outwards.
    fn blurred(&self) -> Vec<f32> {
        let radius = TAPS / 2;
        let taps: Vec<f32> = (-radius..=radius).map(|d| (-((d * d) as f32) / (2.0 * SIGMA * SIGMA)).exp()).collect();
        let sum: f32 = taps.iter().sum();
        let (h, w) = (self.h as isize, self.w as isize);
        let pass = |from: &[f32], down: isize, across: isize| -> Vec<f32> {
            let at = |y: isize, x: isize| from[(y.clamp(0, h - 1) * w + x.clamp(0, w - 1)) as usize];
            let blurred = |position: isize| {
                let (y, x) = (position / w, position % w);
                let offsets = (-radius..=radius).zip(&taps);
                offsets.map(|(d, tap)| tap * at(y + d * down, x + d * across)).sum::<f32>() / sum
            };
            (0..h * w).map(blurred).collect()
        };
        self.pixels.chunks_exact(self.h * self.w).flat_map(|plane| pass(&pass(plane, 1, 0), 0, 1)).collect()
    }
}
