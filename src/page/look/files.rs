//! Photos in: drop, dialog, paste, samples. Keeps the files themselves (the browser holds them on disk) and the
//! pictures seen last: what falls out of these, the engine lets go of too, so that memory does not grow with photos.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::core::inference::Picture;
use crate::core::message::Message;
use crate::page::manifest::Sample;
use crate::page::shared::Part;
use crate::page::web::{bytes_of, fetch};
use crate::protocol::Request;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, File, FileList, Url};

use super::client::{explain, pump, send};
use super::state::{Photo, PhotoState, State};

/// Bytes of pictures kept for drawing; a photo whose picture was dropped is decoded again when it is chosen.
const KEPT_BYTES: usize = 48 << 20;

thread_local! {
    static FILES: RefCell<HashMap<u32, Blob>> = RefCell::default();
    /// Seen last at the end.
    static PICTURES: RefCell<Vec<(u32, Picture)>> = RefCell::default();
}

/// Drop anywhere on the page, and paste, unless another part of the page is shown: each listens for itself.
pub fn listen(state: State) {
    let over = window_event_listener(ev::dragover, |event| event.prevent_default());
    let active = move || state.shared.part.get_untracked() == Part::Look;
    let drop = window_event_listener(ev::drop, move |event| {
        event.prevent_default();
        if let (true, Some(files)) = (active(), event.data_transfer().and_then(|data| data.files())) {
            add_all(state, &files);
        }
    });
    let paste = window_event_listener(ev::paste, move |event| {
        let event: &web_sys::ClipboardEvent = event.unchecked_ref();
        if let (true, Some(files)) = (active(), event.clipboard_data().and_then(|data| data.files())) {
            add_all(state, &files);
        }
    });
    std::mem::forget((over, drop, paste)); // they live as long as the page
}

pub fn add_all(state: State, files: &FileList) {
    for file in (0..files.length()).filter_map(|i| files.get(i)) {
        let name = file.name();
        add(state, file.unchecked_into(), name);
    }
    pump(state);
}

fn add(state: State, blob: Blob, name: String) {
    let id = state.fresh_id();
    let thumbnail = Url::create_object_url_with_blob(&blob).unwrap_or_default();
    FILES.with_borrow_mut(|files| files.insert(id, blob));
    let photo =
        Photo { id, name, thumbnail, state: PhotoState::Waiting, inference: None, searched: None, explained: None };
    state.photos.update(|photos| photos.push(photo));
    if state.chosen.get_untracked().is_none() {
        choose(state, id);
    }
}

pub fn add_sample(state: State, sample: Sample) {
    spawn_local(async move {
        match fetch(&sample.url).await {
            Ok(bytes) => {
                let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes.as_slice()));
                if let Ok(file) = File::new_with_u8_array_sequence(&parts, &sample.file) {
                    add(state, file.unchecked_into(), sample.message.text());
                    pump(state);
                }
            }
            Err(why) => state.say("error", Message::new("sample-lost").with("why", why)),
        }
    });
}

/// The file's content.
pub async fn bytes(id: u32) -> Option<Vec<u8>> {
    let blob = FILES.with_borrow(|files| files.get(&id).cloned())?;
    bytes_of(&blob).await
}

/// Put a photo on the stage. It is decoded again if its picture is no longer kept.
pub fn choose(state: State, id: u32) {
    state.chosen.set(Some(id));
    state.class.set(0);
    if with_picture(id, |_| ()).is_none() {
        state.photo(id, |photo| {
            if photo.state == PhotoState::Done {
                photo.state = PhotoState::Waiting;
            }
        });
        pump(state);
    }
    explain(state);
}

pub fn remove(state: State, id: u32) {
    send(&Request::Forget { photo: id });
    FILES.with_borrow_mut(|files| files.remove(&id));
    PICTURES.with_borrow_mut(|pictures| pictures.retain(|(kept, _)| *kept != id));
    let mut next = None;
    state.photos.update(|photos| {
        let Some(at) = photos.iter().position(|photo| photo.id == id) else { return };
        let gone = photos.remove(at);
        if gone.thumbnail.starts_with("blob:") {
            let _ = Url::revoke_object_url(&gone.thumbnail);
        }
        next = photos.get(at).or(photos.last()).map(|photo| photo.id);
    });
    if state.chosen.get_untracked() == Some(id) {
        match next {
            Some(next) => choose(state, next),
            None => state.chosen.set(None),
        }
    }
    pump(state);
}

pub fn keep_picture(state: State, id: u32, picture: Picture) {
    let chosen = state.chosen.get_untracked();
    PICTURES.with_borrow_mut(|pictures| {
        pictures.retain(|(kept, _)| *kept != id);
        pictures.push((id, picture));
        let mut total: usize = pictures.iter().map(|(_, picture)| picture.rgb.len()).sum();
        while total > KEPT_BYTES {
            let idle = pictures.iter().position(|(kept, _)| *kept != id && Some(*kept) != chosen);
            let Some((gone, picture)) = idle.map(|at| pictures.remove(at)) else { return };
            total -= picture.rgb.len();
            send(&Request::Forget { photo: gone });
        }
    });
}

/// Runs `draw` on the kept picture of a photo.
pub fn with_picture<T>(id: u32, draw: impl FnOnce(&Picture) -> T) -> Option<T> {
    PICTURES.with_borrow(|pictures| pictures.iter().find(|(kept, _)| *kept == id).map(|(_, picture)| draw(picture)))
}
