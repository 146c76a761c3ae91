//! The box around a class's evidence, by the rule of the CAM paper (Zhou et al. 2016, section 3.2).

/// Fraction of the map's maximum above which a cell counts as evidence.
pub const BOX_THRESHOLD: f32 = 0.2;

/// A box of cells in a grid: `x0..x1` by `y0..y1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GridBox {
    /// First column.
    pub x0: usize,
    /// First row.
    pub y0: usize,
    /// Column after the last.
    pub x1: usize,
    /// Row after the last.
    pub y1: usize,
}

/// Return the box around the largest connected component of the cells above `threshold` times the map's maximum.
///
/// `map` is row-major with `width` cells a row. Neighbours share an edge. Of components of equal size, the one that
/// begins first in reading order wins. `None` where no cell is positive.
///
/// ```
/// # use camscope::core::evidence::{GridBox, evidence_box};
/// let map = [9.0, 0.0, 5.0, 0.0, 0.0, 7.0];
/// assert_eq!(evidence_box(&map, 3, 0.2), Some(GridBox { x0: 2, y0: 0, x1: 3, y1: 2 }));
/// assert_eq!(evidence_box(&[-1.0, 0.0], 2, 0.2), None);
/// ```
pub fn evidence_box(map: &[f32], width: usize, threshold: f32) -> Option<GridBox> {
    let max = map.iter().copied().fold(f32::MIN, f32::max);
    if !(max > 0.0 && max.is_finite()) {
        return None;
    }
    let mut open: Vec<bool> = map.iter().map(|&value| value > threshold * max).collect();
    let height = map.len() / width;
    let mut largest: Option<(usize, GridBox)> = None;
    let mut pending = Vec::new();
    for start in 0..map.len() {
        if !std::mem::take(&mut open[start]) {
            continue;
        }
        let (mut size, mut bounds) = (0, GridBox { x0: width, y0: height, x1: 0, y1: 0 });
        pending.push(start);
        while let Some(cell) = pending.pop() {
            let (x, y) = (cell % width, cell / width);
            size += 1;
            bounds.x0 = bounds.x0.min(x);
            bounds.y0 = bounds.y0.min(y);
            bounds.x1 = bounds.x1.max(x + 1);
            bounds.y1 = bounds.y1.max(y + 1);
            let neighbours = [
                (x > 0).then(|| cell - 1),
                (x + 1 < width).then(|| cell + 1),
                (y > 0).then(|| cell - width),
                (y + 1 < height).then(|| cell + width),
            ];
            for next in neighbours.into_iter().flatten() {
                if std::mem::take(&mut open[next]) {
                    pending.push(next);
                }
            }
        }
        if largest.is_none_or(|(most, _)| size > most) {
            largest = Some((size, bounds));
        }
    }
    largest.map(|(_, bounds)| bounds)
}
