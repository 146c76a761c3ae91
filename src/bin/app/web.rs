//! Small helpers over the browser's interfaces.

use js_sys::{Reflect, Uint8Array};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Response};

/// Bytes at `url`, or a sentence.
pub async fn fetch(url: &str) -> Result<Vec<u8>, String> {
    let lost = |_| format!("{url} could not be reached; check the connection and reload the page");
    let response = JsFuture::from(window().fetch_with_str(url)).await.map_err(lost)?;
    let response: Response = response.unchecked_into();
    if !response.ok() {
        return Err(format!("the server answered {} for {url}", response.status()));
    }
    let buffer = JsFuture::from(response.array_buffer().map_err(lost)?).await.map_err(lost)?;
    Ok(Uint8Array::new(&buffer).to_vec())
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

/// Property `name` of a JavaScript value; undefined where there is none.
pub fn property(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
