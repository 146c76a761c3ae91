//! How well a network's maps find the objects whose boxes are known.

use serde::Serialize;

use crate::core::evidence::localise;
use crate::core::geometry::Rect;

/// Intersection over union from which a box counts as found.
const FOUND: f64 = 0.5;

/// A network's record on objects with known boxes; all are shares from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LocalisationScores {
    /// Number of objects.
    pub objects: usize,
    /// Class wrong, or the box around the predicted class's evidence overlaps the object's by less than half (intersection
    /// over union): the top-1 localisation error of Zhou et al. 2016, section 3.2.
    pub error: f64,
    /// The same with the right class given.
    pub error_class_known: f64,
    /// Maximum of the right class's map inside the object's box: the pointing game.
    pub pointing: f64,
    /// Evidence of the right class inside the object's boxes
    /// ([`evidence_inside`](crate::core::evidence::evidence_inside)), mean over the objects; a map without evidence counts
    /// as 0.
    pub evidence_inside: f64,
}

/// Running sums of [`LocalisationScores`], photo by photo.
#[derive(Debug, Default)]
pub struct LocalisationTally {
    objects: usize,
    wrong: usize,
    wrong_class_known: usize,
    hits: usize,
    inside: f64,
}

impl LocalisationTally {
    /// Judge the map of what a photo's label names, `width` cells a row, by the object's boxes. `right` tells whether the
    /// network predicted that class; else the predicted class's map counts as wrong wherever it points.
    pub fn judge(&mut self, map: &[f32], width: usize, right: bool, boxes: &[Rect]) {
        let found = localise(map, width, boxes);
        self.objects += 1;
        self.wrong += usize::from(!right || found.iou < FOUND);
        self.wrong_class_known += usize::from(found.iou < FOUND);
        self.hits += usize::from(found.hit);
        self.inside += found.inside.unwrap_or(0.0);
    }

    /// Divide by the number of objects.
    pub fn scores(self) -> LocalisationScores {
        let share = |part: f64| part / self.objects as f64;
        LocalisationScores {
            objects: self.objects,
            error: share(self.wrong as f64),
            error_class_known: share(self.wrong_class_known as f64),
            pointing: share(self.hits as f64),
            evidence_inside: share(self.inside),
        }
    }
}
