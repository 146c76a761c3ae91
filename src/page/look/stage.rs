//! The stage: the chosen photo, large, with the chosen class's map; the controls beneath.

use crate::core::inference::Prediction;
use crate::core::message::Message;
use crate::core::method::Method;
use crate::page::canvas;
use crate::page::manifest::{Sample, samples};
use crate::page::place::Place;
use crate::page::web::fixed;
use crate::page::words::track_language;
use crate::render::{Colormap, OverlayOptions};
use leptos::html::Canvas;
use leptos::prelude::*;
use leptos::tachys::html::event as ev_types;
use wasm_bindgen_futures::spawn_local;
use web_sys::KeyboardEvent;

use super::files::{add_all, add_sample, with_picture};
use super::methods::Methods;
use super::state::{PhotoState, State};

const STAGE_SIDE: usize = 1280;

#[component]
pub fn Stage() -> impl IntoView {
    let state = expect_context::<State>();
    let stage = NodeRef::<Canvas>::new();
    let place = Place::new();
    Effect::new(move || {
        state.pictures.track();
        track_language();
        let (Some(stage), Some(photo)) = (stage.get(), state.chosen_photo()) else { return };
        let shown = photo.shown();
        let prediction = shown.get(state.class.get()).or(shown.first());
        let options = state.options();
        with_picture(photo.id, |picture| match (&photo.inference, prediction) {
            (Some(inference), Some(prediction)) => {
                let range = state.range(&photo, prediction);
                canvas::draw_map(&stage, picture, STAGE_SIDE, inference, prediction, range, options);
                if !state.plain.get() {
                    canvas::draw_crop(&stage, inference, &Message::new("crop").text());
                }
                if state.boxed.get() && !state.plain.get() {
                    canvas::draw_box(&stage, inference, prediction);
                }
                if let Some(at) = place.mark() {
                    canvas::draw_mark(&stage, at);
                }
            }
            _ => canvas::draw_plain(&stage, picture),
        });
    });

    let walk = move |event: KeyboardEvent| {
        let Some(photo) = untrack(|| state.chosen_photo()) else { return };
        if let (Some(inference), Some(prediction)) = (&photo.inference, photo.shown().first()) {
            place.walk(&event, inference, &prediction.map);
        }
    };
    let ready = move || {
        state.pictures.track();
        state.chosen_photo().is_some_and(|photo| with_picture(photo.id, |_| ()).is_some())
    };
    let caption = move || match state.chosen_photo() {
        None => None,
        Some(photo) => Some(
            match (photo.state, photo.shown().get(state.class.get())) {
                (PhotoState::Done, Some(prediction)) => answer(prediction, state.class.get() == 0),
                (PhotoState::Failed, _) => Message::new("unusable").with("name", photo.name),
                _ => Message::new("looking").with("name", photo.name),
            }
            .attr(),
        ),
    };
    let method = move || Some(state.chosen_photo()?.method().method.info().name);
    // What the colours mean, in a sentence.
    let meaning = move || {
        let photo = state.chosen_photo().filter(|photo| photo.state == PhotoState::Done)?;
        let class = photo.shown().get(state.class.get())?.class.clone();
        let id = if state.colormap.get().is_signed() { "colours-signed" } else { "colours-other" };
        let message = Message::new(id).with("class", class);
        Some(match photo.method().method {
            Method::Cam => message.attr(),
            other => Message::new("by-method").with("method", other.info().title).with("what", message).attr(),
        })
    };
    view! {
        <section class="stage" data-message="stage-photo">
            <Show when=move || state.photos.with(Vec::is_empty)>
                <Welcome/>
            </Show>
            <figure hidden=move || state.photos.with(Vec::is_empty)>
                <div class="frame">
                    <canvas node_ref=stage data-testid="stage-canvas" role="img" aria-labelledby="caption" hidden=move || !ready()
                        tabindex="0" data-message="stage-read" on:pointermove=move |event| place.point(&event) on:pointerleave=move |_| place.leave()
                        on:keydown=walk on:blur=move |_| place.leave()/>
                    <p class="waiting" hidden=ready data-message=caption></p>
                    <Legend place/>
                </div>
                <figcaption id="caption" aria-live="polite" data-method=method><strong data-message=caption></strong>" "<span data-message=meaning></span></figcaption>
            </figure>
            <Show when=move || !state.photos.with(Vec::is_empty)>
                <Controls stage/>
                <Methods/>
            </Show>
        </section>
    }
}

/// Least probability at which a network is sure of its answer.
const SURE: f32 = 0.3;

/// Return the network's answer as a sentence.
fn answer(prediction: &Prediction, is_best: bool) -> Message {
    let id = match (is_best, prediction.probability >= SURE) {
        (true, true) => "answer",
        (true, false) => "answer-unsure",
        (false, _) => "answer-other",
    };
    let percent = fixed(prediction.probability * 100.0, if prediction.probability < 0.1 { 1 } else { 0 });
    Message::new(id).with("class", prediction.class.as_str()).with("percent", percent)
}

