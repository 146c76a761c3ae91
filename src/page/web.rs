//! Small helpers for the browser's interfaces.

use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, UnwrapThrowExt};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Document, HtmlElement, Response, Window};

use crate::core::message::Message;

/// The page's window; this code runs nowhere else.
pub fn window() -> Window {
    web_sys::window().expect_throw("a page")
}

pub fn document() -> Document {
    window().document().expect_throw("a page")
}

/// Milliseconds since the page was opened.
pub fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// Return `data-{name}` of the body, such as the `device` or `model` that the program `app` has chosen. Empty before that.
pub fn body_data(name: &str) -> String {
    document().body().and_then(|body| body.dataset().get(name)).unwrap_or_default()
}

/// Bytes at `url`, or why not.
pub async fn fetch(url: &str) -> Result<Vec<u8>, Message> {
    let lost = |_| Message::new("fetch-lost").with("url", url);
    let response = JsFuture::from(window().fetch_with_str(url)).await.map_err(lost)?;
    let response: Response = response.unchecked_into();
    if !response.ok() {
        return Err(Message::new("fetch-refused").with("status", response.status().to_string()).with("url", url));
    }
    let buffer = JsFuture::from(response.array_buffer().map_err(lost)?).await.map_err(lost)?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

/// What the JSON at `url` says, or why it cannot be read.
pub async fn fetch_json(url: &str) -> Result<JsValue, Message> {
    let bytes = fetch(url).await?;
    let text = String::from_utf8_lossy(&bytes);
    js_sys::JSON::parse(&text).map_err(|_| Message::new("fetch-damaged").with("url", url))
}

/// `value` with a fixed number of digits behind the point; the browser's formatting costs no code.
pub fn fixed(value: impl Into<f64>, digits: u8) -> String {
    js_sys::Number::from(value.into()).to_fixed(digits).map_or_else(|_| String::new(), String::from)
}

/// The browser's lower case costs no code.
pub fn lowercase(text: &str) -> String {
    js_sys::JsString::from(text).to_lower_case().into()
}

/// How long something still takes, for people.
pub fn time_left(milliseconds: f64) -> Message {
    match (milliseconds / 1000.0).max(1.0) {
        s if s < 90.0 => Message::new("left-seconds").with("n", s.round() as usize),
        s => Message::new("left-minutes").with("n", (s / 60.0).round() as usize),
    }
}

/// All digits of `values`, with commas between.
pub fn digits(values: &[f32]) -> String {
    js_sys::Array::from(&js_sys::Float32Array::from(values)).join(",").into()
}

/// The content of a dropped file. `None` where the browser cannot read it any more.
pub async fn bytes_of(blob: &Blob) -> Option<Vec<u8>> {
    let buffer = JsFuture::from(blob.array_buffer()).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}

/// `?name=` of the page's address.
pub fn parameter(name: &str) -> Option<String> {
    let search = window().location().search().ok()?;
    web_sys::UrlSearchParams::new_with_str(&search).ok()?.get(name)
}

/// What the visitor chose at an earlier visit; nothing where the browser keeps nothing.
pub fn kept(name: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(name).ok()?
}

/// Keeps a choice for the next visit, where the browser lets it.
pub fn keep(name: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(name, value);
    }
}

/// Bytes of the page's own linear memory.
pub fn memory() -> u32 {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    memory.buffer().unchecked_into::<js_sys::ArrayBuffer>().byte_length()
}

/// Puts the keyboard on an element.
pub fn focus(id: &str) {
    let element = document().get_element_by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok());
    let _ = element.map(|element| element.focus());
}

/// Property `name` of a JavaScript value; undefined where there is none.
pub fn property(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
