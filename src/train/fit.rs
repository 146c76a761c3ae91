//! Training loop. The command line blocks on it; a browser awaits it and yields to its event loop in `on_event`; tests
//! record its events.

use std::ops::{ControlFlow, Range};

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::{GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::evaluate::cross_entropy;
use super::examples::Batch;
use super::{Evaluation, Examples, TrainConfig, evaluate};
use crate::device::{ReadError, read};
use crate::model::Network;

/// State of a run: everything needed to resume it.
pub struct Progress {
    /// Network on a plain device, not in training mode.
    pub network: Network,
    /// Optimizer with its moments.
    pub optimizer: ModuleOptimizer,
    /// Number of finished epochs.
    pub epoch: usize,
}

/// Event of the training loop.
pub enum Event<'a> {
    /// A step is done.
    Step {
        /// Steps done in the whole run.
        done: usize,
        /// Steps of the whole run.
        total: usize,
        /// Loss of the batch, in nats.
        loss: f32,
    },
    /// An epoch is done and validated.
    Epoch {
        /// Figures of the epoch.
        epoch: Epoch,
        /// Results on the validation set.
        validation: &'a Evaluation,
        /// State after the epoch.
        progress: &'a Progress,
    },
}

/// Figures of one finished epoch. Losses are mean cross-entropy in nats, accuracies are shares from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Number of the epoch, from 1.
    pub number: usize,
    /// Learning rate of the last step.
    pub lr: f64,
    /// Mean loss over the training photos, as they were augmented.
    pub train_loss: f64,
    /// Mean loss over the validation photos.
    #[serde(alias = "held_out_loss")]
    pub validation_loss: f64,
    /// Accuracy on the validation photos.
    #[serde(alias = "held_out_accuracy")]
    pub validation_accuracy: f64,
}

/// Reason why training failed.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The training set is empty.
    #[error("there are no photos to train on")]
    NoPhotos,
    /// Data and network differ in their number of classes.
    #[error("the data has {data} classes but the network has {network}; build the network for {data} classes")]
    Classes {
        /// Classes of the data.
        data: usize,
        /// Classes of the network.
        network: usize,
    },
    /// The list of devices is empty.
    #[error("there is no device to train on; open one")]
    NoDevice,
    /// Mixed precision was asked of a device without float16.
    #[error("mixed precision needs a device with float16 arithmetic, which this one lacks; train in full precision")]
    NoFloat16,
    /// The loss became infinite or NaN.
    #[error("the loss became {loss} at step {step} (epoch {epoch}); try a lower learning rate")]
    NotFinite {
        /// Step of the whole run, from 1.
        step: usize,
        /// Epoch, from 1.
        epoch: usize,
        /// Loss of that step.
        loss: f32,
    },
    /// The device did not return a result.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Train from `start` until the last epoch of `config` or until `on_event` breaks; return the state after the last
/// finished epoch.
///
/// The network of `start` lies on a plain device; the loop turns differentiation on. Frozen parts of the network do not
/// change. The order of the examples depends only on the seed and the epoch, so a run that is resumed after an epoch
/// continues exactly as if it had not been interrupted.
///
/// The first of `devices` holds the network and the optimizer. Each of the others computes the gradients of an equal
/// part of every batch. A batch norm then sees only its device's part, and keeps the statistics of the first device.
///
/// # Errors
/// [`TrainError`]; nothing is trained if the data does not fit the network.
pub async fn fit(
    start: Progress,
    train: &Examples,
    validation: &Examples,
    config: &TrainConfig,
    devices: &[Device],
    mut on_event: impl AsyncFnMut(Event<'_>) -> ControlFlow<()>,
) -> Result<Progress, TrainError> {
    let device = check(&start.network, train, config, devices)?;
    let class_weights = config.balanced.then(|| class_weights(train));
    let run = Run { train, config, devices, class_weights };
    let mut network = start.network.clone().to_device(&device.clone().autodiff()).train();
    let mut optimizer = start.optimizer.clone();
    let mut progress = start;
    while progress.epoch < config.epochs {
        let number = progress.epoch + 1;
        let Some(trained) = run.epoch(number, network, &mut optimizer, &mut on_event).await? else { break };
        network = trained.network;
        progress = Progress { network: network.valid(), optimizer: optimizer.clone(), epoch: number };
        let evaluation = evaluate(&progress.network.clone().folded(), validation, config.batch, device).await?;
        let epoch = Epoch {
            number,
            lr: trained.lr,
            train_loss: trained.loss,
            validation_loss: evaluation.loss,
            validation_accuracy: evaluation.accuracy,
        };
        if on_event(Event::Epoch { epoch, validation: &evaluation, progress: &progress }).await.is_break() {
            break;
        }
    }
    Ok(progress)
}

/// Check that data, network and devices fit each other; return the first device.
fn check<'a>(
    network: &Network,
    train: &Examples,
    config: &TrainConfig,
    devices: &'a [Device],
) -> Result<&'a Device, TrainError> {
    if train.is_empty() {
        return Err(TrainError::NoPhotos);
    }
    let [_, classes] = network.linear.weight.dims();
    if train.classes() != classes {
        return Err(TrainError::Classes { data: train.classes(), network: classes });
    }
    let device = devices.first().ok_or(TrainError::NoDevice)?;
    if !devices.iter().all(|device| device.supports_dtype(config.precision.inputs())) {
        return Err(TrainError::NoFloat16);
    }
    Ok(device)
}

