//! Training: one configuration, one async loop, events for whoever watches.

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
