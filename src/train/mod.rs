//! Training: one configuration, one async loop, events for whoever watches.

mod fit;

pub use fit::{Epoch, Event, TrainError, evaluate, fit};

use serde::{Deserialize, Serialize};

/// Everything a run depends on besides its data and network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainConfig {
    pub epochs: usize,
    /// Photos per step.
    pub batch: usize,
    /// Peak learning rate; it rises over the first fifth of the run and falls to zero along a cosine.
    pub learning_rate: f64,
    pub weight_decay: f64,
    /// Random shifts and mirror images.
    pub augment: bool,
    /// Order of the photos and augmentation follow from it, and the weights' initial values.
    pub seed: u64,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self { epochs: 10, batch: 64, learning_rate: 3e-3, weight_decay: 5e-3, augment: true, seed: 1 }
    }
}

impl TrainConfig {
    /// Learning rate at `progress` of the run, from 0 to 1 (one-cycle; Smith & Topin 2018).
    pub fn rate_at(&self, progress: f64) -> f64 {
        const WARM_UP: f64 = 0.2;
        let share = if progress < WARM_UP {
            progress / WARM_UP
        } else {
            0.5 * (1.0 + (std::f64::consts::PI * (progress - WARM_UP) / (1.0 - WARM_UP)).cos())
        };
        self.learning_rate * share.max(1e-4)
    }
}
