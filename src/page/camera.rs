//! The device's camera: its stream, which ends with its user, and pictures of it.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, CanvasRenderingContext2d, HtmlCanvasElement, HtmlVideoElement, MediaStream, MediaStreamConstraints,
    MediaStreamTrack,
};

use super::web::{document, property, window};
use crate::core::message::Message;

/// A running camera. Dropping it turns the camera off.
pub struct CameraStream(MediaStream);

impl CameraStream {
    /// Ask for the camera. The browser may ask the visitor.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn open() -> Result<Self, Message> {
        let none = "camera-insecure";
        // The property itself is missing where the page is not served securely.
        if property(window().navigator().as_ref(), "mediaDevices").is_undefined() {
            return Err(none.into());
        }
        let devices = window().navigator().media_devices().map_err(|_| none)?;
        let wanted = MediaStreamConstraints::new();
        wanted.set_video(&JsValue::TRUE);
        let promise = devices.get_user_media_with_constraints(&wanted).map_err(|_| none)?;
        let refused = |error: JsValue| match property(&error, "name").as_string().unwrap_or_default().as_str() {
            "NotAllowedError" | "SecurityError" => "camera-refused".into(),
            "NotFoundError" | "OverconstrainedError" => "camera-none".into(),
            "NotReadableError" | "AbortError" => "camera-taken".into(),
            other => Message::new("camera-fault").with("why", other),
        };
        Ok(Self(JsFuture::from(promise).await.map_err(refused)?.unchecked_into()))
    }

    /// Show what the camera sees.
    pub fn show_in(&self, video: &HtmlVideoElement) {
        video.set_src_object(Some(&self.0));
        let _ = video.play().map(JsFuture::from);
    }
}

impl Drop for CameraStream {
    fn drop(&mut self) {
        for track in self.0.get_tracks().iter() {
            track.unchecked_into::<MediaStreamTrack>().stop();
        }
    }
}

/// Return what the camera shows now, as a JPEG; `None` while it does not run.
pub async fn frame(video: &HtmlVideoElement) -> Option<Blob> {
    let (width, height) = (video.video_width(), video.video_height());
    if width == 0 {
        return None;
    }
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.unchecked_into();
    canvas.set_width(width);
    canvas.set_height(height);
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.unchecked_into();
    context.draw_image_with_html_video_element(video, 0.0, 0.0).ok()?;
    let blob = js_sys::Promise::new(&mut |resolve, _| {
        let _ = canvas.to_blob_with_type(&resolve, "image/jpeg");
    });
    JsFuture::from(blob).await.ok()?.dyn_into().ok()
}
