//! The trainable part of a network, and a lesson's cached inputs as training examples.

use burn::nn::{Initializer, LinearConfig};
use burn::tensor::Tensor;

use crate::core::lesson::{LessonSettings, TrainablePart};
use crate::data::Augment;
use crate::model::{Network, Stage};
use crate::train::{Examples, Optimizer, Schedule, TrainConfig};

/// Split a network's stages into those that are always frozen and the last one.
pub(super) fn split_last(network: &Network) -> (&[Stage], &[Stage]) {
    network.stages.split_at(network.stages.len().saturating_sub(1))
}

/// The trainable part of a network, as a network of its own.
pub(super) struct Learner {
    pub network: Network,
    part: TrainablePart,
}

impl Learner {
    /// Create the trainable part of `base` with a new head for `classes` classes.
    pub fn new(base: &Network, part: TrainablePart, classes: usize) -> Self {
        let [channels, _] = base.linear.weight.dims();
        let device = base.linear.weight.device();
        // Zero weights make all classes equally probable, on every device the same. NIN's head starts at a bias of 1,
        // because no gradient flows where its ReLU is at zero.
        let mut linear = LinearConfig::new(channels, classes).with_initializer(Initializer::Zeros).init(&device);
        if base.rectified {
            linear.bias = Some(Initializer::Ones.init([classes], &device));
        }
        let stages = match part {
            TrainablePart::Head => Vec::new(),
            TrainablePart::LastStage => split_last(base).1.to_vec(),
        };
        Self { network: Network { stages, linear, rectified: base.rectified }, part }
    }

    /// Join `base`'s frozen stages and `trained`, a trained copy of this part, into a whole network.
    pub fn join(&self, base: &Network, trained: &Network) -> Network {
        let (frozen, last) = split_last(base);
        let last = match self.part {
            TrainablePart::Head => last,
            TrainablePart::LastStage => &trained.stages,
        };
        Network { stages: [frozen, last].concat(), linear: trained.linear.clone(), rectified: self.network.rectified }
    }
}

/// Inputs of the trainable part for every photo of a lesson.
pub(super) struct LessonInputs {
    /// `[1 + copies, c, h, w]` for each photo; the photo itself comes first.
    pub inputs: Vec<Tensor<4>>,
    /// Index of each photo's class.
    pub labels: Vec<usize>,
    /// Number of classes.
    pub classes: usize,
}

impl LessonInputs {
    /// Return the photos at `positions` with their augmented copies.
    pub fn with_copies(&self, positions: &[usize]) -> Examples {
        let labels = positions.iter().flat_map(|&i| std::iter::repeat_n(self.labels[i], self.inputs[i].dims()[0]));
        let inputs = positions.iter().map(|&i| self.inputs[i].clone()).collect();
        Examples::cached(Tensor::cat(inputs, 0), labels.collect(), self.classes)
    }

    /// Return the photos at `positions` without copies.
    pub fn originals(&self, positions: &[usize]) -> Examples {
        let inputs = positions.iter().map(|&i| self.inputs[i].clone().narrow(0, 0, 1)).collect();
        let labels = positions.iter().map(|&i| self.labels[i]).collect();
        Examples::cached(Tensor::cat(inputs, 0), labels, self.classes)
    }
}

/// Return the training configuration of a lesson: Adam, with a learning rate that falls along half a cosine.
pub(super) fn train_config(settings: &LessonSettings) -> TrainConfig {
    TrainConfig {
        epochs: settings.epochs,
        batch: settings.batch,
        lr: settings.lr,
        optimizer: Optimizer::Adam,
        weight_decay: 0.0,
        schedule: Schedule::Cosine,
        augment: Augment::None,
        balanced: settings.balanced,
        seed: settings.seed,
        ..TrainConfig::default()
    }
}
