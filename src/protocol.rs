//! What the page and the engine say to each other. Both sides are readable alone; neither burn nor the page is here.

use serde::{Deserialize, Serialize};

use crate::recipe::Window;

/// Page to engine. Answered in order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Request {
    /// Fetch, check and build a model; forgets what was seen with the one before.
    Load { card: String, url: String },
    /// Decode a photo, and say what is on it and where that shows.
    Look { photo: u32, bytes: Vec<u8> },
    /// The map of any other class, from the features kept from [`Request::Look`].
    Map { photo: u32, class: usize },
    /// Let go of what was kept of a photo.
    Forget { photo: u32 },
}

/// Engine to page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {
    /// The engine runs and has opened its device.
    Started,
    /// The device cannot be opened: this engine will answer nothing.
    Unusable {
        reason: String,
    },
    /// Bytes of the weights so far.
    Progress {
        received: u64,
        total: u64,
    },
    /// The model is ready; how long fetching and building took, in milliseconds.
    Loaded {
        model: String,
        from_cache: bool,
        milliseconds: f64,
    },
    Picture {
        photo: u32,
        picture: Picture,
    },
    Looked {
        photo: u32,
        look: Look,
    },
    Map {
        photo: u32,
        prediction: Prediction,
    },
    /// Something did not work: a photo, or the model where `photo` is `None`.
    Failed {
        photo: Option<u32>,
        message: String,
    },
}

/// An upright photo, size-capped for the screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    /// Interleaved RGB.
    pub rgb: Vec<u8>,
    /// Remarks for the person, whole sentences.
    pub notes: Vec<String>,
}

/// What the network made of one photo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// Size of the upright photo in the file, in pixels.
    pub width: u32,
    pub height: u32,
    /// The part of the photo that the network saw, in shares of its width and height.
    pub window: Window,
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
