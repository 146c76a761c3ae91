//! The page. It paints at once; the engine loads behind it in a worker of its own.

mod adapter;
mod canvas;
mod client;
mod files;
mod manifest;
mod panels;
mod stage;
mod state;
mod web;

use leptos::prelude::*;

use state::State;

fn main() {
    console_error_panic_hook::set_once();
    mount_to_body(App);
    if let Some(note) = document().get_element_by_id("loading") {
        note.remove();
    }
}

#[component]
fn App() -> impl IntoView {
    let state = State::new();
    provide_context(state);
    files::listen(state);
    client::start(state);
    view! {
        <panels::Header/>
        <panels::Messages/>
        <stage::PhotoInput/>
        <main class:empty=move || state.photos.with(Vec::is_empty)>
            <stage::Stage/>
            <panels::Predictions/>
            <panels::Strip/>
        </main>
        <panels::Footer/>
    }
}
