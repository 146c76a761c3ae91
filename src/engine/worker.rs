//! The engine as a Web Worker: messages in, one after the other, messages out.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use super::said::report;
use super::weights::{cached, download, store};
use super::{EngineError, Session};
use crate::cam::CamError;
use crate::checkpoint::{CheckpointError, ModelCard, encode_named, sha256_hex};
use crate::device::{DeviceKind, open};
use crate::kernels::use_plain;
use crate::method::Explanation;
use crate::photo::Photo;
use crate::protocol::{Event, Lesson, LessonEvent, Measure, Measured, Picture, Request, TrialResult};
use crate::render::shrink;
use crate::said::Said;

const TOP: usize = 5;

/// Entry of the worker: opens the device, tells the page, then answers until the page closes it.
pub fn run(kind: DeviceKind) {
    construct();
    console_error_panic_hook::set_once();
    let inbox = Rc::new(Inbox::default());
    let receiver = inbox.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        let bytes = Uint8Array::new(&message.data()).to_vec();
        match postcard::from_bytes(&bytes) {
            Ok(request) => receiver.put(request),
            Err(_) => fail(None, Said::new("engine-unfit")),
        }
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();

    // `engine_loader.js?device=…&kernels=plain`
    use_plain(scope().location().search().contains("kernels=plain"));
    spawn_local(async move {
        let device = match open(kind).await {
            Ok(device) => device,
            Err(error) => return send(&Event::Unusable { reason: Said::from(&error) }),
        };
        let mut session = Session::new(device, now);
        send(&Event::Started);
        loop {
            match inbox.take() {
                Some(request) => answer(&mut session, request, &inbox).await,
                None => inbox.wait().await,
            }
        }
    });
}

/// Runs the constructors of static data, thousands of which lie in burn's shader compiler. A linker that sees nobody call them
/// takes the module for a command, and has every exported function run them again: with each handle of a JavaScript object,
/// some forty times per shader launched.
fn construct() {
    unsafe extern "C" {
        fn __wasm_call_ctors();
    }
    // SAFETY: the linker defines it; it is called once, before anything that it constructs is used.
    unsafe { __wasm_call_ctors() };
}

/// Requests that have come and were not answered yet.
#[derive(Default)]
struct Inbox {
    requests: RefCell<VecDeque<Request>>,
    wake: RefCell<Option<js_sys::Function>>,
}

impl Inbox {
    fn put(&self, request: Request) {
        self.requests.borrow_mut().push_back(request);
        if let Some(wake) = self.wake.borrow_mut().take() {
            let _ = wake.call0(&JsValue::NULL);
        }
    }

    fn is_empty(&self) -> bool {
        self.requests.borrow().is_empty()
    }

    fn take(&self) -> Option<Request> {
        self.requests.borrow_mut().pop_front()
    }

    /// Until the next request comes.
    async fn wait(&self) {
        let sleep = js_sys::Promise::new(&mut |resolve, _| *self.wake.borrow_mut() = Some(resolve));
        let _ = JsFuture::from(sleep).await;
    }

    /// Takes out what steers a running training: whether it is to stop, and the last word on whether it is to wait.
    fn steer(&self) -> (bool, Option<bool>) {
        let (mut stop, mut pause) = (false, None);
        self.requests.borrow_mut().retain(|request| match request {
            Request::Stop => {
                stop = true;
                false
            }
            Request::Pause(on) => {
                pause = Some(*on);
                false
            }
            _ => true,
        });
        (stop, pause)
    }
}

