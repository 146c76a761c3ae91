//! Helpers: engines beside the first one that take photos of the folder, so that the folder is checked on all cores.
//!
//! They start when the CPU checks many photos, and end when no photo waits, which frees their memory.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::core::batch::{BatchItem, BatchItemState};
use crate::core::inference::Picture;
use crate::core::message::Message;
use crate::page::engine::Engine;
use crate::page::manifest::Model;
use crate::page::web::{now, window};
use crate::protocol::{Reply, Request};
use leptos::prelude::*;

use super::answers::batch_done;
use super::state::{Phase, State};
use super::task::{SMALL, chosen_model, next_waiting, pump, with, with_request};

/// Most helpers. More would need more memory than a phone has.
const MAX_HELPERS: usize = 4;
/// Waiting photos per helper. For fewer, an engine does not pay for its start.
const PHOTOS_PER_HELPER: usize = 4;

/// Photos that a helper has at once. While it works on one, the page reads the next and draws the last.
const QUEUE: usize = 2;

struct Helper {
    id: u32,
    engine: Engine,
    /// It listens; requests sent before are lost.
    started: bool,
    /// Address of the network that it holds or loads.
    model: Option<String>,
    /// Whether it loads the network.
    loading: bool,
    /// The photo on which inference runs, and the next one, with the times at which they were given.
    photos: VecDeque<(u32, f64)>,
    /// When the last photo was done.
    last_done: f64,
    picture: Option<Picture>,
}

impl Helper {
    /// Remove a photo and return when it was given; `None` if the helper does not have it.
    fn finish(&mut self, photo: u32) -> Option<f64> {
        let position = self.photos.iter().position(|(id, _)| *id == photo)?;
        self.photos.remove(position).map(|(_, since)| since)
    }
}

#[derive(Default)]
struct Pool {
    helpers: Vec<Helper>,
    next: u32,
    /// A helper failed. No further one starts: the reason is most likely a lack of memory.
    failed: bool,
    /// Photos of helpers that failed. No helper takes them again.
    avoided: Vec<u32>,
}

thread_local! {
    static POOL: RefCell<Pool> = RefCell::default();
}

/// Return whether a helper works on `photo`.
pub fn has(photo: u32) -> bool {
    POOL.with_borrow(|pool| pool.helpers.iter().any(|helper| helper.photos.iter().any(|(id, _)| *id == photo)))
}

/// Return the number of helpers.
pub fn size() -> usize {
    POOL.with_borrow(|pool| pool.helpers.len())
}

/// Give every idle helper its next photo. Start helpers if many photos wait, and end them if none does.
pub fn advance(state: State) {
    let Some(model) = chosen_model(state) else { return };
    let runs = state.phase.get_untracked() == Phase::Running(true) && with(|client| client.device == "cpu");
    let waits = |item: &&BatchItem| item.state == BatchItemState::Waiting;
    let count = if runs { state.items.with_untracked(|items| items.iter().filter(waits).count()) } else { 0 };
    if count == 0 {
        POOL.with_borrow_mut(|pool| pool.helpers.retain(|helper| !helper.photos.is_empty()));
        return;
    }
    start(state, (count / PHOTOS_PER_HELPER).min(cores().saturating_sub(1)).min(MAX_HELPERS));
    // Every helper gets its first photo before one gets a second.
    for queued in 0..QUEUE {
        let is_free = |helper: &&Helper| helper.started && !helper.loading && helper.photos.len() == queued;
        let free =
            POOL.with_borrow(|pool| pool.helpers.iter().filter(is_free).map(|helper| helper.id).collect::<Vec<_>>());
        free.into_iter().for_each(|id| employ(state, id, &model));
    }
}

