//! Plain data and its arithmetic, shared by the page, the engine and the command line.
//!
//! Nothing here depends on burn or on the browser, so that the page links neither.

#![deny(missing_docs)]

pub mod adapter;
#[cfg(any(feature = "cli", feature = "page"))]
pub mod annotations;
#[cfg(any(feature = "cli", feature = "page"))]
pub mod archive;
pub mod batch;
pub mod benchmark;
pub mod evidence;
pub mod file_kind;
pub mod folders;
pub mod geometry;
pub mod inference;
pub mod lesson;
pub mod message;
pub mod method;
pub mod metrics;
pub mod names;
pub mod npy;
pub mod preprocessing;
pub mod project;
pub mod resample;
