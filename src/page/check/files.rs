//! Files in: photos by drop, dialog or paste, whole folders with all below them, and the boxes that lie beside the photos.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::core::annotations::{voc, yolo};
use crate::core::batch::{BatchItem, BatchItemState, Filter};
use crate::core::geometry::Rect;
use crate::core::message::Message;
use crate::core::names::is_image_name;
use crate::page::intake::{listed, take};
use crate::page::look;
use crate::page::manifest::samples;
use crate::page::shared::Part;
use crate::page::web::{bytes_of, fetch, sleep};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{File, FileList};

use super::choices::choose;
use super::state::{FILES, State};
use super::{folder, stage};

/// Photos that are added at once.
const AT_ONCE: usize = 40;

thread_local! {
    /// Boxes by the path of their file: they may come before their photo.
    static BOXES: RefCell<HashMap<String, Vec<Rect>>> = RefCell::default();
}

/// Take what is dropped or pasted while this part is shown.
pub fn listen(state: State) {
    Effect::new(move || {
        let arrived = take(state.shared, Part::Check);
        if !arrived.is_empty() {
            spawn_local(async move { add(state, arrived).await });
        }
    });
}

/// Add files from a dialog, which may have been for a folder.
pub fn add_list(state: State, files: &FileList) {
    let files = listed(files);
    spawn_local(async move { add(state, files).await });
}

/// Add the photos that Look has.
pub fn add_in_hand(state: State, look: look::State) {
    let files = look.files_in_hand();
    spawn_local(async move { add(state, files).await });
}

/// Add the site's sample photos.
pub fn add_samples(state: State) {
    spawn_local(async move {
        let mut files = Vec::new();
        for sample in samples().await {
            match fetch(&sample.url).await {
                Ok(bytes) => {
                    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes.as_slice()));
                    if let Ok(file) = File::new_with_u8_array_sequence(&parts, &sample.file) {
                        files.push((sample.file, file));
                    }
                }
                Err(why) => state.say("error", Message::new("sample-lost").with("why", why)),
            }
        }
        add(state, files).await;
    });
}

async fn add(state: State, mut files: Vec<(String, File)>) {
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    let (boxes, photos): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|(name, _)| name.ends_with(".txt") || name.ends_with(".xml"));
    // Beside photos lie many other files; only these are wanted.
    let alone = photos.len() == 1;
    let photos: Vec<_> = photos.into_iter().filter(|(name, _)| alone || is_image_name(name)).collect();
    if photos.is_empty() && boxes.is_empty() {
        return state.say("note", "check-no-photo".into());
    }
    let first = state.items.with_untracked(Vec::is_empty);
    // A few at a time, so that the page answers between them.
    for (round, photos) in photos.chunks(AT_ONCE).enumerate() {
        let item = |(name, file): &(String, File)| {
            let (id, truth) = (state.fresh_id(), state.truth(name));
            FILES.with_borrow_mut(|files| files.insert(id, file.clone()));
            BatchItem { id, name: name.clone(), state: BatchItemState::Waiting, boxes: Vec::new(), truth }
        };
        let fresh: Vec<BatchItem> = photos.iter().map(item).collect();
        let chosen = fresh.first().map(|item| item.id);
        state.items.update(|items| items.extend(fresh));
        if let (true, 0, Some(id)) = (first, round, chosen) {
            choose(state, id);
        }
        folder::go_on(state);
        sleep(0).await;
    }
    let mut fresh = Vec::new();
    for (name, file) in boxes {
        let Some(text) = bytes_of(&file).await.and_then(|bytes| String::from_utf8(bytes).ok()) else { continue };
        // What lists classes or files is no box file, and says nothing about a photo.
        if matches!(stem(&name), "classes" | "README" | "readme" | "train" | "val" | "test") {
            continue;
        }
        let (found, left_out) = match name.ends_with(".xml") {
            true => voc(&text).map_or_else(|error| (Vec::new(), vec![error]), |found| (found, Vec::new())),
            false => yolo(&text),
        };
        if let Some(why) = left_out.first() {
            state.say("error", Message::new("check-bad-boxes").with("name", name.as_str()).with("why", why.message()));
        }
        if !found.is_empty() {
            fresh.push(name.clone());
            let places = found.into_iter().map(|annotation| annotation.place).collect();
            BOXES.with_borrow_mut(|boxes| boxes.insert(name, places));
        }
    }
    let assigned = assign_boxes(state, &fresh);
    if assigned > 0 {
        state.say("note", Message::new("check-boxes-added").with("n", assigned));
    }
}

/// Assign boxes to the photos that have none, and `fresh` boxes to all of theirs. Return the number of these photos.
fn assign_boxes(state: State, fresh: &[String]) -> usize {
    let mut assigned = 0;
    BOXES.with_borrow(|boxes| {
        let mut by_stem: HashMap<&str, Vec<&String>> = HashMap::new();
        boxes.keys().for_each(|name| by_stem.entry(stem(name)).or_default().push(name));
        state.items.update(|items| {
            for item in items.iter_mut() {
                let Some(named) = by_stem.get(stem(&item.name)) else { continue };
                // Two photos of one name in two folders have boxes of their own.
                let beside = |name: &&&String| folder(name) == folder(&item.name);
                let found = if named.len() == 1 { named.first() } else { named.iter().find(beside) };
                let Some(&name) = found else { continue };
                if (item.boxes.is_empty() || fresh.contains(name))
                    && let Some(places) = boxes.get(name)
                {
                    item.boxes.clone_from(places);
                    assigned += 1;
                }
            }
        });
    });
    assigned
}

/// Let go of every photo. They can be brought back.
pub fn clear(state: State) {
    let items = state.items.get_untracked();
    let boxes = BOXES.with_borrow_mut(std::mem::take);
    let files = FILES.with_borrow_mut(std::mem::take);
    let thumbnails = state.thumbnails.get_untracked();
    folder::end(state);
    stage::close(state);
    state.chosen.set(None);
    state.compare_with.set(None);
    state.filter.set(Filter::default());
    state.forget_findings();
    state.items.set(Vec::new());
    state.thumbnails.update(|thumbnails| thumbnails.clear());
    state.spent.set((0.0, 0));
    stage::serve(state);
    let model = state.model.get_untracked();
    state.notices.say_undoable(Message::new("check-cleared").with("n", items.len()), move || {
        FILES.with_borrow_mut(|all| all.extend(files.clone()));
        BOXES.with_borrow_mut(|all| all.extend(boxes.clone()));
        let is_same = model == state.model.get_untracked();
        let back = items.iter().cloned().map(|item| match is_same {
            true => item,
            false => BatchItem { state: BatchItemState::Waiting, ..item },
        });
        state.items.update(|now| drop(now.splice(0..0, back)));
        if is_same {
            state.thumbnails.update(|now| now.extend(thumbnails.clone()));
        }
        folder::go_on(state);
    });
}

/// Return the folders of a file, without those that separate photos from boxes.
fn folder(name: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = name.split('/').collect();
    parts.pop();
    parts.retain(|part| !matches!(*part, "images" | "labels" | "JPEGImages" | "Annotations" | "annotations"));
    parts
}

fn stem(name: &str) -> &str {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}
