//! How well a map localises an object whose boxes are known: overlap, pointing game, evidence inside.

use super::boxes::{BOX_THRESHOLD, evidence_box};
use super::inside::evidence_inside;
use crate::core::geometry::Rect;
use crate::core::resample::bilinear;

/// Cells per side of the grid to which a map is scaled up before its evidence box is computed.
pub const GRID: usize = 112;

/// How well a map localises an object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Localisation {
    /// Intersection over union of the evidence box and the object's best fitting box, 0 to 1 (Zhou et al. 2016, section
    /// 3.2).
    pub iou: f64,
    /// Whether the map's maximum lies inside a box of the object: the pointing game (Zhang et al. 2018, section 4.2),
    /// without its tolerance.
    pub hit: bool,
    /// Share of the evidence inside the object's boxes, 0 to 1; see [`evidence_inside`].
    pub inside: Option<f64>,
}

/// Measure how well `map` localises the object with these `boxes`.
///
/// `map` is row-major with `width` cells a row; `boxes` are in fractions of its width and height. The evidence box and
/// the maximum are those of the map scaled up to [`GRID`] cells per side. The evidence inside is computed on the raw
/// cells.
pub fn localise(map: &[f32], width: usize, boxes: &[Rect]) -> Localisation {
    let fine = bilinear(map, width, map.len() / width, GRID, GRID);
    let edge = |cell: usize| cell as f64 / GRID as f64;
    let evidence = evidence_box(&fine, GRID, BOX_THRESHOLD).map(|cells| {
        let (x, y) = (edge(cells.x0), edge(cells.y0));
        Rect { x, y, width: edge(cells.x1) - x, height: edge(cells.y1) - y }
    });
    let iou = evidence.map_or(0.0, |evidence| boxes.iter().map(|b| overlap(evidence, *b)).fold(0.0, f64::max));
    let highest = (0..fine.len()).max_by(|&a, &b| fine[a].total_cmp(&fine[b]));
    let covered = |cell: usize| {
        let centre = |cell: usize| (cell as f64 + 0.5) / GRID as f64;
        let (x, y) = (centre(cell % GRID), centre(cell / GRID));
        boxes.iter().any(|b| (b.x..b.x + b.width).contains(&x) && (b.y..b.y + b.height).contains(&y))
    };
    Localisation { iou, hit: highest.is_some_and(covered), inside: evidence_inside(map, width, boxes) }
}

/// Return the intersection over union of two rectangles, 0 to 1.
fn overlap(a: Rect, b: Rect) -> f64 {
    let shared = |a: f64, a_len: f64, b: f64, b_len: f64| ((a + a_len).min(b + b_len) - a.max(b)).max(0.0);
    let both = shared(a.x, a.width, b.x, b.width) * shared(a.y, a.height, b.y, b.height);
    let either = a.width * a.height + b.width * b.height - both;
    if either > 0.0 { both / either } else { 0.0 }
}
