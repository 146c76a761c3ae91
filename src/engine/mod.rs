//! The engine: a model on a device that answers what a photo shows and where. No page, no files.

mod benchmark;
mod messages;
mod metrics;
mod session;
mod teach;
#[cfg(feature = "engine")]
mod weights;
#[cfg(feature = "engine")]
pub mod worker;

pub use benchmark::noise;
pub use session::{COMPARED, EngineError, Session};
pub use teach::Taught;
