//! Why the engine cannot answer. The texts are also in `www/words/en.ftl`; a test compares them.

use crate::cam::CamError;
use crate::checkpoint::CheckpointError;
use crate::device::ReadError;
use crate::model::ConfigError;
use crate::train::TrainError;

/// An error of a [`Session`](super::Session).
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A model must be loaded first.
    #[error("No model is loaded yet.")]
    NoModel,
    /// The photo has no cached inference; [`Session::infer`](super::Session::infer) makes one.
    #[error("Inference has not run on this photo with this model yet.")]
    NoInference,
    /// The class's index is out of range.
    #[error("Class number {class} does not exist; the model tells {classes} apart.")]
    Class {
        /// Index of the class.
        class: usize,
        /// Number of classes of the model.
        classes: usize,
    },
    /// The network cannot be built.
    #[error(transparent)]
    Network(#[from] ConfigError),
    /// The checkpoint cannot be read or written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A logit is infinite or not a number.
    #[error("The network's result is not a number. The device may be at fault; try the CPU.")]
    NotFinite,
    /// The lesson has fewer than two classes, or a class without photos.
    #[error("There is nothing to tell apart yet: at least two classes are needed, with a photo or more in each.")]
    IncompleteLesson,
    /// The training was stopped before any weights were validated.
    #[error("The training was stopped before its first epoch was over: nothing has changed.")]
    Stopped,
    /// A photo has no cached features; [`Session::extract_features`](super::Session::extract_features) makes them.
    #[error("The features of a photo have not been extracted with this model yet.")]
    NoFeatures,
    /// The training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The maps cannot be computed.
    #[error(transparent)]
    Cam(#[from] CamError),
    /// The device returned nothing.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl EngineError {
    /// Return whether the device has failed, so that no later request can succeed either.
    pub fn is_device_fault(&self) -> bool {
        matches!(
            self,
            Self::Read(_)
                | Self::Train(TrainError::Read(_))
                | Self::Cam(CamError::Read(_))
                | Self::Checkpoint(CheckpointError::Read(_))
        )
    }
}
