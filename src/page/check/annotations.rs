//! Boxes from the files that lie beside the photos, which they may come before, and the classes that they and folders name.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::core::annotations::{Annotation, AnnotationError, Frame, Matching, PhotoOf, Voc, class_names, voc, yolo};
use crate::core::folders::{Place, places};
use crate::core::geometry::Rect;
use crate::core::message::Message;
use crate::page::intake::Arrived;
use crate::page::web::{bytes_of, decoded, window};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{File, ImageBitmap};

use super::state::{FILES, State};

/// Boxes of one file.
#[derive(Debug, Clone)]
enum Boxes {
    /// In fractions of the photo's size.
    Fractions(Vec<Annotation>),
    /// In pixels of a photo whose size the file does not say.
    Pixels(Voc),
}

impl Boxes {
    /// Return the class of all boxes, by its number or name; `None` if they have several.
    fn class(&self) -> Option<&str> {
        let classes: Vec<&str> = match self {
            Self::Fractions(found) => found.iter().map(|annotation| annotation.class.as_str()).collect(),
            Self::Pixels(voc) => voc.objects.iter().map(|(class, _)| class.as_str()).collect(),
        };
        let first = classes.first().copied()?;
        classes.iter().all(|class| *class == first).then_some(first)
    }
}

thread_local! {
    /// By the path of their file.
    static BOXES: RefCell<HashMap<String, Boxes>> = RefCell::default();
    /// Names of the classes that labels number.
    static NAMES: RefCell<Vec<String>> = RefCell::default();
}

/// What [`take`] has taken away.
#[derive(Clone)]
pub struct Taken(HashMap<String, Boxes>);

/// Return whether a file of this name may hold boxes, or the names of their classes.
pub fn is_annotation(path: &str) -> bool {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| matches!(ending.as_str(), "txt" | "xml" | "names" | "yaml" | "yml"))
}

/// Take files of boxes, say what of them cannot be used, and assign the boxes to the photos.
pub async fn add(state: State, files: Vec<Arrived>) {
    let (mut fresh, mut bad) = (Vec::new(), Vec::new());
    for (path, file) in files {
        let Some(text) = bytes_of(&file).await.as_deref().and_then(decoded) else { continue };
        if let Some(names) = class_names(&path, &text) {
            NAMES.set(names);
            continue;
        }
        let (boxes, errors) = parse(&path, &text);
        // Not every such file is about boxes: without any, only one that is about a photo is.
        let Some(why) = errors.into_iter().next().filter(|_| boxes.is_some() || has_photo(state, &path)) else {
            fresh.extend(boxes.map(|boxes| (path, boxes)));
            continue;
        };
        bad.push((path.clone(), why));
        fresh.extend(boxes.map(|boxes| (path, boxes)));
    }
    if let Some((name, why)) = bad.first() {
        let id = if bad.len() == 1 { "check-bad-boxes" } else { "check-more-bad-boxes" };
        let message = Message::new(id).with("n", bad.len()).with("name", name.as_str()).with("why", why.message());
        state.say("error", message);
    }
    let paths: Vec<String> = fresh.iter().map(|(path, _)| path.clone()).collect();
    BOXES.with_borrow_mut(|all| all.extend(fresh));
    let assigned = assign(state, &paths);
    name_truths(state);
    if assigned > 0 {
        state.say("note", Message::new("check-boxes-added").with("n", assigned));
    }
    let lonely: Vec<&String> = paths.iter().filter(|path| !has_photo(state, path)).collect();
    if let Some(first) = lonely.first() {
        let message = Message::new("check-no-photo-for").with("n", lonely.len()).with("name", first.as_str());
        state.say("note", message);
    }
}

