//! The person's classes and their photos.

use crate::core::message::Message;
use crate::core::project::{Class, Photo, Project};
use crate::page::intake;
use crate::page::look;
use crate::page::web::{focus, live};
use leptos::prelude::*;
use leptos::tachys::html::event::Targeted;
use web_sys::{Event, HtmlInputElement};

use super::camera::Camera;
use super::in_hand::InHand;
use super::photos::{add_files, move_to_class, remove};
use super::state::{State, unnamed};

/// Kind of data by which a photo is dragged from class to class.
const PHOTO: &str = "text/camscope-photo";

#[component]
pub fn Classes() -> impl IntoView {
    let state = expect_context::<State>();
    let add = move |_| {
        let mut id = 0;
        state.change(|project| id = project.add_class(&unnamed()));
        request_animation_frame(move || focus(&format!("class-name-{id}")));
    };
    let classes = move || {
        let of =
            |project: &Project| project.classes.iter().map(|c| (project.id.clone(), c.clone())).collect::<Vec<_>>();
        state.project.with(of)
    };
    view! {
        <section class="classes" data-message="teach-classes">
            <h2 class="numbered" data-step="1" data-message="teach-step-examples"></h2>
            <p class="hint" role="status" data-testid="arriving" hidden=live(move || state.arriving.get() == 0)
                data-message=live(move || Message::new("teach-arriving").with("n", state.arriving.get()).attr())></p>
            // Numbers are a project's own: another one's cards are other cards.
            <For each=classes key=|(project, class)| (project.clone(), class.id) let((_, class))>
                <Card class/>
            </For>
            <button class="add-class" data-testid="class-add" on:click=add data-message="teach-class-add"></button>
        </section>
    }
}

#[component]
fn Card(class: Class) -> impl IntoView {
    let state = expect_context::<State>();
    let id = class.id;
    let over = RwSignal::new(false);
    let camera = RwSignal::new(false);
    let in_hand = RwSignal::new(false);
    let look = expect_context::<look::State>();
    let find = move |project: &Project| project.class(id).cloned();
    // Memos: a property that is set anew takes away what is being typed.
    let name = Memo::new(move |_| state.project.with(find).map(|class| class.name).unwrap_or_default());
    let colour = Memo::new(move |_| state.project.with(find).map(|class| class.colour).unwrap_or_default());
    let photos = move || state.project.with(|project| project.photos_of(id).cloned().collect::<Vec<_>>());
    let count = move || match photos().len() {
        0 => Message::new("teach-no-photo"),
        n => Message::new("teach-photos").with("n", n),
    };
    let edit = move |change: fn(&mut Class, String)| {
        move |event: Targeted<Event, HtmlInputElement>| {
            let value = event.target().value();
            state.change(|project| {
                if let Some(class) = project.classes.iter_mut().find(|class| class.id == id) {
                    change(class, value);
                }
            });
        }
    };
    let put_name = edit(|class, value| {
        if !value.trim().is_empty() {
            class.rename(value.trim().into());
        }
    });
    // An emptied name is none: the one before stays, and is seen again.
    let rename = move |event: Targeted<Event, HtmlInputElement>| {
        let input = event.target();
        put_name(event);
        input.set_value(&name.get_untracked());
    };
    let delete = move |_| {
        let (gone, photos) = (name.get_untracked(), count());
        state.take_away(Message::new("teach-class-gone").with("name", gone).with("photos", photos), |project| {
            project.remove_class(id)
        });
    };
    let chosen = move |event: Targeted<Event, HtmlInputElement>| {
        let input = event.target();
        if let Some(files) = input.files() {
            add_files(state, id, intake::listed(&files));
        }
        input.set_value("");
    };
    let drop = move |event: web_sys::DragEvent| {
        event.prevent_default();
        event.stop_propagation();
        over.set(false);
        state.shared.dragging.set(false);
        let Some(data) = event.data_transfer() else { return };
        // A photo of another class.
        if let Ok(photo) = data.get_data(PHOTO).unwrap_or_default().parse() {
            return move_to_class(state, photo, id);
        }
        let entries = intake::entries(&data);
        leptos::task::spawn_local(async move { add_files(state, id, intake::files(entries).await) });
    };
    let input_id = format!("class-photos-{id}");
    view! {
        <article class="class-card" data-testid="class-card" data-class=live(move || name.get()) data-class-id=id.to_string() class:over=live(move || over.get())
            style:--class-colour=live(move || colour.get())
            on:dragover=move |event| { event.prevent_default(); over.set(true) } on:dragleave=move |_| over.set(false) on:drop=drop>
            <div class="row">
                <input type="color" data-message="teach-class-colour" prop:value=live(move || colour.get()) on:input:target=edit(|class, value| class.colour = value)/>
                <input type="text" data-testid="class-name" id=format!("class-name-{id}") data-message="teach-class-name" maxlength="60"
                    prop:value=live(move || name.get()) on:change:target=move |event| {
                        rename(event);
                    }
                    on:focus:target=move |event| event.target().select()/>
                <span class="count" data-message=live(move || count().attr())></span>
                <button class="quiet" data-message=live(move || Message::new("teach-class-delete").with("name", name.get()).attr()) on:click=delete>"×"</button>
            </div>
            <div class="thumbs">
                <For each=photos key=|photo| photo.id let:photo>
                    <Thumb photo/>
                </For>
            </div>
            <div class="row">
                <label class="button" for=input_id.clone() data-message="teach-add-photos"></label>
                <input type="file" class="unseen" id=input_id accept="image/*" multiple data-testid="class-photos"
                    data-message=live(move || Message::new("teach-add-photos-to").with("name", name.get()).attr()) on:change:target=chosen/>
                <button data-testid="class-camera" aria-pressed=live(move || camera.get().to_string()) on:click=move |_| camera.update(|on| *on = !*on) data-message="teach-camera"></button>
                <button data-testid="class-in-hand" hidden=live(move || look.photos.with(Vec::is_empty)) aria-pressed=live(move || in_hand.get().to_string())
                    on:click=move |_| in_hand.update(|on| *on = !*on) data-message="teach-in-hand"></button>
                <span class="hint drop-hint" data-message="teach-drop"></span>
            </div>
            <Show when=move || in_hand.get()>
                <InHand class=id/>
            </Show>
            <Show when=move || camera.get()>
                <Camera class=id close=move |()| camera.set(false)/>
            </Show>
        </article>
    }
}

#[component]
fn Thumb(photo: Photo) -> impl IntoView {
    let state = expect_context::<State>();
    let id = photo.id;
    let address = move || state.thumbnails.with(|thumbnails| thumbnails.get(&id).cloned()).unwrap_or_default();
    let watched = move || state.watched.get() == Some(id);
    let name = photo.name.clone();
    view! {
        <div class="thumb" class:chosen=watched draggable="true" on:dragstart=move |event: web_sys::DragEvent| {
            if let Some(data) = event.data_transfer() {
                let _ = data.set_data(PHOTO, &id.to_string());
            }
        }>
            <button class="open" data-message=Message::new("teach-watch").with("name", name.as_str()).attr() aria-pressed=live(move || watched().to_string())
                on:click=move |_| super::watch(state, id)>
                <img src=address alt="" loading="lazy" decoding="async" draggable="false"/>
            </button>
            <button class="remove" data-message=Message::new("remove").with("name", name).attr() on:click=move |_| remove(state, &photo)>"×"</button>
        </div>
    }
}
