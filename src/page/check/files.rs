//! Files in: photos by drop, dialog or paste, whole folders with all below them, and the boxes that lie beside the photos.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::core::annotations::{voc, yolo};
use crate::core::batch::{BatchItem, BatchItemState};
use crate::core::geometry::Rect;
use crate::core::message::Message;
use crate::core::names::is_image_name;
use crate::page::shared::Part;
use crate::page::web::{bytes_of, property};
use js_sys::{Array, Function, Promise, Reflect};
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DataTransfer, File, FileList};

use super::state::{FILES, State};
use super::task::pump;

thread_local! {
    /// Boxes by the path of their file: they may come before their photo.
    static BOXES: RefCell<HashMap<String, Vec<Rect>>> = RefCell::default();
}

/// Drop anywhere on the page while this part is shown, and paste.
pub fn listen(state: State) {
    let shown = move || state.shared.part.get_untracked() == Part::Check;
    let drop = window_event_listener(ev::drop, move |event| {
        if let (true, Some(data)) = (shown(), event.data_transfer()) {
            let dropped = entries(&data);
            spawn_local(async move {
                let mut files = Vec::new();
                for entry in dropped {
                    below(entry, &mut files).await;
                }
                add(state, files).await;
            });
        }
    });
    let paste = window_event_listener(ev::paste, move |event| {
        let event: &web_sys::ClipboardEvent = event.unchecked_ref();
        if let (true, Some(files)) = (shown(), event.clipboard_data().and_then(|data| data.files())) {
            add_list(state, &files);
        }
    });
    std::mem::forget((drop, paste)); // they live as long as the page
}

/// Add files from a dialog, which may have been for a folder.
pub fn add_list(state: State, files: &FileList) {
    let path = |file: File| {
        let path = property(&file, "webkitRelativePath").as_string().filter(|path| !path.is_empty());
        (path.unwrap_or_else(|| file.name()), file)
    };
    let files: Vec<_> = (0..files.length()).filter_map(|i| files.get(i)).map(path).collect();
    spawn_local(async move { add(state, files).await });
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
    let fresh: Vec<BatchItem> = photos
        .into_iter()
        .map(|(name, file)| {
            let id = state.fresh_id();
            FILES.with_borrow_mut(|files| files.insert(id, file));
            BatchItem { id, name, state: BatchItemState::Waiting, boxes: Vec::new() }
        })
        .collect();
    let chosen = fresh.first().map(|item| item.id);
    state.items.update(|items| items.extend(fresh));
    if let (true, Some(id)) = (first, chosen) {
        super::client::choose(state, id);
    }
    pump(state);
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

/// Forgets boxes whose photos have not come.
pub fn forget() {
    BOXES.with_borrow_mut(HashMap::clear);
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

/// Return the dropped files and folders. The event has them only while it is handled.
fn entries(data: &DataTransfer) -> Vec<JsValue> {
    let items = property(data, "items");
    let count = property(&items, "length").as_f64().unwrap_or(0.0) as u32;
    let entry = |i: u32| {
        let item = Reflect::get_u32(&items, i).ok()?;
        let entry = property(&item, "webkitGetAsEntry").dyn_into::<Function>().ok()?.call0(&item).ok()?;
        (!entry.is_null()).then_some(entry)
    };
    let found: Vec<JsValue> = (0..count).filter_map(entry).collect();
    // A drop made by a program has files alone.
    let files = data.files();
    match (found.is_empty(), files) {
        (true, Some(files)) => (0..files.length()).filter_map(|i| files.get(i)).map(JsValue::from).collect(),
        _ => found,
    }
}

/// Every file of a dropped entry, with its path below what was dropped.
async fn below(entry: JsValue, files: &mut Vec<(String, File)>) {
    let mut pending = vec![entry];
    while let Some(entry) = pending.pop() {
        if let Some(file) = entry.dyn_ref::<File>() {
            files.push((file.name(), file.clone()));
        } else if property(&entry, "isFile").is_truthy() {
            let path = property(&entry, "fullPath").as_string().unwrap_or_default();
            if let Some(file) = called_back(&entry, "file").await.and_then(|file| file.dyn_into::<File>().ok()) {
                files.push((path.trim_start_matches('/').to_owned(), file));
            }
        } else if let Some(reader) =
            property(&entry, "createReader").dyn_into::<Function>().ok().and_then(|create| create.call0(&entry).ok())
        {
            // A hundred at a time, until none is left.
            while let Some(some) = called_back(&reader, "readEntries").await {
                let some: Array = some.unchecked_into();
                if some.length() == 0 {
                    break;
                }
                pending.extend(some.iter());
            }
        }
    }
}

/// What a method of the file system hands to its callback.
async fn called_back(object: &JsValue, method: &str) -> Option<JsValue> {
    let method: Function = property(object, method).dyn_into().ok()?;
    let promise = Promise::new(&mut |resolve, reject| {
        let _ = method.call2(object, &resolve, &reject);
    });
    JsFuture::from(promise).await.ok()
}
