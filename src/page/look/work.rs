//! What the engine is asked for: the network, photo after photo, the chosen one's maps by other methods.

use std::sync::Arc;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::address::{Addressed, wanted};
use super::photos::{self, keep_picture};
use super::state::{Photo, PhotoState, State};
use crate::core::inference::Picture;
use crate::core::message::Message;
use crate::core::method::CamOptions;
use crate::core::names::same_name;
use crate::page::canvas;
use crate::page::engine::device::{Choice, DeviceLabel, choose, compare};
use crate::page::engine::{Event, Fault, Network, Status, When};
use crate::page::manifest::{Model, models};
use crate::page::task;
use crate::protocol::{Reply, Request};

/// Fetch the manifest, choose model and device, and start the engine.
pub fn start(state: State) {
    state.engine().listen(move |event| handle_event(state, event));
    Effect::new(move || {
        if let Status::Ready { .. } | Status::Failed = state.status.get() {
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
            Ok(models) => take_models(state, models),
            Err(message) => {
                state.shared.no_models.set(Some(message.clone()));
                state.say("error", message);
                return state.status.set(Status::Failed);
            }
        }
        let Choice { label, undecided, refused } = choose(&state.model.get_untracked()).await;
        if let Some(refused) = refused {
            state.say("error", refused);
        }
        state.device.set(label);
        prepare(state);
        pump(state);
        if let (Some(adapter), Some(model)) = (undecided, chosen_model(state)) {
            state.tasks.comparison.set_value(Some(task::begin(async move {
                // The adapter compiles its shaders with the first photo; that is no part of the comparison.
                if let Some(label) = compare(&state.engine(), &adapter, &model).await {
                    state.device.set(label);
                }
            })));
        }
    });
}

fn take_models(state: State, models: Vec<Model>) {
    let Addressed { model: wanted, method, class } = wanted();
    state.cam_options.set(CamOptions { method: method.unwrap_or_default(), ..CamOptions::default() });
    state.wanted_class.set_value(class);
    let found = models.iter().find(|model| wanted.as_ref().is_some_and(|name| same_name(&model.name, name)));
    if let (Some(wanted), None) = (&wanted, found) {
        state.say("error", Message::new("model-unknown").with("name", wanted.as_str()));
    }
    let name = found.or(models.first()).map(|model| model.name.clone()).unwrap_or_default();
    state.model.set(name);
    // A network that was taught meanwhile comes after the site's.
    state.models.update(|known| drop(known.splice(0..0, models)));
}

fn chosen_model(state: State) -> Option<Model> {
    state.shared.model_named(&state.model.get_untracked())
}

fn network(state: State) -> Option<Network> {
    chosen_model(state).as_ref().map(Network::from)
}

/// Have the network loaded, if it is not there.
fn prepare(state: State) {
    let Some(network) = network(state) else { return };
    state.tasks.loading.set_value(Some(task::begin(async move {
        if let Err(Fault::Network(why)) = state.engine().prepare(network).last(drop).await {
            state.say("error", why);
        }
    })));
}

/// Say what happened to the engine, and go on with another one.
fn handle_event(state: State, event: Event) {
    match event {
        Event::FellBack(why) => {
            state.say("error", Message::new("webgpu-stopped").with("why", why));
            state.device.set(DeviceLabel::cpu("cpu-instead".into()));
        }
        Event::Restarted(why) => state.say("error", Message::new("engine-restarted").with("why", why)),
        Event::Stopped(why) => return state.say("error", Message::new("engine-stopped").with("why", why)),
        Event::Stalled => return state.say("note", "download-stalled".into()),
    }
    state.tasks.comparison.set_value(None);
    prepare(state);
}

/// Try once more to start the engine that could not start, or to load the network.
pub fn retry(state: State) {
    prepare(state);
    pump(state);
}

