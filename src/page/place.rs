//! The point of a photo at which map values are read: the position of the pointer, or of a cell chosen with the arrow keys.

use leptos::prelude::*;
use web_sys::{KeyboardEvent, PointerEvent};

use super::canvas;
use crate::core::inference::{ClassMap, Inference};

/// Position in fractions of the photo's width and height.
type At = (f32, f32);

/// The current position, or none. Copies share it.
#[derive(Clone, Copy)]
pub struct Place {
    at: RwSignal<Option<At>>,
    /// Whether the position was set by keys. Only then it is drawn: a pointer is visible by itself.
    by_keys: RwSignal<bool>,
}

impl Place {
    /// Start without a position.
    pub fn new() -> Self {
        Self { at: RwSignal::new(None), by_keys: RwSignal::new(false) }
    }

    /// Return the position. Tracked.
    pub fn get(&self) -> Option<At> {
        self.at.get()
    }

    /// Return the position if it must be drawn. Tracked, but a moving pointer notifies nobody.
    pub fn mark(&self) -> Option<At> {
        self.by_keys.get().then(|| self.at.get()).flatten()
    }

    /// Take the position of the pointer.
    pub fn point(&self, event: &PointerEvent) {
        self.set(canvas::place(event), false);
    }

    /// Forget the position.
    pub fn leave(&self) {
        self.set(None, false);
    }

    /// Move by one cell of `map` at an arrow key, within the network's crop and starting in its middle; forget the position at
    /// Escape. Return whether it was one of these keys.
    pub fn walk(&self, event: &KeyboardEvent, inference: &Inference, map: &ClassMap) -> bool {
        let by = match event.key().as_str() {
            "ArrowLeft" => [-1, 0],
            "ArrowRight" => [1, 0],
            "ArrowUp" => [0, -1],
            "ArrowDown" => [0, 1],
            "Escape" => {
                self.leave();
                return true;
            }
            _ => return false,
        };
        event.prevent_default(); // the page would scroll
        let crop = inference.crop;
        let walked = |at: Option<f32>, by: i32, from: f64, length: f64, cells: usize| {
            let cell = match at {
                Some(at) => ((f64::from(at) - from) / length * cells as f64).floor() as i32 + by,
                None => cells as i32 / 2,
            };
            let cell = f64::from(cell.clamp(0, cells as i32 - 1)) + 0.5;
            (from + cell / cells as f64 * length) as f32
        };
        let at = self.at.get_untracked();
        let x = walked(at.map(|(x, _)| x), by[0], crop.x, crop.width, map.width);
        let y = walked(at.map(|(_, y)| y), by[1], crop.y, crop.height, map.height);
        self.set(Some((x, y)), true);
        true
    }

    fn set(&self, at: Option<At>, by_keys: bool) {
        self.at.set(at);
        if self.by_keys.get_untracked() != by_keys {
            self.by_keys.set(by_keys);
        }
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}
