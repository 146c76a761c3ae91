//! Overlay of a map on a photo.

use super::{Colormap, Range};
use crate::core::geometry::Rect;
use crate::core::resample::value_at;

/// Photo to draw on.
#[derive(Clone, Copy)]
pub struct Picture<'a> {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Interleaved RGB, `width · height · 3` bytes.
    pub rgb: &'a [u8],
}

/// Appearance of an overlay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OverlayOptions {
    /// Share of the map's colour in a pixel, 0 to 1.
    pub opacity: f32,
    /// Colours of the map.
    pub colormap: Colormap,
    /// Whether to interpolate between cells; otherwise the raw grid is drawn.
    pub smooth: bool,
    /// Whether the map stands out of the photo: low evidence is transparent, as it always is with [`Colormap::Evidence`], and the
    /// photo's own colours are muted.
    pub stands_out: bool,
    /// Whether the rest of the picture, which the network did not see, is darkened.
    pub dims: bool,
}

impl Default for OverlayOptions {
    fn default() -> Self {
        Self { opacity: 0.4, colormap: Colormap::Jet, smooth: true, stands_out: false, dims: true }
    }
}

impl OverlayOptions {
    /// Return the share of the map's colour where the value's position in the range is `share`.
    pub fn weight(&self, share: f32) -> f32 {
        let evidence = match self.colormap {
            Colormap::Evidence => (2.0 * share - 1.0).abs(),
            _ if self.stands_out => share,
            _ => 1.0,
        };
        self.opacity.clamp(0.0, 1.0) * evidence
    }
}

/// Share of the photo's own colours that stays if the map is to stand out.
const MUTED: f32 = 0.3;

/// Brightness of the part of the photo outside the network's crop.
const OUTSIDE: f32 = 0.45;

/// Draw `map` over `picture`, and return RGBA bytes.
///
/// `map` is row-major with `(columns, rows)` cells. It covers `crop`, the crop that the network saw, in pixels of the
/// picture. `range` gives the values at the ends of the colour map. Opacity 0
/// leaves the picture unchanged.
///
/// ```
/// # use camscope::core::geometry::Rect;
/// # use camscope::render::{Colormap, OverlayOptions, Picture, Range, overlay};
/// let picture = Picture { width: 2, height: 1, rgb: &[100; 6] };
/// let crop = Rect { x: 0.0, y: 0.0, width: 2.0, height: 1.0 };
/// let map = [0.0, 7.0];
/// let options = OverlayOptions { opacity: 1.0, colormap: Colormap::Grey, smooth: false, ..OverlayOptions::default() };
/// let rgba = overlay(picture, &map, (2, 1), crop, Range::of(&map), options);
/// assert_eq!(rgba, [0, 0, 0, 255, 255, 255, 255, 255]);
/// ```
pub fn overlay(
    picture: Picture<'_>,
    map: &[f32],
    (columns, rows): (usize, usize),
    crop: Rect,
    range: Range,
    options: OverlayOptions,
) -> Vec<u8> {
    let table = options.colormap.table();
    let outside = if options.dims && options.opacity > 0.0 { OUTSIDE } else { 1.0 };
    let saturation = if options.stands_out && options.opacity > 0.0 { MUTED } else { 1.0 };
    let across: Vec<f32> = (0..picture.width).map(|x| share(x, crop.x, crop.width)).collect();
    let mut out = vec![255; picture.width * picture.height * 4];
    let rows_of =
        picture.rgb.chunks_exact(3 * picture.width.max(1)).zip(out.chunks_exact_mut(4 * picture.width.max(1)));
    for (y, (from, to)) in rows_of.enumerate() {
        let v = share(y, crop.y, crop.height);
        let row_is_inside = (0.0..1.0).contains(&v);
        for ((from, to), &u) in from.chunks_exact(3).zip(to.chunks_exact_mut(4)).zip(&across) {
            let pixel = muted([from[0], from[1], from[2]], saturation);
            if row_is_inside && (0.0..1.0).contains(&u) {
                let value = value_at(map, (columns, rows), u, v, options.smooth);
                let share = range.share(value);
                let (color, alpha) = (table[usize::from(rounded(share * 255.0))], options.weight(share));
                for c in 0..3 {
                    to[c] = rounded(pixel[c] * (1.0 - alpha) + f32::from(color[c]) * alpha);
                }
            } else {
                for c in 0..3 {
                    to[c] = rounded(pixel[c] * outside);
                }
            }
        }
    }
    out
}

/// Round a value that is not negative. WebAssembly has no instruction for `f32::round`, which took most of the time of a drawing.
fn rounded(value: f32) -> u8 {
    (value + 0.5) as u8
}

/// Return a colour with a share of its saturation. The grey that it approaches has its brightness (ITU-R BT.601).
fn muted(pixel: [u8; 3], saturation: f32) -> [f32; 3] {
    let [r, g, b] = pixel.map(f32::from);
    let grey = 0.299 * r + 0.587 * g + 0.114 * b;
    [r, g, b].map(|value| grey + (value - grey) * saturation)
}

/// Return the position of a pixel's centre as a share of the range from `start` of `length` pixels.
fn share(pixel: usize, start: f64, length: f64) -> f32 {
    ((pixel as f64 + 0.5 - start) / length) as f32
}
