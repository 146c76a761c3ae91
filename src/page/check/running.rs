//! What the engines are at: on the folder, and on the chosen photo.

use std::collections::HashSet;

use leptos::prelude::*;

use crate::core::method::{CamOptions, Method};
use crate::core::metrics::Metric;
use crate::page::engine::{Engine, Network};
use crate::page::task::{Task, TaskSlot};

/// What the chosen photo's map is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum CompareWith {
    /// Another of its classes, by position.
    Class(usize),
    /// The same class's map made in another way.
    Method(Method),
    /// What another network has of the same class, or of its best one.
    Model(String),
}

/// A task for the chosen photo beyond inference; classes are given by index.
#[derive(Debug, Clone, PartialEq)]
pub enum PhotoTask {
    /// The map by the method chosen.
    Main(CamOptions, usize),
    /// The map that it is compared with.
    Other(CompareWith, CamOptions, usize),
    Metric(CamOptions, usize, Metric),
}

/// What the chosen photo lacks.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Its inference, and the large picture.
    Open(Network),
    /// A map or a measure.
    Task(PhotoTask),
}

/// What works on the chosen photo.
#[derive(Clone, Copy)]
pub struct OnStage {
    pub task: TaskSlot,
    /// The photo and the step that it is at.
    pub at: StoredValue<Option<(u32, Step)>>,
    /// The photo that is shown large, and the network of its inference.
    pub open: StoredValue<Option<(u32, Network)>>,
    /// The engine with the network that is compared with.
    pub beside: StoredValue<Option<Engine>, LocalStorage>,
}

impl OnStage {
    pub fn new() -> Self {
        Self {
            task: StoredValue::new_local(None),
            at: StoredValue::default(),
            open: StoredValue::default(),
            beside: StoredValue::new_local(None),
        }
    }
}

/// What works on the folder.
#[derive(Clone, Copy)]
pub struct Folder {
    /// The first engine's loop over the photos, and the helpers' loops.
    pub lanes: StoredValue<Vec<Option<Task>>, LocalStorage>,
    pub helpers: StoredValue<Vec<Engine>, LocalStorage>,
    /// Photos that an engine has.
    pub taken: StoredValue<HashSet<u32>>,
    /// Photos at which a helper stopped. Only the first engine takes them again.
    pub avoided: StoredValue<HashSet<u32>>,
}

impl Folder {
    pub fn new() -> Self {
        Self {
            lanes: StoredValue::new_local(Vec::new()),
            helpers: StoredValue::new_local(Vec::new()),
            taken: StoredValue::default(),
            avoided: StoredValue::default(),
        }
    }
}
