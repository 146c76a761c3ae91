//! Evaluation on labelled photos: accuracy, confusion, loss and localisation.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::Serialize;

use super::localise::{LocalisationScores, LocalisationTally};
use super::{Examples, TrainError};
use crate::cam::class_maps;
use crate::device::read;
use crate::model::Network;

/// Results of a network on labelled photos.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Number of photos.
    pub images: usize,
    /// Share of photos whose most probable class is correct.
    pub accuracy: f64,
    /// Share of photos whose correct class is among the five most probable.
    pub top5: f64,
    /// Accuracy over the photos of each class; NaN for a class without photos.
    pub per_class: Vec<f64>,
    /// Number of photos as `[true class][predicted class]`.
    pub confusion: Vec<Vec<usize>>,
    /// Mean cross-entropy, in nats.
    pub loss: f64,
    /// How well the maps localise the objects, if their boxes are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub localisation: Option<LocalisationScores>,
}

/// Evaluate `network` on all `examples`, in batches of `size`. If the objects' boxes are known, evaluate the maps too.
///
/// # Errors
/// [`TrainError::Classes`] if data and network differ in their number of classes, and [`TrainError::Read`] if the
/// device fails.
pub async fn evaluate(
    network: &Network,
    examples: &Examples,
    size: usize,
    device: &Device,
) -> Result<Evaluation, TrainError> {
    let [_, classes] = network.linear.weight.dims();
    if examples.classes() != classes {
        return Err(TrainError::Classes { data: examples.classes(), network: classes });
    }
    let mut confusion = vec![vec![0; classes]; classes];
    let (mut loss, mut top5, mut done) = (0.0, 0, 0);
    let mut tally = examples.boxes().map(|_| LocalisationTally::default());
    for batch in examples.in_order(size) {
        let output = network.forward(batch.inputs(0..batch.len(), device));
        for (i, (scores, &label)) in read(output.logits).await?.chunks(classes).zip(&batch.labels).enumerate() {
            let mut order: Vec<usize> = (0..classes).collect();
            order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
            confusion[label][order[0]] += 1;
            top5 += usize::from(order[..classes.min(5)].contains(&label));
            loss += cross_entropy_of(scores, label);
            if let (Some(tally), Some(boxes)) = (&mut tally, examples.boxes()) {
                let map = class_maps(network, output.features.clone().narrow(0, i, 1), &[label]);
                let [_, _, width] = map.dims();
                tally.add(&read(map).await?, width, order[0] == label, &boxes[done + i]);
            }
        }
        done += batch.len();
    }
    let correct: usize = (0..classes).map(|c| confusion[c][c]).sum();
    let share = |part: usize, whole: usize| part as f64 / whole as f64;
    Ok(Evaluation {
        images: examples.len(),
        accuracy: share(correct, examples.len()),
        top5: share(top5, examples.len()),
        per_class: (0..classes).map(|c| share(confusion[c][c], confusion[c].iter().sum())).collect(),
        confusion,
        loss: loss / examples.len() as f64,
        localisation: tally.map(LocalisationTally::scores),
    })
}

/// Return the cross-entropy of one photo's logits, in nats: minus the logarithm of its class's probability.
fn cross_entropy_of(scores: &[f32], label: usize) -> f64 {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = scores.iter().map(|score| f64::from(score - highest).exp()).sum();
    sum.ln() - f64::from(scores[label] - highest)
}

/// Return the mean cross-entropy of a batch, in nats, weighted by class if `weights` are given.
pub(super) fn cross_entropy(
    logits: Tensor<2>,
    labels: &[usize],
    weights: Option<&[f32]>,
    device: &Device,
) -> Tensor<1> {
    let count = labels.len();
    let labels: Vec<i32> = labels.iter().map(|&label| label as i32).collect();
    let targets = Tensor::<1, Int>::from_data(TensorData::new(labels, [count]), device);
    CrossEntropyLossConfig::new().with_weights(weights.map(<[f32]>::to_vec)).init(device).forward(logits, targets)
}
