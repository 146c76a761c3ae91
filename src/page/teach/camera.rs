//! Photos from the camera: a live picture, and as long as the button is held, a photo every third of a second.

use crate::core::message::Message;
use crate::page::web::{live, property, sleep, window};
use leptos::html::Video;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Blob, CanvasRenderingContext2d, HtmlCanvasElement, HtmlVideoElement, MediaStream, MediaStreamConstraints,
    MediaStreamTrack,
};

use super::photos::add;
use super::state::State;
use super::store::name_of;

/// Milliseconds between two photos of a burst.
const INTERVAL: i32 = 330;

/// The camera for one class, until `close` is called or the component goes.
#[component]
pub fn Camera(class: u32, #[prop(into)] close: Callback<()>) -> impl IntoView {
    let state = expect_context::<State>();
    let video = NodeRef::<Video>::new();
    let stream = StoredValue::<Option<MediaStream>, LocalStorage>::new_local(None);
    // The burst that is recorded, and how many there were.
    let recording = RwSignal::new(None::<u32>);
    let bursts = StoredValue::new(0);
    let taken = RwSignal::new(0);
    let closed = StoredValue::new(false);

    Effect::new(move || {
        let Some(video) = video.get() else { return };
        spawn_local(async move {
            match open_camera().await {
                Ok(found) if closed.try_get_value() != Some(false) => end(&found),
                Ok(found) => {
                    video.set_src_object(Some(&found));
                    let _ = video.play().map(JsFuture::from);
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
        if let Some(stream) = stream.try_get_value().flatten() {
            end(&stream);
        }
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
                <button on:click=move |_| close.run(()) data-message="teach-camera-close"></button>
            </div>
        </div>
    }
}

pub async fn open_camera() -> Result<MediaStream, Message> {
    let none = "teach-camera-insecure";
    // The property itself is missing where the page is not served securely.
    if property(window().navigator().as_ref(), "mediaDevices").is_undefined() {
        return Err(none.into());
    }
    let devices = window().navigator().media_devices().map_err(|_| none)?;
    let wanted = MediaStreamConstraints::new();
    wanted.set_video(&JsValue::TRUE);
    let promise = devices.get_user_media_with_constraints(&wanted).map_err(|_| none)?;
    let refused = |error: JsValue| match name_of(&error).as_str() {
        "NotAllowedError" | "SecurityError" => "teach-camera-refused".into(),
        "NotFoundError" | "OverconstrainedError" => "teach-camera-none".into(),
        "NotReadableError" | "AbortError" => "teach-camera-taken".into(),
        other => Message::new("teach-camera-fault").with("why", other),
    };
    Ok(JsFuture::from(promise).await.map_err(refused)?.unchecked_into())
}

pub fn end(stream: &MediaStream) {
    for track in stream.get_tracks().iter() {
        track.unchecked_into::<MediaStreamTrack>().stop();
    }
}

/// What the camera shows now, as a JPEG.
pub async fn frame(video: &HtmlVideoElement) -> Option<Blob> {
    let (width, height) = (video.video_width(), video.video_height());
    if width == 0 {
        return None; // not running yet
    }
    let canvas: HtmlCanvasElement = crate::page::web::document().create_element("canvas").ok()?.unchecked_into();
    canvas.set_width(width);
    canvas.set_height(height);
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.unchecked_into();
    context.draw_image_with_html_video_element(video, 0.0, 0.0).ok()?;
    let blob = js_sys::Promise::new(&mut |resolve, _| {
        let _ = canvas.to_blob_with_type(&resolve, "image/jpeg");
    });
    JsFuture::from(blob).await.ok()?.dyn_into().ok()
}
