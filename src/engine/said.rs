//! What the engine's errors and remarks say on the page. The texts that the errors have of their own are the native binary's;
//! a test holds them to the English of the page. What is a report for engineers has no translation: it is filled in as it is.

use super::EngineError;
use crate::device::DeviceError;
use crate::photo::{Kind, MAX_PIXELS, Note, PhotoError};
use crate::said::Said;
use crate::train::TrainError;

impl From<&PhotoError> for Said {
    fn from(error: &PhotoError) -> Self {
        match error {
            PhotoError::Empty => Said::new("photo-empty"),
            PhotoError::NotAPhoto(kind) => Said::new("photo-not").with("kind", Said::from(*kind)),
            PhotoError::Truncated => Said::new("photo-cut"),
            PhotoError::Damaged(why) => Said::new("photo-damaged").with("why", why.as_str()),
            PhotoError::TooLarge { width, height } => Said::new("photo-large")
                .with("width", *width as usize)
                .with("height", *height as usize)
                .with("found", (width * height / 1_000_000) as usize)
                .with("fits", (MAX_PIXELS / 1_000_000) as usize),
        }
    }
}

impl From<Kind> for Said {
    fn from(kind: Kind) -> Self {
        Said::new(match kind {
            Kind::Pdf => "kind-pdf",
            Kind::Archive => "kind-archive",
            Kind::Tiff => "kind-tiff",
            Kind::Heic => "kind-heic",
            Kind::Avif => "kind-avif",
            Kind::Video => "kind-video",
            Kind::Text => "kind-text",
            Kind::Unknown => "kind-unknown",
        })
    }
}

impl From<&Note> for Said {
    fn from(note: &Note) -> Self {
        Said::new(match note {
            Note::Animated => "note-animated",
            Note::SixteenBit => "note-sixteen-bit",
        })
    }
}

impl From<&EngineError> for Said {
    fn from(error: &EngineError) -> Self {
        match error {
            EngineError::NoModel => Said::new("engine-no-model"),
            EngineError::NotSeen => Said::new("engine-not-seen"),
            EngineError::NotFinite => Said::new("engine-not-finite"),
            EngineError::Lesson => Said::new("engine-lesson"),
            EngineError::Stopped => Said::new("engine-stopped-early"),
            EngineError::NotStudied => Said::new("engine-not-studied"),
            EngineError::Class { class, classes } => {
                Said::new("engine-class").with("class", *class).with("classes", *classes)
            }
            EngineError::Train(TrainError::NotFinite { step, epoch, loss }) => {
                Said::new("engine-diverged").with("step", *step).with("epoch", *epoch).with("loss", loss.to_string())
            }
            other => report(other),
        }
    }
}

impl From<&DeviceError> for Said {
    fn from(error: &DeviceError) -> Self {
        match error {
            DeviceError::NoAdapter(why) => Said::new("device-no-adapter").with("why", why.as_str()),
            other => report(other),
        }
    }
}

/// An engineer's sentence.
pub fn report(error: &dyn std::fmt::Display) -> Said {
    Said::plain(error.to_string())
}
