//! The engine: one model on one device that classifies photos and explains where the evidence is. No page, no files.

mod benchmark;
mod cache;
mod error;
mod learner;
mod messages;
mod metrics;
mod predictions;
mod session;
mod teach;
#[cfg(feature = "engine")]
pub mod worker;

pub use benchmark::noise;
pub use error::EngineError;
pub use session::{MAX_COMPARED_CLASSES, Session};
pub use teach::Taught;
