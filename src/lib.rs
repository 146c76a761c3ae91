//! camscope: see where a convolutional network looked.
//!
//! ```text
//! file ─ photo ─ preprocess ─ model ─ cam ─┐
//!                                          engine ─ protocol ─ render ─ canvas or PNG
//! checkpoint ──────────────── model ───────┘
//! folder ─ data ─ train ─ checkpoint ─ www/models ─ site
//! ```
//!
//! This file and the mod.rs files below it say which module is built for which binary: the page lacks `net`, so it links
//! neither burn nor the decoders; an engine worker has `net` and one device; the native binary has everything.

#[cfg(feature = "net")]
pub mod cam;
#[cfg(feature = "net")]
pub mod checkpoint;
pub mod core;
#[cfg(feature = "net")]
pub mod data;
#[cfg(feature = "net")]
pub mod device;
#[cfg(feature = "net")]
pub mod engine;
#[cfg(feature = "fluent")]
pub mod language;
#[cfg(feature = "net")]
pub mod model;
#[cfg(feature = "page")]
pub mod page;
#[cfg(feature = "net")]
pub mod photo;
#[cfg(feature = "net")]
pub mod preprocess;
pub mod protocol;
#[cfg(any(feature = "net", feature = "page"))]
pub mod render;
#[cfg(feature = "net")]
pub mod train;

#[cfg(feature = "net")]
pub use camscope_kernels as kernels;
#[cfg(feature = "net")]
pub use camscope_kernels::threads;
