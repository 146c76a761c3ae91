//! Look: one photo at a time, and where the network looked.

mod figure;
mod files;
mod methods;
mod panel;
mod photos;
mod stage;
mod state;
mod strip;
mod welcome;
mod work;

use leptos::prelude::*;

pub use self::state::State;
pub use self::work::choose_model;

/// Begin: listen for photos, fetch the models, start the engine.
pub fn begin(state: State) {
    files::listen(state);
    work::start(state);
}

/// The part's view.
#[component]
pub fn Look() -> impl IntoView {
    let state = expect_context::<State>();
    let none = move || state.photos.with(Vec::is_empty);
    view! {
        <welcome::PhotoInput/>
        <Show when=move || !none() fallback=|| view! { <welcome::Welcome/> }>
            <div class="viewer">
                <stage::Stage/>
                <strip::Strip/>
            </div>
            <panel::Panel/>
        </Show>
    }
}
