//! A map drawn over a photo.

use super::{Colormap, Range};
use crate::core::geometry::Rect;
use crate::core::resample::value_at;

/// Interleaved RGB to draw on.
#[derive(Clone, Copy)]
pub struct Picture<'a> {
    pub width: usize,
    pub height: usize,
    pub rgb: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OverlayOptions {
    /// Share of the map's colour in a pixel, 0 to 1.
    pub opacity: f32,
    pub colormap: Colormap,
    /// Interpolate between cells, or show the raw grid.
    pub smooth: bool,
}

impl Default for OverlayOptions {
    fn default() -> Self {
        Self { opacity: 0.4, colormap: Colormap::Jet, smooth: true }
    }
}

/// How dark the part of a photo becomes that the network did not see.
const UNSEEN: f32 = 0.45;

/// RGBA bytes of `picture` with `map` (row-major, `cells` = width and height) laid over `window`, the part of the
/// picture that the network saw; the rest is darkened. `range` sets the scale. At opacity 0 the picture is untouched.
pub fn overlay(
    picture: Picture<'_>,
    map: &[f32],
    (columns, rows): (usize, usize),
    window: Rect,
    range: Range,
    options: OverlayOptions,
) -> Vec<u8> {
    let table = options.colormap.table();
    let alpha = options.opacity.clamp(0.0, 1.0);
    let unseen = if alpha > 0.0 { UNSEEN } else { 1.0 };
    let mut out = Vec::with_capacity(picture.width * picture.height * 4);
    for (i, pixel) in picture.rgb.chunks_exact(3).enumerate() {
        let u = share(i % picture.width, window.x, window.width);
        let v = share(i / picture.width, window.y, window.height);
        let inside = (0.0..1.0).contains(&u) && (0.0..1.0).contains(&v);
        if inside {
            let value = value_at(map, (columns, rows), u, v, options.smooth);
            let color = table[(range.share(value) * 255.0).round() as usize];
            for c in 0..3 {
                out.push((f32::from(pixel[c]) * (1.0 - alpha) + f32::from(color[c]) * alpha).round() as u8);
            }
        } else {
            out.extend(pixel.iter().map(|&value| (f32::from(value) * unseen).round() as u8));
        }
        out.push(255);
    }
    out
}

fn share(pixel: usize, start: f64, length: f64) -> f32 {
    ((pixel as f64 + 0.5 - start) / length) as f32
}
