//! The stage: the chosen photo with the chosen class's map, and what stands on it.

use crate::core::message::Message;
use crate::core::method::Method;
use crate::page::engine::Status;
use crate::page::place::Place;
use crate::page::shared::Shared;
use crate::page::web::{fixed, live};
use crate::page::widgets::appearance::{Appearance, Key, Legend};
use crate::page::widgets::icon::Icon;
use crate::page::widgets::map_view::{MapView, Scene, SceneMap};
use crate::page::words::class_name;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::figure;
use super::photos::picture;
use super::state::{PhotoState, State};
use super::work::{retry, stop};

const STAGE_SIDE: usize = 1280;

#[component]
pub fn Stage() -> impl IntoView {
    let (state, appearance) = (expect_context::<State>(), expect_context::<Appearance>());
    let place = Place::new();
    let scene = Signal::derive(move || {
        state.pictures.track();
        let photo = state.chosen_photo()?;
        let picture = picture(photo.id)?;
        let map = photo.inference.clone().zip(state.shown_class(&photo)).map(|(inference, prediction)| {
            let range = state.range(&photo, &prediction);
            SceneMap { inference, prediction, range, options: None }
        });
        Some(Scene { picture, map })
    });
    let legend = Signal::derive(move || {
        let photo = state.chosen_photo()?;
        let SceneMap { inference, prediction, range, .. } = scene.get()?.map?;
        let smooth = appearance.smooth.get();
        let here = place.get().and_then(|at| crate::page::canvas::value_at(&inference, &prediction, at, smooth));
        let tip = if photo.method().method == Method::Cam { "legend-cam" } else { "legend" };
        Some(Key { colormap: appearance.colormap.get(), range, here, tip })
    });
    let ready = move || scene.with(Option::is_some);
    let failed = move || state.status.get() == Status::Failed;
    let id = move || state.chosen.get().map(|id| id.to_string());
    view! {
        <section class="stage" data-message="stage-photo" data-testid="stage" data-photo=id>
            <MapView id="stage-canvas" caption="caption" side=STAGE_SIDE scene place>
                <Pill/>
                <Legend of=legend/>
                <Explaining/>
            </MapView>
            <div class="over" hidden=live(move || ready() && !failed())>
                <Thumbnail/>
                <p class="waiting" data-message=live(move || waiting(state))></p>
                <button class="primary" data-testid="try-again" hidden=live(move || !failed()) on:click=move |_| retry(state) data-message="try-again"></button>
            </div>
            <Take scene/>
        </section>
    }
}

/// What the stage waits for.
fn waiting(state: State) -> Option<String> {
    let photo = state.chosen_photo()?;
    let message = match (photo.state, state.status.get()) {
        (PhotoState::Failed, _) => Message::new("unusable").with("name", photo.name),
        (_, Status::Failed) => Message::new("engine-failed-photos"),
        (_, Status::Starting) => Message::new("engine-starting"),
        (_, Status::Loading { received, total }) => {
            let [done, all] = [received, total].map(|bytes| fixed(bytes as f64 / 1e6, 1));
            Message::new("loading-megabytes").with("done", done).with("all", all)
        }
        (_, Status::Ready { .. }) => Message::new("looking").with("name", photo.name),
    };
    Some(message.attr())
}

/// The photo as the browser shows it, while the engine is on its way.
#[component]
fn Thumbnail() -> impl IntoView {
    let state = expect_context::<State>();
    let address = move || {
        let photo = state.chosen_photo().filter(|photo| photo.state != PhotoState::Failed)?;
        (!photo.thumbnail.is_empty()).then_some(photo.thumbnail)
    };
    view! { {move || address().map(|address| view! { <img class="preview" src=address alt=""/> })} }
}

/// Class and percent, on the picture.
#[component]
fn Pill() -> impl IntoView {
    let state = expect_context::<State>();
    let shown = move || {
        let photo = state.chosen_photo()?;
        let prediction = state.shown_class(&photo)?;
        Some((prediction.class, fixed(prediction.probability * 100.0, 0) + " %"))
    };
    view! {
        {move || shown().map(|(class, percent)| view! { <p class="pill" aria-hidden="true"><b>{class_name(&class)}</b>" "<span>{percent}</span></p> })}
    }
}

