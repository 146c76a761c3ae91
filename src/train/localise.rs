//! Localisation by class activation maps, on objects whose boxes are known.

use serde::Serialize;

use crate::core::evidence::localise;
use crate::core::geometry::Rect;

/// Intersection over union from which a box counts as correct.
const MIN_IOU: f64 = 0.5;

/// Localisation scores on objects with known boxes: shares from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LocalisationScores {
    /// Number of objects.
    pub objects: usize,
    /// Top-1 localisation error (Zhou et al. 2016, section 3.2): share of objects whose class is predicted wrongly, or
    /// whose box has an intersection over union below 0.5 with the box around the class's evidence.
    pub error: f64,
    /// Localisation error if the correct class is given.
    pub error_class_known: f64,
    /// Pointing game: share of objects whose box contains the maximum of the correct class's map.
    pub pointing: f64,
    /// Mean share of the correct class's evidence inside the object's boxes
    /// ([`evidence_inside`](crate::core::evidence::evidence_inside)). A map without evidence counts as 0.
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
    /// Add one photo: the map of its label's class, row-major with `width` cells per row, and the object's `boxes`.
    /// `correct` says whether the network predicted that class; otherwise the photo counts as an error wherever the map
    /// points.
    pub fn add(&mut self, map: &[f32], width: usize, correct: bool, boxes: &[Rect]) {
        let found = localise(map, width, boxes);
        self.objects += 1;
        self.wrong += usize::from(!correct || found.iou < MIN_IOU);
        self.wrong_class_known += usize::from(found.iou < MIN_IOU);
        self.hits += usize::from(found.hit);
        self.inside += found.inside.unwrap_or(0.0);
    }

    /// Divide the sums by the number of objects.
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
