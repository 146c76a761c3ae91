//! Timing a network: what to run, and how long it took.

use serde::{Deserialize, Serialize};

/// A benchmark to run. Its input is noise, because only the time counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchmarkSpec {
    /// Name of a network to build with random weights; `None` times the loaded model.
    pub network: Option<String>,
    /// Side of the input in pixels, at least 32.
    pub size: u32,
    /// Photos per run, at least 1.
    pub batch: usize,
    /// Timed runs after the first, at least 1.
    pub runs: usize,
    /// Time training steps instead of forward passes.
    pub training: bool,
}

/// The times of a benchmark, in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BenchmarkResult {
    /// Time of the first run, in which the device compiles shaders and packs weights.
    pub first: f32,
    /// Time of each later run, up to the logits or the loss.
    pub runs: Vec<f32>,
    /// Additional time of each later run for five maps of its first photo; empty for training.
    pub maps: Vec<f32>,
    /// Multiply-adds of one forward pass of one photo.
    pub multiply_adds: u64,
    /// Logits of all photos, one photo after the other; empty for training.
    pub logits: Vec<f32>,
    /// Loss of each training step, the first included; empty for forward passes.
    pub losses: Vec<f32>,
    /// Bytes of memory that the engine holds; 0 where it is not known.
    pub memory: u64,
}

/// Return the middle one of the values in order, the upper one of two; 0 if there is none.
///
/// ```
/// # use camscope::core::benchmark::median;
/// assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
/// ```
pub fn median(values: &[f32]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default().into()
}
