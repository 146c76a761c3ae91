//! An engine in a worker: requests in, events out, and a word where it stops.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker};

use super::web::parameter;
use crate::core::message::{Arg, Message};
use crate::protocol::{Reply, Request};

/// A running worker; it ends when this is dropped.
pub struct Engine {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Engine {
    /// Starts the engine of `device` (`cpu` or `webgpu`); with `?kernels=plain` in the page's address, one that uses burn's own
    /// operations only. `None` comes where the two sides do not fit together.
    ///
    /// # Errors
    /// Why it cannot run, also later by `on_failure`.
    pub fn start(
        device: &str,
        mut on_event: impl FnMut(Option<Event>) + 'static,
        mut on_failure: impl FnMut(Arg) + 'static,
    ) -> Result<Self, Arg> {
        let plain = if parameter("kernels").as_deref() == Some("plain") { "&kernels=plain" } else { "" };
        let worker = Worker::new(&format!("./engine_loader.js?device={device}{plain}"));
        let worker = worker.map_err(|_| Message::new("engine-refused"))?;
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let bytes = Uint8Array::new(&message.data()).to_vec();
            on_event(postcard::from_bytes(&bytes).ok());
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
