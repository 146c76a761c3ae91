//! Cache of a session, per photo: later requests need no second forward pass.

use burn::tensor::Tensor;

use crate::core::geometry::Rect;

/// Scores of all classes for a photo, and where the network saw it.
pub(super) struct Scores {
    /// Score of every class.
    pub logits: Vec<f32>,
    /// Softmax of the logits.
    pub probabilities: Vec<f32>,
    /// The crop, in pixels of the upright photo in the file.
    pub crop: Rect,
}

/// The output of one forward pass: enough to compute any class's map.
pub(super) struct CachedInference {
    /// Activations of the last stage, row-major.
    pub features: Vec<f32>,
    /// Their shape, `[1, k, h, w]`.
    pub shape: [usize; 4],
    /// Scores of all classes.
    pub scores: Scores,
}

/// A photo on which inference has run.
pub(super) struct CachedPhoto {
    /// The crop's pixels at the network's input size, as
    /// [`Preprocessing::normalise`](crate::core::preprocessing::Preprocessing::normalise) takes them.
    pub rgb: Vec<u8>,
    /// The output of the forward pass.
    pub inference: CachedInference,
}

/// Output of the frozen stages for a photo and its augmented copies.
pub(super) struct CachedFeatures {
    /// Input of the last stage, `[1 + copies, c, h, w]`; the photo itself comes first.
    pub inputs: Tensor<4>,
    /// Output of the last stage as the head needs it: `[1 + copies, k, 1, 1]` means for a linear head, else
    /// `[1 + copies, k, h, w]`.
    pub features: Tensor<4>,
    /// The crop, in pixels of the upright photo in the file.
    pub crop: Rect,
}
