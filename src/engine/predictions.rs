//! Predictions from a cached inference: scores, maps and evidence boxes of any classes.

use super::cache::{CachedInference, Scores};
use crate::cam::Head;
use crate::core::evidence::{BOX_THRESHOLD, GRID, evidence_box};
use crate::core::geometry::Rect;
use crate::core::inference::{ClassMap, Prediction};
use crate::core::resample::bilinear;

/// Compute the predictions for `classes` with their CAMs. `names` are the names of all classes.
pub(super) fn predictions(
    head: &Head,
    names: &[String],
    cached: &CachedInference,
    classes: &[usize],
) -> Vec<Prediction> {
    let [_, _, height, width] = cached.shape;
    with_maps(&head.class_maps(&cached.features, classes), [height, width], names, &cached.scores, classes)
}

/// Compute the predictions for `classes` with the given `maps`, `[classes, height, width]`.
pub(super) fn with_maps(
    maps: &[f32],
    [height, width]: [usize; 2],
    names: &[String],
    scores: &Scores,
    classes: &[usize],
) -> Vec<Prediction> {
    let predictions = classes.iter().zip(maps.chunks_exact(width * height)).map(|(&index, map)| Prediction {
        index,
        class: names[index].clone(),
        logit: scores.logits[index],
        probability: scores.probabilities[index],
        evidence_box: box_in_photo(map, width, height, scores.crop),
        map: ClassMap { width, height, values: map.to_vec() },
    });
    predictions.collect()
}

/// Return the evidence box `[x0, y0, x1, y1]` of the map scaled up to [`GRID`], in the pixels of `crop`.
fn box_in_photo(map: &[f32], width: usize, height: usize, crop: Rect) -> Option<[f32; 4]> {
    let fine = bilinear(map, width, height, GRID, GRID);
    let cells = evidence_box(&fine, GRID, BOX_THRESHOLD)?;
    let x = |cell: usize| (crop.x + crop.width * cell as f64 / GRID as f64) as f32;
    let y = |cell: usize| (crop.y + crop.height * cell as f64 / GRID as f64) as f32;
    Some([x(cells.x0), y(cells.y0), x(cells.x1), y(cells.y1)])
}
