//! How often a network is right, and about what it is wrong.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::Serialize;

use super::{Examples, TrainError};
use crate::data::Augment;
use crate::model::Network;

/// A network's record on labelled photos.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    pub images: usize,
    /// Share of photos whose most probable class is the right one.
    pub accuracy: f64,
    /// Share of photos whose class is among the five most probable.
    pub top5: f64,
    /// Accuracy over the photos of each class; NaN for a class without any.
    pub per_class: Vec<f64>,
    /// `[true class][predicted class]`.
    pub confusion: Vec<Vec<usize>>,
    /// Mean cross-entropy, in nats.
    pub loss: f64,
}

/// Runs `network` over all `examples`, `size` at a time.
///
/// # Errors
/// [`TrainError::Classes`] where data and network do not fit, [`TrainError::ReadBack`] from the device.
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
    let (mut loss_sum, mut among_five) = (0.0, 0);
    for batch in examples.batches((0..examples.len()).collect(), size, Augment::None, 0) {
        let logits = network.forward(batch.inputs(0..batch.len(), device)).logits;
        let loss = cross_entropy(logits.clone(), &batch.labels, None, device);
        loss_sum += f64::from(read(loss).await?[0]) * batch.len() as f64;
        for (scores, &label) in read(logits).await?.chunks(classes).zip(&batch.labels) {
            let mut order: Vec<usize> = (0..classes).collect();
            order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
            confusion[label][order[0]] += 1;
            among_five += usize::from(order[..classes.min(5)].contains(&label));
        }
    }
    let right: usize = (0..classes).map(|c| confusion[c][c]).sum();
    let share = |part: usize, whole: usize| part as f64 / whole as f64;
    Ok(Evaluation {
        images: examples.len(),
        accuracy: share(right, examples.len()),
        top5: share(among_five, examples.len()),
        per_class: (0..classes).map(|c| share(confusion[c][c], confusion[c].iter().sum())).collect(),
        confusion,
        loss: loss_sum / examples.len() as f64,
    })
}

/// Mean cross-entropy in nats; with weights per class, their weighted mean.
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

pub(super) async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, TrainError> {
    let data = tensor.into_data_async().await.map_err(|e| TrainError::ReadBack(e.to_string()))?;
    data.try_into_vec_as::<f32>().map_err(|e| TrainError::ReadBack(format!("{e:?}")))
}
