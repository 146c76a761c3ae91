//! The box around a class's evidence, by the CAM paper's rule (section 3.2).

/// Share of the map's maximum above which a cell counts as evidence.
pub const BOX_THRESHOLD: f32 = 0.2;

/// Cells `x0..x1`, `y0..y1` of a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GridBox {
    pub x0: usize,
    pub y0: usize,
    pub x1: usize,
    pub y1: usize,
}

/// The box of the largest connected component (neighbours share an edge) of the cells above `threshold` times the
/// map's maximum; the one that begins first, in reading order, among equals. `None` where no cell is positive.
/// `map` is row-major, `width` cells a row.
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
        let (mut size, mut found) = (0, GridBox { x0: width, y0: height, x1: 0, y1: 0 });
        pending.push(start);
        while let Some(cell) = pending.pop() {
            let (x, y) = (cell % width, cell / width);
            size += 1;
            found.x0 = found.x0.min(x);
            found.y0 = found.y0.min(y);
            found.x1 = found.x1.max(x + 1);
            found.y1 = found.y1.max(y + 1);
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
            largest = Some((size, found));
        }
    }
    largest.map(|(_, found)| found)
}
