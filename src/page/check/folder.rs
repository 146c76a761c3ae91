//! The folder: inference on photo after photo, on as many engines as the processor has cores for.

use std::collections::HashSet;

use leptos::prelude::*;

use super::state::{FILES, State};
use crate::core::batch::{BatchItem, BatchItemState};
use crate::core::inference::{Inference, Picture};
use crate::core::message::Message;
use crate::page::canvas::overlay_thumbnail;
use crate::page::engine::{Engine, Fault, When};
use crate::page::task;
use crate::page::web::{now, window};
use crate::protocol::{Reply, Request};

/// Longest side of a picture in the gallery.
const SMALL: u32 = 192;
/// Most helpers, which are engines beside the first one. More would need more memory than a phone has.
const MAX_HELPERS: usize = 4;
/// Waiting photos per helper. For fewer, an engine does not pay for its start.
const PHOTOS_PER_HELPER: usize = 4;

/// Run inference on the photos that wait, unless the visitor has stopped that or no engine can.
pub fn go_on(state: State) {
    if !state.running.get_untracked() || state.network().is_none() {
        return;
    }
    let waiting = waiting(state);
    if waiting == 0 {
        return end_helpers(state);
    }
    let device = state.shared.device.with_untracked(|label| label.device);
    let cores = window().navigator().hardware_concurrency() as usize;
    let helpers = match device == "cpu" || state.engine().device() == "cpu" {
        true => (waiting / PHOTOS_PER_HELPER).min(cores.saturating_sub(1)).min(MAX_HELPERS),
        false => 0,
    };
    let folder = state.folder;
    // A helper that failed was most likely short of memory: no further one starts.
    if folder.avoided.with_value(HashSet::is_empty) {
        folder.helpers.update_value(|engines| {
            engines.extend((engines.len()..helpers).map(|_| Engine::new(|| "cpu")));
        });
    }
    let engines = std::iter::once(state.engine()).chain(folder.helpers.get_value());
    for (number, engine) in engines.enumerate() {
        let runs = folder.lanes.with_value(|lanes| matches!(lanes.get(number), Some(Some(_))));
        if !runs {
            let lane = task::begin(async move {
                lane(state, engine, number > 0).await;
                folder.lanes.update_value(|lanes| lanes[number] = None);
                if waiting_now(state) == 0 {
                    end_helpers(state);
                }
            });
            folder.lanes.update_value(|lanes| {
                lanes.resize_with(lanes.len().max(number + 1), || None);
                lanes[number] = Some(lane);
            });
        }
    }
}

/// End what runs, for another network or no photos.
pub fn end(state: State) {
    state.folder.lanes.update_value(Vec::clear);
    state.folder.taken.update_value(HashSet::clear);
}

/// Without photos that wait, helpers end, which frees their memory.
fn end_helpers(state: State) {
    let idle = state.folder.lanes.with_value(|lanes| lanes.iter().skip(1).all(Option::is_none));
    if idle {
        state.folder.helpers.update_value(Vec::clear);
    }
}

fn waiting(state: State) -> usize {
    let waits = |item: &&BatchItem| item.state == BatchItemState::Waiting;
    state.items.with_untracked(|items| items.iter().filter(waits).count())
}

fn waiting_now(state: State) -> usize {
    if state.running.get_untracked() { waiting(state) } else { 0 }
}

/// Return the next photo that waits and that no engine has.
fn next(state: State, is_helper: bool) -> Option<u32> {
    let folder = state.folder;
    let is_free = |id: &u32| {
        let avoided = is_helper && folder.avoided.with_value(|avoided| avoided.contains(id));
        !avoided && !folder.taken.with_value(|taken| taken.contains(id))
    };
    let is_next = |item: &&BatchItem| item.state == BatchItemState::Waiting && is_free(&item.id);
    state.items.with_untracked(|items| items.iter().find(is_next).map(|item| item.id))
}

/// Take photo after photo to `engine`.
async fn lane(state: State, engine: Engine, is_helper: bool) {
    while state.running.get_untracked()
        && let Some(photo) = next(state, is_helper)
    {
        let since = now();
        match infer(state, &engine, photo, SMALL, When::Idle).await {
            Ok((inference, picture)) => {
                if state.chosen.get_untracked() != Some(photo) {
                    engine.forget(photo);
                }
                let engines = 1 + state.folder.helpers.with_value(Vec::len);
                let milliseconds = (now() - since) / engines as f64;
                state.spent.update(|(spent, photos)| (*spent, *photos) = (*spent + milliseconds, *photos + 1));
                keep(state, photo, inference, &picture);
            }
            Err(Fault::Failed(why)) => state.item(photo, |item| item.state = BatchItemState::Failed(why)),
            Err(Fault::Lost(_) | Fault::NoEngine(_)) if is_helper => {
                return state.folder.avoided.update_value(|avoided| avoided.extend([photo]));
            }
            // It would stop the next engine, too.
            Err(Fault::Lost(_)) => {
                let why = Message::new("check-photo-stopped");
                state.item(photo, |item| item.state = BatchItemState::Failed(why));
            }
            Err(Fault::Network(_) | Fault::FellBack(_) | Fault::NoEngine(_) | Fault::Stopped) => return,
        }
    }
}

/// Run inference on a photo, which no other engine takes meanwhile.
pub async fn infer(
    state: State,
    engine: &Engine,
    photo: u32,
    side: u32,
    when: When,
) -> Result<(Inference, Picture), Fault> {
    let file = FILES.with_borrow(|files| files.get(&photo).cloned());
    let (Some(network), Some(file)) = (state.network(), file) else { return Err(Fault::Stopped) };
    state.folder.taken.update_value(|taken| taken.extend([photo]));
    let mut picture = None;
    let answer = engine.ask(Some(network), Request::Infer { photo, side }, Some(file.into()), when);
    let answer = answer.last(|reply| {
        if let Reply::Picture(found) = reply {
            picture = Some(found);
        }
    });
    let answer = answer.await;
    state.folder.taken.update_value(|taken| taken.retain(|id| *id != photo));
    match (answer?, picture) {
        (Reply::Inferred(inference), Some(picture)) => Ok((inference, picture)),
        _ => Err(Fault::Stopped),
    }
}

/// Take the inference of a photo, and its thumbnail if it has none, into the state. The photo may have been removed.
pub fn keep(state: State, photo: u32, inference: Inference, picture: &Picture) {
    if state.items.with_untracked(|items| items.iter().all(|item| item.id != photo)) {
        return;
    }
    let fresh = state.thumbnails.with_untracked(|thumbnails| !thumbnails.contains_key(&photo));
    if fresh && let Some(thumbnail) = overlay_thumbnail(picture, &inference, SMALL as usize) {
        state.thumbnails.update(|thumbnails| drop(thumbnails.insert(photo, thumbnail)));
    }
    state.item(photo, |item| item.state = BatchItemState::Done(inference));
}
