//! Bilinear interpolation between cell centres, clamped at the border: what PyTorch calls `align_corners=False`.

/// `map` (row-major, `width` × `height`) scaled to `to_width` × `to_height`.
pub fn bilinear(map: &[f32], width: usize, height: usize, to_width: usize, to_height: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(to_width * to_height);
    for y in 0..to_height {
        let v = (y as f32 + 0.5) / to_height as f32;
        for x in 0..to_width {
            out.push(bilinear_at(map, width, height, (x as f32 + 0.5) / to_width as f32, v));
        }
    }
    out
}

/// The map's value at `u`, `v`, both from 0 to 1 across it.
pub fn bilinear_at(map: &[f32], width: usize, height: usize, u: f32, v: f32) -> f32 {
    let (x0, x1, fx) = neighbours(u, width);
    let (y0, y1, fy) = neighbours(v, height);
    let row = |y: usize| map[y * width + x0] * (1.0 - fx) + map[y * width + x1] * fx;
    row(y0) * (1.0 - fy) + row(y1) * fy
}

fn neighbours(share: f32, cells: usize) -> (usize, usize, f32) {
    let at = (share * cells as f32 - 0.5).clamp(0.0, (cells - 1) as f32);
    let low = at.floor();
    (low as usize, (low as usize + 1).min(cells - 1), at - low)
}
