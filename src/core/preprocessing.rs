//! Preprocessing: how a photo becomes a network's input. Every model card holds it.

use serde::{Deserialize, Serialize};

use super::geometry::Rect;

/// Largest side of a network's input, in pixels. A VGG16 needs some 3 GB for one photo of that size.
pub const MAX_INPUT_SIDE: u32 = 2048;

/// Settings of the preprocessing: scale the short side to `resize` (bilinear, antialiased), crop the centre
/// `size` × `size`, then compute `(value − mean) / std` with values from 0 to 255.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Preprocessing {
    /// Pixels of the photo's short side before the centre crop, at least `size`.
    pub resize: u32,
    /// Side of the square that the network sees, in pixels: 1 to [`MAX_INPUT_SIDE`].
    pub size: u32,
    /// Mean of each colour channel (R, G, B), in levels from 0 to 255.
    pub mean: [f32; 3],
    /// Standard deviation of each colour channel, in levels; above 0.
    pub std: [f32; 3],
}

/// A value of [`Preprocessing`] that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{what} must be {expected}, not {found}")]
pub struct PreprocessingError {
    what: &'static str,
    expected: String,
    found: String,
}

impl Preprocessing {
    /// Create a preprocessing after checking its values.
    ///
    /// ```
    /// # use camscope::core::preprocessing::Preprocessing;
    /// assert!(Preprocessing::new(256, 224, [127.5; 3], [127.5; 3]).is_ok());
    /// assert!(Preprocessing::new(0, 0, [127.5; 3], [127.5; 3]).is_err());
    /// ```
    ///
    /// # Errors
    /// [`PreprocessingError`] names the value that lies outside its range.
    pub fn new(resize: u32, size: u32, mean: [f32; 3], std: [f32; 3]) -> Result<Self, PreprocessingError> {
        let fault = |what, expected: String, found: String| Err(PreprocessingError { what, expected, found });
        if !(1..=MAX_INPUT_SIDE).contains(&size) {
            return fault("the input's size", format!("from 1 to {MAX_INPUT_SIDE} pixels"), size.to_string());
        }
        if resize < size {
            return fault("the short side before the crop (resize)", format!("at least {size}"), resize.to_string());
        }
        if let Some(mean) = mean.iter().find(|mean| !mean.is_finite()) {
            return fault("the mean of a colour", "a finite number".into(), mean.to_string());
        }
        if let Some(std) = std.iter().find(|&&std| !(std.is_finite() && std > 0.0)) {
            return fault("the standard deviation of a colour", "a finite number above 0".into(), std.to_string());
        }
        Ok(Self { resize, size, mean, std })
    }

    /// Return torchvision's preprocessing for ImageNet: the centre 224 of 256 pixels.
    pub fn imagenet() -> Self {
        Self { resize: 256, size: 224, mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] }
    }

    /// Return a preprocessing that scales the short side to `size` and the values to [−1, 1].
    pub fn symmetric(size: u32) -> Self {
        Self { resize: size, size, mean: [127.5; 3], std: [127.5; 3] }
    }

    /// Return the crop of a `width` × `height` photo, the centre square that the network sees, in pixels of the photo.
    ///
    /// ```
    /// # use camscope::core::preprocessing::Preprocessing;
    /// let crop = Preprocessing::imagenet().crop(640, 512);
    /// assert_eq!((crop.x, crop.y, crop.width), (96.0, 32.0, 448.0));
    /// ```
    pub fn crop(&self, width: u32, height: u32) -> Rect {
        let (width, height) = (f64::from(width), f64::from(height));
        let side = width.min(height) * (f64::from(self.size) / f64::from(self.resize)).min(1.0);
        Rect { x: (width - side) / 2.0, y: (height - side) / 2.0, width: side, height: side }
    }
}

/// The fields of a card before they are checked.
#[derive(Deserialize)]
struct Unchecked {
    resize: u32,
    size: u32,
    mean: [f32; 3],
    std: [f32; 3],
}

impl TryFrom<Unchecked> for Preprocessing {
    type Error = PreprocessingError;

    fn try_from(Unchecked { resize, size, mean, std }: Unchecked) -> Result<Self, PreprocessingError> {
        Self::new(resize, size, mean, std)
    }
}
