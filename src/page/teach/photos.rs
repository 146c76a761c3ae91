//! Photos in: drop, dialog, paste, camera. Each is read once for its thumbnail, and kept in the browser's storage, not in
//! memory.

use crate::core::message::Message;
use crate::core::project::Photo;
use crate::page::canvas::thumbnail;
use crate::page::intake::{Arrived, Sorted, sorted, take};
use crate::page::shared::{Part, SentPhoto};
use crate::page::web::{document, property, window};
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, HtmlElement};

use super::state::{State, unnamed};
use super::store::StoreError;

/// Longer side of a thumbnail, in pixels.
const THUMBNAIL: u32 = 160;

/// What is dropped or pasted goes to the class whose card has the keyboard, else to the first that is empty.
pub fn listen(state: State) {
    Effect::new(move || {
        let files = take(state.shared, Part::Teach);
        if files.is_empty() || !state.ready.get() {
            return;
        }
        let class = focused_class().or_else(|| {
            state.project.with_untracked(|project| {
                let empty = project.classes.iter().find(|class| project.photos_of(class.id).next().is_none());
                empty.or(project.classes.first()).map(|class| class.id)
            })
        });
        match class {
            Some(class) => add_files(state, class, files),
            None => state.say("note", "teach-class-first".into()),
        }
    });
    // What was changed in the last moment is written when the page is left.
    let leave = window_event_listener(ev::pagehide, move |_| state.keep_waiting());
    std::mem::forget(leave); // lives as long as the page
}

/// Add the photos that Check has sent: each to the class of that name, which is created if there is none.
pub fn take_sent_photos(state: State) {
    for SentPhoto { class: name, file } in state.shared.sent.try_update_untracked(std::mem::take).unwrap_or_default() {
        let mut class = 0;
        state.change(|project| class = project.class_named(&name, &unnamed()));
        spawn_local(async move {
            let name = file.name();
            add(state, class, file.unchecked_into(), name).await;
        });
    }
}

fn focused_class() -> Option<u32> {
    let card = document().active_element()?.closest("[data-class-id]").ok()??;
    card.dyn_into::<HtmlElement>().ok()?.dataset().get("classId")?.parse().ok()
}

pub fn add_files(state: State, class: u32, files: Vec<Arrived>) {
    state.arriving.update(|arriving| *arriving += files.len());
    // Else the browser may clear it when space is short. It may ask the person; the photos need not wait for that.
    if property(&window().navigator(), "storage").is_object() {
        let _ = window().navigator().storage().persist();
    }
    spawn_local(async move {
        let all = files.len();
        let Sorted { photos, passed_over, .. } = sorted(files, true, |_| false).await;
        passed_over.into_iter().for_each(|passed_over| state.say("note", passed_over));
        let mut left = photos.len();
        state.arriving.update(|arriving| *arriving -= all - left);
        for (_, file) in photos {
            let name = file.name();
            let goes_on = add(state, class, file.unchecked_into(), name).await;
            state.arriving.update(|arriving| *arriving -= 1);
            left -= 1;
            if !goes_on {
                return state.arriving.update(|arriving| *arriving -= left);
            }
        }
    });
}

/// Adds one photo; `false` where the storage takes no more.
pub async fn add(state: State, class: u32, file: Blob, name: String) -> bool {
    let mut id = 0;
    state.project.update(|project| id = project.fresh_id());
    restore(state, Photo { id, class, name }, file).await
}

/// The same for a photo that has its number already.
pub async fn restore(state: State, photo: Photo, file: Blob) -> bool {
    let open = state.project.with_untracked(|project| project.id.clone());
    // As the network will see it, which the browser's own decoder may not.
    let decoded = state.shared.decode(file.clone(), THUMBNAIL).await;
    let thumbnail = match decoded {
        Ok(picture) => thumbnail(&picture).unwrap_or_default(),
        Err(why) => {
            state.say("error", Message::new("of-file").with("name", photo.name).with("what", why));
            return true;
        }
    };
    let Some(store) = state.store() else { return false };
    let not_added = |error: StoreError| {
        let why = Message::new("teach-not-added").with("name", photo.name.as_str()).with("why", error.message());
        state.say("error", why);
    };
    // Nothing is awaited between the project's snapshot and its writing.
    let stored = match store.storable(&file).await {
        Ok(stored) => stored,
        Err(error) => {
            not_added(error);
            return false;
        }
    };
    // The class may be gone, or another project be open, since the photo was on its way.
    if state.project.with_untracked(|project| project.id != open || project.class(photo.class).is_none()) {
        return false;
    }
    let id = photo.id;
    state.thumbnails.update(|thumbnails| drop(thumbnails.insert(id, thumbnail.clone())));
    state.project.update(|project| project.photos.push(photo.clone()));
    let project = state.project.get_untracked();
    if let Err(error) = store.keep_photo(&project, id, &stored, &thumbnail).await {
        not_added(error);
        if state.project.with_untracked(|project| project.id == open) {
            state.project.update(|project| project.photos.retain(|photo| photo.id != id));
        }
        return false;
    }
    state.list();
    true
}

/// Move a photo to another class.
pub fn move_to_class(state: State, photo: u32, class: u32) {
    state.change(|project| {
        if let Some(photo) = project.photos.iter_mut().find(|known| known.id == photo) {
            photo.class = class;
        }
    });
}

/// Takes a photo out; it can be brought back.
pub fn remove(state: State, photo: &Photo) {
    state.take_away(Message::new("teach-photo-gone").with("name", photo.name.as_str()), |project| {
        project.photos.retain(|known| known.id != photo.id);
    });
}
