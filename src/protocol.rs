//! Messages between the page and the engine worker, and nothing else: the data in them is in [`crate::core`].

use serde::{Deserialize, Serialize};

use crate::core::benchmark::{BenchmarkResult, BenchmarkSpec};
use crate::core::inference::{Inference, Picture, Prediction};
use crate::core::lesson::{Answer, Lesson, LessonEvent};
use crate::core::message::Message;
use crate::core::method::CamOptions;
use crate::core::metrics::{Metric, MetricResult};

/// Page to engine. Answered in order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Request {
    /// Fetch, check and build a model; forgets what was seen with the one before.
    Load { card: String, url: String },
    /// Decode a photo, and say what is on it and where that shows. The picture sent back is `side` pixels long at most.
    Infer { photo: u32, bytes: Vec<u8>, side: u32 },
    /// The map of any other class, from the features kept from [`Request::Infer`].
    Map { photo: u32, class: usize },
    /// The maps of any classes by any method, of a photo that was looked at. Answered by [`Reply::PassesDone`] while it takes
    /// long, and by [`Reply::Explained`] or [`Reply::Stopped`].
    Explain { photo: u32, options: CamOptions, classes: Vec<usize> },
    /// What of [`MetricResult`] is `what`, for a class's map of a photo that was looked at. Answered by [`Reply::PassesDone`] as it
    /// goes, and by [`Reply::MetricResult`] or [`Reply::Stopped`].
    Metric { photo: u32, options: CamOptions, class: usize, what: Metric },
    /// Let go of what was kept of a photo.
    Forget { photo: u32 },
    /// Decode a photo to learn from, and keep what the frozen stages make of it. Answered by [`Reply::FeaturesExtracted`].
    ExtractFeatures { photo: u32, bytes: Vec<u8>, augment: bool },
    /// Train on photos that were studied. Answered by [`Reply::Lesson`] as it goes and [`Reply::Taught`] at the end.
    Teach(Lesson),
    /// End the training after this step; the best weights so far count. Or end the maps that take long.
    Stop,
    /// Wait before the next step, or go on.
    Pause(bool),
    /// Take up a model that was taught before or trained elsewhere, from its `.bpk` file, beside the loaded one.
    /// Answered by [`Reply::SecondLoaded`].
    LoadSecond { file: Vec<u8> },
    /// Look at a photo with the loaded model and with the one taught or recalled last. Answered by [`Reply::Compared`].
    Compare { photo: u32, bytes: Vec<u8> },
    /// Time a network. Answered by [`Reply::Benchmarking`] as it goes, and by [`Reply::Benchmarked`].
    Benchmark(BenchmarkSpec),
}

/// Engine to page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Reply {
    /// The engine runs and has opened its device.
    Started,
    /// The device cannot be opened, or gives nothing back any more: this engine will answer nothing.
    Unusable {
        reason: Message,
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
    Inferred {
        photo: u32,
        inference: Inference,
    },
    Map {
        photo: u32,
        prediction: Prediction,
    },
    /// Passes done of a method that takes many.
    PassesDone {
        photo: u32,
        done: usize,
        of: usize,
    },
    Explained {
        photo: u32,
        options: CamOptions,
        predictions: Vec<Prediction>,
    },
    /// Maps or measures that were ended by [`Request::Stop`].
    Stopped {
        photo: u32,
    },
    MetricResult {
        photo: u32,
        options: CamOptions,
        class: usize,
        measured: MetricResult,
    },
    FeaturesExtracted {
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
    TeachFailed {
        message: Message,
    },
    /// The card (JSON) of a model that was recalled.
    SecondLoaded {
        card: String,
    },
    /// A photo before and after: the loaded model's best classes, and all classes of the taught one.
    Compared {
        photo: u32,
        picture: Picture,
        before: Inference,
        /// `None` where nothing was taught or recalled.
        after: Option<Inference>,
    },
    /// Timed runs done.
    Benchmarking {
        done: usize,
        of: usize,
    },
    Benchmarked(BenchmarkResult),
    /// Something did not work: a photo, or the model where `photo` is `None`.
    Failed {
        photo: Option<u32>,
        message: Message,
    },
}