/// What the colours stand for: words at their ends, the value at the place that is read, and the values at the ends in the tip.
#[component]
fn Legend(place: Place) -> impl IntoView {
    let state = expect_context::<State>();
    let view = move || {
        let photo = state.chosen_photo()?;
        let inference = photo.inference.clone()?;
        let shown = photo.shown();
        let prediction = shown.get(state.class.get()).or(shown.first())?;
        let range = state.range(&photo, prediction);
        let here = place.get().and_then(|at| canvas::value_at(&inference, prediction, at, state.smooth.get()));
        // As many digits as tell the ends apart: methods have scales of their own.
        let digits = (1.0 - (range.high - range.low).abs().log10()).ceil().clamp(1.0, 6.0) as u8;
        let here = here.map(|value| Message::new("here").with("value", fixed(value, digits)).attr());
        let title = match photo.method().method {
            Method::Cam => "legend-cam",
            _ => "legend",
        };
        let title = Message::new(title).with("low", fixed(range.low, digits)).with("high", fixed(range.high, digits));
        let (low, high) = match state.colormap.get().is_signed() {
            true => ("legend-against", "legend-for"),
            false => ("legend-little", "legend-much"),
        };
        Some(view! {
            <div class="legend" data-testid="legend" data-message=title.attr()>
                <output data-message=here></output>
                <span data-message=low></span>
                <i style:background-image=gradient(state.colormap.get())></i>
                <span data-message=high></span>
            </div>
        })
    };
    view! { {view} }
}

/// Return the message with a colour map's name.
fn colours_named(map: Colormap) -> &'static str {
    match map {
        Colormap::Evidence => "colours-evidence",
        Colormap::Jet => "colours-jet",
        Colormap::Turbo => "colours-turbo",
        Colormap::Viridis => "colours-viridis",
        Colormap::Inferno => "colours-inferno",
        Colormap::Grey => "colours-grey",
        Colormap::BlueRed => "colours-evidence",
    }
}

/// Return the colours of a map as a CSS gradient, as transparent as the map is on a photo.
fn gradient(colormap: Colormap) -> String {
    let options = OverlayOptions { opacity: 1.0, colormap, smooth: true, stands_out: true, dims: false };
    let stop = |(i, [r, g, b]): (usize, &[u8; 3])| {
        let alpha = fixed(options.weight(i as f32 / 255.0), 2);
        ["rgb(", &r.to_string(), " ", &g.to_string(), " ", &b.to_string(), " / ", &alpha, ")"].concat()
    };
    let stops: Vec<_> = colormap.table().iter().enumerate().step_by(17).map(stop).collect();
    format!("linear-gradient(to right,{})", stops.join(","))
}

#[component]
fn Welcome() -> impl IntoView {
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
                <strong data-message="drop"></strong>
                <span class="choose" data-message="choose-photos"></span>
                <span data-message="drop-or"></span>
            </label>
            <div class="samples" hidden=move || found.with(Vec::is_empty)>
                <span data-message="samples"></span>
                <div class="sample-row">{move || found.get().into_iter().map(card).collect_view()}</div>
            </div>
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

#[component]
fn Controls(stage: NodeRef<Canvas>) -> impl IntoView {
    let state = expect_context::<State>();
    let percent = move || fixed(state.opacity.get() * 100.0, 0) + " %";
    let save = move |_| {
        let (Some(stage), Some(photo)) = (stage.get_untracked(), state.chosen_photo()) else { return };
        let class =
            photo.shown().get(state.class.get_untracked()).map_or("photo".into(), |p| p.class.replace(' ', "-"));
        let stem = photo.name.rsplit_once('.').map_or(photo.name.as_str(), |(stem, _)| stem);
        canvas::download(&stage, format!("{stem}-{class}.png"));
    };
    let hold = move |held: bool| move |_| state.plain.set(held);
    view! {
        <div class="controls">
            <label class="slider">
                <span><span data-message="opacity"></span>" "<output>{percent}</output></span>
                <input type="range" min="0" max="1" step="0.05" data-testid="opacity" prop:value=move || state.opacity.get()
                    on:input:target=move |event| state.opacity.set(event.target().value_as_number() as f32)/>
            </label>
            <label data-message="colours-note">
                <span data-message="colours"></span>
                <select data-testid="colormap" on:change:target=move |event| {
                    if let Some(map) = Colormap::from_name(&event.target().value()) {
                        canvas::keep_colours(map);
                        state.colormap.set(map);
                    }
                }>
                    {Colormap::ALL.map(|map| view! {
                        <option value=map.name() prop:selected=move || state.colormap.get() == map data-message=colours_named(map)></option>
                    }).collect_view()}
                </select>
            </label>
            <label data-message="scale-note">
                <span data-message="scale"></span>
                <select data-testid="scale" on:change:target=move |event| state.shared_scale.set(event.target().value() == "shared")>
                    <option value="shared" data-message="scale-shared"></option>
                    <option value="map" data-message="scale-map"></option>
                </select>
            </label>
            <label class="check" data-message="grid-note">
                <input type="checkbox" data-testid="grid" on:change:target=move |event| state.smooth.set(!event.target().checked())/>
                <span data-message="grid"></span>
            </label>
            <label class="check" data-message="box-note">
                <input type="checkbox" data-testid="box" on:change:target=move |event| state.boxed.set(event.target().checked())/>
                <span data-message="box"></span>
            </label>
            <button data-testid="compare" aria-pressed=move || state.plain.get().to_string()
                on:pointerdown=hold(true) on:pointerup=hold(false) on:pointerleave=hold(false)
                on:keydown=move |event| if event.key() == " " || event.key() == "Enter" { state.plain.set(true) }
                on:keyup=move |_| state.plain.set(false) on:blur=move |_| state.plain.set(false) data-message="hold"></button>
            <button data-testid="download" on:click=save data-message="save-png"></button>
        </div>
    }
}
