//! Tiny ImageNet's validation images with their bounding boxes (Stanford CS231n).

use std::collections::HashMap;
use std::path::Path;

use crate::core::preprocessing::Preprocessing;
use crate::data::DataError;
use crate::data::boxed::{Annotated, Boxed, Object, Place, assemble};
use crate::data::files::{FileFilter, read_files};

/// Load the images of `val/images/` with the boxes of `val/val_annotations.txt`.
///
/// A class has all names that `words.txt` lists for its synset. An optional `map.txt`, with lines `CLASS SYNSET…`, adds
/// names. Images that are not there are ignored, so a part of the data set works too.
///
/// # Errors
/// [`DataError::Layout`] without `val/val_annotations.txt`.
pub fn load(root: &Path, preprocessing: &Preprocessing, classes: &[String]) -> Result<Boxed, DataError> {
    let accepts = |name: &str| {
        name.contains("val/images/")
            || ["val_annotations.txt", "words.txt", "map.txt"].iter().any(|end| name.ends_with(end))
    };
    let found = read_files(root, FileFilter { photos: false, others: accepts })?;
    let files = &found.files;
    let text =
        |end: &str| files.iter().find(|(name, _)| name.ends_with(end)).map(|(_, bytes)| String::from_utf8_lossy(bytes));
    let Some(annotations) = text("val/val_annotations.txt") else {
        return Err(DataError::Layout {
            path: root.to_owned(),
            expected: "Tiny ImageNet's val/val_annotations.txt beside val/images/",
        });
    };
    let mut names: HashMap<String, Vec<String>> = HashMap::new();
    for line in text("map.txt").unwrap_or_default().lines() {
        let mut words = line.split_whitespace();
        let class = words.next().unwrap_or_default();
        words.for_each(|synset| names.entry(synset.to_owned()).or_default().push(class.to_owned()));
    }
    for (synset, words) in text("words.txt").unwrap_or_default().lines().filter_map(|line| line.split_once('\t')) {
        names.entry(synset.to_owned()).or_default().extend(words.split(", ").map(str::to_owned));
    }
    let images: HashMap<&str, &String> =
        files.iter().filter_map(|(name, _)| Some((name.split("val/images/").nth(1)?, name))).collect();
    let object = |line: &str| {
        let mut fields = line.split('\t');
        let (file, synset) = (fields.next()?, fields.next()?);
        let sides: Vec<f64> = fields.filter_map(|field| field.trim().parse().ok()).collect();
        let &[x0, y0, x1, y1] = sides.as_slice() else { return None };
        // The last pixels belong to the box.
        let place = Place::Pixels([x0, y0, x1 + 1.0, y1 + 1.0], None);
        let names = names.get(synset).cloned().unwrap_or_default();
        Some(Object { file: images.get(file)?.to_string(), names, place })
    };
    let objects = annotations.lines().filter_map(object).collect();
    let annotated = Annotated { objects, ..Annotated::default() };
    Ok(assemble(found, annotated, preprocessing, classes))
}
