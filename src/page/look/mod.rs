//! Look: one photo at a time, and where the network looked.

mod client;
mod devices;
mod files;
mod methods;
mod panels;
mod stage;
mod state;

use leptos::prelude::*;

pub use self::panels::{Engine, ModelChoice, Source};
pub use self::state::State;

/// Begin: listen for photos, fetch the models, start the engine.
pub fn begin(state: State) {
    files::listen(state);
    client::start(state);
}

/// The part's view.
#[component]
pub fn Look() -> impl IntoView {
    view! {
        <stage::PhotoInput/>
        <stage::Stage/>
        <panels::Predictions/>
        <panels::Strip/>
    }
}
