//! Training: one configuration and one async loop that reports its events.

mod config;
mod evaluate;
mod examples;
mod fit;
mod localise;

pub use config::{Optimizer, Precision, Schedule, TrainConfig};
pub use evaluate::{Evaluation, evaluate};
pub use examples::Examples;
pub use fit::{Epoch, Event, Progress, TrainError, fit};
pub use localise::{LocalisationScores, LocalisationTally};
