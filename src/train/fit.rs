//! The one training loop: the native binary blocks on it, a browser awaits it (and breathes in its events), a test
//! collects what it tells.

use std::ops::ControlFlow;

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::{GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::evaluate::cross_entropy;
use super::examples::Batch;
use super::{Evaluation, Examples, Precision, TrainConfig, evaluate};
use crate::device::{ReadError, read};
use crate::model::Network;

/// Where a run stands: all that is needed to go on with it.
pub struct Progress {
    /// On a plain device, not in training mode.
    pub network: Network,
    pub optimizer: ModuleOptimizer,
    /// Finished epochs.
    pub epoch: usize,
}

/// What the loop tells while it runs.
pub enum Event<'a> {
    /// After every step: steps done and to do over the whole run, and the batch's loss.
    Step {
        done: usize,
        total: usize,
        loss: f32,
    },
    Epoch {
        epoch: Epoch,
        validation: &'a Evaluation,
        progress: &'a Progress,
    },
}

/// The figures of one finished epoch; losses are mean cross-entropy in nats, accuracies from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// From 1.
    pub number: usize,
    /// Of its last step.
    pub lr: f64,
    pub train_loss: f64,
    #[serde(alias = "held_out_loss")]
    pub validation_loss: f64,
    #[serde(alias = "held_out_accuracy")]
    pub validation_accuracy: f64,
}

