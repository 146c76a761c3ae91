//! Around the stage: the engine, the choice of the network, predictions with their maps, the strip of photos.

use crate::core::inference::Prediction;
use crate::core::message::Message;
use crate::page::canvas;
use crate::page::shared::Part;
use crate::page::web::{digits, fixed, focus, lowercase, memory};
use crate::protocol::Request;
use leptos::html::Canvas;
use leptos::prelude::*;

use super::client::{choose_model, send};
use super::files::{choose, remove, with_picture};
use super::state::{EngineState, Photo, PhotoState, State};

const MAP_SIDE: usize = 200;

/// The device and how far the network is loaded.
#[component]
pub fn Engine() -> impl IntoView {
    let state = expect_context::<State>();
    let progress = move || match state.engine.get() {
        EngineState::Starting => Message::new("engine-starting"),
        EngineState::Loading { received, total } => {
            Message::new("loading-megabytes").with("done", megabytes(received)).with("all", megabytes(total))
        }
        EngineState::Ready { milliseconds, from_cache } => {
            let id = if from_cache { "engine-ready-cache" } else { "engine-ready" };
            Message::new(id).with("seconds", fixed(milliseconds / 1000.0, 1))
        }
        EngineState::Failed => Message::new("engine-failed"),
    };
    let share = move || match state.engine.get() {
        EngineState::Loading { received, total } => 100.0 * received as f64 / total.max(1) as f64,
        EngineState::Ready { .. } => 100.0,
        _ => 0.0,
    };
    let phase = move || match state.engine.get() {
        EngineState::Starting => "starting",
        EngineState::Loading { .. } => "loading",
        EngineState::Ready { .. } => "ready",
        EngineState::Failed => "failed",
    };
    let elsewhere = move || state.shared.part.get() != Part::Look;
    view! {
        <div class="engine">
            <span class="device" data-testid="device-label" data-device=move || state.device.get().device
                data-message=move || state.device.get().message.attr()></span>
            <span class="progress" data-testid="engine-progress" hidden=elsewhere data-state=phase role="progressbar"
                aria-valuemin="0" aria-valuemax="100" aria-valuenow=move || fixed(share(), 0)
                style:--share=move || fixed(share(), 1) + "%" data-message=move || progress().attr()></span>
        </div>
    }
}

/// The choice of the network.
#[component]
pub fn ModelChoice() -> impl IntoView {
    let state = expect_context::<State>();
    let options = move || {
        let chosen = state.model.get();
        let option = |(name, title): (String, String)| {
            let selected = name == chosen;
            view! { <option value=name selected=selected>{title}</option> }
        };
        let models = state.models.with(|m| m.iter().map(|c| (c.name.clone(), c.title.clone())).collect::<Vec<_>>());
        models.into_iter().map(option).collect_view()
    };
    view! {
        <label class="model" hidden=move || state.shared.part.get() != Part::Look>
            <span data-message="network"></span>
            <select data-testid="model-select" data-value=move || state.model.get() on:change:target=move |event| choose_model(state, event.target().value())>
                {options}
            </select>
        </label>
    }
}

fn megabytes(bytes: u64) -> String {
    fixed(bytes as f64 / 1e6, 1)
}

#[component]
pub fn Predictions() -> impl IntoView {
    let state = expect_context::<State>();
    let shown = move || {
        let photo = state.chosen_photo();
        let shown = photo.as_ref().map(Photo::shown).unwrap_or_default();
        let id = photo.map_or(0, |photo| photo.id);
        shown.into_iter().enumerate().map(move |(position, prediction)| (id, position, prediction)).collect::<Vec<_>>()
    };
    let waiting = move || state.chosen_photo().is_some_and(|photo| photo.state.name() == "working");
    view! {
        <section class="predictions" aria-labelledby="sees" hidden=move || state.photos.with(Vec::is_empty)>
            <h2 id="sees" data-message="sees"></h2>
            <p class="hint" hidden=move || !waiting() data-message="sees-soon"></p>
            <div class="list">
                // An index alone is no key: another photo, model or method brings another map.
                <For each=shown key=|(id, position, p)| (*id, *position, p.index, p.logit.to_bits(), stamp(&p.map.values)) let((_, position, prediction))>
                    <Row position prediction/>
                </For>
            </div>
            <Search/>
            <Timing/>
        </section>
    }
}

/// A number that stands for a map.
fn stamp(values: &[f32]) -> u32 {
    values.iter().fold(0, |stamp, value| stamp.rotate_left(5) ^ value.to_bits())
}

#[component]
fn Row(position: usize, prediction: Prediction) -> impl IntoView {
    let state = expect_context::<State>();
    let small = NodeRef::<Canvas>::new();
    let p = prediction.clone();
    Effect::new(move || {
        state.pictures.track();
        let (Some(small), Some(photo)) = (small.get(), state.chosen_photo()) else { return };
        let Some(inference) = &photo.inference else { return };
        let (range, options) = (state.range(&photo, &prediction), state.options());
        with_picture(photo.id, |picture| {
            canvas::draw_map(&small, picture, MAP_SIDE, inference, &prediction, range, options)
        });
    });
    let percent = fixed(p.probability * 100.0, 1) + " %";
    let (class, name) = (p.class.clone(), p.class);
    view! {
        <button class="prediction" data-testid="prediction" data-class=class.clone() data-index=p.index.to_string()
            data-probability=digits(&[p.probability]) data-logit=digits(&[p.logit])
            aria-pressed=move || (state.class.get() == position).to_string() on:click=move |_| state.class.set(position)>
            <canvas node_ref=small data-testid="map-canvas" data-values=format!("[{}]", digits(&p.map.values))
                role="img" data-message=Message::new("map-of").with("class", class.as_str()).attr()/>
            <span class="name">{name}</span>
            <span class="bar" style:--share=percent.replace(' ', "")></span>
            <span class="percent">{percent}</span>
        </button>
    }
}

