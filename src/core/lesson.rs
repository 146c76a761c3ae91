//! Fine-tuning on a few photos: what is learnt, how, and how it goes.

use serde::{Deserialize, Serialize};

use super::inference::Prediction;

/// Which weights learn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrainablePart {
    /// A new head on the features as they are.
    #[default]
    Head,
    /// That, and the last stage.
    LastStage,
}

/// How to learn; the defaults are good for a handful of photos.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LessonSettings {
    pub part: TrainablePart,
    pub epochs: usize,
    /// Photos per step.
    pub batch: usize,
    /// The highest learning rate of Adam.
    pub lr: f64,
    /// Share of every class that is only judged by.
    pub held_out: f64,
    /// Learn from changed copies too: mirrored, shifted, in other light.
    pub augment: bool,
    /// Classes with few photos weigh as much as the others.
    pub balanced: bool,
    pub seed: u64,
}

impl Default for LessonSettings {
    fn default() -> Self {
        Self {
            part: TrainablePart::Head,
            epochs: 20,
            batch: 16,
            lr: 0.003,
            held_out: 0.2,
            augment: true,
            balanced: true,
            seed: 1,
        }
    }
}

/// Classes of the person's own, and the photos that show them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lesson {
    /// Name of the model to come, and its title for people.
    pub name: String,
    pub title: String,
    pub classes: Vec<String>,
    /// Each photo with its class.
    pub photos: Vec<(u32, usize)>,
    pub settings: LessonSettings,
    /// A photo and a class whose map is told after every epoch.
    pub watched: Option<(u32, usize)>,
}

/// How a training goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum LessonEvent {
    Step {
        done: usize,
        total: usize,
        loss: f32,
    },
    Epoch {
        /// From 1.
        number: usize,
        of: usize,
        train_loss: f64,
        /// Loss and accuracy (0 to 1) on the held-out photos; `None` where there are none.
        held_out: Option<(f64, f64)>,
        watched: Option<Prediction>,
        /// Since the training began, pauses included.
        milliseconds: f64,
    },
}

/// What the new model says of a photo that it was taught or judged by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub photo: u32,
    pub class: usize,
    pub held_out: bool,
    /// Of every class.
    pub probabilities: Vec<f32>,
}

impl Answer {
    /// The most probable class, and how probable it is.
    pub fn best(&self) -> Option<(usize, f32)> {
        self.probabilities.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))
    }
}
