//! *Try it*: a new photo, or what the camera shows, with the taught network's answer, a bar for every class, and the map.

use std::sync::Arc;

use crate::core::inference::Prediction;
use crate::core::message::Message;
use crate::page::camera::{CameraStream, frame};
use crate::page::engine::Fault;
use crate::page::task::{self, TaskSlot};
use crate::page::web::{fixed, live, sleep};
use crate::page::widgets::appearance::Appearance;
use crate::page::widgets::map_view::{MapView, Scene, SceneMap};
use crate::render::Range;
use leptos::html::Video;
use leptos::prelude::*;
use leptos::tachys::html::event::Targeted;
use wasm_bindgen::JsCast;
use web_sys::{Blob, Event, HtmlInputElement};

use super::state::{Phase, State, View};
use super::teacher;

/// Milliseconds between two looks at the camera, besides the time that a look takes.
const PAUSE: i32 = 60;

#[component]
pub fn TryIt() -> impl IntoView {
    let (state, appearance) = (expect_context::<State>(), expect_context::<Appearance>());
    let view = RwSignal::new(None::<Arc<View>>);
    let class = RwSignal::new(None::<usize>);
    let filming = RwSignal::new(false);
    let video = NodeRef::<Video>::new();
    let running: TaskSlot = StoredValue::new_local(None);
    let taught = move || !state.phase.with(Phase::busy) && state.project.with(|project| project.outcome.is_some());
    // Another network has another answer.
    let outcome =
        Memo::new(move |_| state.project.with(|project| project.outcome.as_ref().map(|outcome| outcome.card.clone())));
    Effect::new(move || {
        outcome.track();
        view.set(None);
        class.set(None);
        filming.set(false);
        running.set_value(None);
    });
    let look = move |file: Blob| async move {
        match teacher::look(state, file).await {
            Ok(found) => view.set(Some(Arc::new(found))),
            Err(Fault::Failed(why) | Fault::Network(why)) => state.say("error", why),
            Err(_) => {}
        }
    };
    let chosen = move |event: Targeted<Event, HtmlInputElement>| {
        let input = event.target();
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            filming.set(false);
            running.set_value(Some(task::begin(look(file.unchecked_into()))));
        }
        input.set_value("");
    };
    let camera = move |_| {
        let on = !filming.get_untracked();
        filming.set(on);
        running.set_value(on.then(|| {
            task::begin(async move {
                let stream = match CameraStream::open().await {
                    Ok(stream) => stream,
                    Err(why) => {
                        filming.set(false);
                        return state.say("error", why);
                    }
                };
                let Some(video) = video.get_untracked() else { return };
                stream.show_in(&video);
                loop {
                    if let Some(picture) = frame(&video).await {
                        look(picture).await;
                    }
                    sleep(PAUSE).await;
                }
            })
        }));
    };
    let answers = move || {
        let found = view.get().and_then(|view| view.after.clone());
        found.map(|after| after.predictions).unwrap_or_default()
    };
    let scene = Signal::derive(move || {
        let view = view.get()?;
        let map = view.after.as_ref().and_then(|after| {
            let wanted = class.get();
            let prediction =
                after.predictions.iter().find(|p| Some(p.index) == wanted).or(after.predictions.first())?;
            let range = Range::for_colors(appearance.colormap.get(), &prediction.map.values);
            Some(SceneMap { inference: after.clone().into(), prediction: prediction.clone(), range, options: None })
        });
        Some(Scene { picture: view.picture.clone(), map })
    });
    let answer = move || {
        let best = answers().into_iter().next()?;
        let none = state.project.with(|project| best.probability < project.threshold);
        let id = if none { "teach-try-unsure" } else { "teach-try-answer" };
        let percent = fixed(best.probability * 100.0, 0);
        Some(Message::new(id).with("class", name_of(state, &best)).with("percent", percent).attr())
    };
    let bar = move |prediction: Prediction| {
        let index = prediction.index;
        let percent = fixed(prediction.probability * 100.0, 0) + "%";
        view! {
            <button class="try-bar" data-testid="try-answer" data-class=name_of(state, &prediction)
                aria-pressed=live(move || (class.get() == Some(index)).to_string()) on:click=move |_| class.set(Some(index))>
                <span>{name_of(state, &prediction)}</span>
                <span class="percent">{fixed(prediction.probability * 100.0, 0)}" %"</span>
                <span class="bar" style:--share=percent></span>
            </button>
        }
    };
    view! {
        <section class="try panel" aria-labelledby="teach-try">
            <h2 id="teach-try" class="numbered" data-step="3" data-message="teach-step-try"></h2>
            <p class="hint" data-message=live(move || if taught() { "teach-try-how" } else { "teach-try-none" })></p>
            <div class="row" hidden=live(move || !taught())>
                <label class="button primary" for="try-photo" data-message="teach-try-photo"></label>
                <input type="file" class="unseen" id="try-photo" accept="image/*" data-testid="try-photo" data-message="teach-try-input" on:change:target=chosen/>
                <button data-testid="try-camera" aria-pressed=live(move || filming.get().to_string()) on:click=camera
                    data-message=live(move || if filming.get() { "teach-try-stop" } else { "teach-try-camera" })></button>
            </div>
            <video class="unseen" node_ref=video playsinline muted></video>
            <div hidden=live(move || view.get().is_none() || !taught())>
                <MapView id="try-canvas" caption="try-caption" side=640 scene/>
                <p id="try-caption" class="caption" aria-live="polite" data-testid="try-caption"><strong data-message=answer></strong></p>
                {move || answers().into_iter().map(bar).collect_view()}
            </div>
        </section>
    }
}

/// The name of a class as it is called now: it may have been renamed since the training.
fn name_of(state: State, prediction: &Prediction) -> String {
    state.project.with(|project| {
        let id = project.outcome.as_ref().and_then(|outcome| outcome.classes.get(prediction.index).copied());
        let class = id.and_then(|id| project.class(id));
        class.map_or_else(|| prediction.class.clone(), |class| class.name.clone())
    })
}
