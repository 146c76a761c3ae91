//! A folder per class: `<class>/*.jpg`, or `train/`, `val/` and `test/` with such folders.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use crate::core::folders::{Part, places};
use crate::core::preprocessing::Preprocessing;
use crate::data::files::{FileFilter, Files, read_files};
use crate::data::{DataError, Dataset, Split};
use crate::photo::{Photo, PhotoError};

/// Photos beside the class folders that a remark names.
const NAMED: usize = 3;

/// Load every photo below `root`, a folder or a `.zip`, cropped and scaled by `preprocessing`.
///
/// [`places`] says where photos belong. Classes are in alphabetical order. Without folders for parts, all images are for training.
/// A file that cannot be decoded is listed in [`Split::skipped`].
///
/// # Errors
/// [`DataError::Layout`] if no class folder holds a photo.
pub fn load(root: &Path, preprocessing: &Preprocessing) -> Result<Split, DataError> {
    let found = read_files(root, FileFilter { photos: true, others: |_: &str| false })?;
    let mut notes = found.remarks();
    let Files { files, unreadable, .. } = found;
    let paths: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    let mut photos = Vec::new();
    let mut beside = Vec::new();
    for (place, (path, bytes)) in places(&paths).into_iter().zip(&files) {
        match place {
            Some(place) => photos.push((path, bytes, place)),
            None => beside.push(path.as_str()),
        }
    }
    if photos.is_empty() {
        return Err(DataError::Layout {
            path: root.to_owned(),
            expected: "one sub-folder per class with JPEG, PNG, WebP, GIF or BMP files in it (or train/, val/ and \
                       test/ with such sub-folders)",
        });
    }
    if !beside.is_empty() {
        let more = if beside.len() > NAMED { ", …" } else { "" };
        let named = beside[..beside.len().min(NAMED)].join(", ");
        let lie = match beside.len() {
            1 => "1 photo lies beside the class folders, so it has no class".into(),
            n => format!("{n} photos lie beside the class folders, so they have no class"),
        };
        notes.push(format!("{lie}: {named}{more}"));
    }
    let mut labels: BTreeMap<&str, usize> = photos.iter().map(|(_, _, place)| (place.class, 0)).collect();
    labels.values_mut().enumerate().for_each(|(label, slot)| *slot = label);

    let size = preprocessing.size;
    let decode = |bytes: &Vec<u8>| {
        let photo = Photo::decode(bytes)?;
        Ok(photo.square(preprocessing.crop(photo.width, photo.height), size))
    };
    let decoded: Vec<Result<Vec<u8>, PhotoError>> = photos.par_iter().map(|(_, bytes, ..)| decode(bytes)).collect();
    let classes = labels.keys().map(|&class| class.to_owned()).collect();
    let mut split = Split::empty(Dataset { side: size as usize, classes, ..Dataset::default() });
    (split.skipped, split.notes) = (unreadable, notes);
    for ((path, _, place), rgb) in photos.into_iter().zip(decoded) {
        let images = match place.part.unwrap_or(Part::Train) {
            Part::Train => &mut split.train,
            Part::Validation => &mut split.validation,
            Part::Test => &mut split.test,
        };
        match rgb {
            Ok(rgb) => images.push(&rgb, labels[place.class]),
            Err(error) => split.skipped.push(format!("{path}: {error}")),
        }
    }
    split.notes.extend(unread_classes(&split));
    Ok(split)
}

/// Name the classes none of whose photos could be read.
fn unread_classes(split: &Split) -> Option<String> {
    let has =
        |label: usize| [&split.train, &split.validation, &split.test].iter().any(|data| data.labels.contains(&label));
    let names: Vec<&str> = split
        .train
        .classes
        .iter()
        .enumerate()
        .filter(|(label, _)| !has(*label))
        .map(|(_, name)| name.as_str())
        .collect();
    (!names.is_empty()).then(|| format!("no photo could be read of: {}", names.join(", ")))
}
