//! camscope: see where a convolutional network looked.
//!
//! ```text
//! file ─ photo ─ preprocess ─ model ─ cam ─┐
//!                                          engine ─ protocol ─ render ─ canvas or PNG
//! checkpoint ──────────────── model ───────┘
//! folder ─ data ─ train ─ checkpoint ─ www/models ─ site
//! ```
//!
//! Which module is built for which binary is said here and nowhere else: the page's programs (`app`) have no `net`, so they link
//! neither burn nor the decoders; the engine workers have `net` and one device; the native binary has all.

#[cfg(any(feature = "cli", feature = "check"))]
pub mod annotations;
#[cfg(feature = "net")]
pub mod cam;
#[cfg(feature = "net")]
pub mod checkpoint;
#[cfg(feature = "net")]
pub mod data;
#[cfg(feature = "net")]
pub mod device;
#[cfg(feature = "net")]
pub mod engine;
pub mod evidence;
#[cfg(feature = "net")]
pub mod kernels;
#[cfg(feature = "fluent")]
pub mod language;
pub mod measure;
pub mod method;
#[cfg(feature = "net")]
pub mod model;
pub mod npy;
#[cfg(any(feature = "app", feature = "words"))]
pub mod page;
#[cfg(feature = "net")]
pub mod photo;
#[cfg(feature = "net")]
pub mod preprocess;
pub mod project;
pub mod protocol;
pub mod recipe;
#[cfg(any(feature = "net", feature = "app"))]
pub mod render;
pub mod said;
#[cfg(any(feature = "net", feature = "app"))]
pub mod survey;
#[cfg(feature = "net")]
pub mod threads;
#[cfg(feature = "net")]
pub mod train;
