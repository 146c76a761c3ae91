//! Bounding boxes from the files of annotation tools: YOLO's text and Pascal VOC's XML, as these tools and people write them.

mod matching;
mod names;
mod text;
mod voc;
mod yolo;

pub use matching::{Matching, PhotoOf};
pub use names::class_names;
pub use text::declared_encoding;
pub use voc::{Frame, Voc, voc};
pub use yolo::yolo;

use super::geometry::Rect;
use super::message::Message;

/// An annotated object in a photo.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// The object's class: its number or name in YOLO's files, its name in VOC's.
    pub class: String,
    /// The object's bounding box, in fractions of the photo's width and height.
    pub place: Rect,
}

/// Why an annotation cannot be used.
#[derive(Debug, Clone, thiserror::Error, PartialEq)]
pub enum AnnotationError {
    /// A line is not in YOLO's format.
    #[error("line {line} is not \"class x y width height\" with numbers from 0 to 1, but \"{found}\"")]
    Yolo {
        /// Number of the line, from 1.
        line: usize,
        /// The line itself, at most 60 characters.
        found: String,
    },
    /// A line has coordinates far above 1.
    #[error(
        "line {line} has numbers above 1, \"{found}\": YOLO's are fractions of the photo's size, and these look like pixels"
    )]
    Pixels {
        /// Number of the line, from 1.
        line: usize,
        /// The line itself, at most 60 characters.
        found: String,
    },
    /// A box of a line, in YOLO's format, has no area.
    #[error("line {line} has a box without area, \"{found}\"")]
    NoArea {
        /// Number of the line, from 1.
        line: usize,
        /// The line itself, at most 60 characters.
        found: String,
    },
    /// The file is not well-formed XML; holds the parser's message.
    #[error("it is not XML: {0}")]
    Xml(String),
    /// An element of VOC's format is missing or unusable.
    #[error("line {line} is not a Pascal VOC <object> with a <name> and a <bndbox>: {missing} is missing or no number")]
    Voc {
        /// Number of the object's line, from 1.
        line: usize,
        /// Name of the element.
        missing: &'static str,
    },
    /// The XML is no VOC annotation; holds the name of its root element.
    #[error("it is not Pascal VOC's XML: expected <annotation> with <object>s, found <{0}>")]
    NotVoc(String),
}

impl AnnotationError {
    /// Return the error as a message for the page.
    pub fn message(&self) -> Message {
        let of_line =
            |id: &'static str, line: &usize, found: &str| Message::new(id).with("line", *line).with("found", found);
        match self {
            Self::Yolo { line, found } => of_line("check-not-yolo", line, found),
            Self::Pixels { line, found } => of_line("check-pixels", line, found),
            Self::NoArea { line, found } => of_line("check-no-area", line, found),
            Self::Xml(why) => Message::new("check-not-xml").with("why", why.as_str()),
            Self::Voc { line, missing } => {
                Message::new("check-not-object").with("line", *line).with("missing", *missing)
            }
            Self::NotVoc(root) => Message::new("check-not-voc").with("root", root.as_str()),
        }
    }
}
