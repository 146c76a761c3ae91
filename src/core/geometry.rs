//! Rectangles.

use serde::{Deserialize, Serialize};

/// A rectangle: left, top, width, height; in pixels, or in shares of a picture's width and height.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Extent to the right.
    pub width: f64,
    /// Extent downwards.
    pub height: f64,
}

impl Rect {
    /// The same part of a picture that is `horizontal` times as wide and `vertical` times as high.
    pub fn scaled(self, horizontal: f64, vertical: f64) -> Self {
        Self {
            x: self.x * horizontal,
            y: self.y * vertical,
            width: self.width * horizontal,
            height: self.height * vertical,
        }
    }
}
