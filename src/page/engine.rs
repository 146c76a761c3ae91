//! Client of an engine worker: sends requests, receives replies, reports when the worker stops.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker};

use super::web::parameter;
use crate::core::message::{Arg, Message};
use crate::protocol::{Reply, Request};

/// A running worker. Dropping it ends the worker.
pub struct Engine {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Engine {
    /// Start the engine of `device` (`cpu` or `webgpu`). With `?kernels=plain` in the page's address it uses burn's own operations
    /// only. `on_reply` gets `None` for a reply that cannot be decoded: page and engine are of different versions.
    ///
    /// # Errors
    /// The reason why the worker cannot start. `on_failure` gets the reason if it stops later.
    pub fn start(
        device: &str,
        mut on_reply: impl FnMut(Option<Reply>) + 'static,
        mut on_failure: impl FnMut(Arg) + 'static,
    ) -> Result<Self, Arg> {
        let plain = if parameter("kernels").as_deref() == Some("plain") { "&kernels=plain" } else { "" };
        // Nothing else may run beside a measurement.
        let bench = if parameter("bench").is_some() { "&bench" } else { "" };
        let worker = Worker::new(&format!("./engine_loader.js?device={device}{plain}{bench}"));
        let worker = worker.map_err(|_| Message::new("engine-refused"))?;
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let bytes = Uint8Array::new(&message.data()).to_vec();
            on_reply(postcard::from_bytes(&bytes).ok());
        });
        let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| {
            event.prevent_default();
            // engine_loader.js says so; everything else is the browser's or the engine's own report.
            on_failure(match event.message() {
                lost if lost.contains("adapter-lost") => Message::new("adapter-lost").into(),
                why => why.trim_end_matches('.').into(),
            });
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self { worker, _on_message: on_message, _on_error: on_error })
    }

    pub fn send(&self, request: &Request) {
        if let Ok(bytes) = postcard::to_stdvec(request) {
            let array = Uint8Array::from(bytes.as_slice());
            let transfer = js_sys::Array::of1(&array.buffer());
            let _ = self.worker.post_message_with_transfer(&array, &transfer);
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}
