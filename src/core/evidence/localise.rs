//! How well a map finds an object whose box is known: overlap, pointing game, evidence inside.

use super::boxes::{BOX_THRESHOLD, evidence_box};
use super::inside::evidence_inside;
use crate::core::geometry::Rect;
use crate::core::resample::bilinear;

/// Cells a side to which a map is scaled up before a box is drawn around its evidence.
pub const GRID: usize = 112;

/// What a map says about an object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Localisation {
    /// Intersection over union of the box around the map's evidence and the object's best fitting box, 0 to 1 (Zhou et al.
    /// 2016, section 3.2).
    pub iou: f64,
    /// Whether the map's maximum lies inside a box of the object: the pointing game (Zhang et al. 2018, section 4.2), here
    /// without tolerance.
    pub hit: bool,
    /// Share of the map's evidence inside the object's boxes, 0 to 1: see [`evidence_inside`].
    pub inside: Option<f64>,
}

/// Judge `map` (row-major, `width` cells a row) by an object's `boxes`, in shares of the map's width and height. The box and
/// the maximum are those of the map scaled up to [`GRID`] cells a side; the evidence inside is that of the raw cells.
pub fn localise(map: &[f32], width: usize, boxes: &[Rect]) -> Localisation {
    let fine = bilinear(map, width, map.len() / width, GRID, GRID);
    let share = |cell: usize| cell as f64 / GRID as f64;
    let found = evidence_box(&fine, GRID, BOX_THRESHOLD).map(|cells| {
        let (x, y) = (share(cells.x0), share(cells.y0));
        Rect { x, y, width: share(cells.x1) - x, height: share(cells.y1) - y }
    });
    let iou = found.map_or(0.0, |found| boxes.iter().map(|b| overlap(found, *b)).fold(0.0, f64::max));
    let highest = (0..fine.len()).max_by(|&a, &b| fine[a].total_cmp(&fine[b]));
    let covered = |cell: usize| {
        let centre = |cell: usize| (cell as f64 + 0.5) / GRID as f64;
        let (x, y) = (centre(cell % GRID), centre(cell / GRID));
        boxes.iter().any(|b| (b.x..b.x + b.width).contains(&x) && (b.y..b.y + b.height).contains(&y))
    };
    Localisation { iou, hit: highest.is_some_and(covered), inside: evidence_inside(map, width, boxes) }
}

/// Intersection over union.
fn overlap(a: Rect, b: Rect) -> f64 {
    let shared = |a: f64, a_len: f64, b: f64, b_len: f64| ((a + a_len).min(b + b_len) - a.max(b)).max(0.0);
    let both = shared(a.x, a.width, b.x, b.width) * shared(a.y, a.height, b.y, b.height);
    let either = a.width * a.height + b.width * b.height - both;
    if either > 0.0 { both / either } else { 0.0 }
}
