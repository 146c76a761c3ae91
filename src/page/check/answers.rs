//! The engine's replies: results that are still wanted go into the state, failures into notices.

use std::rc::Rc;

use crate::core::batch::BatchItemState;
use crate::core::inference::{Inference, Picture};
use crate::core::message::Message;
use crate::core::method::Method;
use crate::core::metrics::MetricResult;
use crate::page::canvas::overlay_thumbnail;
use crate::page::web::{fixed, now};
use crate::protocol::{Reply, Request};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::client::failed;
use super::pool;
use super::state::{PICTURE, Phase, PhotoTask, ShownMap, State};
use super::task::{SMALL, Task, chosen_model, compare, pump, send, with};

pub fn take(state: State, reply: Reply) {
    match reply {
        Reply::Started => {
            with(|client| client.started = true);
            pump(state);
        }
        Reply::Unusable { reason } => failed(state, reason.into()),
        Reply::Progress { received, total } => {
            let [done, all] = [received as f64, total as f64].map(|bytes| fixed(bytes / 1e6, 1));
            state.phase.set(Phase::Loading(Message::new("loading-megabytes").with("done", done).with("all", all)));
        }
        Reply::Loaded { .. } => {
            with(|client| {
                if let Some(Task::Load(name, url)) = client.task.take() {
                    client.loaded = Some((name, url));
                }
            });
            state.phase.set(Phase::Running(true));
            pump(state);
        }
        Reply::Picture { picture, .. } => with(|client| client.picture = Some(picture)),
        Reply::Inferred { photo, inference } => {
            let (task, picture) = with(|client| (client.task.take(), client.picture.take()));
            // Another network may have been chosen meanwhile, or all have been taken away.
            let model = chosen_model(state).map(|model| (model.name, model.url));
            if with(|client| client.loaded == model)
                && let (Some(task), Some(picture)) = (task, picture)
            {
                inferred(state, photo, inference, picture, &task);
            }
            pump(state);
        }
        Reply::PassesDone { done, of, .. } => state.working.update(|working| {
            if let Some((_, at, all)) = working {
                (*at, *all) = (done, of);
            }
        }),
        Reply::Explained { photo, options, mut predictions } => answered(state, photo, |photo_task| {
            let Some(prediction) = predictions.pop() else { return };
            match (&photo_task, untrack(|| state.shown_map())) {
                (PhotoTask::Other(..), Some(ShownMap { inference, .. })) => {
                    state.other.set(Some((photo_task, ShownMap { inference, prediction, method: options.method })));
                }
                _ => state.explained.set(Some((photo_task, prediction))),
            }
        }),
        Reply::MetricResult { photo, result, .. } => answered(state, photo, |_| {
            state.wanted.set(None);
            state.measures.update(|measures| match result {
                MetricResult::Faithfulness(found) => measures.faithfulness = Some(found),
                MetricResult::Sanity(found) => measures.sanity = Some(found),
            });
        }),
        Reply::SecondLoaded { .. } => {
            if let Some(Task::Photo(photo, ..)) = with(|client| client.task.clone()) {
                spawn_local(compare(state, photo));
            }
        }
        Reply::Compared { photo, after, .. } => answered(state, photo, |photo_task| {
            let class = untrack(|| state.shown_map()).map(|shown_map| shown_map.prediction.class);
            if let (Some(inference), Some(class)) = (after, class) {
                // The class that is shown, or the best one of the other network.
                let same =
                    inference.predictions.iter().find(|p| p.class == class).or(inference.predictions.first()).cloned();
                if let Some(prediction) = same {
                    state.other.set(Some((photo_task, ShownMap { inference, prediction, method: Method::Cam })));
                }
            }
        }),
        Reply::Stopped { photo } => answered(state, photo, |_| ()),
        Reply::Failed { photo: Some(_), message } => broken(state, message),
        Reply::Failed { photo: None, message } => {
            state.say("error", message);
            match with(|client| client.task.clone()) {
                Some(Task::Load(..)) => {
                    with(|client| client.task = None);
                    state.phase.set(Phase::Failed);
                }
                _ => {
                    with(|client| client.beside = None);
                    give_up(state);
                }
            }
        }
        // What this part does not ask for.
        Reply::Map { .. }
        | Reply::FeaturesExtracted { .. }
        | Reply::Lesson(_)
        | Reply::Taught { .. }
        | Reply::TeachFailed { .. }
        | Reply::Benchmarking { .. }
        | Reply::Benchmarked(_) => {}
    }
}

/// Takes the answer to the task of the open photo, unless it is no longer wanted.
fn answered(state: State, photo: u32, keep: impl FnOnce(PhotoTask)) {
    if let Some(Task::Photo(of, photo_task, _)) = with(|client| client.task.take())
        && of == photo
        && state.chosen.get_untracked() == Some(photo)
        && state.needs().as_ref() == Some(&photo_task)
    {
        keep(photo_task);
    }
    pump(state);
}

fn inferred(state: State, photo: u32, inference: Inference, picture: Picture, task: &Task) {
    if state.items.with_untracked(|items| items.iter().all(|item| item.id != photo)) {
        return send(&Request::Forget { photo });
    }
    if let &Task::Batch(_, since) = task {
        send(&Request::Forget { photo });
        return batch_done(state, photo, inference, &picture, since);
    }
    keep(state, photo, inference, &picture);
    with(|client| client.open = Some(photo));
    PICTURE.set(Some((photo, Rc::new(picture))));
    state.pictures.update(|n| *n += 1);
}

/// Inference of a photo of the folder, which began at `since`, is done.
pub fn batch_done(state: State, photo: u32, inference: Inference, picture: &Picture, since: f64) {
    let milliseconds = (now() - since) / (1 + pool::size()) as f64;
    state.spent.update(|(spent, photos)| (*spent, *photos) = (*spent + milliseconds, *photos + 1));
    keep(state, photo, inference, picture);
}

/// Take the inference of a photo, and its thumbnail if it has none, into the state. The photo may have been removed.
fn keep(state: State, photo: u32, inference: Inference, picture: &Picture) {
    if state.items.with_untracked(|items| items.iter().all(|item| item.id != photo)) {
        return;
    }
    let fresh = state.thumbnails.with_untracked(|thumbnails| !thumbnails.contains_key(&photo));
    if fresh && let Some(thumbnail) = overlay_thumbnail(picture, &inference, SMALL as usize) {
        state.thumbnails.update(|thumbnails| drop(thumbnails.insert(photo, thumbnail)));
    }
    state.item(photo, |item| item.state = BatchItemState::Done(inference));
}

/// The task has come to nothing: so that it is not begun anew, it is no longer wanted.
pub fn give_up(state: State) {
    match with(|client| client.task.take()) {
        Some(Task::Photo(_, PhotoTask::Main(..), false)) => state.method.set(Method::Cam),
        Some(Task::Photo(_, PhotoTask::Other(..), false)) => state.compare_with.set(None),
        Some(Task::Photo(_, PhotoTask::Metric(..), false)) => state.wanted.set(None),
        _ => {}
    }
    state.working.set(None);
    pump(state);
}

/// The photo of the task cannot be used; of the open one only what was wanted beside.
pub fn broken(state: State, why: Message) {
    match with(|client| client.task.clone()) {
        Some(Task::Batch(photo, _) | Task::Open(photo)) => {
            with(|client| client.task = None);
            state.item(photo, |item| item.state = BatchItemState::Failed(why));
            pump(state);
        }
        _ => {
            state.say("error", why);
            give_up(state);
        }
    }
}
