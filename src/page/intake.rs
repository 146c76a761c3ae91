//! Files that the visitor drops anywhere on the page, folders too, or pastes: they go to the part that is shown.

use js_sys::{Array, Function, JsString, Promise, Reflect};
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DataTransfer, File, FileList};

use super::shared::{Part, Shared};
use super::web::{bytes_of, property};
use crate::core::file_kind::{FileKind, is_photo};
use crate::core::folders::{PassedOver, is_hidden};
use crate::core::message::Message;
use crate::core::names::is_image_name;

/// A file, and its path below what was dropped or chosen.
pub type Arrived = (String, File);

/// Listen for drops and pastes as long as the page lives. While files are dragged over the page, [`Shared::dragging`] is set.
pub fn listen(shared: Shared) {
    let carries_files = |event: &web_sys::DragEvent| {
        event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0))
    };
    let over = window_event_listener(ev::dragover, move |event| {
        event.prevent_default();
        if carries_files(&event) && !shared.dragging.get_untracked() {
            shared.dragging.set(true);
        }
    });
    // Entering a child leaves its parent; only the window itself has no related target.
    let leave = window_event_listener(ev::dragleave, move |event| {
        if event.related_target().is_none() {
            shared.dragging.set(false);
        }
    });
    let drop = window_event_listener(ev::drop, move |event| {
        event.prevent_default();
        shared.dragging.set(false);
        if let Some(data) = event.data_transfer() {
            let dropped = entries(&data);
            spawn_local(async move { arrive(shared, files(dropped).await) });
        }
    });
    let paste = window_event_listener(ev::paste, move |event| {
        let event: &web_sys::ClipboardEvent = event.unchecked_ref();
        if let Some(files) = event.clipboard_data().and_then(|data| data.files()) {
            arrive(shared, listed(&files));
        }
    });
    std::mem::forget((over, leave, drop, paste));
}

fn arrive(shared: Shared, files: Vec<Arrived>) {
    if files.is_empty() {
        return;
    }
    if shared.part.get_untracked() == Part::About {
        shared.open(Part::Look);
        shared.part.set(Part::Look);
    }
    shared.arrived.update(|arrived| arrived.extend(files));
}

/// Take what has arrived, if `part` is shown. Tracked: an effect that calls this runs again when more arrives.
pub fn take(shared: Shared, part: Part) -> Vec<Arrived> {
    let some = shared.arrived.with(|arrived| !arrived.is_empty());
    if !some || shared.part.get() != part {
        return Vec::new();
    }
    shared.arrived.try_update_untracked(std::mem::take).unwrap_or_default()
}

/// Return the files of a dialog, which may have been for a folder.
pub fn listed(files: &FileList) -> Vec<Arrived> {
    let path = |file: File| {
        let path = property(&file, "webkitRelativePath").as_string().filter(|path| !path.is_empty());
        (path.unwrap_or_else(|| file.name()), file)
    };
    (0..files.length()).filter_map(|i| files.get(i)).map(path).collect()
}

/// Files sorted out.
pub struct Sorted {
    pub photos: Vec<Arrived>,
    /// Files that the caller asked for beside photos.
    pub others: Vec<Arrived>,
    /// What was passed over, as a notice.
    pub passed_over: Option<Message>,
}

/// Sort files into photos, by their names or by their content, and `others`, by their names. Files that programs made for themselves
/// do not count. A file that was chosen itself, not with a folder, is a photo whatever it is if `direct`: so its owner learns why it
/// cannot be opened.
pub async fn sorted(files: Vec<Arrived>, direct: bool, others: fn(&str) -> bool) -> Sorted {
    let mut sorted = Sorted { photos: Vec::new(), others: Vec::new(), passed_over: None };
    let mut passed_over = PassedOver::default();
    for (path, file) in files {
        // Other systems write accents and Hangul in parts.
        let path = String::from(JsString::from(path).normalize("NFC"));
        if is_hidden(&path) {
            continue;
        }
        if others(&path) {
            sorted.others.push((path, file));
        } else if is_image_name(&path) || direct && !path.contains('/') || has_photo(&file).await {
            sorted.photos.push((path, file));
        } else {
            passed_over.add(&path);
        }
    }
    let endings = |count: usize| {
        let endings = passed_over.list(&Message::new("without-ending").text());
        Message::new("passed-over").with("n", count).with("endings", endings)
    };
    sorted.passed_over = Some(passed_over.count()).filter(|count| *count > 0).map(endings);
    sorted
}

/// Return whether a file begins like a photo, or like one that the browser may decode.
async fn has_photo(file: &File) -> bool {
    const HEAD: i32 = 64;
    let Ok(head) = file.slice_with_i32_and_i32(0, HEAD) else { return false };
    let may_be_decoded = |head: &[u8]| matches!(FileKind::of(head), FileKind::Avif | FileKind::Heic | FileKind::Jxl);
    bytes_of(&head).await.is_some_and(|head| is_photo(&head) || may_be_decoded(&head))
}

/// Return the dropped files and folders. The event has them only while it is handled.
pub fn entries(data: &DataTransfer) -> Vec<JsValue> {
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

/// Return every file of dropped entries.
pub async fn files(entries: Vec<JsValue>) -> Vec<Arrived> {
    let mut files = Vec::new();
    let mut pending: Vec<JsValue> = entries.into_iter().rev().collect();
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
            let mut inside = Vec::new();
            while let Some(some) = called_back(&reader, "readEntries").await {
                let some: Array = some.unchecked_into();
                if some.length() == 0 {
                    break;
                }
                inside.extend(some.iter());
            }
            // By name; the last one is taken first.
            let name = |entry: &JsValue| property(entry, "name").as_string();
            inside.sort_by_key(|entry| std::cmp::Reverse(name(entry)));
            pending.extend(inside);
        }
    }
    files
}

/// Return what a method of the file system hands to its callback.
async fn called_back(object: &JsValue, method: &str) -> Option<JsValue> {
    let method: Function = property(object, method).dyn_into().ok()?;
    let promise = Promise::new(&mut |resolve, reject| {
        let _ = method.call2(object, &resolve, &reject);
    });
    JsFuture::from(promise).await.ok()
}
