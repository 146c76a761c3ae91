//! What the engine is asked for: to teach, and to run inference on a photo before and after. One thing at a time.

use std::rc::Rc;

use crate::core::message::Message;
use crate::page::engine::{Event, Fault, When};
use crate::page::task;
use crate::page::web::now;
use crate::protocol::{Control, Reply, Request};
use futures::lock::Mutex;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

use super::held::{Held, seen};
use super::state::{Phase, State, View};

thread_local! {
    static TEACHER: Rc<Mutex<Held>> = Rc::default();
}

/// Say what happens to the engine beside its answers.
pub fn handle_event(state: State, event: Event) {
    match event {
        Event::FellBack(why) => state.say("note", Message::new("teach-webgpu-stopped").with("why", why)),
        Event::Stalled => state.say("note", "download-stalled".into()),
        // Its request is told of it.
        Event::Restarted(_) | Event::Stopped(_) => {}
    }
}

/// Teach the open project.
pub fn train(state: State) {
    if state.phase.with_untracked(Phase::busy) {
        return;
    }
    state.phase.set(Phase::Loading("engine-waiting".into()));
    state.paused.set(None);
    state.live.set(None);
    state.training.set_value(Some(task::begin(async move {
        state.arrived().await;
        let held = TEACHER.with(Rc::clone);
        let mut held = held.lock().await;
        let mut taught = held.teach(state).await;
        if matches!(taught, Err(Fault::FellBack(_))) {
            state.phase.set(Phase::Loading("engine-waiting".into()));
            state.live.set(None);
            taught = held.teach(state).await;
        }
        finish(state, taught);
    })));
}

fn finish(state: State, taught: Result<(), Fault>) {
    state.steering.set_value(None);
    match taught {
        Ok(()) => {
            state.phase.set(Phase::Done);
            if let Some(photo) = state.watched.get_untracked() {
                view(state, photo);
            }
        }
        Err(Fault::Stopped) => {
            state.live.set(None);
            state.phase.set(Phase::Idle);
        }
        Err(fault) => {
            say(state, fault);
            state.phase.set(Phase::Failed);
        }
    }
}

fn say(state: State, fault: Fault) {
    match fault {
        Fault::Failed(why) | Fault::Network(why) => state.say("error", why),
        Fault::Lost(why) | Fault::FellBack(why) | Fault::NoEngine(why) => {
            state.say("error", Message::new("teach-engine-stopped").with("why", why));
        }
        Fault::Stopped => {}
    }
}

/// End the training after this step; the best weights so far count. While features are extracted, nothing is kept.
pub fn stop(state: State) {
    match state.phase.get_untracked() {
        Phase::Training { .. } => steer(state, Control::Finish),
        _ => {
            state.training.set_value(None);
            state.phase.set(Phase::Idle);
        }
    }
}

/// Have the training wait, or go on; what the wait took is no part of its time.
pub fn pause(state: State, on: bool) {
    if let Some(paused) = state.paused.get_untracked() {
        state.phase.update(|phase| {
            if let Phase::Training { since, .. } = phase {
                *since += now() - paused;
            }
        });
    }
    state.paused.set(on.then(now));
    steer(state, Control::Pause(on));
}

fn steer(state: State, control: Control) {
    if let Some(steering) = state.steering.get_value() {
        steering.send(control);
    }
}

/// Run inference on a photo with the network as it was and as it has become, unless that was done.
pub fn view(state: State, photo: u32) {
    if seen(state, photo) {
        return;
    }
    spawn_local(async move {
        let held = TEACHER.with(Rc::clone);
        let mut held = held.lock().await;
        if seen(state, photo) {
            return; // asked for twice, while something else went on
        }
        let mut compared = held.compare(state, photo).await;
        if matches!(compared, Err(Fault::FellBack(_))) {
            compared = held.compare(state, photo).await;
        }
        if let Err(fault) = compared {
            say(state, fault);
        }
    });
}

/// Run inference on any photo with the taught network.
///
/// # Errors
/// Why that is impossible.
pub async fn look(state: State, file: Blob) -> Result<View, Fault> {
    let held = TEACHER.with(Rc::clone);
    let mut held = held.lock().await;
    held.look(state, file).await
}

/// Return the card (JSON) of a checkpoint.
///
/// # Errors
/// Why it is none.
pub async fn open(state: State, file: Blob) -> Result<String, Message> {
    let held = TEACHER.with(Rc::clone);
    let mut held = held.lock().await;
    held.second = None;
    match state.engine().ask(None, Request::LoadSecond, Some(file), When::Now).last(drop).await {
        Ok(Reply::SecondLoaded { card }) => Ok(card),
        Err(Fault::Failed(why) | Fault::Network(why)) => Err(why),
        Err(Fault::Lost(why) | Fault::FellBack(why) | Fault::NoEngine(why)) => {
            Err(Message::new("teach-engine-stopped").with("why", why))
        }
        _ => Err("teach-cancelled".into()),
    }
}

/// The network to begin from: `wanted` where the site has it, else the one chosen in Look, else the first.
pub fn base(state: State, wanted: &str) -> String {
    state.models.with_untracked(|models| {
        let chosen = state.shared.model.get_untracked();
        let found = [wanted, &chosen].into_iter().find_map(|name| models.iter().find(|model| model.name == name));
        found.or(models.first()).map_or_else(|| wanted.to_owned(), |model| model.name.clone())
    })
}
