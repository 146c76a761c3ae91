//! Data-set formats, one file each, and the list of them.

mod cifar10;
mod folder;
mod planes;
mod stl10;
mod tiny_imagenet;
mod voc;
mod yolo;

use std::path::Path;

use super::{Archive, Boxed, DataError, Split};
use crate::core::preprocessing::Preprocessing;

/// A data-set format.
#[derive(Debug)]
pub struct Format {
    /// Name of the format, the part before the colon.
    pub name: &'static str,
    /// What the folder holds, for help texts.
    pub content: &'static str,
    /// The authors' archive, if `camscope fetch` may download it.
    pub archive: Option<Archive>,
    pub(super) reader: Reader,
}

/// Function that reads a format.
#[derive(Debug)]
pub(super) enum Reader {
    /// Reads labelled photos.
    Labelled(fn(&Path, &Preprocessing) -> Result<Split, DataError>),
    /// Reads objects of the given classes with their bounding boxes.
    Boxed(fn(&Path, &Preprocessing, &[String]) -> Result<Boxed, DataError>),
}

/// All formats.
pub static FORMATS: &[Format] = &[
    Format {
        name: "stl10",
        content: "STL-10's binary files",
        archive: Some(stl10::ARCHIVE),
        reader: Reader::Labelled(stl10::load),
    },
    Format {
        name: "cifar10",
        content: "CIFAR-10's binary files",
        archive: Some(cifar10::ARCHIVE),
        reader: Reader::Labelled(cifar10::load),
    },
    Format {
        name: "folder",
        content: "a sub-folder per class, or train/, val/ and test/ with such",
        archive: None,
        reader: Reader::Labelled(folder::load),
    },
    Format {
        name: "tiny-imagenet",
        content: "Tiny ImageNet's validation images and boxes",
        archive: None,
        reader: Reader::Boxed(tiny_imagenet::load),
    },
    Format {
        name: "yolo",
        content: "images/ and labels/ with boxes",
        archive: None,
        reader: Reader::Boxed(yolo::load),
    },
    Format {
        name: "yolo-coco",
        content: "the same with COCO's classes",
        archive: None,
        reader: Reader::Boxed(yolo::load_coco),
    },
    Format {
        name: "voc",
        content: "photos with Pascal VOC's .xml files",
        archive: None,
        reader: Reader::Boxed(voc::load),
    },
];

impl Format {
    /// Return whether the format names objects with boxes, not whole photos.
    pub fn has_boxes(&self) -> bool {
        matches!(self.reader, Reader::Boxed(_))
    }
}
