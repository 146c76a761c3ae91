//! The way in: a large place to drop photos, sample photos, and what is to be expected in three steps.

use crate::page::manifest::{Sample, samples};
use crate::page::web::live;
use leptos::prelude::*;
use leptos::tachys::html::event as ev_types;
use wasm_bindgen_futures::spawn_local;

use super::camera::CameraButton;
use super::files::{add_all, add_sample};
use super::state::State;

#[component]
pub fn Welcome() -> impl IntoView {
    let state = expect_context::<State>();
    let found = RwSignal::new(Vec::new());
    spawn_local(async move { found.set(samples().await) });
    let card = move |sample: Sample| {
        let (url, message) = (sample.url.clone(), sample.message.attr());
        let add = move |_| add_sample(state, sample.clone());
        view! {
            <button class="sample" data-testid="sample" on:click=add>
                <img src=url alt="" loading="lazy"/>
                <span data-message=message></span>
            </button>
        }
    };
    view! {
        <div class="welcome">
            <p class="lead" data-message="tagline"></p>
            <label class="drop" for="photo-input">
                <strong class="by-mouse" data-message="drop"></strong>
                <strong class="by-touch" data-message="drop-touch"></strong>
                <span class="choose" data-message="choose-photos"></span>
                <span data-message="drop-or"></span>
            </label>
            <div class="row"><CameraButton/></div>
            <div class="samples" hidden=live(move || found.with(Vec::is_empty))>
                <span data-message="samples"></span>
                <div class="sample-row">{move || found.get().into_iter().map(card).collect_view()}</div>
            </div>
            <ol class="steps">
                <li data-message="step-photo"></li>
                <li data-message="step-map"></li>
                <li data-message="step-go-on"></li>
            </ol>
        </div>
    }
}

/// The file dialog, opened by any label `for="photo-input"`; the same file may be chosen again.
#[component]
pub fn PhotoInput() -> impl IntoView {
    let state = expect_context::<State>();
    let change = move |event: ev_types::Targeted<web_sys::Event, web_sys::HtmlInputElement>| {
        let input = event.target();
        if let Some(files) = input.files() {
            add_all(state, &files);
        }
        input.set_value("");
    };
    view! {
        <input type="file" id="photo-input" class="unseen" accept="image/*" multiple data-testid="photo-input"
            data-message="photo-input" on:change:target=change/>
    }
}
