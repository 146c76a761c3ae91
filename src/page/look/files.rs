//! Photos in: drop, dialog, paste, samples; and which of them is on the stage.

use crate::core::message::Message;
use crate::page::intake::{self, Arrived, Sorted, sorted, take};
use crate::page::manifest::Sample;
use crate::page::shared::Part;
use crate::page::web::{fetch, focus};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, File, FileList, Url};

use super::kept;
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

/// Add photos; the first of them comes to the stage.
pub fn add_arrived(state: State, files: Vec<Arrived>) {
    if files.is_empty() {
        return;
    }
    spawn_local(async move {
        let Sorted { photos, passed_over, .. } = sorted(files, true, |_| false).await;
        passed_over.into_iter().for_each(|passed_over| state.say("note", passed_over));
        let ids: Vec<u32> =
            photos.into_iter().map(|(_, file)| add(state, file.name(), file.unchecked_into())).collect();
        if let Some(first) = ids.first() {
            state.before.set_value(state.chosen.get_untracked());
            choose(state, *first);
        }
        pump(state);
    });
}

fn add(state: State, name: String, blob: Blob) -> u32 {
    let (photos, bytes) = state.photos.with_untracked(|photos| {
        let kept = photos.iter().filter(|photo| photo.kept.is_some());
        kept.fold((0, blob.size()), |(count, bytes), photo| (count + 1, bytes + photo.bytes))
    });
    let fits = photos < kept::MOST && bytes <= kept::MOST_BYTES;
    // Later photos have higher numbers, also in another tab.
    let key = fits.then(|| js_sys::Date::now() * 1000.0 + f64::from(state.fresh_id() % 1000));
    if let Some(key) = key {
        kept::keep(key, &name, &blob);
    }
    enter(state, name, blob, key)
}

fn enter(state: State, name: String, blob: Blob, kept: Option<f64>) -> u32 {
    let id = state.fresh_id();
    let (thumbnail, bytes) = (Url::create_object_url_with_blob(&blob).unwrap_or_default(), blob.size());
    photos::keep_file(id, blob);
    let photo = Photo {
        id,
        name,
        kept,
        bytes,
        thumbnail,
        state: PhotoState::Waiting,
        inference: None,
        searched: None,
        explained: None,
    };
    state.photos.update(|photos| photos.push(photo));
    id
}

/// Bring back the photos of the visit before.
pub fn restore(state: State) {
    spawn_local(async move {
        let kept = kept::all().await;
        let before = state.photos.with_untracked(Vec::len);
        let ids: Vec<u32> =
            kept.into_iter().map(|photo| enter(state, photo.name, photo.file, Some(photo.key))).collect();
        // What was added meanwhile comes after them.
        state.photos.update(|photos| photos.rotate_left(before));
        if let (Some(first), None) = (ids.first(), state.chosen.get_untracked()) {
            choose(state, *first);
        }
        pump(state);
    });
}

/// Take all photos away. They can be brought back.
pub fn clear(state: State) {
    let photos = state.photos.get_untracked();
    let files: Vec<_> = photos.iter().filter_map(|photo| Some((photo.name.clone(), photos::file(photo.id)?))).collect();
    for photo in &photos {
        forget(state, photo);
    }
    state.photos.set(Vec::new());
    state.chosen.set(None);
    state.notices.say_undoable(Message::new("photos-gone").with("n", photos.len()), move || {
        let ids: Vec<u32> = files.iter().cloned().map(|(name, file)| add(state, name, file)).collect();
        ids.first().into_iter().for_each(|first| choose(state, *first));
        pump(state);
    });
    request_animation_frame(|| focus("photo-input"));
}

/// Let go of all that is held of a photo.
fn forget(state: State, photo: &Photo) {
    state.engine().forget(photo.id);
    photos::forget(photo.id);
    if let Some(key) = photo.kept {
        kept::forget(key);
    }
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
    let mut gone = None;
    let mut next = None;
    state.photos.update(|photos| {
        let Some(at) = photos.iter().position(|photo| photo.id == id) else { return };
        gone = Some((at, photos.remove(at)));
        next = photos.get(at).or(photos.last()).map(|photo| photo.id);
    });
    let (Some((at, photo)), Some(file)) = (gone, file) else { return };
    forget(state, &photo);
    if state.chosen.get_untracked() == Some(id) {
        match next {
            Some(next) => choose(state, next),
            None => state.chosen.set(None),
        }
    }
    pump(state);
    request_animation_frame(move || focus(&next.map_or("photo-input".into(), |next| format!("photo-{next}"))));
    state.notices.say_undoable(Message::new("photo-gone").with("name", photo.name.as_str()), move || {
        let id = add(state, photo.name.clone(), file.clone());
        // Where it was before.
        state.photos.update(|photos| {
            if let Some(back) = photos.pop() {
                photos.insert(at.min(photos.len()), back);
            }
        });
        choose(state, id);
        pump(state);
    });
}
