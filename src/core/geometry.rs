//! Rectangles.

use serde::{Deserialize, Serialize};

/// A rectangle, in pixels or in fractions of a picture's width and height.
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
    /// Scale the rectangle with its picture: all x by `horizontal`, all y by `vertical`.
    ///
    /// ```
    /// # use camscope::core::geometry::Rect;
    /// let right_half = Rect { x: 0.5, y: 0.0, width: 0.5, height: 1.0 };
    /// assert_eq!(right_half.scaled(640.0, 480.0), Rect { x: 320.0, y: 0.0, width: 320.0, height: 480.0 });
    /// ```
    pub fn scaled(self, horizontal: f64, vertical: f64) -> Self {
        Self {
            x: self.x * horizontal,
            y: self.y * vertical,
            width: self.width * horizontal,
            height: self.height * vertical,
        }
    }
}
