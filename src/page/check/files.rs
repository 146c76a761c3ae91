//! Files in: photos by drop, dialog or paste, whole folders with all below them.

use std::collections::HashSet;

use crate::core::batch::{BatchItem, BatchItemState, Filter};
use crate::core::message::Message;
use crate::page::intake::{Arrived, Sorted, listed, sorted, take};
use crate::page::look;
use crate::page::manifest::samples;
use crate::page::shared::Part;
use crate::page::web::{fetch, sleep};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{File, FileList};

use super::choices::choose;
use super::state::{FILES, State};
use super::{annotations, folder, stage};

/// Photos that are added at once.
const AT_ONCE: usize = 40;

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
    let files = look.files_in_hand(None);
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

async fn add(state: State, files: Vec<Arrived>) {
    let alone = files.len() == 1;
    let Sorted { mut photos, others, passed_over } = sorted(files, alone, annotations::is_annotation).await;
    photos.sort_by(|(a, _), (b, _)| a.cmp(b));
    passed_over.into_iter().for_each(|passed_over| state.say("note", passed_over));
    if photos.is_empty() && others.is_empty() {
        return state.say("note", "check-no-photo".into());
    }
    let first = state.items.with_untracked(Vec::is_empty);
    // A few at a time, so that the page answers between them.
    for (round, photos) in photos.chunks(AT_ONCE).enumerate() {
        let item = |(name, file): &Arrived| {
            let id = state.fresh_id();
            FILES.with_borrow_mut(|files| files.insert(id, file.clone()));
            BatchItem { id, name: name.clone(), state: BatchItemState::Waiting, boxes: Vec::new(), truth: None }
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
    annotations::assign(state, &HashSet::new());
    annotations::name_truths(state);
    if !others.is_empty() {
        annotations::add(state, others).await;
    }
}

/// Let go of every photo. They can be brought back.
pub fn clear(state: State) {
    let items = state.items.get_untracked();
    let boxes = annotations::take();
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
        annotations::restore(boxes.clone());
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
