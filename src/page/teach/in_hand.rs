//! The photos that *One photo* has, as examples of a class.

use crate::core::message::Message;
use crate::page::look;
use leptos::prelude::*;

use super::photos::add_files;
use super::state::State;

/// A row of them; a click gives one to `class`.
#[component]
pub fn InHand(class: u32) -> impl IntoView {
    let (state, look) = (expect_context::<State>(), expect_context::<look::State>());
    let given = RwSignal::new(Vec::<u32>::new());
    let photos = move || {
        let there = |photos: &Vec<_>| photos.iter().map(|photo: &look::Photo| (photo.id, photo.name.clone())).collect();
        look.photos.with::<Vec<_>>(there)
    };
    let picture = move |id: u32| {
        let of =
            |photos: &Vec<look::Photo>| photos.iter().find(|photo| photo.id == id).map(|photo| photo.thumbnail.clone());
        look.photos.with(of)
    };
    let thumb = move |(id, name): (u32, String)| {
        let give = move |_| {
            given.update(|given| given.push(id));
            add_files(state, class, look.files_in_hand(Some(id)));
        };
        view! {
            <button class="open" data-testid="in-hand" disabled=move || given.with(|given| given.contains(&id)) on:click=give
                data-message=Message::new("teach-in-hand-add").with("name", name).attr()>
                <img src=move || picture(id) alt="" loading="lazy" decoding="async"/>
            </button>
        }
    };
    view! {
        <div class="thumbs in-hand" role="group" data-message="teach-in-hand-group">
            <For each=photos key=|(id, _)| *id let:photo>{thumb(photo)}</For>
        </div>
    }
}
