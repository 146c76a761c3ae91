//! The engine as a Web Worker: requests in, answered one after the other, replies out.

mod inbox;
mod scope;
mod tasks;
mod weights;

use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::MessageEvent;

use self::inbox::Inbox;
use self::scope::{has_little_memory, has_software_adapter, now, scope, send, send_failure};
use super::Session;
use crate::core::message::Message;
use crate::device::{DeviceKind, open};
use crate::kernels::{assume_software_adapter, save_memory, use_plain};
use crate::protocol::{Reply, Request};

/// Entry point of the worker: open the device, report to the page, and answer requests until the page ends the worker.
pub fn run(kind: DeviceKind) {
    run_constructors();
    console_error_panic_hook::set_once();
    let inbox = Rc::new(Inbox::default());
    let receiver = inbox.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        let bytes = Uint8Array::new(&message.data()).to_vec();
        match postcard::from_bytes(&bytes) {
            Ok(request) => receiver.push(request),
            Err(_) => send_failure(None, Message::new("engine-unfit")),
        }
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();

    // The worker's address is `engine_loader.js?device=…&kernels=plain`.
    use_plain(scope().location().search().contains("kernels=plain"));
    if has_little_memory() {
        save_memory();
    }
    spawn_local(async move {
        let device = match open(kind).await {
            Ok(device) => device,
            Err(error) => return send(&Reply::Unusable { reason: Message::from(&error) }),
        };
        if has_software_adapter() {
            assume_software_adapter();
        }
        let mut session = Session::new(device, now);
        send(&Reply::Started);
        loop {
            match inbox.pop() {
                Some(request) => answer(&mut session, request, &inbox).await,
                None if session.is_cold() => tasks::use_idle_time(&mut session, &inbox).await,
                None => inbox.wait().await,
            }
        }
    });
}

/// Run the constructors of static data, of which burn's shader compiler has thousands.
///
/// Without this call wasm-ld emits a "command" module that reruns the constructors on every export. Exports are called
/// with each handle of a JavaScript object, some forty times per shader launched.
#[allow(unsafe_code)] // the linker's symbol can only be declared as a foreign function
fn run_constructors() {
    unsafe extern "C" {
        fn __wasm_call_ctors();
    }
    // SAFETY: the linker defines the function. It is called once, before anything that it constructs is used.
    unsafe { __wasm_call_ctors() };
}

async fn answer(session: &mut Session, request: Request, inbox: &Inbox) {
    match request {
        Request::Load { card, url } => tasks::load(session, &card, &url).await,
        Request::Infer { photo, bytes, side } => tasks::infer(session, photo, bytes, side).await,
        Request::Map { photo, class } => tasks::map(session, photo, class).await,
        Request::Explain { photo, options, classes } => {
            tasks::explain(session, photo, options, &classes, inbox).await;
        }
        Request::Metric { photo, options, class, metric } => {
            tasks::measure(session, photo, options, class, metric, inbox).await;
        }
        Request::Forget { photo } => session.forget(photo),
        Request::ExtractFeatures { photo, bytes, augment } => {
            tasks::extract_features(session, photo, &bytes, augment);
        }
        Request::Teach(lesson) => tasks::teach(session, &lesson, inbox).await,
        Request::LoadSecond { file } => tasks::load_second(session, file),
        Request::Compare { photo, bytes } => tasks::compare(session, photo, &bytes).await,
        Request::Benchmark(spec) => tasks::benchmark(session, &spec, inbox).await,
        // A running task takes these out of the inbox itself. Here they came after its end.
        Request::Stop | Request::Pause(_) => {}
    }
}