/// Any other class of the model, whatever its rank.
#[component]
fn Search() -> impl IntoView {
    let state = expect_context::<State>();
    let names = move || {
        let classes = state.chosen_model().map(|model| model.classes).unwrap_or_default();
        classes.into_iter().map(|name| view! { <option value=name></option> }).collect_view()
    };
    let find = move |event: leptos::tachys::html::event::Targeted<web_sys::Event, web_sys::HtmlInputElement>| {
        let input = event.target();
        let wanted = lowercase(input.value().trim());
        let (Some(model), Some(photo)) = (state.chosen_model(), state.chosen_photo()) else { return };
        let names: Vec<String> = model.classes.iter().map(|class| lowercase(class)).collect();
        let found = names.iter().position(|name| *name == wanted);
        let found = found.or_else(|| names.iter().position(|name| name.contains(&wanted)));
        match found {
            _ if wanted.is_empty() => {}
            None => {
                state.say("note", Message::new("class-unknown").with("name", wanted).with("n", model.classes.len()))
            }
            Some(class) => match photo.shown().iter().position(|p| p.index == class) {
                Some(position) => state.class.set(position),
                None => send(&Request::Map { photo: photo.id, class }),
            },
        }
        input.set_value("");
    };
    let ready = move || state.chosen_photo().is_some_and(|photo| photo.state == PhotoState::Done);
    view! {
        <label class="search" hidden=move || !ready()>
            <span data-message="search"></span>
            <input type="search" list="classes" data-testid="class-search" data-message="search-hint" on:change:target=find/>
            <datalist id="classes">{names}</datalist>
        </label>
    }
}

#[component]
fn Timing() -> impl IntoView {
    let state = expect_context::<State>();
    let timing = move || {
        state.chosen_photo().and_then(|photo| photo.inference).map(|inference| inference.timing).unwrap_or_default()
    };
    let text = move || {
        let t = timing();
        let (decode, network, maps) = (fixed(t.decode, 0), fixed(t.network, 0), fixed(t.maps, 1));
        let megabytes = (t.memory / 1_000_000).to_string();
        let message = Message::new("timing").with("decode", decode).with("network", network);
        message.with("maps", maps).with("megabytes", megabytes).attr()
    };
    view! {
        <p class="timing" data-testid="timing" data-engine-bytes=move || timing().memory.to_string()
            data-page-bytes=move || { timing(); memory().to_string() } hidden=move || timing() == Default::default() data-message=text></p>
    }
}

#[component]
pub fn Strip() -> impl IntoView {
    let state = expect_context::<State>();
    let key = |photo: &Photo| (photo.id, photo.state.name(), photo.thumbnail.len());
    let walk = move |event: web_sys::KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowLeft" => -1,
            "ArrowRight" => 1,
            _ => return,
        };
        let next = state.photos.with_untracked(|photos| {
            let at = photos.iter().position(|photo| Some(photo.id) == state.chosen.get_untracked())?;
            photos.get(at.checked_add_signed(step)?).map(|photo| photo.id)
        });
        if let Some(next) = next {
            event.prevent_default();
            choose(state, next);
            focus(&format!("photo-{next}"));
        }
    };
    view! {
        <section class="strip" data-message="strip" hidden=move || state.photos.with(Vec::is_empty) on:keydown=walk>
            <label class="add" for="photo-input" data-message="strip-add">"+"</label>
            <For each=move || state.photos.get() key let:photo>
                <div class="card" data-testid="photo-card" data-state=photo.state.name() class:chosen=move || state.chosen.get() == Some(photo.id)>
                    <button class="open" id=format!("photo-{}", photo.id) title=photo.name.clone() on:click=move |_| choose(state, photo.id)>
                        {(photo.state == PhotoState::Failed).then(|| view! { <span class="broken" aria-hidden="true">"!"</span> })}
                        <img src=photo.thumbnail.clone() alt="" hidden=photo.state == PhotoState::Failed/>
                        <span>{photo.name.clone()}</span>
                    </button>
                    <button class="remove" data-message=Message::new("remove").with("name", photo.name.as_str()).attr() on:click=move |_| remove(state, photo.id)>"×"</button>
                </div>
            </For>
        </section>
    }
}

/// Where the network's weights come from, and how often it is right.
#[component]
pub fn Source() -> impl IntoView {
    let state = expect_context::<State>();
    let source = move || {
        let model = state.chosen_model()?;
        Some(Message::new("source").with("source", model.source).with("licence", model.licence).attr())
    };
    let accuracy = move || {
        let (percent, data) = state.chosen_model()?.accuracy?;
        Some(Message::new("accuracy").with("percent", fixed(percent, 1)).with("data", data).attr())
    };
    view! { <p><span data-message=source></span>" "<span data-message=accuracy></span></p> }
}