/// Use another network, and run inference on every photo anew.
pub fn choose_model(state: State, name: String) {
    state.tasks.explaining.set_value(None);
    state.tasks.inference.set_value(None);
    state.tasks.comparison.set_value(None);
    state.explaining.set(None);
    // Another network has other stages.
    state.cam_options.update(|options| options.stage = None);
    state.model.set(name);
    state.class.set(0);
    state.photos.update(|photos| {
        for photo in photos.iter_mut().filter(|photo| photo.state != PhotoState::Failed) {
            (photo.state, photo.inference, photo.searched, photo.explained) = (PhotoState::Waiting, None, None, None);
        }
    });
    prepare(state);
    pump(state);
}

/// Run inference on the photos that wait, one after the other, the chosen one first, unless that goes on already.
pub fn pump(state: State) {
    if state.tasks.inference.with_value(Option::is_some) {
        return;
    }
    state.tasks.inference.set_value(Some(task::begin(async move {
        while let Some(photo) = next_waiting(state) {
            if !infer(state, photo).await {
                break;
            }
        }
        state.tasks.inference.set_value(None);
    })));
}

fn next_waiting(state: State) -> Option<u32> {
    state.photos.with_untracked(|photos| {
        let mut waiting = photos.iter().filter(|photo| photo.state == PhotoState::Waiting).map(|photo| photo.id);
        let first = waiting.clone().next();
        waiting.find(|&id| state.chosen.get_untracked() == Some(id)).or(first)
    })
}

/// Run inference on a photo. Return `false` if no engine can, and the photo waits on.
async fn infer(state: State, id: u32) -> bool {
    let (Some(network), Some(file)) = (network(state), photos::file(id)) else { return false };
    state.photo(id, |photo| photo.state = PhotoState::Running);
    let when = if state.chosen.get_untracked() == Some(id) { When::Now } else { When::Idle };
    let request = Request::Infer { photo: id, side: u32::MAX };
    let answer = state.engine().ask(Some(network), request, Some(file), when);
    let answer = answer.last(|reply| {
        if let Reply::Picture(picture) = reply {
            first_sight(state, id, &picture);
            for gone in keep_picture(id, picture, state.chosen.get_untracked()) {
                state.engine().forget(gone);
            }
            state.pictures.update(|n| *n += 1);
        }
    });
    match answer.await {
        Ok(Reply::Inferred(inference)) => {
            state.photo(id, |photo| (photo.inference, photo.state) = (Some(Arc::new(inference)), PhotoState::Done));
            // A photo that could not be used must not hold the stage while others could.
            if state.chosen_photo().is_none_or(|chosen| chosen.state == PhotoState::Failed) {
                state.chosen.set(Some(id));
                state.class.set(0);
            }
            if state.chosen.get_untracked() == Some(id) {
                explain(state);
                let mut class = None;
                state.wanted_class.update_value(|wanted| class = wanted.take());
                if let Some(class) = class {
                    show_class(state, class);
                }
            }
        }
        // Which was said already.
        Err(Fault::Network(_) | Fault::NoEngine(_)) => {
            state.photo(id, |photo| photo.state = PhotoState::Waiting);
            return false;
        }
        Err(Fault::Failed(why)) => {
            state.say("error", Message::new("of-file").with("name", state.name_of(id)).with("what", why));
            state.photo(id, |photo| photo.state = PhotoState::Failed);
            go_back(state, id);
        }
        // It would stop the next engine, too.
        Err(Fault::Lost(_)) => state.photo(id, |photo| photo.state = PhotoState::Failed),
        Ok(_) | Err(Fault::FellBack(_) | Fault::Stopped) => state.photo(id, |photo| photo.state = PhotoState::Waiting),
    }
    true
}

