//! Look: one photo at a time, and where the network looked.

mod address;
mod camera;
mod figure;
mod files;
mod kept;
mod methods;
mod panel;
mod photos;
mod stage;
mod state;
mod strip;
mod welcome;
mod work;

use leptos::prelude::*;

use crate::core::method::CamOptions;

pub use self::state::{Photo, State};
pub use self::work::choose_model;

/// Begin: listen for photos, fetch the models, start the engine.
pub fn begin(state: State) {
    files::listen(state);
    work::start(state);
    files::restore(state);
    address::follow(state);
}

/// Show what the address asks for, after it has changed.
pub fn follow_address(state: State) {
    let address::Addressed { model, method, class } = address::wanted();
    let model = model
        .filter(|model| state.shared.model_named(model).is_some_and(|found| found.name != state.model.get_untracked()));
    if let Some(model) = model {
        work::choose_model(state, model);
    }
    let options = CamOptions { method: method.unwrap_or_default(), ..CamOptions::default() };
    if options.method != state.cam_options.get_untracked().method {
        work::choose_method(state, options);
    }
    match class {
        Some(class) => work::show_class(state, class),
        None => state.class.set(0),
    }
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
