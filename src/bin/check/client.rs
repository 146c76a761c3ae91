//! The engine's start, and what the person chooses: each choice changes the state, and [`update`] has the engine follow.

use camscope::core::batch::{BatchItemState, Filter};
use camscope::core::message::{Arg, Message};
use camscope::core::method::Method;
use camscope::core::metrics::Metric;
use camscope::page::engine::Engine;
use camscope::page::manifest::{model_at, models};
use camscope::page::web::{body_data, property, window};
use camscope::protocol::{Reply, Request};
use js_sys::Array;
use leptos::ev::Custom;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::CustomEvent;

use crate::answers::{broken, give_up, take};
use crate::files;
use crate::state::{CompareWith, FILES, PICTURE, Phase, PhotoTask, State};
use crate::task::{CLIENT, Client, Task, pump, send, with};

/// Reads the manifest and starts the engine on the device that the page has chosen.
pub fn start(state: State) {
    let taught = move |_| take_taught(state);
    let taught = window_event_listener(Custom::<CustomEvent>::new("camscope-taught"), taught);
    std::mem::forget(taught); // lives as long as the page
    spawn_local(async move {
        match models().await {
            Ok(models) => {
                let wanted = body_data("model");
                state.models.set(models);
                take_taught(state);
                let models = state.models.get_untracked();
                let found = models.iter().find(|model| model.name == wanted).or(models.first());
                state.model.set(found.map(|model| model.name.clone()).unwrap_or_default());
                start_engine(state, if body_data("device") == "webgpu" { "webgpu" } else { "cpu" });
            }
            Err(why) => {
                state.say("error", why);
                state.phase.set(Phase::Failed);
            }
        }
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

/// Networks that were taught on this page can be chosen, too: the teaching part lists them, as `[card, address]`, in
/// `window.camscopeTaught`.
fn take_taught(state: State) {
    let Ok(taught) = property(&window(), "camscopeTaught").dyn_into::<Array>() else { return };
    let mut anew = false;
    state.models.update(|models| {
        for pair in taught.iter() {
            let pair: Array = pair.unchecked_into();
            let text = |i| pair.get(i).as_string().unwrap_or_default();
            let Some(model) = model_at(&text(0), text(1)) else { continue };
            match models.iter_mut().find(|known| known.name == model.name) {
                Some(known) => {
                    anew |= *known != model && model.name == state.model.get_untracked();
                    *known = model;
                }
                None => models.push(model),
            }
        }
    });
    state.other.set(None); // the network that it is of may have been taught once more
    match anew {
        true => choose_model(state, state.model.get_untracked()),
        false => update(state),
    }
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
