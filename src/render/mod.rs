//! Drawing of maps: pure functions from slices to RGBA bytes. No tensors and no page.

mod colormap;
mod overlay;
#[cfg(feature = "cli")]
mod sheet;
mod tables;

pub use colormap::Colormap;
pub use overlay::{OverlayOptions, Picture, overlay};
#[cfg(feature = "cli")]
pub use sheet::{Sheet, Tile, sheet};

/// Values at the two ends of a colour map.
///
/// ```
/// # use camscope::render::Range;
/// let range = Range::of(&[-1.0, 0.5, f32::NAN, 3.0]);
/// assert_eq!(range, Range { low: -1.0, high: 3.0 });
/// assert_eq!(range.share(1.0), 0.5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Value drawn in the first colour.
    pub low: f32,
    /// Value drawn in the last colour.
    pub high: f32,
}

impl Range {
    /// Span the finite values, from the smallest to the largest. Pass the values of several maps for a shared scale.
    pub fn of<'a>(values: impl IntoIterator<Item = &'a f32>) -> Self {
        let start = Self { low: f32::INFINITY, high: f32::NEG_INFINITY };
        let range = values
            .into_iter()
            .filter(|v| v.is_finite())
            .fold(start, |range, &value| Self { low: range.low.min(value), high: range.high.max(value) });
        if range.low <= range.high { range } else { Self { low: 0.0, high: 0.0 } }
    }

    /// Return the range in which `values` are drawn with the colours of `colormap`: around zero if that is signed.
    ///
    /// ```
    /// # use camscope::render::{Colormap, Range};
    /// assert_eq!(Range::for_colors(Colormap::Evidence, &[-1.0, 3.0]), Range { low: -3.0, high: 3.0 });
    /// assert_eq!(Range::for_colors(Colormap::Jet, &[-1.0, 3.0]), Range { low: -1.0, high: 3.0 });
    /// ```
    pub fn for_colors<'a>(colormap: Colormap, values: impl IntoIterator<Item = &'a f32>) -> Self {
        let Self { low, high } = Self::of(values);
        let extent = high.max(-low);
        if colormap.is_signed() { Self { low: -extent, high: extent } } else { Self { low, high } }
    }

    /// Return the position of `value` in the range, clamped to 0 … 1; 0 if the range is empty.
    pub fn share(&self, value: f32) -> f32 {
        let span = self.high - self.low;
        if span > 0.0 { ((value - self.low) / span).clamp(0.0, 1.0) } else { 0.0 }
    }
}
