//! Photos from the camera: a live picture, and as long as the button is held, a photo every third of a second.

use crate::core::message::Message;
use crate::page::camera::{CameraStream, frame};
use crate::page::web::{live, sleep};
use leptos::html::Video;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::photos::add;
use super::state::State;

/// Milliseconds between two photos of a burst.
const INTERVAL: i32 = 330;

/// The camera for one class, until `close` is called or the component goes.
#[component]
pub fn Camera(class: u32, #[prop(into)] close: Callback<()>) -> impl IntoView {
    let state = expect_context::<State>();
    let video = NodeRef::<Video>::new();
    let stream = StoredValue::<Option<CameraStream>, LocalStorage>::new_local(None);
    // The burst that is recorded, and how many there were.
    let recording = RwSignal::new(None::<u32>);
    let bursts = StoredValue::new(0);
    let taken = RwSignal::new(0);
    let closed = StoredValue::new(false);

    Effect::new(move || {
        let Some(video) = video.get() else { return };
        spawn_local(async move {
            match CameraStream::open().await {
                Ok(found) if closed.try_get_value() != Some(false) => drop(found),
                Ok(found) => {
                    found.show_in(&video);
                    stream.set_value(Some(found));
                }
                Err(why) => {
                    state.say("error", why);
                    close.try_run(());
                }
            }
        });
    });
    on_cleanup(move || {
        closed.set_value(true);
        let _ = stream.try_set_value(None);
    });

    let start = move || {
        if recording.get_untracked().is_some() {
            return;
        }
        bursts.update_value(|n| *n += 1);
        let burst = Some(bursts.get_value());
        recording.set(burst);
        spawn_local(async move {
            // Whoever taps fast begins the next burst before this one has seen its end.
            while recording.try_get_untracked() == Some(burst) {
                let Some(video) = video.get_untracked() else { return };
                if let Some(blob) = frame(&video).await {
                    taken.update(|n| *n += 1);
                    let name = format!("{} {}.jpg", Message::new("teach-camera").text(), taken.get_untracked());
                    if !add(state, class, blob, name).await {
                        recording.set(None);
                    }
                }
                sleep(INTERVAL).await;
            }
        });
    };
    let stop = move || recording.set(None);
    view! {
        <div class="camera">
            <video node_ref=video data-testid="camera" playsinline muted></video>
            <div class="row">
                <button data-testid="camera-record" class="primary" aria-pressed=live(move || recording.get().is_some().to_string())
                    on:pointerdown=move |event| {
                        // The first thumbnails may move the button away from under the pointer.
                        if let Some(button) = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) {
                            let _ = button.set_pointer_capture(event.pointer_id());
                        }
                        start();
                    }
                    on:pointerup=move |_| stop() on:pointercancel=move |_| stop() on:lostpointercapture=move |_| stop()
                    on:keydown=move |event| if event.key() == " " || event.key() == "Enter" { start() }
                    on:keyup=move |_| stop() on:blur=move |_| stop()
                    data-message=move || if recording.get().is_some() { "teach-recording" } else { "teach-record" }>
                </button>
                <button on:click=move |_| close.run(()) data-message="camera-close"></button>
            </div>
        </div>
    }
}
