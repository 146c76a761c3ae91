//! What the visitor chooses: each choice changes the state, and the engines follow.

use crate::core::batch::BatchItemState;
use crate::core::message::Message;
use crate::core::method::Method;
use crate::core::metrics::Metric;
use crate::page::engine::{Event, Fault};
use crate::page::manifest::Model;
use crate::page::task;
use leptos::prelude::*;

use super::running::CompareWith;
use super::state::State;
use super::{annotations, folder, stage};

/// Load the network of Look, as soon as it is known, on Look's device. Afterwards, follow the networks that are taught.
pub fn start(state: State) {
    let shared = state.shared;
    state.engine().listen(move |event| handle_event(state, event));
    let chosen = move |models: &[Model]| {
        let name = state.model.get_untracked();
        models.iter().find(|model| model.name == name).cloned()
    };
    Effect::new(move || {
        shared.device.track();
        state.engine().advance();
    });
    Effect::new(move |before: Option<Vec<Model>>| {
        let models = shared.models.get();
        if let Some(why) = shared.no_models.get() {
            state.say("error", why);
        }
        if models.is_empty() {
            return Vec::new();
        }
        let before = before.unwrap_or_default();
        if before.is_empty() {
            let wanted = shared.model.get_untracked();
            let model = models.iter().find(|model| model.name == wanted).or(models.first());
            state.model.set(model.map(|model| model.name.clone()).unwrap_or_default());
            prepare(state);
        } else {
            state.other.set(None); // the network that it is of may have been taught once more
            match chosen(&before) == chosen(&models) {
                true => stage::serve(state),
                false => choose_model(state, state.model.get_untracked()),
            }
        }
        models
    });
}

/// Have the network loaded; then go on with the photos.
pub fn prepare(state: State) {
    let Some(network) = state.network() else { return };
    state.loading.set_value(Some(task::begin(async move {
        match state.engine().prepare(network).last(drop).await {
            Ok(_) => {
                stage::retry(state);
                folder::go_on(state);
            }
            Err(Fault::Network(why)) => state.say("error", why),
            Err(_) => {}
        }
    })));
}

fn handle_event(state: State, event: Event) {
    match event {
        Event::FellBack(why) => state.say("note", Message::new("webgpu-stopped").with("why", why)),
        Event::Restarted(why) => state.say("error", Message::new("engine-restarted").with("why", why)),
        Event::Stopped(why) => return state.say("error", Message::new("check-engine-stopped").with("why", why)),
        Event::Stalled => return state.say("note", "download-stalled".into()),
    }
    prepare(state);
}

/// Take another network; inference runs on every photo anew.
pub fn choose_model(state: State, name: String) {
    folder::end(state);
    stage::close(state);
    state.model.set(name);
    state.forget_findings();
    state.class.set(0);
    state.filter.update(|filter| filter.class = None);
    state.thumbnails.update(|thumbnails| thumbnails.clear());
    state.items.update(|items| items.iter_mut().for_each(|item| item.state = BatchItemState::Waiting));
    annotations::name_truths(state);
    state.spent.set((0.0, 0));
    prepare(state);
}

/// Stop inference on the folder, or go on.
pub fn run(state: State, on: bool) {
    state.running.set(on);
    folder::go_on(state);
}

/// Choose a photo: inference runs on it once more, large.
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
    stage::serve(state);
}

/// Another way to the chosen photo's map.
pub fn choose_method(state: State, method: Method) {
    state.method.set(method);
    state.forget_findings();
    stage::serve(state);
}

/// Compare the map with another.
pub fn choose_comparison(state: State, compare_with: Option<CompareWith>) {
    state.compare_with.set(compare_with);
    stage::serve(state);
}

/// Have the map measured.
pub fn measure(state: State, what: Metric) {
    state.wanted.set(Some(what));
    stage::serve(state);
}