/// Progress of maps that take long, and the way to end it.
#[component]
fn Explaining() -> impl IntoView {
    let state = expect_context::<State>();
    let progress = move || {
        state.explaining.get().map(|(_, done, of)| {
            let id = if of == 0 { "computing" } else { "passes" };
            let what = state.cam_options.get().method.info().title;
            Message::new(id).with("what", what).with("done", done).with("of", of).attr()
        })
    };
    let share = move || state.explaining.get().map_or(0.0, |(_, done, of)| 100.0 * done as f64 / of.max(1) as f64);
    view! {
        <div class="working" role="status" data-testid="explaining" hidden=live(move || state.explaining.get().is_none())>
            <span data-message=progress></span>
            <span class="bar" style:--share=live(move || fixed(share(), 1) + "%")></span>
            <button data-testid="explain-stop" data-message="stop" on:click=move |_| stop(state)></button>
        </div>
    }
}

/// Save, copy, share.
#[component]
fn Take(scene: Signal<Option<Scene>>) -> impl IntoView {
    let state = expect_context::<State>();
    let shared = expect_context::<Shared>();
    let make = move |then: fn(State, figure::Figure)| {
        move |_| {
            let Some(scene) = scene.get_untracked() else { return };
            spawn_local(async move {
                if let Some(figure) = figure::compose(state, shared, scene).await {
                    then(state, figure);
                }
            });
        }
    };
    let save = make(|_, figure| figure.save());
    let copy = make(|state, figure| figure.copy(state));
    let share = make(|_, figure| figure.share());
    view! {
        <div class="take" role="toolbar" data-message="take" hidden=live(move || scene.with(|scene| scene.as_ref().is_none_or(|scene| scene.map.is_none())))>
            <button class="icon" data-testid="download" data-message="save-png" on:click=save><Icon of=icondata_lu::LuDownload/></button>
            <button class="icon" data-testid="copy" data-message="copy-png" on:click=copy hidden=!figure::can_copy()><Icon of=icondata_lu::LuCopy/></button>
            <button class="icon" data-testid="share" data-message="share-png" on:click=share hidden=!figure::can_share()><Icon of=icondata_lu::LuShare2/></button>
        </div>
    }
}

/// Least probability at which a network is sure of its answer.
const SURE: f32 = 0.3;

/// Return the network's answer as a sentence.
fn answer(prediction: &crate::core::inference::Prediction, is_best: bool) -> Message {
    let id = match (is_best, prediction.probability >= SURE) {
        (true, true) => "answer",
        (true, false) => "answer-unsure",
        (false, _) => "answer-other",
    };
    let percent = fixed(prediction.probability * 100.0, if prediction.probability < 0.1 { 1 } else { 0 });
    Message::new(id).with("class", prediction.class.as_str()).with("percent", percent)
}

/// The answer in a sentence, and what the colours mean. Said to screen readers when it changes.
#[component]
pub fn Caption() -> impl IntoView {
    let (state, appearance) = (expect_context::<State>(), expect_context::<Appearance>());
    let caption = move || match state.chosen_photo() {
        Some(photo) if photo.state == PhotoState::Done => {
            let prediction = state.shown_class(&photo)?;
            let none = state.chosen_model().and_then(|model| model.threshold);
            let is_best = state.class.get() == 0;
            Some(match none.filter(|least| is_best && prediction.probability < *least) {
                Some(least) => {
                    let percent = fixed(prediction.probability * 100.0, 0);
                    let message = Message::new("answer-none").with("class", prediction.class.as_str());
                    message.with("percent", percent).with("least", fixed(least * 100.0, 0)).attr()
                }
                None => answer(&prediction, is_best).attr(),
            })
        }
        Some(_) => waiting(state),
        None => None,
    };
    let method = move || Some(state.chosen_photo()?.method().method.info().name);
    let meaning = move || {
        let photo = state.chosen_photo().filter(|photo| photo.state == PhotoState::Done)?;
        let class = state.shown_class(&photo)?.class;
        let id = if appearance.colormap.get().is_signed() { "colours-signed" } else { "colours-other" };
        let message = Message::new(id).with("class", class);
        Some(match photo.method().method {
            Method::Cam => message.attr(),
            other => Message::new("by-method").with("method", other.info().title).with("what", message).attr(),
        })
    };
    view! {
        <p class="caption" id="caption" aria-live="polite" data-testid="caption" data-method=method>
            <strong data-message=caption></strong>" "<span data-message=meaning></span>
        </p>
    }
}
