//! Boxes from the files that lie beside the photos, which they may come before, and the classes that they and folders name.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use crate::core::annotations::{Annotation, AnnotationError, Frame, Matching, PhotoOf, Voc, class_names, voc, yolo};
use crate::core::folders::places;
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
    /// How often all photos were let go.
    static CLEARED: Cell<u32> = const { Cell::new(0) };
}

/// What [`take`] has taken away.
#[derive(Clone)]
pub struct Taken(HashMap<String, Boxes>, Vec<String>);

/// Return whether a file of this name may hold boxes, or the names of their classes.
pub fn is_annotation(path: &str) -> bool {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| matches!(ending.as_str(), "txt" | "xml" | "names" | "yaml" | "yml"))
}

/// Take files of boxes, say what of them cannot be used, and assign the boxes to the photos.
pub async fn add(state: State, files: Vec<Arrived>) {
    let before = CLEARED.get();
    let (mut fresh, mut faulty) = (Vec::new(), Vec::new());
    for (path, file) in files {
        let Some(text) = bytes_of(&file).await.as_deref().and_then(decoded) else { continue };
        if let Some(names) = class_names(&path, &text) {
            NAMES.set(names);
            continue;
        }
        let (boxes, errors) = parse(&path, &text);
        faulty.extend(errors.into_iter().next().map(|why| (path.clone(), boxes.is_some(), why)));
        fresh.extend(boxes.map(|boxes| (path, boxes)));
    }
    // All photos were let go meanwhile.
    if CLEARED.get() != before {
        return;
    }
    let without = without_photo(state, faulty.iter().map(|(path, ..)| path.as_str()));
    // Not every such file is about boxes: without any, only one that is about a photo is.
    let bad: Vec<_> =
        faulty.iter().zip(without).filter(|((_, has_boxes, _), without)| *has_boxes || !without).collect();
    if let Some(((name, _, why), _)) = bad.first() {
        let id = if bad.len() == 1 { "check-bad-boxes" } else { "check-more-bad-boxes" };
        let message = Message::new(id).with("n", bad.len()).with("name", name.as_str()).with("why", why.message());
        state.say("error", message);
    }
    let paths: HashSet<String> = fresh.iter().map(|(path, _)| path.clone()).collect();
    BOXES.with_borrow_mut(|all| all.extend(fresh));
    let assigned = assign(state, &paths);
    name_truths(state);
    if assigned > 0 {
        state.say("note", Message::new("check-boxes-added").with("n", assigned));
    }
    let without = without_photo(state, paths.iter().map(String::as_str));
    let lonely: Vec<&String> =
        paths.iter().zip(without).filter(|(_, without)| *without).map(|(path, _)| path).collect();
    if let Some(first) = lonely.iter().min() {
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

/// Return for each file whether there is no photo of its name.
fn without_photo<'a>(state: State, paths: impl Iterator<Item = &'a str>) -> Vec<bool> {
    state.items.with_untracked(|items| {
        let matching = Matching::new(items.iter().map(|item| item.name.as_str()));
        matching.photos(paths).into_iter().map(|photo| photo == PhotoOf::None).collect()
    })
}

/// Assign boxes to the photos that have none, and those of the `fresh` files to all of theirs. Return the number of these photos.
pub fn assign(state: State, fresh: &HashSet<String>) -> usize {
    let mut assigned = 0;
    let mut without_size = Vec::new();
    BOXES.with_borrow(|boxes| {
        state.items.update(|items| {
            let matching = Matching::new(items.iter().map(|item| item.name.as_str()));
            let photos = matching.photos(boxes.keys().map(String::as_str));
            for ((path, boxes), photo) in boxes.iter().zip(photos) {
                let PhotoOf::One(at) = photo else { continue };
                let item = &mut items[at];
                if !item.boxes.is_empty() && !fresh.contains(path) {
                    continue;
                }
                match boxes {
                    Boxes::Fractions(found) => item.boxes = places_of(found),
                    Boxes::Pixels(voc) => without_size.push((item.id, voc.clone())),
                }
                assigned += 1;
            }
        });
    });
    // One photo after the other: each is decoded for its size.
    spawn_local(async move {
        for (id, voc) in without_size {
            let Some(file) = FILES.with_borrow(|files| files.get(&id).cloned()) else { continue };
            let Some(size) = size_of(&file).await else { continue };
            let found = voc.annotations(Some(Frame { size, orientation: 1 }));
            // The visitor may have drawn some meanwhile.
            state.item(id, |item| {
                if item.boxes.is_empty() {
                    item.boxes = places_of(&found);
                }
            });
        }
    });
    assigned
}

fn places_of(found: &[Annotation]) -> Vec<Rect> {
    found.iter().map(|annotation| annotation.place).collect()
}

/// Find out anew which of the network's classes each photo is of: the one that its folder is named after, else that of all its boxes.
pub fn name_truths(state: State) {
    // By the folder's or the boxes' name: few names stand for thousands of photos.
    let mut known: HashMap<String, Option<String>> = HashMap::new();
    let mut truth = |name: String| known.entry(name).or_insert_with_key(|name| state.truth(name)).clone();
    state.items.update(|items| {
        let paths: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
        let folders = places(&paths).into_iter();
        let mut truths: Vec<Option<String>> =
            folders.map(|place| place.and_then(|place| truth(place.class.to_owned()))).collect();
        let matching = Matching::new(paths.iter().copied());
        BOXES.with_borrow(|boxes| {
            for (boxes, photo) in boxes.values().zip(matching.photos(boxes.keys().map(String::as_str))) {
                if let PhotoOf::One(at) = photo
                    && truths[at].is_none()
                {
                    truths[at] = boxes.class().and_then(|class| truth(named(class)));
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
    CLEARED.set(CLEARED.get() + 1);
    Taken(BOXES.take(), NAMES.take())
}

/// Take back what [`take`] returned.
pub fn restore(Taken(boxes, names): Taken) {
    BOXES.with_borrow_mut(|all| all.extend(boxes));
    NAMES.set(names);
}
