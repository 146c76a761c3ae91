//! What the page and the engine say to each other. Both sides are readable alone; neither burn nor the page is here.

use serde::{Deserialize, Serialize};

use crate::measure::{Faithfulness, Randomised};
use crate::method::Explanation;
use crate::recipe::Window;
use crate::said::Said;

/// Page to engine. Answered in order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Request {
    /// Fetch, check and build a model; forgets what was seen with the one before.
    Load { card: String, url: String },
    /// Decode a photo, and say what is on it and where that shows. The picture sent back is `side` pixels long at most.
    Look { photo: u32, bytes: Vec<u8>, side: u32 },
    /// The map of any other class, from the features kept from [`Request::Look`].
    Map { photo: u32, class: usize },
    /// The maps of any classes by any method, of a photo that was looked at. Answered by [`Event::Explaining`] while it takes
    /// long, and by [`Event::Explained`] or [`Event::Stopped`].
    Explain { photo: u32, explanation: Explanation, classes: Vec<usize> },
    /// What of [`Measured`] is `what`, for a class's map of a photo that was looked at. Answered by [`Event::Explaining`] as it
    /// goes, and by [`Event::Measured`] or [`Event::Stopped`].
    Measure { photo: u32, explanation: Explanation, class: usize, what: Measure },
    /// Let go of what was kept of a photo.
    Forget { photo: u32 },
    /// Decode a photo to learn from, and keep what the frozen stages make of it. Answered by [`Event::Studied`].
    Study { photo: u32, bytes: Vec<u8>, augment: bool },
    /// Train on photos that were studied. Answered by [`Event::Lesson`] as it goes and [`Event::Taught`] at the end.
    Teach(Lesson),
    /// End the training after this step; the best weights so far count. Or end the maps that take long.
    Stop,
    /// Wait before the next step, or go on.
    Pause(bool),
    /// Take up a model that was taught before or trained elsewhere, from its `.bpk` file, beside the loaded one.
    /// Answered by [`Event::Recalled`].
    Recall { file: Vec<u8> },
    /// Look at a photo with the loaded model and with the one taught or recalled last. Answered by [`Event::Compared`].
    Compare { photo: u32, bytes: Vec<u8> },
    /// Time a network. Answered by [`Event::Trying`] as it goes, and by [`Event::Tried`].
    Try(Trial),
}

/// Engine to page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {
    /// The engine runs and has opened its device.
    Started,
    /// The device cannot be opened, or gives nothing back any more: this engine will answer nothing.
    Unusable {
        reason: Said,
    },
    /// Bytes of the weights so far.
    Progress {
        received: u64,
        total: u64,
    },
    /// The model is ready; how long fetching and building took, in milliseconds.
    Loaded {
        model: String,
        /// Of how many stages it is.
        stages: usize,
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
    /// Passes done of a method that takes many.
    Explaining {
        photo: u32,
        done: usize,
        of: usize,
    },
    Explained {
        photo: u32,
        explanation: Explanation,
        predictions: Vec<Prediction>,
    },
    /// Maps or measures that were ended by [`Request::Stop`].
    Stopped {
        photo: u32,
    },
    Measured {
        photo: u32,
        explanation: Explanation,
        class: usize,
        measured: Measured,
    },
    Studied {
        photo: u32,
    },
    Lesson(LessonEvent),
    /// The training is over: the new model's card (JSON) and file, and what it says of every photo.
    Taught {
        card: String,
        file: Vec<u8>,
        answers: Vec<Answer>,
    },
    /// The training could not be done.
    NotTaught {
        message: Said,
    },
    /// The card (JSON) of a model that was recalled.
    Recalled {
        card: String,
    },
    /// A photo before and after: the loaded model's best classes, and all classes of the taught one.
    Compared {
        photo: u32,
        picture: Picture,
        before: Look,
        /// `None` where nothing was taught or recalled.
        after: Option<Look>,
    },
    /// Timed runs done.
    Trying {
        done: usize,
        of: usize,
    },
    Tried(TrialResult),
    /// Something did not work: a photo, or the model where `photo` is `None`.
    Failed {
        photo: Option<u32>,
        message: Said,
    },
}

/// How far a map is to be trusted: what to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Measure {
    Faithfulness,
    Sanity,
}

/// And what was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Measured {
    Faithfulness(Faithfulness),
    Sanity(Vec<Randomised>),
}

/// An upright photo, size-capped for the screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    /// Interleaved RGB.
    pub rgb: Vec<u8>,
    /// Remarks for the person.
    pub notes: Vec<Said>,
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

/// Which weights learn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// A new head on the features as they are.
    #[default]
    Head,
    /// That, and the last stage.
    LastStage,
}

/// How to learn; the defaults are good for a handful of photos.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub part: Part,
    pub epochs: usize,
    /// Photos per step.
    pub batch: usize,
    /// The highest learning rate of Adam.
    pub lr: f64,
    /// Share of every class that is only judged by.
    pub held_out: f64,
    /// Learn from changed copies too: mirrored, shifted, in other light.
    pub augment: bool,
    /// Classes with few photos weigh as much as the others.
    pub balanced: bool,
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            part: Part::Head,
            epochs: 20,
            batch: 16,
            lr: 0.003,
            held_out: 0.2,
            augment: true,
            balanced: true,
            seed: 1,
        }
    }
}

/// Classes of the person's own, and the photos that show them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lesson {
    /// Name of the model to come, and its title for people.
    pub name: String,
    pub title: String,
    pub classes: Vec<String>,
    /// Each photo with its class.
    pub photos: Vec<(u32, usize)>,
    pub settings: Settings,
    /// A photo and a class whose map is told after every epoch.
    pub watched: Option<(u32, usize)>,
}

/// How a training goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum LessonEvent {
    Step {
        done: usize,
        total: usize,
        loss: f32,
    },
    Epoch {
        /// From 1.
        number: usize,
        of: usize,
        train_loss: f64,
        /// Loss and accuracy (0 to 1) on the held-out photos; `None` where there are none.
        held_out: Option<(f64, f64)>,
        watched: Option<Prediction>,
        /// Since the training began, pauses included.
        milliseconds: f64,
    },
}

/// What the new model says of a photo that it was taught or judged by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub photo: u32,
    pub class: usize,
    pub held_out: bool,
    /// Of every class.
    pub probabilities: Vec<f32>,
}

impl Answer {
    /// The most probable class, and how probable it is.
    pub fn best(&self) -> Option<(usize, f32)> {
        self.probabilities.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))
    }
}

/// What to time, on noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Name of a network that is built for it, with random weights; `None` for the loaded one.
    pub network: Option<String>,
    /// Pixels on a side, at least 32.
    pub size: u32,
    /// Photos in each run, at least 1.
    pub batch: usize,
    /// Timed runs after the first, at least 1.
    pub runs: usize,
    /// Full training steps instead of forward passes.
    pub training: bool,
}

/// How long it took, in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TrialResult {
    /// The first run, in which the device made itself ready.
    pub first: f32,
    /// Those after it, up to the logits or the loss.
    pub runs: Vec<f32>,
    /// Five maps of the first photo on top of each pass; empty for training.
    pub maps: Vec<f32>,
    /// Of one forward pass of one photo.
    pub multiply_adds: u64,
    /// What the network said of the noise, all photos in turn; empty for training.
    pub logits: Vec<f32>,
    /// Of every training step, the first included; empty for passes.
    pub losses: Vec<f32>,
    /// Bytes of memory the engine holds; 0 where it cannot tell.
    pub memory: u64,
}
