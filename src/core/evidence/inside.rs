//! *Evidence inside*: how much of a class's evidence lies on the object.
//!
//! This is the only definition. The page, the CSV tables, `camscope eval` and `camscope score` all use it.

use crate::core::geometry::Rect;

/// Return the share of a map's evidence that lies inside `boxes`, 0 to 1; `None` where no cell is positive.
///
/// With `M⁺ = max(M, 0)` for the raw cells of the map, and `a(x, y)` the fraction of cell (x, y) that any box covers:
///
/// ```text
/// inside = Σ a(x, y) · M⁺(x, y) / Σ M⁺(x, y)
/// ```
///
/// This is the energy-based pointing game (Wang et al. 2020, "Score-CAM", section 4.3) with fractional cells, so it
/// does not depend on a resampling grid. `map` is row-major with `width` cells a row; the cells divide the crop evenly.
/// `boxes` are in fractions of the crop and may overlap.
///
/// ```
/// # use camscope::core::{evidence::evidence_inside, geometry::Rect};
/// let left_quarter = Rect { x: 0.0, y: 0.0, width: 0.25, height: 1.0 };
/// assert_eq!(evidence_inside(&[3.0, 1.0], 2, &[left_quarter]), Some(0.375));
/// ```
pub fn evidence_inside(map: &[f32], width: usize, boxes: &[Rect]) -> Option<f64> {
    let height = map.len() / width.max(1);
    let total: f64 = map.iter().map(|&value| f64::from(value.max(0.0))).sum();
    // The edges of cells and boxes cut the map into patches. Each patch lies in one cell, and as a whole inside or
    // outside.
    let cuts = |cells: usize, edges: &dyn Fn(&Rect) -> [f64; 2]| {
        let mut cuts: Vec<f64> = (0..=cells).map(|i| i as f64 / cells as f64).collect();
        cuts.extend(boxes.iter().flat_map(edges).map(|edge| edge.clamp(0.0, 1.0)));
        cuts.sort_by(f64::total_cmp);
        cuts
    };
    let columns = cuts(width, &|b| [b.x, b.x + b.width]);
    let rows = cuts(height, &|b| [b.y, b.y + b.height]);
    let mut inside = 0.0;
    for row in rows.windows(2) {
        for column in columns.windows(2) {
            let (x, y) = ((column[0] + column[1]) / 2.0, (row[0] + row[1]) / 2.0);
            let part = (column[1] - column[0]) * (row[1] - row[0]) * (width * height) as f64;
            let covers = |b: &Rect| (b.x..b.x + b.width).contains(&x) && (b.y..b.y + b.height).contains(&y);
            if part > 0.0 && boxes.iter().any(covers) {
                // The centre of a sliver at the border may round to the border itself.
                let (row, column) = ((y * height as f64) as usize, (x * width as f64) as usize);
                let cell = row.min(height - 1) * width + column.min(width - 1);
                inside += part * f64::from(map[cell].max(0.0));
            }
        }
    }
    (total > 0.0).then(|| inside / total)
}
