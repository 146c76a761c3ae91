//! The page's side of the engine: starts the worker, gives it one photo at a time, takes its events into the state.

use std::cell::RefCell;
use std::sync::Arc;

use crate::core::inference::Picture;
use crate::core::message::{Arg, Message};
use crate::core::method::CamOptions;
use crate::core::names::same_name;
use crate::page::canvas;
use crate::page::engine::Engine;
use crate::page::manifest::{Model, models};
use crate::page::shared::DeviceLabel;
use crate::page::web::parameter;
use crate::protocol::{Reply, Request};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::state::{EngineState, Photo, PhotoState, State};
use super::{devices, files};

thread_local! {
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
}

/// Reads the manifest, chooses model and device, and starts the engine.
pub fn start(state: State) {
    Effect::new(move || {
        if let EngineState::Ready { .. } | EngineState::Failed = state.engine.get() {
            state.shared.settled.set(true);
        }
    });
    Effect::new(move || {
        if let Some(name) = state.shared.wanted_model.get() {
            state.shared.wanted_model.set(None);
            choose_model(state, name);
        }
    });
    spawn_local(async move {
        match models().await {
            Ok(models) => {
                let wanted = parameter("model");
                let found =
                    models.iter().find(|model| wanted.as_ref().is_some_and(|name| same_name(&model.name, name)));
                if let (Some(wanted), None) = (&wanted, found) {
                    state.say("error", Message::new("model-unknown").with("name", wanted.as_str()));
                }
                let name = found.or(models.first()).map(|model| model.name.clone()).unwrap_or_default();
                state.model.set(name);
                // A network that was taught meanwhile comes after the site's.
                state.models.update(|known| drop(known.splice(0..0, models)));
            }
            Err(message) => {
                state.shared.no_models.set(Some(message.clone()));
                state.say("error", message);
                state.engine.set(EngineState::Failed);
                return;
            }
        }
        start_worker(state, devices::choose(state).await);
    });
}

fn start_worker(state: State, label: DeviceLabel) {
    let device = label.device;
    state.device.set(label);
    state.engine.set(EngineState::Starting);
    let on_reply = move |reply| take_reply(state, reply);
    match Engine::start(device, on_reply, move |why| engine_failed(state, device, why)) {
        Ok(engine) => ENGINE.with_borrow_mut(|slot| *slot = Some(engine)),
        Err(why) => engine_failed(state, device, why),
    }
}

/// Use an engine that runs and has the model, and run inference on every photo anew.
pub fn adopt(state: State, engine: Engine, label: DeviceLabel) {
    end_explaining(state);
    ENGINE.with_borrow_mut(|slot| *slot = Some(engine));
    state.device.set(label);
    ask_again(state);
    pump(state);
}

/// From WebGPU the page goes on with the CPU by itself, from the CPU with a new engine; one that never ran is not tried again.
pub fn engine_failed(state: State, device: &'static str, why: Arg) {
    let running = ENGINE.with_borrow_mut(Option::take);
    if running.is_none() && state.engine.get_untracked() == EngineState::Failed {
        return;
    }
    drop(running);
    devices::cancel();
    state.explaining.set(None);
    if device == "webgpu" {
        state.say("error", Message::new("webgpu-stopped").with("why", why));
        ask_again(state);
        let label =
            DeviceLabel { device: "cpu", message: Message::new("device-cpu").with("why", Message::new("cpu-instead")) };
        return start_worker(state, label);
    }
    // What it was at would stop the next one too.
    state.photos.update(|photos| {
        for photo in photos.iter_mut().filter(|photo| photo.state.name() == "working") {
            photo.state = PhotoState::Failed;
        }
    });
    let ran = matches!(state.engine.get_untracked(), EngineState::Ready { .. });
    let id = if ran { "engine-restarted" } else { "engine-stopped" };
    state.say("error", Message::new(id).with("why", why));
    match ran {
        true => start_worker(state, state.device.get_untracked()),
        false => state.engine.set(EngineState::Failed),
    }
}

