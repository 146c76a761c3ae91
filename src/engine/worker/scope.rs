//! The worker's side of the browser: replies, clock, pauses, memory.

use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, DedicatedWorkerGlobalScope};

use crate::core::adapter::is_software;
use crate::protocol::{FromEngine, Reply};

/// Return the worker's global scope.
pub fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Return whether this machine has little memory, as phones have: at most 4 GB where the browser tells, as Chromium does;
/// elsewhere whether the browser is one of a phone.
pub fn has_little_memory() -> bool {
    let navigator = scope().navigator();
    match Reflect::get(&navigator, &"deviceMemory".into()).ok().and_then(|gigabytes| gigabytes.as_f64()) {
        Some(gigabytes) => gigabytes <= 4.0,
        None => navigator.user_agent().is_ok_and(|browser| browser.contains("Mobi")),
    }
}

/// Return whether the adapter that was opened computes on the processor. `engine_loader.js` keeps its name.
pub fn has_software_adapter() -> bool {
    let name = Reflect::get(&scope(), &"adapterName".into()).ok().and_then(|name| name.as_string());
    name.is_some_and(|name| is_software(&name))
}

/// Return whether the page's address asks for a measurement, beside which nothing else may run.
pub fn is_measured() -> bool {
    scope().location().search().contains("&bench")
}

/// Reply channel of one request.
#[derive(Clone, Copy)]
pub struct Answer {
    id: Option<u32>,
}

impl Answer {
    /// Answer the request of that id; `None` for unsolicited replies.
    pub fn to(id: Option<u32>) -> Self {
        Self { id }
    }

    /// Return the request's id; 0, which no request has, for unsolicited replies.
    pub fn id(self) -> u32 {
        self.id.unwrap_or(0)
    }

    /// Send a reply. Its buffers are transferred, not copied.
    pub fn send(self, mut reply: Reply) {
        let pixels = reply.take_pixels().map(|pixels| Uint8Array::from(pixels.as_slice()));
        match postcard::to_stdvec(&FromEngine { id: self.id, reply }) {
            Ok(bytes) => {
                let array = Uint8Array::from(bytes.as_slice());
                let (parts, buffers) = (Array::of1(&array), Array::of1(&array.buffer()));
                if let Some(pixels) = pixels {
                    parts.push(&pixels);
                    buffers.push(&pixels.buffer());
                }
                let _ = scope().post_message_with_transfer(&parts, &buffers);
            }
            Err(error) => web_sys::console::error_1(&error.to_string().into()),
        }
    }
}

/// Read a file that the page sent along. `None` if the browser can no longer read it.
pub async fn read_file(file: &Blob) -> Option<Vec<u8>> {
    let buffer = JsFuture::from(file.array_buffer()).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}

/// Return the bytes of this worker's linear memory.
pub fn memory() -> u64 {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    memory.buffer().unchecked_into::<js_sys::ArrayBuffer>().byte_length().into()
}

/// Return milliseconds since the worker started.
pub fn now() -> f64 {
    scope().performance().map_or(0.0, |performance| performance.now())
}

/// Let the browser deliver messages that have arrived.
pub async fn yield_now() {
    sleep(0).await;
}

/// Wait for some milliseconds, during which messages are delivered.
pub async fn sleep(milliseconds: i32) {
    let timeout = js_sys::Promise::new(&mut |resolve, _| {
        let _ = scope().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
    });
    let _ = JsFuture::from(timeout).await;
}
