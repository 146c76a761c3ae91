//! The page. It paints at once; the engine loads behind it in a worker of its own.

mod client;
mod devices;
mod files;
mod methods;
mod panels;
mod parts;
mod stage;
mod state;

use camscope::page::notices::NoticeList;
use leptos::prelude::*;

use state::{State, Tab};

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
    parts::listen(state);
    let active = move || state.tab.get() == Tab::Look;
    view! {
        <panels::Header/>
        <div class="messages"><NoticeList notices=state.notices/></div>
        <main class:empty=move || state.photos.with(Vec::is_empty) hidden=move || !active()>
            <stage::PhotoInput/>
            <stage::Stage/>
            <panels::Predictions/>
            <panels::Strip/>
        </main>
        // The page's other parts mount themselves here when they have come.
        {[Tab::Check, Tab::Teach, Tab::About].map(|tab| view! {
            <section id=tab.program() role="main" hidden=move || state.tab.get() != tab><p class="waiting" data-message="opening"></p></section>
        }).into_iter().collect_view()}
        <panels::Footer/>
    }
}
