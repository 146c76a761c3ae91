//! Teach: a few photos of the visitor's own classes, a network that learns them, and its maps while it
//! does.

mod address;
mod camera;
mod classes;
mod held;
mod in_hand;
mod photos;
mod project_lock;
mod projects;
mod results;
mod state;
mod store;
mod teacher;
mod training;
mod try_it;
mod unpack;
mod watching;

use crate::core::message::Message;
use crate::page::shared::{Part, Shared};
use crate::page::web::document;
use leptos::prelude::*;

use state::State;
use store::Store;

/// The part's view.
#[component]
pub fn Teach() -> impl IntoView {
    let state = State::new(expect_context());
    provide_context(state);
    photos::listen(state);
    leptos::task::spawn_local(async move { begin(state).await });
    let undo = move |event: web_sys::KeyboardEvent| {
        let shown = state.shared.part.get_untracked() == Part::Teach;
        let typing = document().active_element().is_some_and(|e| e.matches("input[type=text]").unwrap_or(false));
        if event.key() == "z" && (event.ctrl_key() || event.meta_key()) && shown && !typing && state.is_undoable() {
            event.prevent_default();
            state.undo();
        }
    };
    // On the window: what was deleted had the keyboard, which is nowhere then.
    std::mem::forget(window_event_listener(leptos::ev::keydown, undo)); // lives as long as the page
    view! {
        <div class="teach">
            <p class="lead" data-message="teach-lead"></p>
            <Show when=move || state.ready.get()>
                <projects::Projects/>
            </Show>
            <Show when=move || state.ready.get()>
                <classes::Classes/>
                <div class="side">
                    <training::Training/>
                    <watching::Watching/>
                </div>
                <div class="third">
                    <try_it::TryIt/>
                    <results::Results/>
                </div>
            </Show>
        </div>
    }
}

/// Offer the networks that were taught at earlier visits to all parts. A browser without storage has none.
pub async fn offer_kept(shared: Shared) {
    let Ok(store) = Store::open().await else { return };
    for project in store.projects().await.unwrap_or_default() {
        if let (Some(outcome), Ok(Some(weights))) = (&project.outcome, store.weights(&project.id).await)
            && let Some(model) = results::model(&project, outcome, &weights)
            && shared.model_named(&model.name).is_none()
        {
            shared.models.update(|models| models.push(model));
        }
    }
}

async fn begin(state: State) {
    match Store::open().await {
        Ok(store) => state.set_store(store),
        Err(error) => return state.say("error", Message::new("teach-no-store").with("why", error.message())),
    }
    if let Err(error) = projects::restore(state).await {
        state.say("error", Message::new("teach-not-restored").with("why", error.message()));
    }
    state.ready.set(true);
    address::follow(state, projects::open_named);
    // Another tab may have made or deleted projects.
    std::mem::forget(window_event_listener(leptos::ev::focus, move |_| projects::list_anew(state)));
    state.engine().listen(move |event| teacher::handle_event(state, event));
    Effect::new(move || {
        state.shared.device.track();
        state.engine().advance();
    });
    // Runs when models or photos come.
    Effect::new(move || {
        if let Some(why) = state.shared.no_models.get() {
            state.say("error", why);
        }
        if state.models.with(|models| !models.is_empty()) {
            let base = state.project.with_untracked(|project| project.base.clone());
            let found = teacher::base(state, &base);
            if found != base {
                state.project.update(|project| project.base = found);
            }
        }
    });
    Effect::new(move || {
        state.shared.sent.track();
        photos::take_sent_photos(state);
    });
}

/// Chooses the photo whose map is watched and compared.
pub fn watch(state: State, photo: u32) {
    state.live.set(None);
    state.watched.set(Some(photo));
    state.watched_class.set(None);
    // While the network learns, the engine is asked when it is done.
    teacher::view(state, photo);
}
