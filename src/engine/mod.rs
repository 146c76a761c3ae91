//! The engine: a model on a device that answers what a photo shows and where. No page, no files.

mod judge;
mod said;
mod session;
mod teach;
mod trial;
#[cfg(feature = "engine")]
mod weights;
#[cfg(feature = "engine")]
pub mod worker;

pub use session::{COMPARED, EngineError, Session};
pub use teach::Taught;
pub use trial::noise;
