//! Maps and photos to pixels: pure functions from slices to RGBA bytes. No tensors, no page.

mod colormap;
mod overlay;
#[cfg(feature = "cli")]
mod sheet;
mod tables;

pub use colormap::Colormap;
pub use overlay::{OverlayOptions, Picture, overlay};
#[cfg(feature = "cli")]
pub use sheet::{Sheet, Tile, sheet};

/// The values that become the colour map's two ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    pub low: f32,
    pub high: f32,
}

impl Range {
    /// From the smallest to the largest finite value; pass several maps for a shared scale.
    pub fn of<'a>(values: impl IntoIterator<Item = &'a f32>) -> Self {
        let start = Self { low: f32::INFINITY, high: f32::NEG_INFINITY };
        let range = values
            .into_iter()
            .filter(|v| v.is_finite())
            .fold(start, |range, &value| Self { low: range.low.min(value), high: range.high.max(value) });
        if range.low <= range.high { range } else { Self { low: 0.0, high: 0.0 } }
    }

    /// As far below zero as above, for differences.
    pub fn around_zero(values: &[f32]) -> Self {
        let Self { low, high } = Self::of(values);
        let far = high.max(-low);
        Self { low: -far, high: far }
    }

    /// `value` as a share of the range, from 0 to 1; a flat map lies at 0.
    pub fn share(&self, value: f32) -> f32 {
        let span = self.high - self.low;
        if span > 0.0 { ((value - self.low) / span).clamp(0.0, 1.0) } else { 0.0 }
    }
}
