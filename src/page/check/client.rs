//! The engine's start, and what the person chooses: each choice changes the state, and [`update`] has the engine follow.

use crate::core::batch::{BatchItemState, Filter};
use crate::core::message::{Arg, Message};
use crate::core::method::Method;
use crate::core::metrics::Metric;
use crate::page::engine::Engine;
use crate::page::manifest::Model;
use crate::protocol::{Reply, Request};
use leptos::prelude::*;

use super::answers::{broken, give_up, take};
use super::files;
use super::state::{CompareWith, FILES, PICTURE, Phase, PhotoTask, State};
use super::task::{CLIENT, Client, Task, pump, send, with};

/// Start the engine with the network and on the device of Look, as soon as these are known. Afterwards, follow the networks that
/// are taught.
pub fn start(state: State) {
    let shared = state.shared;
    let chosen = move |models: &[Model]| {
        let name = state.model.get_untracked();
        models.iter().find(|model| model.name == name).cloned()
    };
    Effect::new(move |before: Option<Vec<Model>>| {
        let (models, device) = (shared.models.get(), shared.device.get().device);
        if let Some(why) = shared.no_models.get() {
            state.say("error", why);
            state.phase.set(Phase::Failed);
        }
        if models.is_empty() || device.is_empty() {
            return Vec::new();
        }
        let before = before.unwrap_or_default();
        if before.is_empty() {
            let wanted = shared.model.get_untracked();
            let model = models.iter().find(|model| model.name == wanted).or(models.first());
            state.model.set(model.map(|model| model.name.clone()).unwrap_or_default());
            start_engine(state, device);
        } else {
            state.other.set(None); // the network that it is of may have been taught once more
            match chosen(&before) == chosen(&models) {
                true => update(state),
                false => choose_model(state, state.model.get_untracked()),
            }
        }
        models
    });
}

fn start_engine(state: State, device: &'static str) {
    let on_reply = move |reply: Option<Reply>| match reply {
        Some(reply) => take(state, reply),
        None => state.say("error", "engine-unfit".into()),
    };
    let engine = Engine::start(device, on_reply, move |why| failed(state, why));
    match engine {
        Ok(engine) => CLIENT.set(Client { engine: Some(engine), device: device.into(), ..Client::default() }),
        Err(why) => failed(state, why),
    }
}

/// From WebGPU it goes on with the CPU, from the CPU with a new engine; one that never had a network is not tried again.
pub fn failed(state: State, why: Arg) {
    let Client { device, loaded, task, .. } = with(std::mem::take);
    state.working.set(None);
    if device == "webgpu" {
        state.say("note", Message::new("webgpu-stopped").with("why", why));
        return start_engine(state, "cpu");
    }
    if loaded.is_none() {
        state.say("error", Message::new("check-engine-stopped").with("why", why));
        return state.phase.set(Phase::Failed);
    }
    state.say("error", Message::new("engine-restarted").with("why", why));
    start_engine(state, "cpu");
    // What it was at would stop the next one too.
    with(|client| client.task = task.clone());
    match task {
        Some(Task::Batch(..) | Task::Open(_)) => broken(state, "check-photo-stopped".into()),
        _ => give_up(state),
    }
}

/// Takes another network; inference runs on every photo anew.
pub fn choose_model(state: State, name: String) {
    state.model.set(name);
    state.forget_findings();
    state.class.set(0);
    state.filter.update(|filter| filter.class = None);
    state.thumbnails.update(|thumbnails| thumbnails.clear());
    state.items.update(|items| items.iter_mut().for_each(|item| item.state = BatchItemState::Waiting));
    state.spent.set((0.0, 0));
    if state.phase.get_untracked() == Phase::Failed && with(|client| client.engine.is_some()) {
        state.phase.set(Phase::Running(true));
    }
    update(state);
}

/// After any change of what is wanted: ends what is no longer, begins what is.
pub fn update(state: State) {
    let stop = with(|client| match &mut client.task {
        Some(Task::Photo(photo, photo_task, stopping)) => {
            let wanted = state.chosen.get_untracked() == Some(*photo) && state.needs().as_ref() == Some(photo_task);
            !wanted && !std::mem::replace(stopping, true)
        }
        _ => false,
    });
    if stop {
        send(&Request::Stop);
    }
    pump(state);
}

/// Gives up what takes long: the measure, or the map, for which CAM stands in.
pub fn stop(state: State) {
    match with(|client| client.task.clone()) {
        Some(Task::Photo(_, PhotoTask::Main(..), _)) => state.method.set(Method::Cam),
        Some(Task::Photo(_, PhotoTask::Other(..), _)) => state.compare_with.set(None),
        _ => {}
    }
    state.wanted.set(None);
    update(state);
}

/// Chooses a photo: inference runs on it once more, large, and the engine keeps it.
pub fn choose(state: State, id: u32) {
    if state.chosen.get_untracked() != Some(id) {
        state.chosen.set(Some(id));
        choose_class(state, 0);
    }
}

/// Another class of the chosen photo.
pub fn choose_class(state: State, class: usize) {
    state.class.set(class);
    state.forget_findings();
    update(state);
}

/// Another way to the chosen photo's map.
pub fn choose_method(state: State, method: Method) {
    state.method.set(method);
    state.forget_findings();
    update(state);
}

/// Compare the map with another.
pub fn choose_comparison(state: State, compare_with: Option<CompareWith>) {
    state.compare_with.set(compare_with);
    update(state);
}

/// Has the map measured.
pub fn measure(state: State, what: Metric) {
    state.wanted.set(Some(what));
    update(state);
}

/// Lets go of every photo.
pub fn clear(state: State) {
    files::forget();
    FILES.with_borrow_mut(|files| files.clear());
    PICTURE.set(None);
    state.chosen.set(None);
    state.compare_with.set(None);
    state.filter.set(Filter::default());
    state.forget_findings();
    state.items.set(Vec::new());
    state.thumbnails.update(|thumbnails| thumbnails.clear());
    state.spent.set((0.0, 0));
    update(state);
}
