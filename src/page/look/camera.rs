//! A photo by the camera: a viewfinder over the page, until the photo is taken.

use crate::core::message::Message;
use crate::page::camera::{CameraStream, frame};
use crate::page::task::{self, TaskSlot};
use crate::page::widgets::icon::Icon;
use leptos::html::Video;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use super::files::add_arrived;
use super::state::State;

/// The button in the welcome, and the viewfinder that it opens.
#[component]
pub fn CameraButton() -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <button data-testid="look-camera" data-message="look-camera" on:click=move |_| open.set(true)></button>
        <Show when=move || open.get()><Viewfinder open/></Show>
    }
}

/// The same as a card of the strip.
#[component]
pub fn CameraCard() -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <button class="add" data-testid="strip-camera" data-message="look-camera-dialog" on:click=move |_| open.set(true)>
            <Icon of=icondata_lu::LuCamera/>
        </button>
        <Show when=move || open.get()><Viewfinder open/></Show>
    }
}

#[component]
fn Viewfinder(open: RwSignal<bool>) -> impl IntoView {
    let state = expect_context::<State>();
    let video = NodeRef::<Video>::new();
    // Holds the stream: closing ends it, and the camera is off.
    let running: TaskSlot = StoredValue::new_local(None);
    Effect::new(move || {
        let Some(video) = video.get() else { return };
        running.set_value(Some(task::begin(async move {
            match CameraStream::open().await {
                Ok(stream) => {
                    stream.show_in(&video);
                    std::future::pending::<()>().await;
                    drop(stream);
                }
                Err(why) => {
                    state.say("error", why);
                    open.set(false);
                }
            }
        })));
    });
    let take = move |_| {
        spawn_local(async move {
            let Some(video) = video.get_untracked() else { return };
            let Some(photo) = frame(&video).await else { return };
            let clock = js_sys::Date::new_0();
            let time =
                [clock.get_hours(), clock.get_minutes(), clock.get_seconds()].map(|n| format!("{n:02}")).concat();
            let name = [&Message::new("look-camera-name").text(), " ", &time, ".jpg"].concat();
            let parts = js_sys::Array::of1(photo.as_ref());
            if let Ok(file) = File::new_with_blob_sequence(&parts, &name) {
                add_arrived(state, vec![(name, file.unchecked_into())]);
            }
            open.set(false);
        });
    };
    view! {
        <div class="viewfinder" role="dialog" aria-modal="true" data-message="look-camera-dialog"
            on:keydown=move |event| if event.key() == "Escape" { open.set(false) }>
            <video node_ref=video playsinline muted></video>
            <div class="row">
                <button class="primary" data-testid="look-camera-take" autofocus data-message="look-camera-take" on:click=take></button>
                <button on:click=move |_| open.set(false) data-message="camera-close"></button>
            </div>
        </div>
    }
}
