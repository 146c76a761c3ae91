//! Messages between the page and the engine worker. The data in them is defined in [`crate::core`].
//!
//! The page gives each request an id, and every reply carries it: any number of replies for which [`Reply::is_last`] is
//! `false`, and one for which it is `true`. A file (a photo, or weights) travels beside its request as a `Blob`, which the
//! browser passes by reference; the pixels of a picture come back beside their reply in a buffer that is transferred.

use serde::{Deserialize, Serialize};

use crate::core::benchmark::{BenchmarkResult, BenchmarkSpec};
use crate::core::inference::{Inference, Picture, Prediction};
use crate::core::lesson::{Answer, Lesson, LessonEvent};
use crate::core::message::Message;
use crate::core::method::CamOptions;
use crate::core::metrics::{Metric, MetricResult};

/// What the page sends.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum ToEngine {
    /// Answer a request, after those before it.
    Ask {
        /// Id of the answer.
        id: u32,
        /// What is asked for.
        request: Request,
    },
    /// Steer a request that has not been answered. It overtakes all others.
    Control {
        /// Id of the request.
        id: u32,
        /// What to do.
        control: Control,
    },
    /// Drop everything cached for a photo. Not answered.
    Forget {
        /// Id of the photo.
        photo: u32,
    },
}

/// How to steer a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Control {
    /// Nobody waits for the answer any more: stop after the current step, and answer [`Reply::Stopped`].
    Cancel,
    /// Stop after the current step, and answer with what is there: a training with its best weights so far.
    Finish,
    /// Pause a training before its next step (`true`), or resume it (`false`).
    Pause(bool),
}

/// A request of the page. Any of them may be answered by [`Reply::Failed`], by [`Reply::Stopped`] after it was cancelled, or by
/// [`Reply::Unusable`] if the device fails.
///
/// A request about a photo carries the photo's file. The engine decodes the file and runs inference on it only if nothing is
/// cached under the photo's id, so that any engine can answer it at any time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Request {
    /// Fetch, verify and build a model. Everything cached with the model before is dropped. Answered by
    /// [`Reply::Progress`] while it downloads, and by [`Reply::Loaded`].
    Load {
        /// The model's card, as JSON.
        card: String,
        /// Address of the weights.
        url: String,
    },
    /// Decode a photo. It needs no network. Answered by [`Reply::Decoded`].
    Decode {
        /// Longest side of the picture in the reply, in pixels.
        side: u32,
    },
    /// Decode a photo, run inference on it, and cache the result. Answered by [`Reply::Picture`] and [`Reply::Inferred`].
    Infer {
        /// Id of the photo.
        photo: u32,
        /// Longest side of the picture in the reply, in pixels.
        side: u32,
    },
    /// Compute the maps of any classes by any method. Answered by [`Reply::PassesDone`] while it takes long, and by
    /// [`Reply::Explained`].
    Explain {
        /// Id of the photo.
        photo: u32,
        /// How to compute the maps.
        options: CamOptions,
        /// Indices of the classes.
        classes: Vec<usize>,
    },
    /// Compute a metric of a class's map. Answered by [`Reply::PassesDone`] while it takes long, and by [`Reply::Measured`].
    Metric {
        /// Id of the photo.
        photo: u32,
        /// How to compute the map.
        options: CamOptions,
        /// Index of the class.
        class: usize,
        /// The metric to compute.
        metric: Metric,
    },
    /// Decode a photo to train on, and cache the output of the frozen stages. Answered by [`Reply::FeaturesExtracted`].
    ExtractFeatures {
        /// Id of the photo.
        photo: u32,
        /// Also cache the features of augmented copies.
        augment: bool,
    },
    /// Fine-tune on photos with cached features. Answered by [`Reply::Lesson`] as it goes, and by [`Reply::Taught`].
    Teach(Lesson),
    /// Load a second model from its `.bpk` file beside the first. Answered by [`Reply::SecondLoaded`].
    LoadSecond,
    /// Run inference on a photo with the loaded model and with the second one. Answered by [`Reply::Compared`].
    Compare,
    /// Time a network. Answered by [`Reply::Benchmarking`] after every run, and by [`Reply::Benchmarked`].
    Benchmark(BenchmarkSpec),
}

