//! State of the part: what can be measured, what is being measured, and the results.

use crate::core::benchmark::{BenchmarkResult, median};
use crate::core::message::{Arg, Message};
use crate::page::engine::{Engine, Steering};
use crate::page::manifest::Model;
use crate::page::notices::Notices;
use crate::page::shared::Shared;
use leptos::prelude::*;

/// What to measure, as the address or the controls have it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measurement {
    /// A model of the site, or a network that is built with random weights.
    pub model: String,
    /// `webgpu` or `cpu`.
    pub device: &'static str,
    /// Pixels on a side.
    pub size: u32,
    pub runs: usize,
    pub batch: usize,
    pub training: bool,
}

/// One finished measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub wanted: Measurement,
    /// Name of the graphics adapter; "CPU" for the processor.
    pub adapter: String,
    pub result: BenchmarkResult,
}

impl Finding {
    /// The middle one of the runs, in milliseconds.
    pub fn median(&self) -> f64 {
        median(&self.result.runs)
    }

    /// Five maps, in milliseconds.
    pub fn maps(&self) -> f64 {
        median(&self.result.maps)
    }

    /// Billions of operations a second, a multiply-add being two. A training step is counted as three passes: forward, and
    /// two of the same size backward.
    pub fn gflops(&self) -> f64 {
        let passes = if self.wanted.training { 3.0 } else { 1.0 };
        2.0 * passes * self.result.multiply_adds as f64 * self.wanted.batch as f64 / self.median() / 1e6
    }
}

#[derive(Clone, Copy)]
pub struct State {
    pub shared: Shared,
    pub models: RwSignal<Vec<Model>>,
    pub wanted: RwSignal<Measurement>,
    /// The graphics adapter, or why there is none.
    pub adapter: RwSignal<Result<Arg, Message>>,
    /// Runs done and to do while it measures; of 0 while the network loads.
    pub running: RwSignal<Option<(usize, usize)>>,
    /// Newest last.
    pub findings: RwSignal<Vec<Finding>>,
    pub notices: Notices,
    /// The engine that measured last, and its device.
    pub engine: StoredValue<Option<(&'static str, Engine)>, LocalStorage>,
    /// Steers the measurement that runs.
    pub steering: StoredValue<Option<Steering>, LocalStorage>,
}

impl State {
    pub fn new(shared: Shared) -> Self {
        Self {
            shared,
            models: shared.models,
            wanted: RwSignal::default(),
            adapter: RwSignal::new(Err("about-unasked".into())),
            running: RwSignal::new(None),
            findings: RwSignal::default(),
            notices: shared.notices,
            engine: StoredValue::new_local(None),
            steering: StoredValue::new_local(None),
        }
    }
}
