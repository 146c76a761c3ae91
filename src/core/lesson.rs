//! A lesson: fine-tuning a network on a person's own photos. What to learn, how, and how it goes.

use serde::{Deserialize, Serialize};

use super::inference::Prediction;

/// Which weights are trained. All others are frozen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrainablePart {
    /// A new head.
    #[default]
    Head,
    /// A new head and the last stage.
    LastStage,
}

/// Settings of a fine-tuning run; the defaults suit a handful of photos.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LessonSettings {
    /// Which weights are trained.
    pub part: TrainablePart,
    /// Passes over the training photos.
    pub epochs: usize,
    /// Photos per step.
    pub batch: usize,
    /// Highest learning rate of Adam; it falls to zero along half a cosine.
    pub lr: f64,
    /// Share of each class that is held out for validation, from 0 to below 1.
    pub held_out: f64,
    /// Also train on augmented copies: mirrored, shifted, in other light.
    pub augment: bool,
    /// Give each class the same weight in the loss, however few its photos are.
    pub balanced: bool,
    /// Seed of the split, the order of the photos and the augmentation.
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

/// A fine-tuning task: a person's own classes, and the photos that show them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lesson {
    /// Name of the new model, for addresses and file names.
    pub name: String,
    /// Title of the new model, for people.
    pub title: String,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Each photo's id and the index of its class.
    pub photos: Vec<(u32, usize)>,
    /// How to train.
    pub settings: LessonSettings,
    /// A photo's id and the index of a class whose map is reported after every epoch.
    pub watched: Option<(u32, usize)>,
}

/// Progress of a fine-tuning run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum LessonEvent {
    /// A step is done.
    Step {
        /// Steps done in the whole run.
        done: usize,
        /// Steps of the whole run.
        total: usize,
        /// Cross-entropy of the step's batch, in nats.
        loss: f32,
    },
    /// An epoch is done.
    Epoch {
        /// Number of the epoch, from 1.
        number: usize,
        /// Number of epochs.
        of: usize,
        /// Mean cross-entropy on the training photos, in nats.
        train_loss: f64,
        /// Loss and accuracy (0 to 1) on the held-out photos; `None` where there are none.
        held_out: Option<(f64, f64)>,
        /// Prediction and map of the watched photo and class.
        watched: Option<Prediction>,
        /// Milliseconds since the run began, pauses included.
        milliseconds: f64,
    },
}

/// The new model's prediction for a photo of the lesson.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Id of the photo.
    pub photo: u32,
    /// Index of the photo's true class.
    pub class: usize,
    /// Whether the photo was held out from training.
    pub held_out: bool,
    /// Probability of every class, 0 to 1.
    pub probabilities: Vec<f32>,
}

impl Answer {
    /// Return the most probable class and its probability; `None` without classes.
    ///
    /// ```
    /// # use camscope::core::lesson::Answer;
    /// let answer = Answer { photo: 1, class: 0, held_out: true, probabilities: vec![0.25, 0.75] };
    /// assert_eq!(answer.best(), Some((1, 0.75)));
    /// ```
    pub fn best(&self) -> Option<(usize, f32)> {
        self.probabilities.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))
    }
}
