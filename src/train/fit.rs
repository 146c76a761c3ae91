//! The one training loop: the native binary blocks on it, a browser awaits it, a test collects its events.

use std::ops::ControlFlow;

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::TrainConfig;
use crate::data::{Dataset, augment};
use crate::model::Network;
use crate::recipe::Recipe;

/// What the loop tells while it runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// After every step: steps done and to do over the whole run, and the batch's loss.
    Step {
        done: usize,
        total: usize,
        loss: f32,
    },
    Epoch(Epoch),
}

/// The figures of one finished epoch; losses are mean cross-entropy in nats, accuracies from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epoch {
    /// From 1.
    pub number: usize,
    pub train_loss: f32,
    pub held_out_loss: f32,
    pub held_out_accuracy: f32,
}

#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error("there are no photos to train on")]
    NoPhotos,
    #[error("the data has {data} classes but the network tells {network} apart; build it for {data}")]
    Classes { data: usize, network: usize },
    #[error("the loss became {loss} at step {step}; try a lower learning rate")]
    NotFinite { step: usize, loss: f32 },
    #[error("the device could not give a result back: {0}")]
    ReadBack(String),
}

/// Trains `network` (on a plain device; the loop turns differentiation on) and returns it on the same device with
/// the weights of the last finished epoch. `on_event` may end the run early with [`ControlFlow::Break`].
///
/// # Errors
/// [`TrainError`]; nothing is trained when the data does not fit the network.
pub async fn fit(
    network: Network,
    train: &Dataset,
    held_out: &Dataset,
    recipe: &Recipe,
    config: &TrainConfig,
    device: &Device,
    mut on_event: impl FnMut(Event, &Network) -> ControlFlow<()>,
) -> Result<Network, TrainError> {
    if train.is_empty() {
        return Err(TrainError::NoPhotos);
    }
    let [_, classes] = network.linear.weight.dims();
    if train.classes.len() != classes {
        return Err(TrainError::Classes { data: train.classes.len(), network: classes });
    }

    let mut network = network.to_device(&device.clone().autodiff()).train();
    let mut optimizer = AdamWConfig::new().with_weight_decay(config.weight_decay as f32).init();
    let mut rng = StdRng::seed_from_u64(config.seed);
    let mut order: Vec<usize> = (0..train.len()).collect();
    let steps = train.len().div_ceil(config.batch);
    let total = steps * config.epochs;

    for epoch in 0..config.epochs {
        order.shuffle(&mut rng);
        let mut loss_sum = 0.0;
        for (i, batch) in order.chunks(config.batch).enumerate() {
            let done = epoch * steps + i;
            let mut rgb = Vec::with_capacity(batch.len() * train.image(0).len());
            for &photo in batch {
                match config.augment {
                    true => augment(train.image(photo), train.side, &mut rng, &mut rgb),
                    false => rgb.extend_from_slice(train.image(photo)),
                }
            }
            let labels = batch.iter().map(|&photo| train.labels[photo]);
            let autodiff = device.clone().autodiff();
            let x = recipe.normalise(&rgb, &autodiff);
            let loss = cross_entropy(network.forward(x).logits, labels, &autodiff);
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            network = optimizer.step(config.rate_at(done as f64 / total as f64), network, gradients);

            let loss = read(loss.detach()).await?[0];
            if !loss.is_finite() {
                return Err(TrainError::NotFinite { step: done + 1, loss });
            }
            loss_sum += loss * batch.len() as f32;
            if on_event(Event::Step { done: done + 1, total, loss }, &network).is_break() {
                return Ok(network.valid());
            }
        }

        let valid = network.valid();
        let (held_out_loss, correct) = evaluate(&valid, held_out, recipe, config.batch, device).await?;
        let figures = Epoch {
            number: epoch + 1,
            train_loss: loss_sum / train.len() as f32,
            held_out_loss,
            held_out_accuracy: correct.iter().filter(|&&c| c).count() as f32 / held_out.len().max(1) as f32,
        };
        if on_event(Event::Epoch(figures), &valid).is_break() {
            break;
        }
    }
    Ok(network.valid())
}

/// Mean cross-entropy over `data`, and for each photo whether the top class is the right one.
pub async fn evaluate(
    network: &Network,
    data: &Dataset,
    recipe: &Recipe,
    batch: usize,
    device: &Device,
) -> Result<(f32, Vec<bool>), TrainError> {
    let mut loss_sum = 0.0;
    let mut correct = Vec::with_capacity(data.len());
    for start in (0..data.len()).step_by(batch.max(1)) {
        let end = (start + batch).min(data.len());
        let bytes = data.side * data.side * 3;
        let x = recipe.normalise(&data.rgb[start * bytes..end * bytes], device);
        let labels = &data.labels[start..end];
        let logits = network.forward(x).logits;
        let loss = cross_entropy(logits.clone(), labels.iter().copied(), device);
        loss_sum += read(loss).await?[0] * labels.len() as f32;
        let [_, classes] = logits.dims();
        for (scores, &label) in read(logits).await?.chunks(classes).zip(labels) {
            correct.push(scores.iter().enumerate().all(|(c, &score)| c == label || score < scores[label]));
        }
    }
    Ok((loss_sum / data.len().max(1) as f32, correct))
}

fn cross_entropy(logits: Tensor<2>, labels: impl Iterator<Item = usize>, device: &Device) -> Tensor<1> {
    let labels: Vec<i32> = labels.map(|label| label as i32).collect();
    let count = labels.len();
    let targets = Tensor::<1, Int>::from_data(TensorData::new(labels, [count]), device);
    CrossEntropyLossConfig::new().init(device).forward(logits, targets)
}

async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, TrainError> {
    let data = tensor.into_data_async().await.map_err(|e| TrainError::ReadBack(e.to_string()))?;
    data.try_into_vec_as::<f32>().map_err(|e| TrainError::ReadBack(format!("{e:?}")))
}
