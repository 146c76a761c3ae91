//! A model's weights in the browser: downloaded with progress, and cached for the next visit.

use std::pin::pin;

use futures::future::{Either, select};
use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use super::inbox::{Inbox, Run};
use super::scope::{Answer, scope};
use crate::core::message::Message;
use crate::protocol::Reply;

/// Name of the browser's cache of weights. Its keys are addresses, and an address holds the content's hash.
const CACHE: &str = "camscope-models";

/// Start downloading the weights at `url`.
pub fn request(url: &str) -> js_sys::Promise {
    scope().fetch_with_str(url)
}

/// Receive the weights that [`request`] asked for, and send [`Reply::Progress`] for each chunk. `total` is the number of bytes
/// expected. `None` if the request was cancelled meanwhile, which a connection that stalls does not delay.
///
/// # Errors
/// A message that says why the download failed.
pub async fn receive(
    requested: js_sys::Promise,
    total: u64,
    Run { answer, inbox }: Run<'_>,
) -> Result<Option<Vec<u8>>, Message> {
    let lost = |_| Message::new("weights-lost");
    let Some(response) = before_cancel(requested, answer, inbox).await else { return Ok(None) };
    let response: Response = response.map_err(lost)?.unchecked_into();
    if !response.ok() {
        return Err(Message::new("weights-refused")
            .with("status", response.status().to_string())
            .with("url", response.url()));
    }
    let Some(body) = response.body() else { return Err("weights-none".into()) };
    let reader: web_sys::ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut bytes = Vec::with_capacity(total as usize);
    answer.send(Reply::Progress { received: 0, total });
    loop {
        let Some(part) = before_cancel(reader.read(), answer, inbox).await else {
            let _ = reader.cancel();
            return Ok(None);
        };
        let part = part.map_err(lost)?;
        if Reflect::get(&part, &"done".into()).is_ok_and(|done| done.is_truthy()) {
            return Ok(Some(bytes));
        }
        let chunk = Reflect::get(&part, &"value".into()).map_err(lost)?;
        bytes.extend_from_slice(&Uint8Array::new(&chunk).to_vec());
        answer.send(Reply::Progress { received: bytes.len() as u64, total });
    }
}

/// Await a promise; `None` if the request is cancelled first.
async fn before_cancel(promise: Promise, answer: Answer, inbox: &Inbox) -> Option<Result<JsValue, JsValue>> {
    let mut settling = pin!(JsFuture::from(promise));
    loop {
        if inbox.is_cancelled(answer) {
            return None;
        }
        let message = pin!(inbox.wait());
        match select(settling.as_mut(), message).await {
            Either::Left((result, _)) => return Some(result),
            Either::Right(((), _)) => {}
        }
    }
}

/// Open the cache; `None` if the browser has no Cache API, as on pages without HTTPS.
async fn cache() -> Option<web_sys::Cache> {
    // On a page without HTTPS the property is missing, which the binding does not expect.
    if Reflect::get(&scope(), &"caches".into()).is_ok_and(|caches| caches.is_undefined()) {
        return None;
    }
    let caches = scope().caches().ok()?;
    JsFuture::from(caches.open(CACHE)).await.ok().map(JsCast::unchecked_into)
}

/// Return the cached weights of `url`, unverified; `None` if there are none.
pub async fn cached(url: &str) -> Option<Vec<u8>> {
    let found = JsFuture::from(cache().await?.match_with_str(url)).await.ok()?;
    let response: Response = found.dyn_into().ok()?;
    let buffer = JsFuture::from(response.array_buffer().ok()?).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}

/// Cache the weights for the next visit. Nothing happens if the browser refuses: the next visit downloads again.
pub async fn store(url: &str, bytes: &[u8]) {
    let Some(cache) = cache().await else { return };
    let body = Uint8Array::from(bytes);
    let Ok(response) = Response::new_with_opt_js_u8_array(Some(&body)) else { return };
    let _ = JsFuture::from(cache.put_with_str(url, &response)).await;
}
