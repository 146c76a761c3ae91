//! The engine's errors and notes as messages for the page.
//!
//! The native binary prints the errors' own texts; a test compares them with the page's English. Errors that only an
//! engineer can act on are not translated.

use super::error::EngineError;
use crate::core::message::Message;
use crate::device::DeviceError;
use crate::photo::{Kind, MAX_PIXELS, Note, PhotoError};
use crate::train::TrainError;

impl From<&PhotoError> for Message {
    fn from(error: &PhotoError) -> Self {
        match error {
            PhotoError::Empty => Message::new("photo-empty"),
            PhotoError::NotAPhoto(kind) => Message::new("photo-not").with("kind", Message::from(*kind)),
            PhotoError::Truncated => Message::new("photo-cut"),
            PhotoError::Damaged(why) => Message::new("photo-damaged").with("why", why.as_str()),
            PhotoError::TooLarge { width, height } => Message::new("photo-large")
                .with("width", *width as usize)
                .with("height", *height as usize)
                .with("found", (width * height / 1_000_000) as usize)
                .with("fits", (MAX_PIXELS / 1_000_000) as usize),
        }
    }
}

impl From<Kind> for Message {
    fn from(kind: Kind) -> Self {
        Message::new(match kind {
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

impl From<&Note> for Message {
    fn from(note: &Note) -> Self {
        Message::new(match note {
            Note::Animated => "note-animated",
            Note::SixteenBit => "note-sixteen-bit",
        })
    }
}

impl From<&EngineError> for Message {
    fn from(error: &EngineError) -> Self {
        match error {
            EngineError::NoModel => Message::new("engine-no-model"),
            EngineError::NoInference => Message::new("engine-not-seen"),
            EngineError::NotFinite => Message::new("engine-not-finite"),
            EngineError::IncompleteLesson => Message::new("engine-lesson"),
            EngineError::Stopped => Message::new("engine-stopped-early"),
            EngineError::NoFeatures => Message::new("engine-not-studied"),
            EngineError::Class { class, classes } => {
                Message::new("engine-class").with("class", *class).with("classes", *classes)
            }
            EngineError::Train(TrainError::NotFinite { step, epoch, loss }) => {
                Message::new("engine-diverged").with("step", *step).with("epoch", *epoch).with("loss", loss.to_string())
            }
            other => untranslated(other),
        }
    }
}

impl From<&DeviceError> for Message {
    fn from(error: &DeviceError) -> Self {
        match error {
            DeviceError::NoAdapter(why) => Message::new("device-no-adapter").with("why", why.as_str()),
            other => untranslated(other),
        }
    }
}

/// Return an error's own text as a message that is not translated.
pub fn untranslated(error: &dyn std::fmt::Display) -> Message {
    Message::plain(error.to_string())
}
