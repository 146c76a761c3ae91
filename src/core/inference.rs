//! What a network says about one photo: classes, probabilities and class activation maps.

use serde::{Deserialize, Serialize};

use super::geometry::Rect;
use super::message::Message;

/// An upright photo, size-capped for the screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    /// Interleaved RGB.
    pub rgb: Vec<u8>,
    /// Remarks for the person.
    pub notes: Vec<Message>,
}

/// What the network made of one photo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inference {
    /// Size of the upright photo in the file, in pixels.
    pub width: u32,
    pub height: u32,
    /// The part of the photo that the network saw, in shares of its width and height.
    pub window: Rect,
    /// The most probable classes, best first, each with its map.
    pub predictions: Vec<Prediction>,
    pub timing: Timing,
}

/// What a photo cost: milliseconds of each step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    pub decode: f64,
    pub network: f64,
    pub maps: f64,
    /// Bytes of memory the engine holds; 0 where it cannot tell.
    pub memory: u64,
}

/// One class with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    pub index: usize,
    pub class: String,
    pub logit: f32,
    pub probability: f32,
    /// `[x0, y0, x1, y1]` in pixels of the upright photo; `None` where nothing speaks for the class.
    #[serde(rename = "box")]
    pub evidence_box: Option<[f32; 4]>,
    pub map: ClassMap,
}

/// A class activation map, not normalised: its mean plus the class's bias is the logit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassMap {
    pub width: usize,
    pub height: usize,
    /// Row-major.
    pub values: Vec<f32>,
}