/// What the engine sends: a reply, and the id of the request that it belongs to; `None` if it is unsolicited.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FromEngine {
    /// Id of the request.
    pub id: Option<u32>,
    /// The reply.
    pub reply: Reply,
}

/// A reply of the engine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Reply {
    /// The engine's code runs; it opens its device.
    Running,
    /// The engine has opened its device.
    Started,
    /// The device cannot be opened or has failed. The engine will answer nothing more.
    Unusable {
        /// What went wrong.
        reason: Message,
    },
    /// Weights are being downloaded.
    Progress {
        /// Bytes received.
        received: u64,
        /// Bytes expected.
        total: u64,
    },
    /// The model is ready.
    Loaded {
        /// Number of stages of its network.
        stages: usize,
        /// Whether the weights came from the browser's cache.
        from_cache: bool,
        /// Time for fetching and building.
        milliseconds: f64,
    },
    /// The decoded photo, reduced for the screen.
    Picture(Picture),
    /// The result of [`Request::Decode`].
    Decoded(Picture),
    /// The result of [`Request::Infer`]: the most probable classes with their maps.
    Inferred(Inference),
    /// Progress of maps or a metric that take many passes.
    PassesDone {
        /// Passes done.
        done: usize,
        /// Passes in all.
        of: usize,
    },
    /// The result of [`Request::Explain`]: the classes with their maps, in the order of the request.
    Explained(Vec<Prediction>),
    /// The result of [`Request::Metric`].
    Measured(MetricResult),
    /// The features of a photo are cached: [`Request::ExtractFeatures`] is done.
    FeaturesExtracted,
    /// Progress of [`Request::Teach`].
    Lesson(LessonEvent),
    /// The result of [`Request::Teach`]. The new model is the second one from now on.
    Taught {
        /// The new model's card, as JSON.
        card: String,
        /// Content of the new model's `.bpk` file.
        file: Vec<u8>,
        /// The new model's predictions for all photos of the lesson.
        answers: Vec<Answer>,
    },
    /// The second model is ready.
    SecondLoaded {
        /// Its card, as JSON.
        card: String,
    },
    /// The result of [`Request::Compare`], whose [`Reply::Picture`] comes before.
    Compared {
        /// The loaded model's most probable classes.
        before: Inference,
        /// The second model's classes, best first; `None` if there is no second model.
        after: Option<Inference>,
    },
    /// Progress of [`Request::Benchmark`].
    Benchmarking {
        /// Timed runs done.
        done: usize,
        /// Timed runs in all.
        of: usize,
    },
    /// The result of [`Request::Benchmark`].
    Benchmarked(BenchmarkResult),
    /// A request failed.
    Failed(Message),
    /// A request was cancelled.
    Stopped,
}

impl Reply {
    /// Return whether no more replies to the same request follow.
    pub fn is_last(&self) -> bool {
        use Reply::{Benchmarking, Lesson, PassesDone, Picture, Progress};
        !matches!(self, Progress { .. } | Picture(_) | PassesDone { .. } | Lesson(_) | Benchmarking { .. })
    }

    /// Take out the pixels of a picture, which travel beside the reply.
    pub fn take_pixels(&mut self) -> Option<Vec<u8>> {
        match self {
            Self::Picture(picture) | Self::Decoded(picture) => Some(std::mem::take(&mut picture.rgb)),
            _ => None,
        }
    }

    /// Put back what [`Self::take_pixels`] took.
    pub fn put_pixels(&mut self, pixels: Vec<u8>) {
        if let Self::Picture(picture) | Self::Decoded(picture) = self {
            picture.rgb = pixels;
        }
    }
}
