//! Choice between kernels by timing, and where its results are kept.
//!
//! Timing takes seconds to minutes, so a program has to ask for it, and it pays for long work such as training. The results
//! are kept on disk: a shape is timed once per adapter, not once per run.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use burn_cubecl::cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};
use burn_cubecl::cubecl::environment;

use super::shape::ConvShape;

/// Called with the number of operations that were looked up or timed so far.
type Report = Box<dyn Fn(usize) + Send + Sync>;

static REPORT: OnceLock<Report> = OnceLock::new();

/// Keep what burn's and this crate's timings find in `folder`, apart for each `adapter`, which should be the adapter's name.
///
/// Without this call, burn keeps its own results below the working directory.
pub fn keep_in(folder: &Path, adapter: &str) {
    // The configuration sets a folder of its own when it is loaded, so that has to happen before.
    let _ = CubeClRuntimeConfig::get();
    environment::set_root(folder);
    environment::activate(adapter);
}

/// From now on, use the faster of this crate's convolutions and burn's for every shape with a batch of at least 16.
/// `report` is called before an operation is used for the first time, with the number of operations so far. The first call
/// counts.
pub fn start(report: impl Fn(usize) + Send + Sync + 'static) {
    let _ = REPORT.set(Box::new(report));
}

/// Implementation of a tuned operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Implementation {
    /// The faster of the two.
    Faster,
    /// This crate's kernels.
    Own,
    /// burn's.
    Burn,
}

static IMPLEMENTATION: Mutex<Implementation> = Mutex::new(Implementation::Faster);

/// Use one implementation of all tuned operations, to compare both.
pub fn use_only(implementation: Implementation) {
    *IMPLEMENTATION.lock().unwrap_or_else(PoisonError::into_inner) = implementation;
}

/// Return the implementation in use.
pub(super) fn implementation() -> Implementation {
    *IMPLEMENTATION.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Return whether convolutions are tuned.
pub(super) fn is_on() -> bool {
    REPORT.get().is_some()
}

/// Report an operation if it is used for the first time.
pub(super) fn report(operation: &'static str, shape: ConvShape) {
    static USED: Mutex<Option<HashSet<(&'static str, ConvShape)>>> = Mutex::new(None);
    let Some(report) = REPORT.get() else { return };
    let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
    let used = used.get_or_insert_default();
    if used.insert((operation, shape)) {
        report(used.len());
    }
}