fn ask_again(state: State) {
    state.photos.update(|photos| {
        for photo in photos.iter_mut().filter(|photo| photo.state != PhotoState::Failed) {
            (photo.state, photo.inference, photo.searched, photo.explained) = (PhotoState::Waiting, None, None, None);
        }
    });
}

pub fn send(request: &Request) {
    ENGINE.with_borrow(|engine| {
        if let Some(engine) = engine {
            engine.send(request);
        }
    });
}

/// Has the maps made in another way.
pub fn choose_method(state: State, wanted: CamOptions) {
    end_explaining(state);
    state.cam_options.set(wanted);
    state.photos.update(|photos| photos.iter_mut().for_each(|photo| photo.explained = None));
    explain(state);
}

/// Ends what takes long; back to CAM.
pub fn stop(state: State) {
    choose_method(state, CamOptions::default());
}

fn end_explaining(state: State) {
    if state.explaining.get_untracked().is_some() {
        send(&Request::Stop);
        state.explaining.set(None);
    }
}

/// Asks for the chosen photo's maps by the method chosen, if they lack.
pub fn explain(state: State) {
    let wanted = state.cam_options.get_untracked();
    let Some(photo) = untrack(|| state.chosen_photo()) else { return };
    let there =
        |class: &usize| photo.explained.as_ref().is_some_and(|(_, maps)| maps.iter().any(|p| p.index == *class));
    let mut classes: Vec<usize> = photo.shown().iter().map(|p| p.index).collect();
    classes.retain(|class| !there(class));
    if wanted == CamOptions::default() || photo.state != PhotoState::Done || classes.is_empty() {
        return;
    }
    end_explaining(state);
    state.explaining.set(Some((photo.id, 0, 0)));
    send(&Request::Explain { photo: photo.id, options: wanted, classes });
}

/// Loads `name` in the running engine and runs inference on every photo anew.
pub fn choose_model(state: State, name: String) {
    end_explaining(state);
    devices::cancel();
    // Another network has other stages.
    state.cam_options.update(|options| options.stage = None);
    state.model.set(name);
    state.class.set(0);
    ask_again(state);
    load(state);
}

fn load(state: State) {
    let name = state.model.get_untracked();
    let model = state.shared.model_named(&name);
    let Some(Model { card, url, bytes, .. }) = model else { return };
    state.engine.set(EngineState::Loading { received: 0, total: bytes as u64 });
    send(&Request::Load { card, url });
}

/// Gives the engine the next waiting photo, the chosen one first, if it is free.
pub fn pump(state: State) {
    if !matches!(state.engine.get_untracked(), EngineState::Ready { .. }) {
        return;
    }
    let next = state.photos.with_untracked(|photos| {
        if photos.iter().any(|photo| photo.state == PhotoState::Running) {
            return None;
        }
        let mut waiting = photos.iter().filter(|photo| photo.state == PhotoState::Waiting).map(|photo| photo.id);
        let first = waiting.clone().next();
        waiting.find(|&id| state.chosen.get_untracked() == Some(id)).or(first)
    });
    let Some(photo) = next else {
        // The engine is free if no photo is with it.
        if state.photos.with_untracked(|photos| photos.iter().all(|photo| photo.state != PhotoState::Running)) {
            devices::begin(state);
        }
        return;
    };
    state.photo(photo, |photo| photo.state = PhotoState::Running);
    spawn_local(async move {
        match files::bytes(photo).await {
            Some(bytes) => send(&Request::Infer { photo, bytes, side: u32::MAX }),
            None => photo_failed(state, photo, "file-gone".into()),
        }
    });
}

fn photo_failed(state: State, id: u32, why: Message) {
    state.say("error", Message::new("of-file").with("name", state.name_of(id)).with("what", why));
    state.photo(id, |photo| photo.state = PhotoState::Failed);
    pump(state);
}

/// Take a reply; `None` cannot be decoded.
pub fn take_reply(state: State, reply: Option<Reply>) {
    match reply {
        Some(reply) => take(state, reply),
        None => state.say("error", "engine-unfit".into()),
    }
}