/// Start helpers until there are `count`.
fn start(state: State, count: usize) {
    while POOL.with_borrow(|pool| !pool.failed && pool.helpers.len() < count) {
        let id = POOL.with_borrow_mut(|pool| {
            pool.next += 1;
            pool.next
        });
        match Engine::start("cpu", move |reply| take(state, id, reply), move |_| failed(state, id)) {
            Ok(engine) => POOL.with_borrow_mut(|pool| {
                let (started, model, loading, photos, last_done) = (false, None, false, VecDeque::new(), 0.0);
                pool.helpers.push(Helper { id, engine, started, model, loading, photos, last_done, picture: None });
            }),
            Err(_) => POOL.with_borrow_mut(|pool| pool.failed = true),
        }
    }
}

/// Give helper `id` the network, or the next photo.
fn employ(state: State, id: u32, model: &Model) {
    if with_helper(id, |helper| helper.model.as_ref() == Some(&model.url)) == Some(true) {
        let avoided = POOL.with_borrow(|pool| pool.avoided.clone());
        let Some(photo) = next_waiting(state, &avoided) else { return };
        with_helper(id, |helper| helper.photos.push_back((photo, now())));
        with_request(photo, SMALL, move |request| match request {
            Some(request) => {
                with_helper(id, |helper| helper.engine.send(&request));
            }
            None => photo_failed(state, id, photo, "check-file-gone".into()),
        });
    } else if with_helper(id, |helper| helper.photos.is_empty()) == Some(true) {
        // Photos that it still has are of the network before.
        with_helper(id, |helper| {
            (helper.loading, helper.model) = (true, Some(model.url.clone()));
            helper.engine.send(&Request::Load { card: model.card.clone(), url: model.url.clone() });
        });
    }
}

fn with_helper<T>(id: u32, f: impl FnOnce(&mut Helper) -> T) -> Option<T> {
    POOL.with_borrow_mut(|pool| pool.helpers.iter_mut().find(|helper| helper.id == id).map(f))
}

fn take(state: State, id: u32, reply: Option<Reply>) {
    match reply {
        Some(Reply::Started) => {
            with_helper(id, |helper| helper.started = true);
        }
        Some(Reply::Loaded { .. }) => {
            with_helper(id, |helper| helper.loading = false);
        }
        Some(Reply::Picture { picture, .. }) => {
            with_helper(id, |helper| helper.picture = Some(picture));
            return;
        }
        Some(Reply::Inferred { photo, inference }) => {
            let done = with_helper(id, |helper| {
                helper.engine.send(&Request::Forget { photo });
                let since = helper.finish(photo)?.max(std::mem::replace(&mut helper.last_done, now()));
                Some((helper.model.clone(), helper.picture.take()?, since))
            });
            // Another network may have been chosen meanwhile.
            let wanted = chosen_model(state).map(|model| model.url);
            if let Some(Some((model, picture, since))) = done
                && model == wanted
            {
                batch_done(state, photo, inference, &picture, since);
            }
        }
        Some(Reply::Failed { photo: Some(photo), message }) => return photo_failed(state, id, photo, message),
        Some(Reply::Failed { photo: None, .. } | Reply::Unusable { .. }) | None => return failed(state, id),
        Some(_) => return,
    }
    pump(state);
}

/// A photo of helper `id` cannot be used.
fn photo_failed(state: State, id: u32, photo: u32, why: Message) {
    if with_helper(id, |helper| helper.finish(photo)).flatten().is_some() {
        state.item(photo, |item| item.state = BatchItemState::Failed(why));
    }
    pump(state);
}

/// Helper `id` stopped: the first engine checks the photo that it was at.
fn failed(state: State, id: u32) {
    POOL.with_borrow_mut(|pool| {
        pool.failed = true;
        let at = pool.helpers.iter().find(|helper| helper.id == id).and_then(|helper| helper.photos.front().copied());
        pool.avoided.extend(at.map(|(photo, _)| photo));
        pool.helpers.retain(|helper| helper.id != id);
    });
    pump(state);
}

/// Processor cores, as far as the browser says.
fn cores() -> usize {
    window().navigator().hardware_concurrency() as usize
}