#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error("there are no photos to train on")]
    NoPhotos,
    #[error("the data has {data} classes but the network tells {network} apart; build it for {data}")]
    Classes { data: usize, network: usize },
    #[error("there is no device to train on")]
    NoDevice,
    #[error("the device does not calculate in float16, which mixed precision needs; train in full precision")]
    NoFloat16,
    #[error("the loss became {loss} at step {step} (epoch {epoch}); try a lower learning rate")]
    NotFinite { step: usize, epoch: usize, loss: f32 },
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Trains from `start` (its network on a plain device; the loop turns differentiation on) to the last epoch of `config`,
/// or until `on_event` breaks, and returns where it stands after the last finished epoch. Frozen parts of the network
/// stay as they are. The order of the examples depends on the seed and the epoch alone, so that a run that was
/// interrupted after an epoch goes on as if it had not been.
///
/// The first of `devices` holds the network and the optimizer. The others take an equal part of every batch and hand their
/// gradients over; a batch norm then sees only its device's part, and keeps the first's statistics.
///
/// # Errors
/// [`TrainError`]; nothing is trained when the data does not fit the network.
pub async fn fit(
    start: Progress,
    train: &Examples,
    validation: &Examples,
    config: &TrainConfig,
    devices: &[Device],
    mut on_event: impl AsyncFnMut(Event<'_>) -> ControlFlow<()>,
) -> Result<Progress, TrainError> {
    if train.is_empty() {
        return Err(TrainError::NoPhotos);
    }
    let [_, classes] = start.network.linear.weight.dims();
    if train.classes() != classes {
        return Err(TrainError::Classes { data: train.classes(), network: classes });
    }

    let Some(device) = devices.first() else { return Err(TrainError::NoDevice) };
    if !devices.iter().all(|device| device.supports_dtype(config.precision.inputs())) {
        return Err(TrainError::NoFloat16);
    }
    let steps = train.len().div_ceil(config.batch);
    let total = steps * config.epochs;
    let weights = config.balanced.then(|| class_weights(train));
    let mut network = start.network.clone().to_device(&device.clone().autodiff()).train();
    let mut optimizer = start.optimizer.clone();
    let mut progress = start;
    while progress.epoch < config.epochs {
        let epoch = progress.epoch + 1;
        let seed = config.seed.wrapping_mul(0x2545_F491_4F6C_DD1D).wrapping_add(epoch as u64);
        let mut order: Vec<usize> = (0..train.len()).collect();
        order.shuffle(&mut StdRng::seed_from_u64(seed));
        let (mut loss_sum, mut lr) = (0.0, 0.0);
        // A step's loss is read when the next one is under way: a graphics adapter need not wait for the reading.
        let mut under_way: Option<(usize, usize, Tensor<1>)> = None;
        let batches = train.batches(order, config.batch, config.augment, seed);
        for (i, batch) in batches.map(Some).chain([None]).enumerate() {
            let done = progress.epoch * steps + i;
            let next = match batch {
                Some(batch) => {
                    lr = config.rate_at(done as f64 / total as f64);
                    let (loss, gradients) = gradients(&network, &batch, weights.as_deref(), config.precision, devices);
                    network = optimizer.step(lr, network, gradients);
                    Some((done + 1, batch.len(), loss))
                }
                None => None,
            };
            let Some((step, photos, loss)) = std::mem::replace(&mut under_way, next) else { continue };
            let loss = read(loss).await?[0];
            if !loss.is_finite() {
                return Err(TrainError::NotFinite { step, epoch, loss });
            }
            loss_sum += f64::from(loss) * photos as f64;
            if on_event(Event::Step { done: step, total, loss }).await.is_break() {
                return Ok(progress);
            }
        }

        progress = Progress { network: network.valid(), optimizer: optimizer.clone(), epoch };
        let judged = evaluate(&progress.network.clone().folded(), validation, config.batch, device).await?;
        let figures = Epoch {
            number: epoch,
            lr,
            train_loss: loss_sum / train.len() as f64,
            validation_loss: judged.loss,
            validation_accuracy: judged.accuracy,
        };
        if on_event(Event::Epoch { epoch: figures, validation: &judged, progress: &progress }).await.is_break() {
            break;
        }
    }
    Ok(progress)
}

/// What each class weighs so that all weigh the same together: 1 for those of average size.
fn class_weights(examples: &Examples) -> Vec<f32> {
    let count = |class| examples.labels().iter().filter(|&&label| label == class).count();
    let average = examples.len() as f32 / examples.classes() as f32;
    (0..examples.classes()).map(|class| average / count(class).max(1) as f32).collect()
}

/// Loss of a batch and the gradients of all that learns, on the first device.
fn gradients(
    network: &Network,
    batch: &Batch,
    weights: Option<&[f32]>,
    precision: Precision,
    devices: &[Device],
) -> (Tensor<1>, GradientsParams) {
    let part = batch.len().div_ceil(devices.len());
    let one = |network: &Network, from: usize, device: &Device| {
        let (range, device) = (from..(from + part).min(batch.len()), device.clone().autodiff());
        let share = range.len() as f64 / batch.len() as f64;
        let inputs = batch.inputs(range.clone(), &device).cast(precision.inputs());
        let loss = cross_entropy(network.forward(inputs).logits, &batch.labels[range], weights, &device) * share;
        let scale = precision.loss_scale();
        let scaled = GradientsParams::from_grads((loss.clone() * scale).backward(), network);
        (loss.inner(), divided(scaled, scale, network))
    };
    let (mut loss, gradients) = one(network, 0, &devices[0]);
    if devices.len() == 1 {
        return (loss, gradients);
    }
    let mut all = GradientsAccumulator::new();
    all.accumulate(network, gradients);
    for (device, from) in devices.iter().zip((0..batch.len()).step_by(part)).skip(1) {
        let (own_loss, gradients) = one(&network.clone().fork(&device.clone().autodiff()), from, device);
        loss = loss + own_loss.to_device(&devices[0]);
        all.accumulate(network, gradients.to_device(&devices[0], network));
    }
    (loss, all.grads())
}

/// All gradients of the network's parameters, divided by `scale`.
fn divided(gradients: GradientsParams, scale: f64, network: &Network) -> GradientsParams {
    struct Divide {
        gradients: GradientsParams,
        scale: f64,
    }
    impl ModuleVisitor for Divide {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = self.gradients.remove::<D>(param.id) {
                self.gradients.register(param.id, gradient / self.scale);
            }
        }
    }
    if scale == 1.0 {
        return gradients;
    }
    let mut divide = Divide { gradients, scale };
    network.visit(&mut divide);
    divide.gradients
}
