//! The shortcut check: how much of what speaks for a class lies on the object.

use crate::recipe::Window;

/// Share of the map's positive evidence inside any of `boxes`, 0 to 1; `None` where nothing speaks for the class. `map` is
/// row-major, `width` cells a row, each spread evenly over its part of the square that the network saw; boxes are in shares
/// of that square. Exact, also for boxes that overlap.
pub fn inside(map: &[f32], width: usize, boxes: &[Window]) -> Option<f64> {
    let height = map.len() / width.max(1);
    let all: f64 = map.iter().map(|&value| f64::from(value.max(0.0))).sum();
    // Between two neighbouring edges every place is alike.
    let cuts = |cells: usize, edges: &dyn Fn(&Window) -> [f64; 2]| {
        let mut cuts: Vec<f64> = (0..=cells).map(|i| i as f64 / cells as f64).collect();
        cuts.extend(boxes.iter().flat_map(edges).map(|edge| edge.clamp(0.0, 1.0)));
        cuts.sort_by(f64::total_cmp);
        cuts
    };
    let columns = cuts(width, &|b| [b.x, b.x + b.width]);
    let rows = cuts(height, &|b| [b.y, b.y + b.height]);
    let mut found = 0.0;
    for row in rows.windows(2) {
        for column in columns.windows(2) {
            let (x, y) = ((column[0] + column[1]) / 2.0, (row[0] + row[1]) / 2.0);
            let part = (column[1] - column[0]) * (row[1] - row[0]) * (width * height) as f64;
            let covers = |b: &Window| (b.x..b.x + b.width).contains(&x) && (b.y..b.y + b.height).contains(&y);
            if part > 0.0 && boxes.iter().any(covers) {
                // The middle of a sliver at the border may round to the border itself.
                let (row, column) = ((y * height as f64) as usize, (x * width as f64) as usize);
                let cell = row.min(height - 1) * width + column.min(width - 1);
                found += part * f64::from(map[cell].max(0.0));
            }
        }
    }
    (all > 0.0).then(|| found / all)
}
