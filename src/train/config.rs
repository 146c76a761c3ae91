//! Configuration of a training run, besides its data and network.

use burn::optim::{
    AdamConfig, AdamWConfig, ModuleOptimizer, SgdConfig, decay::WeightDecayConfig, momentum::MomentumConfig,
};
use burn::tensor::FloatDType;
use serde::{Deserialize, Serialize};

use crate::data::Augment;

/// Settings of the training loop. The defaults suit most small data sets. The command line, TOML files and run folders
/// share this struct, and its comments are the command line's help.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default)]
pub struct TrainConfig {
    /// Passes over the training photos
    #[cfg_attr(feature = "cli", arg(long, default_value_t = Self::default().epochs))]
    pub epochs: usize,
    /// Photos per step
    #[cfg_attr(feature = "cli", arg(long, default_value_t = Self::default().batch))]
    pub batch: usize,
    /// Learning rate: the highest that the schedule reaches
    #[cfg_attr(feature = "cli", arg(long, default_value_t = Self::default().lr))]
    pub lr: f64,
    /// Optimizer
    #[cfg_attr(feature = "cli", arg(long, value_enum, default_value_t = Self::default().optimizer))]
    pub optimizer: Optimizer,
    /// Momentum of SGD, at least 0
    #[cfg_attr(feature = "cli", arg(long, default_value_t = Self::default().momentum))]
    pub momentum: f64,
    /// Weight decay, as in PyTorch: decoupled for AdamW, added to the gradient for the others
    #[cfg_attr(feature = "cli", arg(long, default_value_t = Self::default().weight_decay))]
    pub weight_decay: f64,
    /// Schedule of the learning rate
    #[cfg_attr(feature = "cli", arg(long, value_enum, default_value_t = Self::default().schedule))]
    pub schedule: Schedule,
    /// Epochs after which `--schedule step` divides the rate by ten, separated by commas
    #[cfg_attr(feature = "cli", arg(long, value_delimiter = ','))]
    pub steps: Vec<usize>,
    /// Augmentation of the training photos
    #[cfg_attr(feature = "cli", arg(long, value_enum, default_value_t = Self::default().augment))]
    pub augment: Augment,
    /// Weight classes equally in the loss, however few photos they have
    #[cfg_attr(feature = "cli", arg(long))]
    pub balanced: bool,
    /// Precision: `mixed` stores activations in float16, which saves memory
    #[cfg_attr(feature = "cli", arg(long, value_enum, default_value_t = Self::default().precision))]
    pub precision: Precision,
    /// Seed of the initial weights, the order of the photos and the augmentation
    #[cfg_attr(feature = "cli", arg(long, default_value_t = Self::default().seed))]
    pub seed: u64,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            epochs: 10,
            batch: 64,
            lr: 3e-3,
            optimizer: Optimizer::Adamw,
            momentum: 0.9,
            weight_decay: 5e-3,
            schedule: Schedule::OneCycle,
            steps: Vec::new(),
            augment: Augment::CropFlip,
            balanced: false,
            precision: Precision::Full,
            seed: 1,
        }
    }
}

/// Algorithm that updates the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Optimizer {
    /// Adam with weight decay in the gradient (Kingma & Ba 2015).
    Adam,
    /// Adam with decoupled weight decay (Loshchilov & Hutter 2019).
    Adamw,
    /// Stochastic gradient descent with momentum.
    Sgd,
}

/// Float types of a training step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// Float32 throughout.
    #[default]
    Full,
    /// The activations between convolutions are stored in float16; products, sums, weights, norms, head, loss and optimizer
    /// are in float32 (after Micikevicius et al. 2018, "Mixed Precision Training"). Saves a quarter of a step's activations
    /// with batch norms and half without; no faster.
    Mixed,
}

impl Precision {
    /// Return the float type of the network's input, in which activations are stored.
    pub(super) fn inputs(self) -> FloatDType {
        match self {
            Self::Full => FloatDType::F32,
            Self::Mixed => FloatDType::F16,
        }
    }

    /// Return the factor by which the loss is multiplied and the gradients are divided, so that small gradients do not
    /// underflow in float16 (section 3.2 of the paper, which reports factors from 8 to 32,768).
    pub(super) fn loss_scale(self) -> f64 {
        match self {
            Self::Full => 1.0,
            Self::Mixed => 1024.0,
        }
    }
}

/// Learning rate over the course of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// The full rate throughout.
    Constant,
    /// From the full rate to zero along half a cosine (Loshchilov & Hutter 2017, without restarts).
    Cosine,
    /// The full rate, divided by ten after each epoch in `steps`.
    Step,
    /// Up over the first fifth of the run, then down along half a cosine (Smith & Topin 2018).
    OneCycle,
}

impl TrainConfig {
    /// Return the learning rate at `progress` through the run, from 0 to below 1.
    ///
    /// ```
    /// # use camscope::train::{Schedule, TrainConfig};
    /// let config = TrainConfig { lr: 0.1, schedule: Schedule::Cosine, ..TrainConfig::default() };
    /// assert_eq!(config.rate_at(0.0), 0.1);
    /// assert!((config.rate_at(0.5) - 0.05).abs() < 1e-12);
    /// ```
    pub fn rate_at(&self, progress: f64) -> f64 {
        const WARM_UP: f64 = 0.2;
        let half_cosine = |t: f64| 0.5 * (1.0 + (std::f64::consts::PI * t).cos());
        let share = match self.schedule {
            Schedule::Constant => 1.0,
            Schedule::Cosine => half_cosine(progress),
            Schedule::OneCycle if progress < WARM_UP => (progress / WARM_UP).max(1e-4),
            Schedule::OneCycle => half_cosine((progress - WARM_UP) / (1.0 - WARM_UP)),
            Schedule::Step => {
                // `progress` is rounded: without the millionth of an epoch, a drop could come one step late.
                let epoch = progress * self.epochs as f64 + 1e-6;
                let passed = self.steps.iter().filter(|&&step| epoch >= step as f64).count();
                0.1f64.powi(passed as i32)
            }
        };
        self.lr * share
    }

    /// Build the optimizer in its initial state, with PyTorch's defaults for all other options.
    pub fn optimizer(&self) -> ModuleOptimizer {
        let decay = (self.weight_decay > 0.0).then(|| WeightDecayConfig::new(self.weight_decay as f32));
        const EPSILON: f32 = 1e-8;
        match self.optimizer {
            Optimizer::Adam => AdamConfig::new().with_epsilon(EPSILON).with_weight_decay(decay).init(),
            Optimizer::Adamw => {
                AdamWConfig::new().with_epsilon(EPSILON).with_weight_decay(self.weight_decay as f32).init()
            }
            Optimizer::Sgd => {
                let momentum = MomentumConfig { momentum: self.momentum, dampening: 0.0, nesterov: false };
                let momentum = (self.momentum > 0.0).then_some(momentum);
                SgdConfig::new().with_weight_decay(decay).with_momentum(momentum).init()
            }
        }
    }
}
