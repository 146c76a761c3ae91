//! Photos in which the objects' places are known, as every format of them comes to.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use super::Dataset;
use crate::core::annotations::{Annotation, AnnotationError};
use crate::core::geometry::Rect;
use crate::core::preprocessing::Preprocessing;
use crate::photo::Photo;

/// Labelled images with the boxes of what their label names.
#[derive(Debug, Clone)]
pub struct Boxed {
    pub data: Dataset,
    /// Boxes of each image, at least one: in shares of the crop that the network sees, clipped to it.
    pub boxes: Vec<Vec<Rect>>,
    /// Objects of other classes than those asked for, or outside the crop.
    pub left_out: usize,
    /// Files that could not be used, each with the reason.
    pub skipped: Vec<String>,
}

/// One object in a file.
pub(super) struct Object {
    pub file: String,
    /// Its class by each of its names.
    pub names: Vec<String>,
    /// Its box, in pixels or in shares of the photo.
    pub place: Rect,
    pub pixels: bool,
}

/// The objects in the annotation files of that ending, each in the file that `image` finds for it, and why files were left out.
pub(super) fn annotated<'a>(
    files: &[(String, Vec<u8>)],
    ending: &str,
    image: impl Fn(&str) -> Option<&'a String>,
    parse: impl Fn(&str) -> (Vec<Annotation>, Vec<AnnotationError>),
    named: impl Fn(&str) -> Option<String>,
) -> (Vec<Object>, Vec<String>) {
    let (mut objects, mut skipped) = (Vec::new(), Vec::new());
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(ending)) {
        let Some(file) = image(name) else { continue };
        let (found, left_out) = parse(&String::from_utf8_lossy(bytes));
        skipped.extend(left_out.into_iter().map(|error| format!("{name}: {error}")));
        objects.extend(found.into_iter().map(|Annotation { class, place }| {
            let names = named(&class).into_iter().collect();
            Object { file: file.clone(), names, place, pixels: false }
        }));
    }
    (objects, skipped)
}

/// The boxes of a file's classes, each with whether it is in pixels.
type ByClass = BTreeMap<usize, Vec<(Rect, bool)>>;

/// One image per file and class with all boxes of that class.
pub(super) fn assemble(
    files: &[(String, Vec<u8>)],
    objects: Vec<Object>,
    preprocessing: &Preprocessing,
    classes: &[String],
) -> Boxed {
    let mut by_file: BTreeMap<String, ByClass> = BTreeMap::new();
    let mut left_out = 0;
    for object in objects {
        match classes.iter().position(|class| object.names.contains(class)) {
            Some(class) => {
                let boxes = by_file.entry(object.file).or_default().entry(class).or_default();
                boxes.push((object.place, object.pixels));
            }
            None => left_out += 1,
        }
    }
    let contents: HashMap<&str, &[u8]> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let decode = |(name, objects): (&String, &ByClass)| {
        let photo = Photo::decode(contents[name.as_str()]).map_err(|error| format!("{name}: {error}"));
        photo.map(|photo| {
            let window = preprocessing.crop(photo.width, photo.height);
            let seen = |&(place, pixels): &(Rect, bool)| {
                let scale = |side: u32| if pixels { 1.0 } else { f64::from(side) };
                cut(place.scaled(scale(photo.width), scale(photo.height)), window)
            };
            let boxes: Vec<(usize, Vec<Rect>)> =
                objects.iter().map(|(&class, boxes)| (class, boxes.iter().filter_map(seen).collect())).collect();
            (photo.square(window, preprocessing.size), boxes)
        })
    };
    let decoded: Vec<_> = by_file.par_iter().map(decode).collect();
    let data = Dataset { side: preprocessing.size as usize, classes: classes.to_vec(), ..Dataset::default() };
    let mut boxed = Boxed { data, boxes: Vec::new(), left_out, skipped: Vec::new() };
    for decoded in decoded {
        match decoded {
            Ok((rgb, objects)) => {
                for (class, boxes) in objects {
                    if boxes.is_empty() {
                        boxed.left_out += 1;
                    } else {
                        boxed.data.push(&rgb, class);
                        boxed.boxes.push(boxes);
                    }
                }
            }
            Err(reason) => boxed.skipped.push(reason),
        }
    }
    boxed
}

/// The part of `place` inside `window`, in shares of it.
fn cut(place: Rect, window: Rect) -> Option<Rect> {
    let share = |at: f64, from: f64, whole: f64| ((at - from) / whole).clamp(0.0, 1.0);
    let (x, right) = (share(place.x, window.x, window.width), share(place.x + place.width, window.x, window.width));
    let (y, bottom) = (share(place.y, window.y, window.height), share(place.y + place.height, window.y, window.height));
    (right > x && bottom > y).then_some(Rect { x, y, width: right - x, height: bottom - y })
}
