//! How well a network's maps find the objects whose boxes are known.

use burn::tensor::Device;
use serde::Serialize;

use super::TrainError;
use super::evaluate::read;
use crate::cam::{class_maps, locate};
use crate::data::{Augment, Dataset, batch};
use crate::model::Network;
use crate::recipe::{Recipe, Window};
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

/// Judges `network` by labelled images and the boxes of what their labels name, `size` images at a time.
///
/// # Errors
/// [`TrainError::Classes`] where data and network do not fit, [`TrainError::ReadBack`] from the device.
pub async fn localise(
    network: &Network,
    data: &Dataset,
    boxes: &[Vec<Window>],
    recipe: &Recipe,
    size: usize,
    device: &Device,
) -> Result<Localisation, TrainError> {
    let [_, classes] = network.linear.weight.dims();
    if data.classes.len() != classes {
        return Err(TrainError::Classes { data: data.classes.len(), network: classes });
    }
    let (mut wrong, mut wrong_known, mut hits, mut inside) = (0, 0, 0, 0.0);
    let positions: Vec<usize> = (0..data.len()).collect();
    for positions in positions.chunks(size.max(1)) {
        let x = recipe.normalise(&batch(data, positions, recipe.size, Augment::None, 0), device);
        let output = network.forward(x);
        let [_, _, height, width] = output.features.dims();
        let logits = read(output.logits).await?;
        for (i, (&position, scores)) in positions.iter().zip(logits.chunks(classes)).enumerate() {
            let label = data.labels[position];
            let predicted = (0..classes).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap_or(label);
            let features = output.features.clone().narrow(0, i, 1);
            let maps = read(class_maps(network, features, &[label, predicted])).await?;
            let located = |map: &[f32]| locate(&bilinear(map, width, height, GRID, GRID), GRID, &boxes[position]);
            let [of_label, of_predicted] = [0, 1].map(|m| located(&maps[m * width * height..][..width * height]));
            wrong += usize::from(predicted != label || of_predicted.overlap < FOUND);
            wrong_known += usize::from(of_label.overlap < FOUND);
            hits += usize::from(of_label.hit);
            inside += of_label.inside.unwrap_or(0.0);
        }
    }
    let share = |part: f64| part / data.len() as f64;
    Ok(Localisation {
        objects: data.len(),
        error: share(wrong as f64),
        error_class_known: share(wrong_known as f64),
        pointing: share(hits as f64),
        evidence_inside: share(inside),
    })
}
