//! Beside the stage: the answer, the best classes with their maps, a search for any other, and how maps are made and drawn.

use crate::core::inference::Prediction;
use crate::core::message::Message;
use crate::page::canvas;
use crate::page::web::{digits, fixed, live, lowercase};
use crate::page::widgets::appearance::{Appearance, Choices};
use crate::page::words::class_name;
use leptos::html::Canvas;
use leptos::prelude::*;

use super::methods::Methods;
use super::photos::picture;
use super::stage::Caption;
use super::state::{Photo, PhotoState, State};
use super::work::find;

const MAP_SIDE: usize = 240;
/// Most classes that are proposed for a word.
const SIMILAR: usize = 6;

#[component]
pub fn Panel() -> impl IntoView {
    let state = expect_context::<State>();
    let shown = move || {
        let photo = state.chosen_photo();
        let shown = photo.as_ref().map(Photo::shown).unwrap_or_default();
        let id = photo.map_or(0, |photo| photo.id);
        shown.into_iter().enumerate().map(move |(position, prediction)| (id, position, prediction)).collect::<Vec<_>>()
    };
    view! {
        <aside class="panel predictions" aria-labelledby="sees">
            <h2 id="sees" data-message="sees"></h2>
            <Caption/>
            <div class="list">
                // An index alone is no key: another photo, model or method brings another map.
                <For each=shown key=|(id, position, p)| (*id, *position, p.index, p.logit.to_bits(), stamp(&p.map.values)) let((_, position, prediction))>
                    <Row position prediction/>
                </For>
            </div>
            <Search/>
            <Methods/>
            <Choices/>
        </aside>
    }
}

/// A number that stands for a map.
fn stamp(values: &[f32]) -> u32 {
    values.iter().fold(0, |stamp, value| stamp.rotate_left(5) ^ value.to_bits())
}

#[component]
fn Row(position: usize, prediction: Prediction) -> impl IntoView {
    let (state, appearance) = (expect_context::<State>(), expect_context::<Appearance>());
    let small = NodeRef::<Canvas>::new();
    let p = prediction.clone();
    Effect::new(move || {
        state.pictures.track();
        let (Some(small), Some(photo)) = (small.get(), state.chosen_photo()) else { return };
        let (Some(inference), Some(picture)) = (&photo.inference, picture(photo.id)) else { return };
        let range = state.range(&photo, &prediction);
        canvas::draw_map(&small, &picture, MAP_SIDE, inference, &prediction, range, appearance.options());
    });
    let percent = fixed(p.probability * 100.0, 1) + " %";
    let (class, name) = (p.class.clone(), p.class);
    view! {
        <button class="prediction" data-testid="prediction" data-class=class.clone() data-index=p.index.to_string()
            data-probability=digits(&[p.probability]) data-logit=digits(&[p.logit])
            aria-pressed=live(move || (state.class.get() == position).to_string()) on:click=move |_| state.class.set(position)>
            <canvas node_ref=small data-testid="map-canvas" data-values=format!("[{}]", digits(&p.map.values))
                role="img" data-message=Message::new("map-of").with("class", class.as_str()).attr()/>
            <span class="name">{move || class_name(&name)}</span>
            <span class="percent">{percent.clone()}</span>
            <span class="bar" style:--share=percent.replace(' ', "")></span>
        </button>
    }
}

/// Any other class of the model, whatever its rank.
#[component]
fn Search() -> impl IntoView {
    let state = expect_context::<State>();
    let names = move || {
        let classes = state.chosen_model().map(|model| model.classes).unwrap_or_default();
        classes.into_iter().map(|name| view! { <option value=class_name(&name)></option> }).collect_view()
    };
    let search = move |event: leptos::tachys::html::event::Targeted<web_sys::Event, web_sys::HtmlInputElement>| {
        let input = event.target();
        let wanted = lowercase(input.value().trim());
        let (Some(model), Some(photo)) = (state.chosen_model(), state.chosen_photo()) else { return };
        if wanted.is_empty() {
            return;
        }
        match named(&model.classes, &wanted) {
            Some(class) => match photo.shown().iter().position(|p| p.index == class) {
                Some(position) => state.class.set(position),
                None => find(state, photo.id, class),
            },
            None => {
                let names = similar(&model.classes, &wanted);
                let id = if names.is_empty() { "class-unknown" } else { "class-similar" };
                let message = Message::new(id).with("name", wanted).with("n", model.classes.len());
                return state.say("note", message.with("names", names.join(", ")));
            }
        }
        input.set_value("");
    };
    let ready = move || state.chosen_photo().is_some_and(|photo| photo.state == PhotoState::Done);
    view! {
        <label class="search" hidden=live(move || !ready())>
            <span data-message="search"></span>
            <input type="search" list="classes" data-testid="class-search" data-message="search-hint" on:change:target=search/>
            <datalist id="classes">{names}</datalist>
        </label>
    }
}

/// Return the class of that name, the visitor's or the network's own.
fn named(classes: &[String], wanted: &str) -> Option<usize> {
    let is_named = |class: &String| lowercase(&untrack(|| class_name(class))) == wanted || lowercase(class) == wanted;
    classes.iter().position(is_named)
}

/// Return the names of a few classes with `wanted` in them, those first that have it as a word: what is meant is not guessed.
fn similar(classes: &[String], wanted: &str) -> Vec<String> {
    let names: Vec<String> = classes.iter().map(|class| untrack(|| class_name(class))).collect();
    let has_word = |name: &str| name.split(|c: char| !c.is_alphanumeric()).any(|word| word == wanted);
    let (words, parts): (Vec<_>, Vec<_>) =
        names.into_iter().filter(|name| lowercase(name).contains(wanted)).partition(|name| has_word(&lowercase(name)));
    words.into_iter().chain(parts).take(SIMILAR).collect()
}
