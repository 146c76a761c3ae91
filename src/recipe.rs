//! How a photo becomes a network's input: a few numbers of the model's manifest entry.

use serde::{Deserialize, Serialize};

/// Scale the short side to `resize` (bilinear, antialiased), cut the centre `size` × `size`, then
/// `(value − mean) / std` with values from 0 to 255.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Pixels of the photo's short side before the centre crop, at least `size`.
    pub resize: u32,
    /// Side of the square the network sees, in pixels.
    pub size: u32,
    pub mean: [f32; 3],
    pub std: [f32; 3],
}

/// A rectangle in pixels: left, top, width, height.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Window {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Window {
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

impl Recipe {
    /// The centre square of a `width` × `height` photo that the network sees.
    pub fn window(&self, width: u32, height: u32) -> Window {
        let (width, height) = (f64::from(width), f64::from(height));
        let side = width.min(height) * (f64::from(self.size) / f64::from(self.resize)).min(1.0);
        Window { x: (width - side) / 2.0, y: (height - side) / 2.0, width: side, height: side }
    }
}
