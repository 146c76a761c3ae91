//! A worker that runs an engine: messages out and in.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{Blob, ErrorEvent, MessageEvent, Worker};

use crate::core::message::{Arg, Message};
use crate::page::web::{parameter, property};
use crate::protocol::{FromEngine, ToEngine};

/// A running worker. Dropping it ends the worker.
pub struct Thread {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Thread {
    /// Start the engine of `device` (`cpu` or `webgpu`). With `?kernels=plain` in the page's address it uses burn's own operations
    /// only. `on_reply` gets `None` for a reply that cannot be decoded: page and engine are of different versions.
    ///
    /// # Errors
    /// The reason why the worker cannot start. `on_failure` gets the reason if it stops later.
    pub fn start(
        device: &str,
        mut on_reply: impl FnMut(Option<FromEngine>) + 'static,
        mut on_failure: impl FnMut(Arg) + 'static,
    ) -> Result<Self, Arg> {
        let plain = if parameter("kernels").as_deref() == Some("plain") { "&kernels=plain" } else { "" };
        // Nothing else may run beside a measurement.
        let bench = if parameter("bench").is_some() { "&bench" } else { "" };
        let worker = Worker::new(&format!("./engine_loader.js?device={device}{plain}{bench}"));
        let worker = worker.map_err(|_| Message::new("engine-refused"))?;
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| on_reply(decode(&event)));
        let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| {
            event.prevent_default();
            // A worker whose code cannot be fetched reports an event without a message.
            on_failure(match property(&event, "message").as_string() {
                None => Message::new("engine-lost").into(),
                // engine_loader.js says so; everything else is the browser's or the engine's own report.
                Some(lost) if lost.contains("adapter-lost") => Message::new("adapter-lost").into(),
                Some(why) => why.trim_end_matches('.').into(),
            });
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self { worker, _on_message: on_message, _on_error: on_error })
    }

    /// Send a message, with the file that it is about.
    pub fn send(&self, message: &ToEngine, file: Option<&Blob>) {
        if let Ok(bytes) = postcard::to_stdvec(message) {
            let array = Uint8Array::from(bytes.as_slice());
            let transfer = Array::of1(&array.buffer());
            let parts = Array::of2(&array, &file.map_or(JsValue::UNDEFINED, JsValue::from));
            let _ = self.worker.post_message_with_transfer(&parts, &transfer);
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

fn decode(event: &MessageEvent) -> Option<FromEngine> {
    let parts: Array = event.data().dyn_into().ok()?;
    let mut message: FromEngine = postcard::from_bytes(&Uint8Array::new(&parts.get(0)).to_vec()).ok()?;
    if let Ok(pixels) = parts.get(1).dyn_into::<Uint8Array>() {
        message.reply.put_pixels(pixels.to_vec());
    }
    Some(message)
}
