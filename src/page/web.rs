//! Small helpers for the browser's interfaces.

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use leptos::prelude::Signal;
use wasm_bindgen::{JsCast, JsValue, UnwrapThrowExt};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Document, HtmlElement, Response, Window};

use crate::core::annotations::declared_encoding;
use crate::core::message::Message;

/// Return the page's window. This code runs only in pages.
pub fn window() -> Window {
    web_sys::window().expect_throw("a page")
}

/// Return a value that changes, for an attribute. All closures become one type: the framework's code for an attribute, about a
/// kilobyte, is made once per type.
pub fn live<T: Send + Sync + 'static>(value: impl Fn() -> T + Send + Sync + 'static) -> Signal<T> {
    Signal::derive(value)
}

/// Return the page's document.
pub fn document() -> Document {
    window().document().expect_throw("a page")
}

/// Return the milliseconds since the page was opened.
pub fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// Return a promise that is fulfilled with `undefined` after `milliseconds`.
pub fn timer(milliseconds: i32) -> Promise {
    Promise::new(&mut |resolve, _| {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
    })
}

/// Wait for `milliseconds`.
pub async fn sleep(milliseconds: i32) {
    let _ = JsFuture::from(timer(milliseconds)).await;
}

/// Fetch the bytes at `url`.
///
/// # Errors
/// The reason why they cannot be fetched.
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

/// Fetch and parse the JSON at `url`.
///
/// # Errors
/// The reason why it cannot be fetched or parsed.
pub async fn fetch_json(url: &str) -> Result<JsValue, Message> {
    let bytes = fetch(url).await?;
    let text = String::from_utf8_lossy(&bytes);
    js_sys::JSON::parse(&text).map_err(|_| Message::new("fetch-damaged").with("url", url))
}

/// Format `value` with a fixed number of decimals. The browser's own formatting adds no code to the page.
pub fn fixed(value: impl Into<f64>, digits: u8) -> String {
    js_sys::Number::from(value.into()).to_fixed(digits).map_or_else(|_| String::new(), String::from)
}

/// Convert to lower case. The browser's own conversion adds no code to the page.
pub fn lowercase(text: &str) -> String {
    js_sys::JsString::from(text).to_lower_case().into()
}

/// Return the message for the remaining time, in seconds or minutes.
pub fn time_left(milliseconds: f64) -> Message {
    match (milliseconds / 1000.0).max(1.0) {
        s if s < 90.0 => Message::new("left-seconds").with("n", s.round() as usize),
        s => Message::new("left-minutes").with("n", (s / 60.0).round() as usize),
    }
}

/// Format `values` with all their digits, separated by commas.
pub fn digits(values: &[f32]) -> String {
    js_sys::Array::from(&js_sys::Float32Array::from(values)).join(",").into()
}

/// Read a file that the visitor dropped or chose. `None` if the browser can no longer read it.
pub async fn bytes_of(blob: &Blob) -> Option<Vec<u8>> {
    let buffer = JsFuture::from(blob.array_buffer()).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}

/// Decode a text: as it says itself, else in the first encoding that its bytes are valid in. `None` if they are in none.
pub fn decoded(bytes: &[u8]) -> Option<String> {
    const OTHERS: [&str; 4] = ["euc-kr", "gbk", "shift_jis", "windows-1252"];
    let make: Function = property(&window(), "TextDecoder").dyn_into().ok()?;
    let options = Object::new();
    let _ = Reflect::set(&options, &"fatal".into(), &JsValue::TRUE);
    let text = |label: &str| {
        let decoder = Reflect::construct(&make, &Array::of2(&label.into(), &options)).ok()?;
        let decode: Function = property(&decoder, "decode").dyn_into().ok()?;
        decode.call1(&decoder, &Uint8Array::from(bytes)).ok()?.as_string()
    };
    declared_encoding(bytes).and_then(|label| text(&label)).or_else(|| OTHERS.into_iter().find_map(text))
}

/// Return the parameter `name` of the page's address.
pub fn parameter(name: &str) -> Option<String> {
    let search = window().location().search().ok()?;
    web_sys::UrlSearchParams::new_with_str(&search).ok()?.get(name)
}

/// Return a choice kept at an earlier visit; `None` if there is none or the browser has no storage.
pub fn kept(name: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(name).ok()?
}

/// Keep a choice for the next visit, if the browser allows it.
pub fn keep(name: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(name, value);
    }
}

/// Change the hash of the page's address without a step of its own for Back.
pub fn replace_hash(hash: &str) {
    let history = property(&window(), "history");
    if let Ok(replace) = property(&history, "replaceState").dyn_into::<js_sys::Function>() {
        let _ = replace.call3(&history, &JsValue::NULL, &"".into(), &["#", hash].concat().into());
    }
}

/// Return the size of this program's linear memory in bytes.
pub fn memory() -> u32 {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    memory.buffer().unchecked_into::<js_sys::ArrayBuffer>().byte_length()
}

/// Give an element the keyboard focus.
pub fn focus(id: &str) {
    let element = document().get_element_by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok());
    let _ = element.map(|element| element.focus());
}

/// Return property `name` of a JavaScript value; `undefined` if there is none.
pub fn property(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
