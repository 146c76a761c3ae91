//! The engine's errors and notes as messages for the page.
//!
//! The native binary prints the errors' own texts; a test compares them with the page's English. Errors that only an
//! engineer can act on are not translated.

use super::error::EngineError;
use crate::core::file_kind::FileKind;
use crate::core::message::Message;
use crate::device::DeviceError;
use crate::photo::{Advice, MAX_PIXELS, Note, PhotoError, RareJpeg};
use crate::train::TrainError;

impl From<&PhotoError> for Message {
    fn from(error: &PhotoError) -> Self {
        match error {
            PhotoError::Empty => Message::new("photo-empty"),
            PhotoError::NotAPhoto(kind) => Message::new("photo-not")
                .with("kind", Message::from(*kind))
                .with("advice", Message::from(Advice::on(*kind))),
            PhotoError::RareJpeg(coding) => Message::new("photo-rare").with("coding", Message::from(*coding)),
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

impl From<FileKind> for Message {
    fn from(kind: FileKind) -> Self {
        Message::new(match kind {
            FileKind::Pdf => "kind-pdf",
            FileKind::Archive => "kind-archive",
            FileKind::Tiff => "kind-tiff",
            FileKind::Raw => "kind-raw",
            FileKind::Heic => "kind-heic",
            FileKind::Avif => "kind-avif",
            FileKind::Jxl => "kind-jxl",
            FileKind::Jp2 => "kind-jp2",
            FileKind::Psd => "kind-psd",
            FileKind::Icon => "kind-icon",
            FileKind::Svg => "kind-svg",
            FileKind::Hdr => "kind-hdr",
            FileKind::Pnm => "kind-pnm",
            FileKind::Video => "kind-video",
            FileKind::Audio => "kind-audio",
            FileKind::Html => "kind-html",
            FileKind::LfsPointer => "kind-lfs",
            FileKind::Zeros => "kind-zeros",
            FileKind::Text => "kind-text",
            FileKind::Unknown => "kind-unknown",
        })
    }
}

impl From<Advice> for Message {
    fn from(advice: Advice) -> Self {
        Message::new(match advice {
            Advice::Choose => "advice-choose",
            Advice::Convert => "advice-convert",
            Advice::ConvertOrSetPhone => "advice-phone",
            Advice::SavePicture => "advice-save",
            Advice::Fetch => "advice-fetch",
            Advice::CopyAgain => "advice-copy",
        })
    }
}

impl From<RareJpeg> for Message {
    fn from(coding: RareJpeg) -> Self {
        Message::new(match coding {
            RareJpeg::Arithmetic => "jpeg-arithmetic",
            RareJpeg::Lossless => "jpeg-lossless",
            RareJpeg::Hierarchical => "jpeg-hierarchical",
            RareJpeg::TwelveBits => "jpeg-twelve-bits",
        })
    }
}

impl From<&Note> for Message {
    fn from(note: &Note) -> Self {
        Message::new(match note {
            Note::Animated => "note-animated",
            Note::SixteenBit => "note-sixteen-bit",
            Note::ByBrowser => "note-by-browser",
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
            EngineError::NoFeatures => Message::new("engine-no-features"),
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
