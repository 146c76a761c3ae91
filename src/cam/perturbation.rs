//! Methods that run the network many times, each time with part of the input or of the activations removed.
//!
//! Passes run in batches to keep the device busy. After each batch the caller receives the progress and can stop.

use std::ops::ControlFlow;

use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Tensor, TensorData};

use super::{CamError, channel_weights, min_max_scaled};
use crate::core::inference::softmax;
use crate::device::read;
use crate::model::{Network, run};

/// Forward passes per batch: enough to fill the device, few enough for a browser's memory.
const BATCH: usize = 8;

/// Cells per side of the occlusion grid; the occluding square is two cells wide.
const GRID: usize = 14;

/// Weight the activations by Score-CAM: `w_k A_k(x, y)`, `[classes, k, h', w']`, with `w` the softmax over the channels
/// of the class's score for the masked photo (Wang et al. 2020, "Score-CAM", equations 4 to 7).
///
/// The mask of channel k is the channel itself, interpolated to the size of the photo `x [1, 3, h, w]` and scaled to
/// 0 … 1. The baseline's score cancels in the softmax.
pub async fn score_cam(
    network: &Network,
    x: Tensor<4>,
    a: Tensor<4>,
    classes: &[usize],
    progress: &mut impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Tensor<4>, CamError> {
    let ([_, k, _, _], [_, _, h, w]) = (a.dims(), x.dims());
    let channels = a.clone().swap_dims(0, 1);
    // Corners are aligned, as in pytorch-grad-cam.
    let options = InterpolateOptions::new(InterpolateMode::Bilinear).with_align_corners(true).with_output_size([h, w]);
    let masked = |from: usize, count: usize| {
        let mask = interpolate(channels.clone().narrow(0, from, count), options.clone());
        network.forward(x.clone() * min_max_scaled(mask)).logits
    };
    let scores = scores(k, classes, masked, progress).await?;
    let weights = scores.iter().flat_map(|scores| softmax(scores)).collect();
    Ok(channel_weights(weights, classes.len(), &a) * a)
}

/// Weight the activations by Ablation-CAM: `w_k A_k(x, y)`, `[classes, k, h, w]`, with `w_k = (y − y_k) / |y|`, where
/// `y` is the class's logit and `y_k` the logit without channel k (Desai & Ramaswamy 2020, "Ablation-CAM", equation 5).
///
/// The paper divides by `y`; its absolute value keeps a negative score from inverting the map. `next_stage` is the
/// index of the stage that follows the activations `a`.
pub async fn ablation_cam(
    network: &Network,
    next_stage: usize,
    a: Tensor<4>,
    classes: &[usize],
    progress: &mut impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Tensor<4>, CamError> {
    let [_, k, _, _] = a.dims();
    let logits = |a: Tensor<4>| network.head(run(&network.stages[next_stage..], a));
    let original = read(logits(a.clone())).await?;
    let ablated = |from: usize, count: usize| {
        let mut mask = vec![1f32; count * k];
        (0..count).for_each(|i| mask[i * k + from + i] = 0.0);
        logits(a.clone() * Tensor::from_data(TensorData::new(mask, [count, k, 1, 1]), &a.device()))
    };
    let scores = scores(k, classes, ablated, progress).await?;
    let relative_drops = |(class, scores): (&usize, &Vec<f32>)| {
        let y = original[*class];
        scores.iter().map(|score| (y - score) / y.abs().max(f32::EPSILON)).collect::<Vec<_>>()
    };
    let weights = classes.iter().zip(&scores).flat_map(relative_drops).collect();
    Ok(channel_weights(weights, classes.len(), &a) * a)
}

/// Compute how much each class's logit drops when a square of mean grey covers a cell of the photo:
/// `[classes, rows, columns]` (Zeiler & Fergus 2014, "Visualizing and Understanding Convolutional Networks", section
/// 4.2).
pub async fn occlusion(
    network: &Network,
    x: Tensor<4>,
    classes: &[usize],
    progress: &mut impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Tensor<3>, CamError> {
    let [_, _, h, w] = x.dims();
    let cells = GRID.min(h / 2).min(w / 2).max(1);
    let original = read(network.forward(x.clone()).logits).await?;
    // The square reaches from the centre of the previous cell to the centre of the next.
    let square = |cell: usize, pixels: usize| {
        let at = |halves: usize| (halves * pixels + cells) / (2 * cells);
        at((2 * cell).saturating_sub(1))..at((2 * cell + 3).min(2 * cells))
    };
    let occluded = |from: usize, count: usize| {
        let mut mask = vec![1f32; count * h * w];
        for (i, mask) in mask.chunks_exact_mut(h * w).enumerate() {
            for row in square((from + i) / cells, h) {
                mask[row * w..][square((from + i) % cells, w)].fill(0.0);
            }
        }
        let mask = Tensor::from_data(TensorData::new(mask, [count, 1, h, w]), &x.device());
        network.forward(x.clone() * mask).logits
    };
    let scores = scores(cells * cells, classes, occluded, progress).await?;
    let drops = |(&class, scores): (&usize, &Vec<f32>)| -> Vec<f32> {
        scores.iter().map(|score| original[class] - score).collect()
    };
    let drops: Vec<f32> = classes.iter().zip(&scores).flat_map(drops).collect();
    Ok(Tensor::from_data(TensorData::new(drops, [classes.len(), cells, cells]), &x.device()))
}

/// Collect the logits of `classes` for `count` variants of the input, one list per class. `logits(from, n)` runs `n`
/// variants in one batch.
async fn scores(
    count: usize,
    classes: &[usize],
    logits: impl Fn(usize, usize) -> Tensor<2>,
    progress: &mut impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Vec<Vec<f32>>, CamError> {
    let mut scores = vec![Vec::with_capacity(count); classes.len()];
    let take = |logits: &[f32]| classes.iter().zip(&mut scores).for_each(|(&class, scores)| scores.push(logits[class]));
    run_batches(count, logits, progress, take).await?;
    Ok(scores)
}

/// Run `count` variants of the input and pass their output rows to `take`, in order. `outputs(from, n)` runs `n`
/// variants in one batch.
pub(super) async fn run_batches(
    count: usize,
    outputs: impl Fn(usize, usize) -> Tensor<2>,
    progress: &mut impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
    mut take: impl FnMut(&[f32]),
) -> Result<(), CamError> {
    for from in (0..count).step_by(BATCH) {
        let size = BATCH.min(count - from);
        let rows = read(outputs(from, size)).await?;
        rows.chunks_exact(rows.len() / size).for_each(&mut take);
        if progress(from + size, count).await.is_break() {
            return Err(CamError::Stopped);
        }
    }
    Ok(())
}
