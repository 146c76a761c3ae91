//! How well a network's maps find the objects whose boxes are known.

use serde::Serialize;

use crate::evidence::{GRID, locate};
use crate::recipe::Window;
use crate::render::bilinear;

/// The overlap from which on a box counts as found.
const FOUND: f64 = 0.5;

/// A network's record on objects with known boxes; all are shares from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Localisation {
    pub objects: usize,
    /// Class wrong, or the box around the predicted class's evidence overlaps the object's by less than half (intersection
    /// over union): the top-1 localisation error of Zhou et al. 2016, section 3.2.
    pub error: f64,
    /// The same with the right class given.
    pub error_class_known: f64,
    /// Maximum of the right class's map inside the object's box.
    pub pointing: f64,
    /// Positive evidence of the right class inside the object's box, mean over the objects.
    pub evidence_inside: f64,
}

/// What was found so far, photo by photo.
#[derive(Debug, Default)]
pub struct Found {
    objects: usize,
    wrong: usize,
    wrong_class_known: usize,
    hits: usize,
    inside: f64,
}

impl Found {
    /// Judges the map of what a photo's label names, `width` cells a row, by the object's boxes; `right` where that is what
    /// the network predicted (else the predicted class's map counts as wrong wherever it points).
    pub fn judge(&mut self, map: &[f32], width: usize, right: bool, boxes: &[Window]) {
        let found = locate(&bilinear(map, width, map.len() / width, GRID, GRID), GRID, boxes);
        self.objects += 1;
        self.wrong += usize::from(!right || found.overlap < FOUND);
        self.wrong_class_known += usize::from(found.overlap < FOUND);
        self.hits += usize::from(found.hit);
        self.inside += found.inside.unwrap_or(0.0);
    }

    pub fn shares(self) -> Localisation {
        let share = |part: f64| part / self.objects as f64;
        Localisation {
            objects: self.objects,
            error: share(self.wrong as f64),
            error_class_known: share(self.wrong_class_known as f64),
            pointing: share(self.hits as f64),
            evidence_inside: share(self.inside),
        }
    }
}
