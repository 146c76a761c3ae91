//! A folder per class: `<class>/*.jpg`, or `train/<class>/*.jpg` and `test/<class>/*.jpg`.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use super::files::read_files;
use super::{DataError, Dataset, Split, stratified};
use crate::photo::Photo;
use crate::recipe::Recipe;

/// What a folder without `train/` and `test/` keeps for testing.
#[derive(Debug, Clone, Copy)]
pub struct HeldOut {
    pub share: f64,
    pub seed: u64,
}

/// Loads every image below `root` (a folder or a `.zip`), cut and scaled as `recipe` has it. Classes are in alphabetical
/// order. A file that is no photo is left out and named in [`Split::skipped`].
pub fn load_folder(root: &Path, recipe: &Recipe, held_out: HeldOut) -> Result<Split, DataError> {
    let files = read_files(root, is_image)?;
    let part_of =
        |name: &str| name.split('/').rev().nth(2).filter(|part| matches!(*part, "train" | "test")).map(str::to_owned);
    let parted = files.iter().any(|(name, _)| part_of(name).is_some());
    let mut classes: BTreeMap<String, usize> = BTreeMap::new();
    let mut wanted = Vec::new();
    for (name, bytes) in &files {
        let part = part_of(name);
        if let Some(class) = name.split('/').rev().nth(1)
            && (part.is_some() || !parted)
        {
            classes.insert(class.to_owned(), 0);
            wanted.push((name, bytes, class, part.as_deref() == Some("test")));
        }
    }
    if classes.is_empty() {
        return Err(DataError::Layout {
            path: root.to_owned(),
            expected: "one sub-folder per class with JPEG, PNG, WebP, GIF or BMP files in it (or train/ and test/ with such sub-folders)",
        });
    }
    classes.values_mut().enumerate().for_each(|(label, place)| *place = label);

    let size = recipe.size;
    let decode = |bytes: &Vec<u8>| {
        let photo = Photo::decode(bytes)?;
        Ok(photo.square(recipe.window(photo.width, photo.height), size))
    };
    let decoded: Vec<Result<Vec<u8>, crate::photo::PhotoError>> =
        wanted.par_iter().map(|(_, bytes, ..)| decode(bytes)).collect();
    let empty = Dataset { side: size as usize, classes: classes.keys().cloned().collect(), ..Dataset::default() };
    let mut split = Split { train: empty.clone(), test: empty, skipped: Vec::new() };
    for ((name, _, class, is_test), rgb) in wanted.into_iter().zip(decoded) {
        match rgb {
            Ok(rgb) if is_test => split.test.push(&rgb, classes[class]),
            Ok(rgb) => split.train.push(&rgb, classes[class]),
            Err(error) => split.skipped.push(format!("{name}: {error}")),
        }
    }
    if !parted {
        let (train, test) = stratified(&split.train.labels, held_out.share, held_out.seed);
        (split.train, split.test) = (split.train.select(&train), split.train.select(&test));
    }
    Ok(split)
}

/// Whether a file of that name is taken for a photo.
pub fn is_image(name: &str) -> bool {
    let extension = Path::new(name).extension().map(|e| e.to_string_lossy().to_lowercase());
    extension.is_some_and(|e| matches!(e.as_str(), "jpg" | "jpeg" | "png" | "webp" | "gif" | "bmp"))
}