async fn answer(session: &mut Session, request: Request, inbox: &Inbox) {
    match request {
        Request::Load { card, url } => {
            if let Err(message) = load(session, &card, &url).await {
                return fail(None, message);
            }
            // While the visitor still chooses a photo; one that waits already is worth more.
            rest(ANSWER).await;
            if inbox.is_empty() {
                let _ = session.warm_up().await; // what is wrong, the first photo will say
            }
        }
        Request::Look { photo, bytes, side } => {
            let start = now();
            let decoded = match Photo::decode(&bytes) {
                Ok(decoded) => decoded,
                Err(error) => return fail(Some(photo), Said::from(&error)),
            };
            drop(bytes);
            let decode = now() - start;
            let result = session.look(photo, &decoded, TOP).await;
            send(&Event::Picture { photo, picture: picture(decoded, side) });
            match result {
                Ok(mut look) => {
                    (look.timing.decode, look.timing.memory) = (decode, memory());
                    send(&Event::Looked { photo, look });
                }
                Err(error) => failed(Some(photo), &error),
            }
        }
        Request::Map { photo, class } => match session.maps(photo, &[class]).await {
            Ok(predictions) => {
                for prediction in predictions {
                    send(&Event::Map { photo, prediction });
                }
            }
            Err(error) => failed(None, &error),
        },
        Request::Explain { photo, explanation, classes } => {
            match session.explain(photo, &explanation, &classes, teller(photo, inbox)).await {
                Ok(predictions) => send(&Event::Explained { photo, explanation, predictions }),
                Err(EngineError::Cam(CamError::Stopped)) => send(&Event::Stopped { photo }),
                Err(error) => failed(None, &error),
            }
        }
        Request::Measure { photo, explanation, class, what } => {
            match measure(session, photo, &explanation, class, what, inbox).await {
                Ok(measured) => send(&Event::Measured { photo, explanation, class, measured }),
                Err(EngineError::Cam(CamError::Stopped)) => send(&Event::Stopped { photo }),
                Err(error) => failed(None, &error),
            }
        }
        Request::Forget { photo } => session.forget(photo),
        Request::Study { photo, bytes, augment } => {
            let studied = Photo::decode(&bytes)
                .map_err(|error| Said::from(&error))
                .and_then(|decoded| session.study(photo, &decoded, augment).map_err(|error| Said::from(&error)));
            match studied {
                Ok(()) => send(&Event::Studied { photo }),
                Err(message) => fail(Some(photo), message),
            }
        }
        Request::Teach(lesson) => match teach(session, &lesson, inbox).await {
            Err(error) if error.is_the_devices() => failed(None, &error),
            Err(error) => send(&Event::NotTaught { message: Said::from(&error) }),
            Ok(()) => {}
        },
        Request::Recall { file } => {
            let recalled =
                session.recall(file).map_err(|error| Said::new("file-unopened").with("why", Said::from(&error)));
            match recalled.and_then(|card| serde_json::to_string(card).map_err(|error| report(&error))) {
                Ok(card) => send(&Event::Recalled { card }),
                Err(message) => fail(None, message),
            }
        }
        Request::Compare { photo, bytes } => {
            let decoded = match Photo::decode(&bytes) {
                Ok(decoded) => decoded,
                Err(error) => return fail(Some(photo), Said::from(&error)),
            };
            match session.compare(&decoded, TOP).await {
                Ok((mut before, after)) => {
                    before.timing.memory = memory();
                    send(&Event::Compared { photo, picture: picture(decoded, u32::MAX), before, after });
                }
                Err(error) => failed(Some(photo), &error),
            }
        }
        Request::Try(trial) => {
            let tried = session.trial(&trial, async |done, of| {
                send(&Event::Trying { done, of });
                breathe().await;
                if inbox.steer().0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            match tried.await {
                Ok(result) => send(&Event::Tried(TrialResult { memory: memory(), ..result })),
                Err(error) => failed(None, &error),
            }
        }
        // What came too late for the training that it meant.
        Request::Stop | Request::Pause(_) => {}
    }
}

async fn measure(
    session: &Session,
    photo: u32,
    explanation: &Explanation,
    class: usize,
    what: Measure,
    inbox: &Inbox,
) -> Result<Measured, EngineError> {
    let tell = teller(photo, inbox);
    Ok(match what {
        Measure::Faithfulness => Measured::Faithfulness(session.faithfulness(photo, explanation, class, tell).await?),
        Measure::Sanity => Measured::Sanity(session.sanity(photo, explanation, class, tell).await?),
    })
}

/// Tells the page how far it is and lets messages in, now and then; ends it where the page has asked for that.
fn teller(photo: u32, inbox: &Inbox) -> impl AsyncFnMut(usize, usize) -> ControlFlow<()> {
    let mut breathed = now();
    async move |done, of| {
        if now() - breathed > BREATH {
            send(&Event::Explaining { photo, done, of });
            breathe().await;
            breathed = now();
        }
        if inbox.steer().0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Milliseconds in which the page has taken an event and answered it.
const ANSWER: i32 = 30;

/// Milliseconds between two pauses for messages while a training or a method of many passes runs, and between two reports of its steps.
const BREATH: f64 = 40.0;

async fn teach(session: &mut Session, lesson: &Lesson, inbox: &Inbox) -> Result<(), EngineError> {
    let (mut breathed, mut reported, mut paused) = (now(), 0.0, false);
    let taught = session.teach(lesson, async |event| {
        let epoch = matches!(event, LessonEvent::Epoch { .. });
        if epoch || now() - reported > BREATH {
            reported = now();
            send(&Event::Lesson(event));
        }
        if now() - breathed > BREATH {
            breathe().await;
            breathed = now();
        }
        loop {
            let (stop, pause) = inbox.steer();
            paused = pause.unwrap_or(paused);
            match (stop, paused) {
                (true, _) => return ControlFlow::Break(()),
                (false, false) => return ControlFlow::Continue(()),
                (false, true) => inbox.wait().await,
            }
        }
    });
    let taught = taught.await?;
    let (card, file) = encode_named(&taught.network, taught.card).await?;
    let card = serde_json::to_string(session.set_taught(card, taught.network)).map_err(CheckpointError::from)?;
    send(&Event::Taught { card, file, answers: taught.answers });
    Ok(())
}

/// Lets messages in.
async fn breathe() {
    rest(0).await;
}

async fn rest(milliseconds: i32) {
    let turn = js_sys::Promise::new(&mut |resolve, _| {
        let _ = scope().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
    });
    let _ = JsFuture::from(turn).await;
}

/// At most `side` pixels long.
fn picture(photo: Photo, side: u32) -> Picture {
    let notes = photo.notes.iter().map(Said::from).collect();
    if photo.width.max(photo.height) <= side {
        return Picture { width: photo.width, height: photo.height, rgb: photo.rgb, notes };
    }
    let (rgb, width, height) = shrink(&photo.rgb, photo.width as usize, photo.height as usize, side as usize);
    Picture { width: width as u32, height: height as u32, rgb, notes }
}

/// From the cache where it holds the right bytes, else from the network.
async fn load(session: &mut Session, card: &str, url: &str) -> Result<(), Said> {
    let start = now();
    let card: ModelCard = serde_json::from_str(card).map_err(|e| Said::new("model-card").with("why", e.to_string()))?;
    let title = card.title.clone();
    let fault = |why: Said| Said::new("model-lost").with("title", title.as_str()).with("why", why);
    let cached = cached(url).await.filter(|bytes| sha256_hex(bytes) == card.sha256);
    let from_cache = cached.is_some();
    let bytes = match cached {
        Some(bytes) => bytes,
        None => download(url, card.bytes).await.map_err(&fault)?,
    };
    let name = card.name.clone();
    let keep = (!from_cache).then(|| bytes.clone());
    session.load(card, bytes).map_err(|e| fault(Said::from(&e)))?;
    if let Some(bytes) = keep {
        store(url, &bytes).await; // checked by now; without a cache the next visit downloads again
    }
    send(&Event::Loaded { model: name, stages: session.stages(), from_cache, milliseconds: now() - start });
    Ok(())
}

pub(super) fn send(event: &Event) {
    match postcard::to_stdvec(event) {
        Ok(bytes) => {
            let array = Uint8Array::from(bytes.as_slice());
            let transfer = js_sys::Array::of1(&array.buffer());
            let _ = scope().post_message_with_transfer(&array, &transfer);
        }
        Err(error) => web_sys::console::error_1(&error.to_string().into()),
    }
}

fn fail(photo: Option<u32>, message: Said) {
    send(&Event::Failed { photo, message });
}

/// What did not work on a photo or a request; where the device is to blame, nothing else will work either.
fn failed(photo: Option<u32>, error: &EngineError) {
    if error.is_the_devices() {
        web_sys::console::error_1(&error.to_string().into());
        return send(&Event::Unusable { reason: "device-silent".into() });
    }
    fail(photo, Said::from(error));
}

pub(super) fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Bytes of this worker's linear memory.
fn memory() -> u64 {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    memory.buffer().unchecked_into::<js_sys::ArrayBuffer>().byte_length().into()
}

fn now() -> f64 {
    scope().performance().map_or(0.0, |performance| performance.now())
}
