//! Resampling of maps and pictures.
//!
//! Maps are interpolated bilinearly between cell centres and clamped at the border, as PyTorch does with
//! `align_corners=False`.

/// Scale `map`, row-major `width` × `height`, to `to_width` × `to_height` by bilinear interpolation.
///
/// ```
/// # use camscope::core::resample::bilinear;
/// assert_eq!(bilinear(&[0.0, 4.0], 2, 1, 4, 1), [0.0, 1.0, 3.0, 4.0]);
/// ```
pub fn bilinear(map: &[f32], width: usize, height: usize, to_width: usize, to_height: usize) -> Vec<f32> {
    let columns: Vec<_> = (0..to_width).map(|x| neighbours((x as f32 + 0.5) / to_width as f32, width)).collect();
    let mut out = Vec::with_capacity(to_width * to_height);
    for y in 0..to_height {
        let (y0, y1, fy) = neighbours((y as f32 + 0.5) / to_height as f32, height);
        let (upper, lower) = (&map[y0 * width..(y0 + 1) * width], &map[y1 * width..(y1 + 1) * width]);
        let row: Vec<f32> = upper.iter().zip(lower).map(|(a, b)| a * (1.0 - fy) + b * fy).collect();
        out.extend(columns.iter().map(|&(x0, x1, fx)| row[x0] * (1.0 - fx) + row[x1] * fx));
    }
    out
}

/// Return `a − b` on the finer of their two grids, and that grid's width. Each map is its values and its width.
///
/// With `relative`, each map is first divided by its largest absolute value, for maps whose scales cannot be compared.
///
/// ```
/// # use camscope::core::resample::difference;
/// assert_eq!(difference((&[3.0, 1.0], 2), (&[1.0, 1.0], 2), false), (vec![2.0, 0.0], 2));
/// ```
pub fn difference(a: (&[f32], usize), b: (&[f32], usize), relative: bool) -> (Vec<f32>, usize) {
    let size = |(map, width): (&[f32], usize)| (width, map.len() / width.max(1));
    let ((aw, ah), (bw, bh)) = (size(a), size(b));
    let (width, height) = (aw.max(bw), ah.max(bh));
    let scaled = |map: &[f32], (w, h): (usize, usize)| {
        let largest = map.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        let factor = if relative && largest > 0.0 { 1.0 / largest } else { 1.0 };
        let map = if (w, h) == (width, height) { map.to_vec() } else { bilinear(map, w, h, width, height) };
        map.into_iter().map(move |value| value * factor)
    };
    (scaled(a.0, (aw, ah)).zip(scaled(b.0, (bw, bh))).map(|(a, b)| a - b).collect(), width)
}

/// Return the map's value at the position (`u`, `v`), each from 0 to below 1: interpolated if `smooth`, else the cell's
/// own.
///
/// ```
/// # use camscope::core::resample::value_at;
/// let map = [0.0, 4.0];
/// assert_eq!(value_at(&map, (2, 1), 0.5, 0.5, true), 2.0);
/// assert_eq!(value_at(&map, (2, 1), 0.5, 0.5, false), 4.0);
/// ```
pub fn value_at(map: &[f32], (width, height): (usize, usize), u: f32, v: f32, smooth: bool) -> f32 {
    if !smooth {
        return map[(v * height as f32) as usize * width + (u * width as f32) as usize];
    }
    let (x0, x1, fx) = neighbours(u, width);
    let (y0, y1, fy) = neighbours(v, height);
    let row = |y: usize| map[y * width + x0] * (1.0 - fx) + map[y * width + x1] * fx;
    row(y0) * (1.0 - fy) + row(y1) * fy
}

/// Return the two cells whose centres enclose `position`, 0 to 1, and the weight of the second.
fn neighbours(position: f32, cells: usize) -> (usize, usize, f32) {
    let at = (position * cells as f32 - 0.5).clamp(0.0, (cells - 1) as f32);
    let low = at.floor();
    (low as usize, (low as usize + 1).min(cells - 1), at - low)
}

/// Scale a picture down so that its long side is at most `side`, and return the bytes, width and height.
///
/// `rgb` is interleaved RGB. Each new pixel is the mean of the pixels that it covers. A smaller picture is copied as it
/// is.
///
/// ```
/// # use camscope::core::resample::shrink;
/// assert_eq!(shrink(&[10, 20, 30, 30, 40, 50], 2, 1, 1), (vec![20, 30, 40], 1, 1));
/// ```
pub fn shrink(rgb: &[u8], width: usize, height: usize, side: usize) -> (Vec<u8>, usize, usize) {
    let long = width.max(height);
    if long <= side {
        return (rgb.to_vec(), width, height);
    }
    let (to_width, to_height) = ((width * side / long).max(1), (height * side / long).max(1));
    let mut out = Vec::with_capacity(to_width * to_height * 3);
    for y in 0..to_height {
        let rows = y * height / to_height..((y + 1) * height / to_height);
        for x in 0..to_width {
            let columns = x * width / to_width..((x + 1) * width / to_width);
            let count = (rows.len() * columns.len()) as u32;
            let mut sum = [0u32; 3];
            for row in rows.clone() {
                for pixel in rgb[(row * width + columns.start) * 3..(row * width + columns.end) * 3].chunks_exact(3) {
                    (0..3).for_each(|c| sum[c] += u32::from(pixel[c]));
                }
            }
            out.extend(sum.map(|total| (total / count) as u8));
        }
    }
    (out, to_width, to_height)
}