/// Where none of the photos that came last can be used, show what was on the stage before.
fn go_back(state: State, failed: u32) {
    let is_last = next_waiting(state).is_none() && state.chosen.get_untracked().is_some_and(|chosen| chosen <= failed);
    let before = state.before.get_value();
    let is_usable = state.photos.with_untracked(|photos| {
        let failed = photos.iter().any(|p| Some(p.id) == state.chosen.get_untracked() && p.state == PhotoState::Failed);
        failed && photos.iter().any(|photo| Some(photo.id) == before && photo.state == PhotoState::Done)
    });
    if is_last && is_usable {
        state.chosen.set(before);
        state.class.set(0);
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

/// Have the maps made in another way.
pub fn choose_method(state: State, wanted: CamOptions) {
    state.cam_options.set(wanted);
    state.photos.update(|photos| photos.iter_mut().for_each(|photo| photo.explained = None));
    explain(state);
}

/// End what takes long; back to CAM.
pub fn stop(state: State) {
    choose_method(state, CamOptions::default());
}

/// Have the chosen photo's maps made by the chosen method, as far as they lack. What was on its way for another photo or by another
/// method ends.
pub fn explain(state: State) {
    state.tasks.explaining.set_value(None);
    state.explaining.set(None);
    let options = state.cam_options.get_untracked();
    let Some(photo) = untrack(|| state.chosen_photo()) else { return };
    let there =
        |class: &usize| photo.explained.as_ref().is_some_and(|(_, maps)| maps.iter().any(|p| p.index == *class));
    let mut classes: Vec<usize> = photo.shown().iter().map(|p| p.index).collect();
    classes.retain(|class| !there(class));
    if options == CamOptions::default() || photo.state != PhotoState::Done || classes.is_empty() {
        return;
    }
    let id = photo.id;
    state.explaining.set(Some((id, 0, 0)));
    state.tasks.explaining.set_value(Some(task::begin(async move {
        let found = ask_for_maps(state, id, options, classes).await;
        state.explaining.set(None);
        if let Some(predictions) = found {
            state.photo(id, |photo| {
                let before = photo.explained.iter().flat_map(|(_, maps)| maps.iter().cloned());
                photo.explained = Some((options, Arc::new(before.chain(predictions).collect())));
            });
        }
    })));
}

/// Show the class of that name, whatever its rank; at the next photo if there is none yet.
pub fn show_class(state: State, class: String) {
    let photo = untrack(|| state.chosen_photo()).filter(|photo| photo.state == PhotoState::Done);
    let Some((photo, model)) = photo.zip(chosen_model(state)) else {
        return state.wanted_class.set_value(Some(class));
    };
    if let Some(position) = photo.shown().iter().position(|shown| shown.class == class) {
        state.class.set(position);
    } else if let Some(index) = model.classes.iter().position(|name| *name == class) {
        find(state, photo.id, index);
    }
}

/// Look for any other class in a photo, and show its map.
pub fn find(state: State, id: u32, class: usize) {
    spawn_local(async move {
        let Some(mut found) = ask_for_maps(state, id, CamOptions::default(), vec![class]).await else { return };
        state.photo(id, |photo| photo.searched = found.pop().map(Arc::new));
        let shown = untrack(|| state.chosen_photo()).map_or(0, |photo| photo.shown().len());
        if state.chosen.get_untracked() == Some(id) && shown > 0 {
            state.class.set(shown - 1);
            explain(state);
        }
    });
}

async fn ask_for_maps(
    state: State,
    photo: u32,
    options: CamOptions,
    classes: Vec<usize>,
) -> Option<Vec<crate::core::inference::Prediction>> {
    let request = Request::Explain { photo, options, classes };
    let answer = state.engine().ask(Some(network(state)?), request, Some(photos::file(photo)?), When::Now);
    let answer = answer.last(|reply| {
        if let Reply::PassesDone { done, of } = reply {
            state.explaining.set(Some((photo, done, of)));
        }
    });
    match answer.await {
        Ok(Reply::Explained(predictions)) => Some(predictions),
        Err(Fault::Failed(why)) => {
            state.say("error", why);
            None
        }
        _ => None,
    }
}
