//! Predictions from a cached inference: scores, maps and evidence boxes of any classes.

use burn::tensor::Tensor;

use super::cache::CachedInference;
use super::error::EngineError;
use crate::cam::class_maps;
use crate::core::evidence::{BOX_THRESHOLD, GRID, evidence_box};
use crate::core::geometry::Rect;
use crate::core::inference::{ClassMap, Prediction};
use crate::core::resample::bilinear;
use crate::device::read;
use crate::model::Network;

/// Compute the predictions for `classes` with their CAMs. `names` are the names of all classes.
pub(super) async fn predictions(
    network: &Network,
    names: &[String],
    cached: &CachedInference,
    classes: &[usize],
) -> Result<Vec<Prediction>, EngineError> {
    with_maps(class_maps(network, cached.features.clone(), classes), names, cached, classes).await
}

/// Compute the predictions for `classes` with the given `maps`, `[classes, h, w]`.
pub(super) async fn with_maps(
    maps: Tensor<3>,
    names: &[String],
    cached: &CachedInference,
    classes: &[usize],
) -> Result<Vec<Prediction>, EngineError> {
    let [_, height, width] = maps.dims();
    let values = read(maps).await?;
    let predictions = classes.iter().zip(values.chunks_exact(width * height)).map(|(&index, map)| Prediction {
        index,
        class: names[index].clone(),
        logit: cached.logits[index],
        probability: cached.probabilities[index],
        evidence_box: box_in_photo(map, width, height, cached.crop),
        map: ClassMap { width, height, values: map.to_vec() },
    });
    Ok(predictions.collect())
}

/// Return the evidence box `[x0, y0, x1, y1]` of the map scaled up to [`GRID`], in the pixels of `crop`.
fn box_in_photo(map: &[f32], width: usize, height: usize, crop: Rect) -> Option<[f32; 4]> {
    let fine = bilinear(map, width, height, GRID, GRID);
    let cells = evidence_box(&fine, GRID, BOX_THRESHOLD)?;
    let x = |cell: usize| (crop.x + crop.width * cell as f64 / GRID as f64) as f32;
    let y = |cell: usize| (crop.y + crop.height * cell as f64 / GRID as f64) as f32;
    Some([x(cells.x0), y(cells.y0), x(cells.x1), y(cells.y1)])
}
