//! Photos whose objects have bounding boxes: the common result of all such formats.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use rayon::prelude::*;

use super::files::Files;
use super::text::decoded;
use super::{DataError, Dataset};
use crate::core::annotations::{AnnotationError, Frame, Matching, PhotoOf, Voc};
use crate::core::file_kind::is_photo;
use crate::core::geometry::Rect;
use crate::core::names::is_image_name;
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
    /// Remarks on the files, for people.
    pub notes: Vec<String>,
}

/// One object in a photo.
pub(super) struct Object {
    /// Path of the photo.
    pub file: String,
    /// All names of the object's class.
    pub names: Vec<String>,
    /// Its bounding box.
    pub place: Place,
}

/// A bounding box as a format has it.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// In fractions of the photo's width and height.
    Fractions(Rect),
    /// Left, upper, right and lower edge in pixels of the photo that it was drawn on, whose size the file may say.
    Pixels([f64; 4], Option<(f64, f64)>),
}

impl Place {
    /// Return the box in pixels of the decoded photo; `None` if it lies outside.
    fn on(&self, photo: &Photo) -> Option<Rect> {
        let fractions = match self {
            Self::Fractions(place) => *place,
            Self::Pixels(corners, size) => {
                let size_of_photo = (f64::from(photo.original.0), f64::from(photo.original.1));
                let frame = Frame { size: size_of_photo, orientation: photo.orientation };
                let objects = vec![(String::new(), *corners)];
                Voc { size: *size, objects, errors: Vec::new() }.annotations(Some(frame)).pop()?.place
            }
        };
        Some(fractions.scaled(photo.width.into(), photo.height.into()))
    }
}

/// The objects of all annotation files.
#[derive(Default)]
pub(super) struct Annotated {
    pub objects: Vec<Object>,
    /// What is left out, each with file, line and reason.
    pub skipped: Vec<String>,
    /// Remarks for people.
    pub notes: Vec<String>,
}

/// Objects of a file by the names of their classes, and errors for those that cannot be used.
pub(super) type Parsed = (Vec<(String, Place)>, Vec<AnnotationError>);

/// Collect the objects in all annotation files whose names end with `ending`. `parse` reads a file, and `class_name` names a class
/// of it.
pub(super) fn annotated(
    files: &[(String, Vec<u8>)],
    ending: &str,
    parse: impl Fn(&str) -> Parsed,
    class_name: impl Fn(&str) -> Option<String>,
) -> Annotated {
    let is_annotation = |name: &str| name.to_lowercase().ends_with(ending);
    let photos: Vec<&str> = files
        .iter()
        .filter(|(name, bytes)| !is_annotation(name) && (is_image_name(name) || is_photo(bytes)))
        .map(|(name, _)| name.as_str())
        .collect();
    let matching = Matching::new(photos.iter().copied());
    let mut found = Annotated::default();
    let mut without = Vec::new();
    let annotations: Vec<&(String, Vec<u8>)> = files.iter().filter(|(name, _)| is_annotation(name)).collect();
    let matched = matching.photos(annotations.iter().map(|(name, _)| name.as_str()));
    for ((name, bytes), photo) in annotations.into_iter().zip(matched) {
        let (objects, errors) = parse(&decoded(bytes));
        let file = match photo {
            PhotoOf::One(at) => photos[at],
            // Not every such file is about a photo.
            _ if objects.is_empty() => continue,
            PhotoOf::None => {
                without.push(name.as_str());
                continue;
            }
            PhotoOf::Several => {
                found.skipped.push(format!(
                    "{name}: several photos have this name, and none lies where its annotation would be"
                ));
                continue;
            }
        };
        found.skipped.extend(errors.into_iter().map(|error| format!("{name}: {error}")));
        for (class, place) in objects {
            let names = class_name(&class).into_iter().collect();
            found.objects.push(Object { file: file.to_owned(), names, place });
        }
    }
    if let Some(first) = without.first() {
        found.notes.push(format!("{} annotation files have no photo, the first: {first}", without.len()));
    }
    found
}

/// Return the error for data without any object: with the reasons, if objects were left out.
pub(super) fn no_objects(root: &Path, expected: &'static str, found: Annotated) -> DataError {
    let path = root.to_owned();
    match found.skipped.is_empty() {
        true => DataError::Layout { path, expected },
        false => DataError::NoObjects { path, reasons: found.skipped },
    }
}

/// Boxes of a photo by class.
type ByClass = BTreeMap<usize, Vec<Place>>;

/// Decode the photos, and make one image per photo and class, with all boxes of that class.
pub(super) fn assemble(
    found: Files<Vec<u8>>,
    annotated: Annotated,
    preprocessing: &Preprocessing,
    classes: &[String],
) -> Boxed {
    let mut by_file: BTreeMap<String, ByClass> = BTreeMap::new();
    let mut left_out = 0;
    let notes = [found.remarks(), annotated.notes].concat();
    let skipped = [found.unreadable, annotated.skipped].concat();
    for object in annotated.objects {
        match classes.iter().position(|class| object.names.contains(class)) {
            Some(class) => {
                by_file.entry(object.file).or_default().entry(class).or_default().push(object.place);
            }
            None => left_out += 1,
        }
    }
    let contents: HashMap<&str, &[u8]> =
        found.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let decode = |(name, objects): (&String, &ByClass)| {
        let photo = Photo::decode(contents[name.as_str()]).map_err(|error| format!("{name}: {error}"));
        photo.map(|photo| {
            let crop = preprocessing.crop(photo.width, photo.height);
            let in_crop = |place: &Place| clip(place.on(&photo)?, crop);
            let boxes: Vec<(usize, Vec<Rect>)> =
                objects.iter().map(|(&class, boxes)| (class, boxes.iter().filter_map(in_crop).collect())).collect();
            (photo.square(crop, preprocessing.size), boxes)
        })
    };
    let decoded: Vec<_> = by_file.par_iter().map(decode).collect();
    let data = Dataset { side: preprocessing.size as usize, classes: classes.to_vec(), ..Dataset::default() };
    let mut boxed = Boxed { data, boxes: Vec::new(), left_out, skipped, notes };
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
