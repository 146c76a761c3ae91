//! Timing a network: what to run, and how long it took.

use serde::{Deserialize, Serialize};

/// What to time, on noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchmarkSpec {
    /// Name of a network that is built for it, with random weights; `None` for the loaded one.
    pub network: Option<String>,
    /// Pixels on a side, at least 32.
    pub size: u32,
    /// Photos in each run, at least 1.
    pub batch: usize,
    /// Timed runs after the first, at least 1.
    pub runs: usize,
    /// Full training steps instead of forward passes.
    pub training: bool,
}

/// How long it took, in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BenchmarkResult {
    /// The first run, in which the device made itself ready.
    pub first: f32,
    /// Those after it, up to the logits or the loss.
    pub runs: Vec<f32>,
    /// Five maps of the first photo on top of each pass; empty for training.
    pub maps: Vec<f32>,
    /// Of one forward pass of one photo.
    pub multiply_adds: u64,
    /// What the network said of the noise, all photos in turn; empty for training.
    pub logits: Vec<f32>,
    /// Of every training step, the first included; empty for passes.
    pub losses: Vec<f32>,
    /// Bytes of memory the engine holds; 0 where it cannot tell.
    pub memory: u64,
}
