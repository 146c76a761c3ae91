//! What the network answers when a map decides what of the photo it may see.

use std::ops::ControlFlow;

use burn::tensor::{Tensor, TensorData, activation};

use super::CamError;
use super::imputation::impute;
use super::perturbation::passes;
use crate::core::metrics::Faithfulness;
use crate::device::read;
use crate::model::Network;
use crate::threads;

/// Steps from the whole photo to nothing of it (RISE removes 8 rows of 224 at a time).
const STEPS: usize = 28;
/// Shares of the photo that ROAD fills in, in tenths.
const TENTHS: usize = 9;
/// Taps and standard deviation of RISE's blur, in pixels.
const TAPS: isize = 11;
const SIGMA: f32 = 5.0;
/// Of what is filled in, so that its smoothness does not give its shape away (ROAD, section 4).
const NOISE: f32 = 0.01;

/// What is done to the photo before one pass.
#[derive(Debug, Clone, Copy)]
enum Change {
    None,
    TimesMap,
    /// So many steps are grey.
    Delete(usize),
    /// So many steps are sharp.
    Insert(usize),
    /// So many tenths are filled in.
    ImputeMost(usize),
    ImputeLeast(usize),
}

/// Measures `map`, row-major and as large as the photo `x [1, 3, h, w]`, by the probability of `class`, in 76 passes;
/// `progress`s how many are done, and ends where that breaks. `noise`: the deviation of what ROAD adds to what it fills in, as
/// published where `None`; without any the numbers can be compared with others'.
///
/// # Errors
/// [`CamError::Stopped`], [`CamError::Read`] from the device.
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
    let photo = Photo { pixels: read(x).await?, h, w, noise: noise.unwrap_or(NOISE) };
    let mask = stretched(map);
    let most_first = order(map);
    let blurred = photo.blurred();
    let change = |change: Change| match change {
        Change::None => photo.pixels.clone(),
        Change::TimesMap => {
            photo.pixels.chunks_exact(h * w).flat_map(|p| p.iter().zip(&mask).map(|(p, m)| p * m)).collect()
        }
        Change::Delete(step) => photo.with(&photo.pixels, &most_first[..h * w * step / STEPS], &[]),
        Change::Insert(step) => photo.with(&blurred, &most_first[..h * w * step / STEPS], &photo.pixels),
        Change::ImputeMost(tenths) => photo.imputed(&most_first[..removed(h * w, tenths)]),
        Change::ImputeLeast(tenths) => photo.imputed(&most_first[h * w - removed(h * w, tenths)..]),
    };
    let steps = || 1..=STEPS;
    let changes: Vec<Change> = [Change::None, Change::TimesMap]
        .into_iter()
        .chain(steps().map(Change::Delete))
        .chain(steps().map(|step| Change::Insert(step - 1)))
        .chain((1..=TENTHS).map(Change::ImputeMost))
        .chain((1..=TENTHS).map(Change::ImputeLeast))
        .collect();
    let logits = |from: usize, count: usize| {
        let batch = threads::map(count, |i| change(changes[from + i])).concat();
        let batch = Tensor::from_data(TensorData::new(batch, [count, planes, h, w]), &device);
        activation::softmax(network.forward(batch).logits, 1)
    };
    let mut answers = Vec::with_capacity(changes.len());
    passes(changes.len(), logits, &mut progress, |probabilities| answers.push(probabilities[class])).await?;

    let (whole, rest) = (answers[0], &answers[2..]);
    let (deleted, rest) = rest.split_at(STEPS);
    let (inserted, rest) = rest.split_at(STEPS);
    let (most, least) = rest.split_at(TENTHS);
    Ok(Faithfulness {
        probability: whole,
        masked: answers[1],
        deletion: [&[whole], deleted].concat(),
        insertion: [inserted, &[whole]].concat(),
        road_most: most.to_vec(),
        road_least: least.to_vec(),
    })
}

/// As many of `count` pixels as lie above NumPy's percentile of the rest's share, which pytorch-grad-cam removes.
fn removed(count: usize, tenths: usize) -> usize {
    count - ((10 - tenths) * (count - 1)).div_ceil(10)
}

/// Places from the highest value to the lowest; among equals in reading order.
fn order(map: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..map.len()).collect();
    order.sort_by(|&a, &b| map[b].total_cmp(&map[a]));
    order
}

/// The positive part from its lowest to its highest as 0 to 1, as pytorch-grad-cam scales its maps.
fn stretched(map: &[f32]) -> Vec<f32> {
    const EPSILON: f32 = 1e-7;
    let positive = || map.iter().map(|value| value.max(0.0));
    let low = positive().fold(f32::INFINITY, f32::min);
    let high = positive().fold(0.0, f32::max) - low;
    positive().map(|value| (value - low) / (high + EPSILON)).collect()
}

/// Planes of `h · w` normalised values: 0 is the mean grey.
struct Photo {
    pixels: Vec<f32>,
    h: usize,
    w: usize,
    noise: f32,
}

impl Photo {
    /// `below` with the pixels at `places` from `above`, or grey where that is empty.
    fn with(&self, below: &[f32], places: &[usize], above: &[f32]) -> Vec<f32> {
        let mut pixels = below.to_vec();
        for start in (0..pixels.len()).step_by(self.h * self.w) {
            for place in places {
                pixels[start + place] = above.get(start + place).copied().unwrap_or(0.0);
            }
        }
        pixels
    }

    /// With the pixels at `places` made up from those around them.
    fn imputed(&self, places: &[usize]) -> Vec<f32> {
        let mut known = vec![true; self.h * self.w];
        places.iter().for_each(|&place| known[place] = false);
        impute(&self.pixels, &known, self.w, self.noise)
    }

    /// RISE's blur; beyond the border the photo goes on as it ends.
    fn blurred(&self) -> Vec<f32> {
        let reach = TAPS / 2;
        let taps: Vec<f32> = (-reach..=reach).map(|d| (-((d * d) as f32) / (2.0 * SIGMA * SIGMA)).exp()).collect();
        let sum: f32 = taps.iter().sum();
        let (h, w) = (self.h as isize, self.w as isize);
        let pass = |from: &[f32], down: isize, across: isize| -> Vec<f32> {
            let at = |y: isize, x: isize| from[(y.clamp(0, h - 1) * w + x.clamp(0, w - 1)) as usize];
            let blurred = |place: isize| {
                let (y, x) = (place / w, place % w);
                let steps = (-reach..=reach).zip(&taps);
                steps.map(|(d, tap)| tap * at(y + d * down, x + d * across)).sum::<f32>() / sum
            };
            (0..h * w).map(blurred).collect()
        };
        self.pixels.chunks_exact(self.h * self.w).flat_map(|plane| pass(&pass(plane, 1, 0), 0, 1)).collect()
    }
}
