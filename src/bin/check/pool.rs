//! Helpers: engines beside the first one that take photos of the folder, so that the folder is checked on all cores.
//!
//! They start when the CPU checks many photos, and end when no photo waits, which frees their memory.

use std::cell::RefCell;

use camscope::core::batch::{BatchItem, BatchItemState};
use camscope::core::inference::Picture;
use camscope::core::message::Message;
use camscope::page::engine::Engine;
use camscope::page::manifest::Model;
use camscope::page::web::{now, window};
use camscope::protocol::{Reply, Request};
use leptos::prelude::*;

use crate::answers::batch_done;
use crate::state::{Phase, State};
use crate::task::{SMALL, chosen_model, next_waiting, pump, with, with_request};

/// Most helpers. More would need more memory than a phone has.
const MAX_HELPERS: usize = 4;
/// Waiting photos per helper. For fewer, an engine does not pay for its start.
const PHOTOS_PER_HELPER: usize = 4;

struct Helper {
    id: u32,
    engine: Engine,
    /// It listens; requests sent before are lost.
    started: bool,
    /// Address of the network that it holds or loads.
    model: Option<String>,
    /// Whether it works: it loads a network, or has a photo.
    busy: bool,
    /// The photo on which inference runs, and when that began.
    photo: Option<(u32, f64)>,
    picture: Option<Picture>,
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
    POOL.with_borrow(|pool| pool.helpers.iter().any(|helper| helper.photo.is_some_and(|(id, _)| id == photo)))
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
        POOL.with_borrow_mut(|pool| pool.helpers.retain(|helper| helper.photo.is_some()));
        return;
    }
    start(state, (count / PHOTOS_PER_HELPER).min(cores().saturating_sub(1)).min(MAX_HELPERS));
    let idle = POOL.with_borrow(|pool| {
        pool.helpers.iter().filter(|helper| helper.started && !helper.busy).map(|helper| helper.id).collect::<Vec<_>>()
    });
    idle.into_iter().for_each(|id| employ(state, id, &model));
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
                let (started, model, busy, photo, picture) = (false, None, false, None, None);
                pool.helpers.push(Helper { id, engine, started, model, busy, photo, picture });
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
        with_helper(id, |helper| (helper.busy, helper.photo) = (true, Some((photo, now()))));
        with_request(photo, SMALL, move |request| match request {
            Some(request) => {
                with_helper(id, |helper| helper.engine.send(&request));
            }
            None => photo_failed(state, id, "check-file-gone".into()),
        });
    } else {
        with_helper(id, |helper| {
            (helper.busy, helper.model) = (true, Some(model.url.clone()));
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
            with_helper(id, |helper| helper.busy = false);
        }
        Some(Reply::Picture { picture, .. }) => {
            with_helper(id, |helper| helper.picture = Some(picture));
            return;
        }
        Some(Reply::Inferred { photo, inference }) => {
            let done = with_helper(id, |helper| {
                helper.busy = false;
                helper.engine.send(&Request::Forget { photo });
                (helper.model.clone(), helper.picture.take(), helper.photo.take())
            });
            // Another network may have been chosen meanwhile.
            let wanted = chosen_model(state).map(|model| model.url);
            if let Some((model, Some(picture), Some((_, since)))) = done
                && model == wanted
            {
                batch_done(state, photo, inference, &picture, since);
            }
        }
        Some(Reply::Failed { photo: Some(_), message }) => return photo_failed(state, id, message),
        Some(Reply::Failed { photo: None, .. } | Reply::Unusable { .. }) | None => return failed(state, id),
        Some(_) => return,
    }
    pump(state);
}

/// The photo of helper `id` cannot be used.
fn photo_failed(state: State, id: u32, why: Message) {
    let photo = with_helper(id, |helper| {
        helper.busy = false;
        helper.photo.take()
    });
    if let Some((photo, _)) = photo.flatten() {
        state.item(photo, |item| item.state = BatchItemState::Failed(why));
    }
    pump(state);
}

/// Helper `id` stopped: the first engine checks its photo.
fn failed(state: State, id: u32) {
    POOL.with_borrow_mut(|pool| {
        pool.failed = true;
        let photos = pool.helpers.iter().filter(|helper| helper.id == id).filter_map(|helper| helper.photo);
        pool.avoided.extend(photos.map(|(photo, _)| photo));
        pool.helpers.retain(|helper| helper.id != id);
    });
    pump(state);
}

/// Processor cores, as far as the browser says.
fn cores() -> usize {
    window().navigator().hardware_concurrency() as usize
}
