//! How well a map finds an object whose box is known: overlap, pointing, share of the evidence.

use crate::recipe::Window;

use super::boxes::{BOX_THRESHOLD, evidence_box};

/// What a map says about an object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Located {
    /// Intersection over union of the box around the map's evidence and the object's box that it fits best, from 0 to 1
    /// (Zhou et al. 2016, section 3.2).
    pub overlap: f64,
    /// Whether the map's maximum lies inside a box of the object: the pointing game (Zhang et al. 2018, section 4.2),
    /// here without tolerance.
    pub hit: bool,
    /// Share of the map's positive evidence that lies inside the object's boxes, from 0 to 1: energy-based pointing game
    /// (Wang et al. 2020, Score-CAM, section 4.3). `None` where there is no positive evidence.
    pub inside: Option<f64>,
}

/// Judges `map` (row-major, `width` cells a row, as fine as its boxes are to be) by an object's `boxes`, given in shares
/// of the map's width and height.
pub fn locate(map: &[f32], width: usize, boxes: &[Window]) -> Located {
    let height = map.len() / width;
    let place = |cell: usize| {
        (
            (cell % width) as f64 / width as f64 + 0.5 / width as f64,
            (cell / width) as f64 / height as f64 + 0.5 / height as f64,
        )
    };
    let covered = |cell: usize| {
        let (x, y) = place(cell);
        boxes.iter().any(|b| (b.x..b.x + b.width).contains(&x) && (b.y..b.y + b.height).contains(&y))
    };
    let found = evidence_box(map, width, BOX_THRESHOLD).map(|cells| {
        let (x, y) = (cells.x0 as f64 / width as f64, cells.y0 as f64 / height as f64);
        let (right, bottom) = (cells.x1 as f64 / width as f64, cells.y1 as f64 / height as f64);
        Window { x, y, width: right - x, height: bottom - y }
    });
    let overlap = found.map_or(0.0, |found| boxes.iter().map(|b| overlap(found, *b)).fold(0.0, f64::max));
    let highest = (0..map.len()).max_by(|&a, &b| map[a].total_cmp(&map[b]));
    let positive = |cells: &mut dyn Iterator<Item = usize>| cells.map(|i| f64::from(map[i].max(0.0))).sum::<f64>();
    let all = positive(&mut (0..map.len()));
    let inside = positive(&mut (0..map.len()).filter(|&cell| covered(cell)));
    Located { overlap, hit: highest.is_some_and(covered), inside: (all > 0.0).then(|| inside / all) }
}

/// Intersection over union.
fn overlap(a: Window, b: Window) -> f64 {
    let shared = |a: f64, a_len: f64, b: f64, b_len: f64| ((a + a_len).min(b + b_len) - a.max(b)).max(0.0);
    let both = shared(a.x, a.width, b.x, b.width) * shared(a.y, a.height, b.y, b.height);
    let either = a.width * a.height + b.width * b.height - both;
    if either > 0.0 { both / either } else { 0.0 }
}