fn take(state: State, reply: Reply) {
    match reply {
        Reply::Started => load(state),
        Reply::Unusable { reason } => {
            let device = state.device.with_untracked(|label| label.device);
            engine_failed(state, device, reason.into());
        }
        Reply::Progress { received, total } => state.engine.set(EngineState::Loading { received, total }),
        Reply::Loaded { model, stages, from_cache, milliseconds } => {
            // Another model may have been chosen while this one was on its way.
            if model == state.model.get_untracked() {
                state.engine.set(EngineState::Ready { milliseconds, from_cache });
                state.stages.set(stages);
                pump(state);
            }
        }
        Reply::Picture { photo, picture } => {
            first_sight(state, photo, &picture);
            files::keep_picture(state, photo, picture);
            state.pictures.update(|n| *n += 1);
        }
        Reply::Inferred { photo, inference } => {
            state.photo(photo, |photo| {
                // An inference from before a change of model is not what was asked for last.
                if photo.state == PhotoState::Running {
                    (photo.inference, photo.state) = (Some(Arc::new(inference)), PhotoState::Done);
                }
            });
            // A photo that could not be used must not hold the stage while others could.
            if state.chosen_photo().is_none_or(|chosen| chosen.state == PhotoState::Failed) {
                files::choose(state, photo);
            }
            if state.chosen.get_untracked() == Some(photo) {
                explain(state);
            }
            pump(state);
        }
        Reply::Map { photo, prediction } => {
            state.photo(photo, |photo| photo.searched = Some(Arc::new(prediction)));
            let shown = state.chosen_photo().map_or(0, |photo| photo.shown().len());
            if state.chosen.get_untracked() == Some(photo) && shown > 0 {
                state.class.set(shown - 1);
                explain(state);
            }
        }
        Reply::PassesDone { photo, done, of } => state.explaining.update(|now| {
            if let Some((of_photo, ..)) = now
                && *of_photo == photo
            {
                *now = Some((photo, done, of));
            }
        }),
        Reply::Explained { photo, options, predictions } => {
            // What was asked for before the last change is not shown.
            if options == state.cam_options.get_untracked() {
                // Another photo's may be under way.
                if state.explaining.get_untracked().is_some_and(|(of_photo, ..)| of_photo == photo) {
                    state.explaining.set(None);
                }
                state.photo(photo, |photo| {
                    let before = photo.explained.iter().flat_map(|(_, maps)| maps.iter().cloned());
                    photo.explained = Some((options, Arc::new(before.chain(predictions).collect())));
                });
            }
        }
        // What the page's other parts ask their own engines for.
        Reply::MetricResult { .. }
        | Reply::Stopped { .. }
        | Reply::Benchmarking { .. }
        | Reply::FeaturesExtracted { .. }
        | Reply::Lesson(_)
        | Reply::Taught { .. }
        | Reply::TeachFailed { .. }
        | Reply::SecondLoaded { .. }
        | Reply::Compared { .. } => {}
        Reply::Benchmarked(result) => devices::webgpu_timed(state, &result),
        Reply::Failed { photo: Some(photo), message } => photo_failed(state, photo, message),
        Reply::Failed { photo: None, message } => {
            state.say("error", message);
            state.explaining.set(None);
            if !matches!(state.engine.get_untracked(), EngineState::Ready { .. }) {
                state.engine.set(EngineState::Failed);
            }
        }
    }
}

/// Take what a photo's first decoding yields: notes, and a small picture in place of the whole file.
fn first_sight(state: State, id: u32, picture: &Picture) {
    let is_first = |photo: &Photo| photo.id == id && photo.thumbnail.starts_with("blob:");
    if !state.photos.with_untracked(|photos| photos.iter().any(is_first)) {
        return;
    }
    for note in &picture.notes {
        state.say("note", Message::new("of-file").with("name", state.name_of(id)).with("what", note.clone()));
    }
    if let Some(thumbnail) = canvas::thumbnail(picture) {
        state.photo(id, |photo| {
            let whole = std::mem::replace(&mut photo.thumbnail, thumbnail);
            let _ = web_sys::Url::revoke_object_url(&whole);
        });
    }
}
