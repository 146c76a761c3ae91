//! Photos whose objects have bounding boxes: the common result of all such formats.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use super::Dataset;
use crate::core::annotations::{Annotation, AnnotationError};
use crate::core::geometry::Rect;
use crate::core::preprocessing::Preprocessing;
use crate::photo::Photo;

/// Labelled images with the bounding boxes of the objects that their labels name.
#[derive(Debug, Clone)]
pub struct Boxed {
    /// The images; a photo appears once for each class in it.
    pub data: Dataset,
    /// Boxes of each image, at least one: in fractions of the crop, clipped to it.
    pub boxes: Vec<Vec<Rect>>,
    /// Number of objects that are of other classes or outside the crop.
    pub left_out: usize,
    /// Files that cannot be used, each with the reason.
    pub skipped: Vec<String>,
}

/// One object in a photo.
pub(super) struct Object {
    /// Path of the photo.
    pub file: String,
    /// All names of the object's class.
    pub names: Vec<String>,
    /// Bounding box, in pixels or in fractions of the photo's size.
    pub place: Rect,
    /// Whether the box is in pixels.
    pub pixels: bool,
}

/// Collect the objects in all annotation files whose names end with `ending`, and the errors of those that cannot be
/// read.
///
/// `image` returns the photo of an annotation file, `parse` reads the file, and `class_name` names a class of it.
pub(super) fn annotated<'a>(
    files: &[(String, Vec<u8>)],
    ending: &str,
    image: impl Fn(&str) -> Option<&'a String>,
    parse: impl Fn(&str) -> (Vec<Annotation>, Vec<AnnotationError>),
    class_name: impl Fn(&str) -> Option<String>,
) -> (Vec<Object>, Vec<String>) {
    let (mut objects, mut skipped) = (Vec::new(), Vec::new());
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(ending)) {
        let Some(file) = image(name) else { continue };
        let (annotations, errors) = parse(&String::from_utf8_lossy(bytes));
        skipped.extend(errors.into_iter().map(|error| format!("{name}: {error}")));
        objects.extend(annotations.into_iter().map(|Annotation { class, place }| {
            let names = class_name(&class).into_iter().collect();
            Object { file: file.clone(), names, place, pixels: false }
        }));
    }
    (objects, skipped)
}

/// Boxes of a photo by class, each with whether it is in pixels.
type ByClass = BTreeMap<usize, Vec<(Rect, bool)>>;

/// Decode the photos, and make one image per photo and class, with all boxes of that class.
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
            let crop = preprocessing.crop(photo.width, photo.height);
            let in_crop = |&(place, pixels): &(Rect, bool)| {
                let scale = |side: u32| if pixels { 1.0 } else { f64::from(side) };
                clip(place.scaled(scale(photo.width), scale(photo.height)), crop)
            };
            let boxes: Vec<(usize, Vec<Rect>)> =
                objects.iter().map(|(&class, boxes)| (class, boxes.iter().filter_map(in_crop).collect())).collect();
            (photo.square(crop, preprocessing.size), boxes)
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

/// Return the part of `place` inside `crop`, in fractions of `crop`; `None` if they do not overlap.
fn clip(place: Rect, crop: Rect) -> Option<Rect> {
    let fraction = |at: f64, from: f64, whole: f64| ((at - from) / whole).clamp(0.0, 1.0);
    let (x, right) = (fraction(place.x, crop.x, crop.width), fraction(place.x + place.width, crop.x, crop.width));
    let (y, bottom) = (fraction(place.y, crop.y, crop.height), fraction(place.y + place.height, crop.y, crop.height));
    (right > x && bottom > y).then_some(Rect { x, y, width: right - x, height: bottom - y })
}