/// What stays the same during a run.
struct Run<'a> {
    train: &'a Examples,
    config: &'a TrainConfig,
    devices: &'a [Device],
    class_weights: Option<Vec<f32>>,
}

/// Result of one pass over the training photos.
struct TrainedEpoch {
    /// Network in training mode.
    network: Network,
    /// Learning rate of the last step.
    lr: f64,
    /// Mean loss.
    loss: f64,
}

impl Run<'_> {
    /// Train epoch `number`, counted from 1; return `None` if `on_event` breaks.
    async fn epoch(
        &self,
        number: usize,
        mut network: Network,
        optimizer: &mut ModuleOptimizer,
        on_event: &mut impl AsyncFnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<Option<TrainedEpoch>, TrainError> {
        let config = self.config;
        let steps = self.train.len().div_ceil(config.batch);
        let total = steps * config.epochs;
        let seed = config.seed.wrapping_mul(0x2545_F491_4F6C_DD1D).wrapping_add(number as u64);
        let mut order: Vec<usize> = (0..self.train.len()).collect();
        order.shuffle(&mut StdRng::seed_from_u64(seed));
        let (mut loss_sum, mut lr) = (0.0, 0.0);
        // A step's loss is read after the next step is submitted, so that a graphics adapter does not wait for the
        // read.
        let mut pending: Option<(usize, usize, Tensor<1>)> = None;
        let batches = self.train.batches(order, config.batch, config.augment, seed);
        for (i, batch) in batches.map(Some).chain([None]).enumerate() {
            let done = (number - 1) * steps + i;
            let next = match batch {
                Some(batch) => {
                    lr = config.rate_at(done as f64 / total as f64);
                    let (loss, gradients) = self.gradients(&network, &batch);
                    network = optimizer.step(lr, network, gradients);
                    Some((done + 1, batch.len(), loss))
                }
                None => None,
            };
            let Some((step, photos, loss)) = std::mem::replace(&mut pending, next) else { continue };
            let loss = read(loss).await?[0];
            if !loss.is_finite() {
                return Err(TrainError::NotFinite { step, epoch: number, loss });
            }
            loss_sum += f64::from(loss) * photos as f64;
            if on_event(Event::Step { done: step, total, loss }).await.is_break() {
                return Ok(None);
            }
        }
        Ok(Some(TrainedEpoch { network, lr, loss: loss_sum / self.train.len() as f64 }))
    }

    /// Compute the loss of a batch and the gradients of all trainable parameters, on the first device.
    fn gradients(&self, network: &Network, batch: &Batch) -> (Tensor<1>, GradientsParams) {
        let devices = self.devices;
        let part = batch.len().div_ceil(devices.len());
        let (mut loss, gradients) = self.part_gradients(network, batch, 0..part.min(batch.len()), &devices[0]);
        if devices.len() == 1 {
            return (loss, gradients);
        }
        let mut sum = GradientsAccumulator::new();
        sum.accumulate(network, gradients);
        for (device, from) in devices.iter().zip((0..batch.len()).step_by(part)).skip(1) {
            let range = from..(from + part).min(batch.len());
            let replica = network.clone().fork(&device.clone().autodiff());
            let (part_loss, gradients) = self.part_gradients(&replica, batch, range, device);
            loss = loss + part_loss.to_device(&devices[0]);
            sum.accumulate(network, gradients.to_device(&devices[0], network));
        }
        (loss, sum.grads())
    }

    /// Compute the part of a batch's loss and gradients that comes from the examples in `range`, on `device`.
    fn part_gradients(
        &self,
        network: &Network,
        batch: &Batch,
        range: Range<usize>,
        device: &Device,
    ) -> (Tensor<1>, GradientsParams) {
        let (precision, weights) = (self.config.precision, self.class_weights.as_deref());
        let device = device.clone().autodiff();
        let share = range.len() as f64 / batch.len() as f64;
        let inputs = batch.inputs(range.clone(), &device).cast(precision.inputs());
        let loss = cross_entropy(network.forward(inputs).logits, &batch.labels[range], weights, &device) * share;
        let scale = precision.loss_scale();
        let scaled = GradientsParams::from_grads((loss.clone() * scale).backward(), network);
        (loss.inner(), unscaled(scaled, scale, network))
    }
}

/// Return a weight for each class that balances the loss: 1 for a class of average size.
fn class_weights(examples: &Examples) -> Vec<f32> {
    let count = |class| examples.labels().iter().filter(|&&label| label == class).count();
    let average = examples.len() as f32 / examples.classes() as f32;
    (0..examples.classes()).map(|class| average / count(class).max(1) as f32).collect()
}

/// Divide the gradients of all parameters by `scale`.
fn unscaled(gradients: GradientsParams, scale: f64, network: &Network) -> GradientsParams {
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
