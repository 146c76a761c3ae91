//! The photos in hand, along the bottom edge, each with its answer.

use crate::core::message::Message;
use crate::page::web::{fixed, focus, live};
use crate::page::widgets::icon::Icon;
use crate::page::words::class_name;
use leptos::prelude::*;

use super::camera::CameraCard;
use super::files::{choose, clear, remove};
use super::state::{Photo, PhotoState, State};

#[component]
pub fn Strip() -> impl IntoView {
    let state = expect_context::<State>();
    let walk = move |event: web_sys::KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowLeft" => -1,
            "ArrowRight" => 1,
            "Delete" => {
                let Some(id) = state.chosen.get_untracked() else { return };
                event.prevent_default();
                return remove(state, id);
            }
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
        <section class="strip" data-message="strip" on:keydown=walk>
            <label class="add" for="photo-input" data-message="strip-add">"+"</label>
            <CameraCard/>
            <For each=move || state.photos.with(|photos| photos.iter().map(|photo| photo.id).collect::<Vec<_>>()) key=|id| *id let:id>
                <Card id/>
            </For>
            <button class="clear" data-testid="clear-photos" data-message="clear-photos" on:click=move |_| clear(state)><Icon of=icondata_lu::LuTrash2/></button>
        </section>
    }
}

/// A photo's card. It stays the same element, and keeps the keyboard, while its photo's state changes.
#[component]
fn Card(id: u32) -> impl IntoView {
    let state = expect_context::<State>();
    let summary =
        Memo::new(move |_| state.photos.with(|photos| photos.iter().find(|photo| photo.id == id).map(summary)));
    let of = move |part: fn(Summary) -> String| move || summary.get().map(part).unwrap_or_default();
    let chosen = move || state.chosen.get() == Some(id);
    let failed = move || summary.get().is_some_and(|card| card.state == PhotoState::Failed);
    let words = move || {
        summary.get().map(|card| match card.answer {
            Some((class, percent)) => [&class_name(&class), " ", &percent].concat(),
            None => card.name,
        })
    };
    let remove_message = move || Message::new("remove").with("name", of(|card| card.name)()).attr();
    view! {
        <div class="card" data-testid="photo-card" data-id=id.to_string() data-state=live(move || summary.get().map(|card| card.state.name())) class:chosen=chosen>
            <button class="open" id=format!("photo-{id}") title=of(|card| card.name) aria-pressed=live(move || chosen().to_string()) on:click=move |_| choose(state, id)>
                <span class="broken" aria-hidden="true" hidden=live(move || !failed())>"!"</span>
                <img src=of(|card| card.thumbnail) alt="" hidden=failed/>
                <span>{words}</span>
            </button>
            <button class="remove" data-message=remove_message on:click=move |_| remove(state, id)>"×"</button>
        </div>
    }
}

/// What a card shows.
#[derive(Clone, PartialEq)]
struct Summary {
    name: String,
    thumbnail: String,
    state: PhotoState,
    /// Class and percent.
    answer: Option<(String, String)>,
}

fn summary(photo: &Photo) -> Summary {
    let best = photo.inference.as_ref().and_then(|inference| inference.predictions.first());
    Summary {
        name: photo.name.clone(),
        thumbnail: photo.thumbnail.clone(),
        state: photo.state,
        answer: best.map(|best| (best.class.clone(), fixed(best.probability * 100.0, 0) + " %")),
    }
}
