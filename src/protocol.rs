//! Messages between the page and the engine worker. The data in them is defined in [`crate::core`].

use serde::{Deserialize, Serialize};

use crate::core::benchmark::{BenchmarkResult, BenchmarkSpec};
use crate::core::inference::{Inference, Picture, Prediction};
use crate::core::lesson::{Answer, Lesson, LessonEvent};
use crate::core::message::Message;
use crate::core::method::CamOptions;
use crate::core::metrics::{Metric, MetricResult};

/// A request of the page. The engine answers requests in order.
///
/// Any request may be answered by [`Reply::Failed`] instead, or by [`Reply::Unusable`] if the device fails.
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
    /// Decode a photo, run inference on it, and cache the result under `photo`. Answered by [`Reply::Picture`] and
    /// [`Reply::Inferred`].
    Infer {
        /// Id of the photo.
        photo: u32,
        /// The file's content.
        bytes: Vec<u8>,
        /// Longest side of the picture in the reply, in pixels.
        side: u32,
    },
    /// Compute the CAM of any class from the cached features of a photo. Answered by [`Reply::Map`].
    Map {
        /// Id of the photo.
        photo: u32,
        /// Index of the class.
        class: usize,
    },
    /// Compute the maps of any classes by any method for a photo with a cached inference. Answered by
    /// [`Reply::PassesDone`] while it takes long, and by [`Reply::Explained`] or [`Reply::Stopped`].
    Explain {
        /// Id of the photo.
        photo: u32,
        /// How to compute the maps.
        options: CamOptions,
        /// Indices of the classes.
        classes: Vec<usize>,
    },
    /// Compute a metric of a class's map for a photo with a cached inference. Answered by [`Reply::PassesDone`] while
    /// it takes long, and by [`Reply::MetricResult`] or [`Reply::Stopped`].
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
    /// Drop everything cached for a photo. Not answered.
    Forget {
        /// Id of the photo.
        photo: u32,
    },
    /// Decode a photo to train on, and cache the output of the frozen stages. Answered by [`Reply::FeaturesExtracted`].
    ExtractFeatures {
        /// Id of the photo.
        photo: u32,
        /// The file's content.
        bytes: Vec<u8>,
        /// Also cache the features of augmented copies.
        augment: bool,
    },
    /// Fine-tune on photos with cached features. Answered by [`Reply::Lesson`] as it goes, and by [`Reply::Taught`] or
    /// [`Reply::TeachFailed`].
    Teach(Lesson),
    /// Stop the running task after its current step. A training keeps its best weights so far.
    Stop,
    /// Pause the running training before its next step (`true`), or resume it (`false`).
    Pause(bool),
    /// Load a second model from its `.bpk` file beside the first. Answered by [`Reply::SecondLoaded`].
    LoadSecond {
        /// The file's content.
        file: Vec<u8>,
    },
    /// Run inference on a photo with the loaded model and with the second one. Answered by [`Reply::Compared`].
    Compare {
        /// Id of the photo.
        photo: u32,
        /// The file's content.
        bytes: Vec<u8>,
    },
    /// Time a network. Answered by [`Reply::Benchmarking`] after every run, and by [`Reply::Benchmarked`].
    Benchmark(BenchmarkSpec),
}

/// A reply of the engine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Reply {
    /// The engine runs and has opened its device.
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
        /// Name of the model.
        model: String,
        /// Number of stages of its network.
        stages: usize,
        /// Whether the weights came from the browser's cache.
        from_cache: bool,
        /// Time for fetching and building.
        milliseconds: f64,
    },
    /// The decoded photo.
    Picture {
        /// Id of the photo.
        photo: u32,
        /// The photo, reduced for the screen.
        picture: Picture,
    },
    /// The result of [`Request::Infer`].
    Inferred {
        /// Id of the photo.
        photo: u32,
        /// The most probable classes with their maps.
        inference: Inference,
    },
    /// The result of [`Request::Map`].
    Map {
        /// Id of the photo.
        photo: u32,
        /// The class with its map.
        prediction: Prediction,
    },
    /// Progress of maps or a metric that take many passes.
    PassesDone {
        /// Id of the photo.
        photo: u32,
        /// Passes done.
        done: usize,
        /// Passes in all.
        of: usize,
    },
    /// The result of [`Request::Explain`].
    Explained {
        /// Id of the photo.
        photo: u32,
        /// The request's options.
        options: CamOptions,
        /// The classes with their maps, in the order of the request.
        predictions: Vec<Prediction>,
    },
    /// [`Request::Stop`] ended maps or a metric.
    Stopped {
        /// Id of the photo.
        photo: u32,
    },
    /// The result of [`Request::Metric`].
    MetricResult {
        /// Id of the photo.
        photo: u32,
        /// The request's options.
        options: CamOptions,
        /// The request's class.
        class: usize,
        /// What was measured.
        result: MetricResult,
    },
    /// The features of a photo are cached: [`Request::ExtractFeatures`] is done.
    FeaturesExtracted {
        /// Id of the photo.
        photo: u32,
    },
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
    /// [`Request::Teach`] failed. The loaded model is unchanged.
    TeachFailed {
        /// What went wrong.
        message: Message,
    },
    /// The second model is ready.
    SecondLoaded {
        /// Its card, as JSON.
        card: String,
    },
    /// The result of [`Request::Compare`].
    Compared {
        /// Id of the photo.
        photo: u32,
        /// The photo, as large as the engine decodes it.
        picture: Picture,
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
    Failed {
        /// Id of the photo that cannot be used; `None` if the model or the request is at fault.
        photo: Option<u32>,
        /// What went wrong.
        message: Message,
    },
}
