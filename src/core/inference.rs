//! What a network predicts for one photo: classes, probabilities and class activation maps.

use serde::{Deserialize, Serialize};

use super::geometry::Rect;
use super::message::Message;

/// An upright photo, reduced for the screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Interleaved RGB, row-major: `3 · width · height` bytes.
    pub rgb: Vec<u8>,
    /// Remarks on the file, such as that it is animated.
    pub notes: Vec<Message>,
}

/// A network's predictions for one photo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inference {
    /// Width of the upright photo in the file, in pixels.
    pub width: u32,
    /// Height of the upright photo in the file, in pixels.
    pub height: u32,
    /// The crop that the network saw, in fractions of the photo's width and height.
    pub crop: Rect,
    /// The most probable classes, best first, each with its map.
    pub predictions: Vec<Prediction>,
    /// How long each step took.
    pub timing: Timing,
}

/// The cost of one inference; times are in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Decoding the file.
    pub decode: f64,
    /// Cropping, normalising and the forward pass, up to the logits.
    pub network: f64,
    /// The maps of all predictions.
    pub maps: f64,
    /// Bytes of memory that the engine holds; 0 where it is not known.
    pub memory: u64,
}

/// One class with its score and its map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// Position of the class among the logits.
    pub index: usize,
    /// Name of the class.
    pub class: String,
    /// Score before the softmax.
    pub logit: f32,
    /// Score after the softmax, 0 to 1.
    pub probability: f32,
    /// Evidence box `[x0, y0, x1, y1]` in pixels of the upright photo; `None` where no cell of the map is positive.
    #[serde(rename = "box")]
    pub evidence_box: Option<[f32; 4]>,
    /// The class's map.
    pub map: ClassMap,
}

/// A class activation map as computed, not normalised.
///
/// A CAM under a linear head has the class's logit, less its bias, as its mean (Zhou et al. 2016, equation 2).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassMap {
    /// Cells across.
    pub width: usize,
    /// Cells down.
    pub height: usize,
    /// Values of the cells, row-major: `width · height` of them.
    pub values: Vec<f32>,
}

impl ClassMap {
    /// Return whether the map has no cells.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// Return the softmax of `logits`: `exp(x_i − m) / Σ_j exp(x_j − m)` with `m = max x`.
///
/// Subtracting the maximum changes no result and keeps large logits from overflowing.
///
/// ```
/// # use camscope::core::inference::softmax;
/// assert_eq!(softmax(&[1000.0, 1000.0]), [0.5, 0.5]);
/// ```
pub fn softmax(logits: &[f32]) -> Vec<f32> {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exponentials: Vec<f32> = logits.iter().map(|logit| (logit - max).exp()).collect();
    let sum: f32 = exponentials.iter().sum();
    exponentials.into_iter().map(|e| e / sum).collect()
}
