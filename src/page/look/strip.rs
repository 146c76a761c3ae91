//! The photos in hand, along the bottom edge, each with its answer.

use crate::core::message::Message;
use crate::page::web::{fixed, focus};
use leptos::prelude::*;

use super::files::{choose, remove};
use super::state::{Photo, PhotoState, State};

#[component]
pub fn Strip() -> impl IntoView {
    let state = expect_context::<State>();
    let key = |photo: &Photo| (photo.id, photo.state.name(), photo.thumbnail.len());
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
            <For each=move || state.photos.get() key let:photo>
                <Card photo/>
            </For>
        </section>
    }
}

#[component]
fn Card(photo: Photo) -> impl IntoView {
    let state = expect_context::<State>();
    let id = photo.id;
    let chosen = move || state.chosen.get() == Some(id);
    let answer = photo
        .inference
        .as_ref()
        .and_then(|inference| inference.predictions.first())
        .map(|best| [&best.class, " ", &fixed(best.probability * 100.0, 0), " %"].concat());
    let failed = photo.state == PhotoState::Failed;
    view! {
        <div class="card" data-testid="photo-card" data-id=id.to_string() data-state=photo.state.name() class:chosen=chosen>
            <button class="open" id=format!("photo-{id}") title=photo.name.clone() aria-pressed=move || chosen().to_string() on:click=move |_| choose(state, id)>
                {failed.then(|| view! { <span class="broken" aria-hidden="true">"!"</span> })}
                <img src=photo.thumbnail.clone() alt="" hidden=failed/>
                <span>{answer.unwrap_or_else(|| photo.name.clone())}</span>
            </button>
            <button class="remove" data-message=Message::new("remove").with("name", photo.name.as_str()).attr() on:click=move |_| remove(state, id)>"×"</button>
        </div>
    }
}
