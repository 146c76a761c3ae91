//! The engine: a model on a device that answers what a photo shows and where. No page, no files.

mod session;
#[cfg(feature = "train")]
mod teach;
#[cfg(feature = "engine")]
pub mod worker;

pub use session::{EngineError, Session};
#[cfg(feature = "train")]
pub use teach::Taught;
