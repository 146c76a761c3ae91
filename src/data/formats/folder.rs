//! A folder per class: `<class>/*.jpg`, or `train/`, `val/` and `test/` with such folders.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use crate::core::names::is_image_name;
use crate::core::preprocessing::Preprocessing;
use crate::data::files::read_files;
use crate::data::{DataError, Dataset, Split};
use crate::photo::{Photo, PhotoError};

/// A part of the data set, named by its folder.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Train,
    Validation,
    Test,
}

impl Part {
    /// Return the part of a photo whose path is `…/PART/CLASS/photo.jpg`, in upper or lower case.
    fn of(path: &str) -> Option<Self> {
        match path.split('/').rev().nth(2)?.to_lowercase().as_str() {
            "train" | "training" => Some(Self::Train),
            "val" | "valid" | "validation" => Some(Self::Validation),
            "test" | "testing" => Some(Self::Test),
            _ => None,
        }
    }
}

/// Load every image below `root`, a folder or a `.zip`, cropped and scaled by `preprocessing`.
///
/// Classes are in alphabetical order. Without folders for parts, all images are for training. A file that cannot be
/// decoded is listed in [`Split::skipped`].
///
/// # Errors
/// [`DataError::Layout`] if no class folder holds an image file.
pub fn load(root: &Path, preprocessing: &Preprocessing) -> Result<Split, DataError> {
    let files = read_files(root, is_image_name)?;
    let in_parts = files.iter().any(|(path, _)| Part::of(path).is_some());
    let mut photos = Vec::new();
    for (path, bytes) in &files {
        let part = Part::of(path);
        if let Some(class) = path.split('/').rev().nth(1)
            && (part.is_some() || !in_parts)
        {
            photos.push((path, bytes, class, part.unwrap_or(Part::Train)));
        }
    }
    let mut labels: BTreeMap<&str, usize> = photos.iter().map(|&(_, _, class, _)| (class, 0)).collect();
    if labels.is_empty() {
        return Err(DataError::Layout {
            path: root.to_owned(),
            expected: "one sub-folder per class with JPEG, PNG, WebP, GIF or BMP files in it (or train/, val/ and \
                       test/ with such sub-folders)",
        });
    }
    labels.values_mut().enumerate().for_each(|(label, slot)| *slot = label);

    let size = preprocessing.size;
    let decode = |bytes: &Vec<u8>| {
        let photo = Photo::decode(bytes)?;
        Ok(photo.square(preprocessing.crop(photo.width, photo.height), size))
    };
    let decoded: Vec<Result<Vec<u8>, PhotoError>> = photos.par_iter().map(|(_, bytes, ..)| decode(bytes)).collect();
    let classes = labels.keys().map(|&class| class.to_owned()).collect();
    let mut split = Split::empty(Dataset { side: size as usize, classes, ..Dataset::default() });
    for ((path, _, class, part), rgb) in photos.into_iter().zip(decoded) {
        let images = match part {
            Part::Train => &mut split.train,
            Part::Validation => &mut split.validation,
            Part::Test => &mut split.test,
        };
        match rgb {
            Ok(rgb) => images.push(&rgb, labels[class]),
            Err(error) => split.skipped.push(format!("{path}: {error}")),
        }
    }
    Ok(split)
}
