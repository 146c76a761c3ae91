//! Photos in: drop, dialog, paste, samples; and which of them is on the stage.

use crate::core::message::Message;
use crate::core::names::is_image_name;
use crate::page::intake::{self, Arrived, take};
use crate::page::manifest::Sample;
use crate::page::shared::Part;
use crate::page::web::{fetch, focus};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, File, FileList, Url};

use super::photos::{self, picture};
use super::state::{Photo, PhotoState, State};
use super::work::{explain, pump};

/// Take what is dropped or pasted while this part is shown.
pub fn listen(state: State) {
    Effect::new(move || {
        let arrived = take(state.shared, Part::Look);
        untrack(|| add_arrived(state, arrived));
    });
}

/// Add the files of a dialog.
pub fn add_all(state: State, files: &FileList) {
    add_arrived(state, intake::listed(files));
}

/// Add photos; the first of them comes to the stage. Of a folder, only what is named like a photo counts; the rest is told.
fn add_arrived(state: State, files: Vec<Arrived>) {
    let is_wanted = |(path, _): &Arrived| !path.contains('/') || is_image_name(path);
    let (wanted, passed): (Vec<_>, Vec<_>) = files.into_iter().partition(is_wanted);
    if !passed.is_empty() {
        state.say("note", Message::new("passed-over").with("n", passed.len()));
    }
    let ids: Vec<u32> = wanted.into_iter().map(|(_, file)| add(state, file.name(), file.unchecked_into())).collect();
    if let Some(first) = ids.first() {
        choose(state, *first);
    }
    pump(state);
}

fn add(state: State, name: String, blob: Blob) -> u32 {
    let id = state.fresh_id();
    let thumbnail = Url::create_object_url_with_blob(&blob).unwrap_or_default();
    photos::keep_file(id, blob);
    let photo =
        Photo { id, name, thumbnail, state: PhotoState::Waiting, inference: None, searched: None, explained: None };
    state.photos.update(|photos| photos.push(photo));
    id
}

/// Add a sample photo of the site.
pub fn add_sample(state: State, sample: Sample) {
    spawn_local(async move {
        match fetch(&sample.url).await {
            Ok(bytes) => {
                let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes.as_slice()));
                if let Ok(file) = File::new_with_u8_array_sequence(&parts, &sample.file) {
                    let id = add(state, sample.message.text(), file.unchecked_into());
                    choose(state, id);
                    pump(state);
                    // The sample's button, which had the keyboard, is gone.
                    request_animation_frame(move || focus(&format!("photo-{id}")));
                }
            }
            Err(why) => state.say("error", Message::new("sample-lost").with("why", why)),
        }
    });
}

/// Put a photo on the stage. It is decoded again if its picture is no longer kept.
pub fn choose(state: State, id: u32) {
    state.chosen.set(Some(id));
    state.class.set(0);
    if picture(id).is_none() {
        state.photo(id, |photo| {
            if photo.state == PhotoState::Done {
                photo.state = PhotoState::Waiting;
            }
        });
        pump(state);
    }
    explain(state);
}

/// Take a photo away. It can be brought back.
pub fn remove(state: State, id: u32) {
    let file = photos::file(id);
    state.engine().forget(id);
    photos::forget(id);
    let mut gone = None;
    let mut next = None;
    state.photos.update(|photos| {
        let Some(at) = photos.iter().position(|photo| photo.id == id) else { return };
        gone = Some((at, photos.remove(at)));
        next = photos.get(at).or(photos.last()).map(|photo| photo.id);
    });
    if state.chosen.get_untracked() == Some(id) {
        match next {
            Some(next) => choose(state, next),
            None => state.chosen.set(None),
        }
    }
    pump(state);
    request_animation_frame(move || focus(&next.map_or("photo-input".into(), |next| format!("photo-{next}"))));
    if let (Some((at, photo)), Some(file)) = (gone, file) {
        let file = StoredValue::new_local(file);
        state.notices.say_undoable(Message::new("photo-gone").with("name", photo.name.as_str()), move || {
            let mut photo = photo.clone();
            if photo.state == PhotoState::Running || photo.state == PhotoState::Done {
                photo.state = PhotoState::Waiting;
            }
            photos::keep_file(photo.id, file.get_value());
            state.photos.update(|photos| photos.insert(at.min(photos.len()), photo));
            choose(state, id);
            pump(state);
        });
    }
}
