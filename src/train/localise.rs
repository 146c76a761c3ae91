//! How well a network's maps find the objects whose boxes are known.

use burn::tensor::Tensor;
use serde::Serialize;

use super::TrainError;
use crate::cam::{class_maps, locate};
use crate::device::read;
use crate::model::Network;
use crate::recipe::Window;
use crate::render::bilinear;

/// How fine the grid is to which maps are scaled up before they are judged.
const GRID: usize = 112;

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
#[derive(Default)]
pub(super) struct Found {
    objects: usize,
    wrong: usize,
    wrong_class_known: usize,
    hits: usize,
    inside: f64,
}

impl Found {
    /// Judges the maps of a photo, from its features `[1, k, h, w]`, by the boxes of what `label` names.
    pub async fn judge(
        &mut self,
        network: &Network,
        features: Tensor<4>,
        label: usize,
        predicted: usize,
        boxes: &[Window],
    ) -> Result<(), TrainError> {
        let [_, _, height, width] = features.dims();
        let maps = read(class_maps(network, features, &[label, predicted])).await?;
        let located = |map: &[f32]| locate(&bilinear(map, width, height, GRID, GRID), GRID, boxes);
        let (of_label, of_predicted) = maps.split_at(width * height);
        let (of_label, of_predicted) = (located(of_label), located(of_predicted));
        self.objects += 1;
        self.wrong += usize::from(predicted != label || of_predicted.overlap < FOUND);
        self.wrong_class_known += usize::from(of_label.overlap < FOUND);
        self.hits += usize::from(of_label.hit);
        self.inside += of_label.inside.unwrap_or(0.0);
        Ok(())
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