fn parse(path: &str, text: &str) -> (Option<Boxes>, Vec<AnnotationError>) {
    if !path.to_ascii_lowercase().ends_with(".xml") {
        let (found, errors) = yolo(text);
        return ((!found.is_empty()).then_some(Boxes::Fractions(found)), errors);
    }
    match voc(text) {
        Err(error) => (None, vec![error]),
        Ok(found) if found.objects.is_empty() => (None, found.errors),
        Ok(mut found) => {
            let errors = std::mem::take(&mut found.errors);
            let boxes = match found.size {
                Some(_) => Boxes::Fractions(found.annotations(None)),
                None => Boxes::Pixels(found),
            };
            (Some(boxes), errors)
        }
    }
}

fn has_photo(state: State, path: &str) -> bool {
    state.items.with_untracked(|items| {
        let matching = Matching::new(items.iter().map(|item| item.name.as_str()));
        matching.photo(path) != PhotoOf::None
    })
}

/// Assign boxes to the photos that have none, and those of the `fresh` files to all of theirs. Return the number of these photos.
pub fn assign(state: State, fresh: &[String]) -> usize {
    let mut assigned = 0;
    let mut unsized_boxes = Vec::new();
    BOXES.with_borrow(|boxes| {
        state.items.update(|items| {
            let matching = Matching::new(items.iter().map(|item| item.name.as_str()));
            let found: Vec<_> = boxes.iter().map(|(path, boxes)| (matching.photo(path), path, boxes)).collect();
            for (photo, path, boxes) in found {
                let PhotoOf::One(at) = photo else { continue };
                let item = &mut items[at];
                if !item.boxes.is_empty() && !fresh.contains(path) {
                    continue;
                }
                match boxes {
                    Boxes::Fractions(found) => item.boxes = places_of(found),
                    Boxes::Pixels(voc) => unsized_boxes.push((item.id, voc.clone())),
                }
                assigned += 1;
            }
        });
    });
    for (id, voc) in unsized_boxes {
        let Some(file) = FILES.with_borrow(|files| files.get(&id).cloned()) else { continue };
        spawn_local(async move {
            let Some(size) = size_of(&file).await else { return };
            let found = voc.annotations(Some(Frame { size, orientation: 1 }));
            state.item(id, |item| item.boxes = places_of(&found));
        });
    }
    assigned
}

fn places_of(found: &[Annotation]) -> Vec<Rect> {
    found.iter().map(|annotation| annotation.place).collect()
}

/// Find out anew which of the network's classes each photo is of: the one that its folder is named after, else that of all its boxes.
pub fn name_truths(state: State) {
    state.items.update(|items| {
        let paths: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
        let of_folder = |place: Option<Place<'_>>| place.and_then(|place| state.truth(place.class));
        let mut truths: Vec<Option<String>> = places(&paths).into_iter().map(of_folder).collect();
        let matching = Matching::new(paths.iter().copied());
        BOXES.with_borrow(|boxes| {
            for (path, boxes) in boxes {
                if let PhotoOf::One(at) = matching.photo(path)
                    && truths[at].is_none()
                {
                    truths[at] = boxes.class().and_then(|class| state.truth(&named(class)));
                }
            }
        });
        items.iter_mut().zip(truths).for_each(|(item, truth)| item.truth = truth);
    });
}

/// Return the name of a class that may be a number.
fn named(class: &str) -> String {
    let number = class.parse::<usize>().ok();
    NAMES.with_borrow(|names| number.and_then(|number| names.get(number).cloned())).unwrap_or_else(|| class.to_owned())
}

/// Return a photo's width and height in pixels, as the browser shows it.
async fn size_of(file: &File) -> Option<(f64, f64)> {
    let bitmap = JsFuture::from(window().create_image_bitmap_with_blob(file).ok()?).await.ok()?;
    let bitmap: ImageBitmap = bitmap.unchecked_into();
    let size = (bitmap.width().into(), bitmap.height().into());
    bitmap.close();
    Some(size)
}

/// Let go of all boxes, and return them.
pub fn take() -> Taken {
    Taken(BOXES.with_borrow_mut(std::mem::take))
}

/// Take back what [`take`] returned.
pub fn restore(Taken(boxes): Taken) {
    BOXES.with_borrow_mut(|all| all.extend(boxes));
}
