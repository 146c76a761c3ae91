//! The engine as a Web Worker: requests in, answered one after the other, replies out.

mod browser_decoder;
mod inbox;
mod scope;
mod tasks;
mod weights;

use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, MessageEvent};

use self::inbox::{Asked, Inbox, Run, Waiting};
use self::scope::{Answer, has_little_memory, has_software_adapter, now, scope};
use self::tasks::Fault;
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
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let parts: Array = event.data().unchecked_into();
        let bytes = Uint8Array::new(&parts.get(0)).to_vec();
        match postcard::from_bytes(&bytes) {
            Ok(message) => receiver.push(message, parts.get(1).dyn_into::<Blob>().ok()),
            Err(_) => Answer::to(None).send(Reply::Unusable { reason: Message::new("engine-unfit") }),
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
        let page = Answer::to(None);
        page.send(Reply::Running);
        let device = match open(kind).await {
            Ok(device) => device,
            Err(error) => return page.send(Reply::Unusable { reason: Message::from(&error) }),
        };
        if has_software_adapter() {
            assume_software_adapter();
        }
        let mut session = Session::new(device, now);
        page.send(Reply::Started);
        loop {
            match inbox.pop() {
                Some(Waiting::Asked(asked)) => answer(&mut session, asked, &inbox).await,
                Some(Waiting::Forget(photo)) => session.forget(photo),
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
#[expect(unsafe_code, reason = "the linker's symbol can only be declared as a foreign function")]
fn run_constructors() {
    unsafe extern "C" {
        fn __wasm_call_ctors();
    }
    // SAFETY: the linker defines the function. It is called once, before anything that it constructs is used.
    unsafe { __wasm_call_ctors() };
}

async fn answer(session: &mut Session, asked: Asked, inbox: &Inbox) {
    let (answer, file) = (Answer::to(Some(asked.id)), asked.file);
    let run = Run { answer, inbox };
    let done = match asked.request {
        Request::Load { card, url } => tasks::load(session, &card, &url, run).await,
        Request::Decode { side } => tasks::decode_only(file, side).await,
        Request::Infer { photo, side } => tasks::infer(session, photo, file, side, answer).await,
        Request::Explain { photo, options, classes } => {
            tasks::explain(session, photo, file, options, &classes, run).await
        }
        Request::Metric { photo, options, class, metric } => {
            tasks::measure(session, photo, file, (options, class, metric), run).await
        }
        Request::ExtractFeatures { photo, augment } => tasks::extract_features(session, photo, file, augment).await,
        Request::Teach(lesson) => tasks::teach(session, &lesson, run).await,
        Request::LoadSecond => tasks::load_second(session, file).await,
        Request::Compare => tasks::compare(session, file, answer).await,
        Request::Benchmark(spec) => tasks::benchmark(session, &spec, run).await,
    };
    answer.send(match done {
        Ok(reply) => reply,
        Err(Fault::Stopped) => Reply::Stopped,
        Err(Fault::Failed(message)) => Reply::Failed(message),
        Err(Fault::Device(reason)) => Reply::Unusable { reason },
    });
}
