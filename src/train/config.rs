//! Everything a training run depends on besides its data and network.

use burn::optim::{
    AdamConfig, AdamWConfig, ModuleOptimizer, SgdConfig, decay::WeightDecayConfig, momentum::MomentumConfig,
};
use burn::tensor::FloatDType;
use serde::{Deserialize, Serialize};

use crate::data::Augment;

/// Settings of a training loop; the defaults learn most small data sets. On the command line, in TOML and in a run folder
/// alike.
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
    /// Learning rate, or the highest that the schedule reaches
    #[cfg_attr(feature = "cli", arg(long, default_value_t = Self::default().lr))]
    pub lr: f64,
    #[cfg_attr(feature = "cli", arg(long, value_enum, default_value_t = Self::default().optimizer))]
    pub optimizer: Optimizer,
    /// Momentum of SGD, from 0
    #[cfg_attr(feature = "cli", arg(long, default_value_t = Self::default().momentum))]
    pub momentum: f64,
    /// Weight decay: decoupled for AdamW, added to the gradient for the others, as in PyTorch
    #[cfg_attr(feature = "cli", arg(long, default_value_t = Self::default().weight_decay))]
    pub weight_decay: f64,
    #[cfg_attr(feature = "cli", arg(long, value_enum, default_value_t = Self::default().schedule))]
    pub schedule: Schedule,
    /// Epochs after which `--schedule step` divides the rate by ten, with commas between
    #[cfg_attr(feature = "cli", arg(long, value_delimiter = ','))]
    pub steps: Vec<usize>,
    /// Changes to the training photos
    #[cfg_attr(feature = "cli", arg(long, value_enum, default_value_t = Self::default().augment))]
    pub augment: Augment,
    /// Every class has the same say in the loss, however few its photos are
    #[cfg_attr(feature = "cli", arg(long))]
    pub balanced: bool,
    /// `mixed` computes convolutions in float16, for adapters that are faster so
    #[cfg_attr(feature = "cli", arg(long, value_enum, default_value_t = Self::default().precision))]
    pub precision: Precision,
    /// Initial weights, order of the photos and augmentation follow from it
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Optimizer {
    Adam,
    Adamw,
    Sgd,
}

/// The floats of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// Float32 throughout.
    #[default]
    Full,
    /// Convolutions in float16; weights, norms, head, loss and optimizer in float32 (Micikevicius et al. 2018, "Mixed
    /// Precision Training"). Half the memory, and faster on adapters that calculate in float16; slower on the processor.
    Mixed,
}

impl Precision {
    pub(super) fn inputs(self) -> FloatDType {
        match self {
            Self::Full => FloatDType::F32,
            Self::Mixed => FloatDType::F16,
        }
    }

    /// What the loss is multiplied by, and the gradients are divided by, so that the small ones of them do not vanish in
    /// float16 (section 3.2 of the paper, which found factors from 8 to 32,768 to do).
    pub(super) fn loss_scale(self) -> f64 {
        match self {
            Self::Full => 1.0,
            Self::Mixed => 1024.0,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    Constant,
    /// From the full rate to zero along half a cosine (Loshchilov & Hutter 2017, without restarts).
    Cosine,
    /// The full rate, divided by ten at every one of the `steps`.
    Step,
    /// Up over the first fifth of the run, then down along half a cosine (Smith & Topin 2018).
    OneCycle,
}

impl TrainConfig {
    /// Learning rate at `progress` of the run, from 0 to below 1.
    pub fn rate_at(&self, progress: f64) -> f64 {
        const WARM_UP: f64 = 0.2;
        let half_cosine = |t: f64| 0.5 * (1.0 + (std::f64::consts::PI * t).cos());
        let share = match self.schedule {
            Schedule::Constant => 1.0,
            Schedule::Cosine => half_cosine(progress),
            Schedule::OneCycle if progress < WARM_UP => (progress / WARM_UP).max(1e-4),
            Schedule::OneCycle => half_cosine((progress - WARM_UP) / (1.0 - WARM_UP)),
            Schedule::Step => {
                // A step's progress is a fraction of floats: half a millionth of an epoch must not hold the drop back.
                let epoch = progress * self.epochs as f64 + 1e-6;
                let passed = self.steps.iter().filter(|&&step| epoch >= step as f64).count();
                0.1f64.powi(passed as i32)
            }
        };
        self.lr * share
    }

    /// The optimizer in its initial state, with PyTorch's defaults for what is not named here.
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
