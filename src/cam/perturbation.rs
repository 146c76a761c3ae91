//! The methods that ask the network again and again, each time with something taken away. Batches keep the device busy;
//! after each the caller is told how far it is, and may end it.

use std::ops::ControlFlow;

use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Tensor, TensorData};

use super::{CamError, channel_weights, stretched};
use crate::device::read;
use crate::model::{Network, run};

/// Forward passes at once: enough for the device, little enough for a browser's memory.
const BATCH: usize = 8;

/// Cells a side of the grid of occlusions; a cover is two cells wide.
const PLACES: usize = 14;

/// `w_k A_k(x, y)` with `w = softmax over channels of the class's score for the photo seen through channel k`: multiplied by
/// the channel, scaled up to the photo and stretched to 0 … 1 (Wang et al. 2020, "Score-CAM", equations 4 to 7; the
/// baseline's score falls out of the softmax). `x` is `[1, 3, h, w]`, the result `[classes, k, h', w']`.
pub async fn score_cam(
    network: &Network,
    x: Tensor<4>,
    a: Tensor<4>,
    classes: &[usize],
    progress: &mut impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Tensor<4>, CamError> {
    let ([_, k, _, _], [_, _, h, w]) = (a.dims(), x.dims());
    let channels = a.clone().swap_dims(0, 1);
    // Corners on corners, as pytorch-grad-cam scales.
    let options = InterpolateOptions::new(InterpolateMode::Bilinear).with_align_corners(true).with_output_size([h, w]);
    let seen = |from: usize, count: usize| {
        let mask = interpolate(channels.clone().narrow(0, from, count), options.clone());
        network.forward(x.clone() * stretched(mask)).logits
    };
    let scores = scores(k, classes, seen, progress).await?;
    let weights = scores.iter().map(|scores| {
        let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let parts: Vec<f32> = scores.iter().map(|score| (score - highest).exp()).collect();
        let sum: f32 = parts.iter().sum();
        parts.into_iter().map(move |part| part / sum).collect::<Vec<_>>()
    });
    Ok(channel_weights(weights.flatten().collect(), classes.len(), &a) * a)
}

/// `w_k A_k(x, y)` with `w_k = (y − y_k) / |y|`, `y` being the class's logit and `y_k` what it is without channel k of the
/// stage (Desai & Ramaswamy 2020, "Ablation-CAM", equation 5; the size of `y`, lest a negative score turn the map over).
/// `rest` are the stages behind; the result `[classes, k, h, w]`.
pub async fn ablation_cam(
    network: &Network,
    rest: usize,
    a: Tensor<4>,
    classes: &[usize],
    progress: &mut impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Tensor<4>, CamError> {
    let [_, k, _, _] = a.dims();
    let logits = |a: Tensor<4>| network.head(run(&network.stages[rest..], a));
    let whole = read(logits(a.clone())).await?;
    let without = |from: usize, count: usize| {
        let mut kept = vec![1f32; count * k];
        (0..count).for_each(|i| kept[i * k + from + i] = 0.0);
        logits(a.clone() * Tensor::from_data(TensorData::new(kept, [count, k, 1, 1]), &a.device()))
    };
    let scores = scores(k, classes, without, progress).await?;
    let loss = |(class, scores): (&usize, &Vec<f32>)| {
        let y = whole[*class];
        scores.iter().map(|score| (y - score) / y.abs().max(f32::EPSILON)).collect::<Vec<_>>()
    };
    let weights = classes.iter().zip(&scores).flat_map(loss).collect();
    Ok(channel_weights(weights, classes.len(), &a) * a)
}

/// What each class's logit loses when a square of mean grey covers a place of the photo (Zeiler & Fergus 2014, "Visualizing
/// and Understanding Convolutional Networks", section 4.2): `[classes, places, places]`.
pub async fn occlusion(
    network: &Network,
    x: Tensor<4>,
    classes: &[usize],
    progress: &mut impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Tensor<3>, CamError> {
    let [_, _, h, w] = x.dims();
    let places = PLACES.min(h / 2).min(w / 2).max(1);
    let whole = read(network.forward(x.clone()).logits).await?;
    // From the cell before's middle to the middle of the one behind.
    let cover = |cell: usize, size: usize| {
        let at = |halves: usize| (halves * size + places) / (2 * places);
        at((2 * cell).saturating_sub(1))..at((2 * cell + 3).min(2 * places))
    };
    let covered = |from: usize, count: usize| {
        let mut kept = vec![1f32; count * h * w];
        for (i, kept) in kept.chunks_exact_mut(h * w).enumerate() {
            for row in cover((from + i) / places, h) {
                kept[row * w..][cover((from + i) % places, w)].fill(0.0);
            }
        }
        let kept = Tensor::from_data(TensorData::new(kept, [count, 1, h, w]), &x.device());
        network.forward(x.clone() * kept).logits
    };
    let scores = scores(places * places, classes, covered, progress).await?;
    let lost = classes.iter().zip(&scores).flat_map(|(&class, scores)| scores.iter().map(move |s| (class, *s)));
    let lost: Vec<f32> = lost.map(|(class, score)| whole[class] - score).collect();
    Ok(Tensor::from_data(TensorData::new(lost, [classes.len(), places, places]), &x.device()))
}

/// The logits of `classes` for `count` variants, `logits(from, count)` of which are made at once: a list a class.
async fn scores(
    count: usize,
    classes: &[usize],
    logits: impl Fn(usize, usize) -> Tensor<2>,
    progress: &mut impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Vec<Vec<f32>>, CamError> {
    let mut scores = vec![Vec::with_capacity(count); classes.len()];
    let take = |logits: &[f32]| classes.iter().zip(&mut scores).for_each(|(&class, scores)| scores.push(logits[class]));
    passes(count, logits, progress, take).await?;
    Ok(scores)
}

/// Runs `count` variants, of which `outputs(from, count)` makes some at once, a row each, and hands the rows on in order.
pub(super) async fn passes(
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
