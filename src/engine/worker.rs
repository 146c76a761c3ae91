//! The engine as a Web Worker: messages in, one after the other, messages out.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use super::messages::report;
use super::weights::{cached, download, store};
use super::{EngineError, Session};
use crate::cam::CamError;
use crate::checkpoint::{CheckpointError, ModelCard, encode_named, sha256_hex};
use crate::core::benchmark::BenchmarkResult;
use crate::core::inference::Picture;
use crate::core::lesson::{Lesson, LessonEvent};
use crate::core::message::Message;
use crate::core::method::CamOptions;
use crate::core::metrics::{Metric, MetricResult};
use crate::core::resample::shrink;
use crate::device::{DeviceKind, open};
use crate::kernels::use_plain;
use crate::photo::Photo;
use crate::protocol::{Reply, Request};

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
            Err(_) => fail(None, Message::new("engine-unfit")),
        }
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();

    // `engine_loader.js?device=…&kernels=plain`
    use_plain(scope().location().search().contains("kernels=plain"));
    spawn_local(async move {
        let device = match open(kind).await {
            Ok(device) => device,
            Err(error) => return send(&Reply::Unusable { reason: Message::from(&error) }),
        };
        let mut session = Session::new(device, now);
        send(&Reply::Started);
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
    fn take_control(&self) -> (bool, Option<bool>) {
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
            sleep(ANSWER).await;
            if inbox.is_empty() {
                let _ = session.warm_up().await; // what is wrong, the first photo will say
            }
        }
        Request::Infer { photo, bytes, side } => {
            let start = now();
            let decoded = match Photo::decode(&bytes) {
                Ok(decoded) => decoded,
                Err(error) => return fail(Some(photo), Message::from(&error)),
            };
            drop(bytes);
            let decode = now() - start;
            let result = session.infer(photo, &decoded, TOP).await;
            send(&Reply::Picture { photo, picture: picture(decoded, side) });
            match result {
                Ok(mut inference) => {
                    (inference.timing.decode, inference.timing.memory) = (decode, memory());
                    send(&Reply::Inferred { photo, inference });
                }
                Err(error) => failed(Some(photo), &error),
            }
        }
        Request::Map { photo, class } => match session.maps(photo, &[class]).await {
            Ok(predictions) => {
                for prediction in predictions {
                    send(&Reply::Map { photo, prediction });
                }
            }
            Err(error) => failed(None, &error),
        },
        Request::Explain { photo, options, classes } => {
            match session.explain(photo, &options, &classes, progress_reporter(photo, inbox)).await {
                Ok(predictions) => send(&Reply::Explained { photo, options, predictions }),
                Err(EngineError::Cam(CamError::Stopped)) => send(&Reply::Stopped { photo }),
                Err(error) => failed(None, &error),
            }
        }
        Request::Metric { photo, options, class, what } => {
            match measure(session, photo, &options, class, what, inbox).await {
                Ok(measured) => send(&Reply::MetricResult { photo, options, class, measured }),
                Err(EngineError::Cam(CamError::Stopped)) => send(&Reply::Stopped { photo }),
                Err(error) => failed(None, &error),
            }
        }
        Request::Forget { photo } => session.forget(photo),
        Request::ExtractFeatures { photo, bytes, augment } => {
            let studied = Photo::decode(&bytes)
                .map_err(|error| Message::from(&error))
                .and_then(|decoded| session.study(photo, &decoded, augment).map_err(|error| Message::from(&error)));
            match studied {
                Ok(()) => send(&Reply::FeaturesExtracted { photo }),
                Err(message) => fail(Some(photo), message),
            }
        }
        Request::Teach(lesson) => match teach(session, &lesson, inbox).await {
            Err(error) if error.is_device_fault() => failed(None, &error),
            Err(error) => send(&Reply::TeachFailed { message: Message::from(&error) }),
            Ok(()) => {}
        },
        Request::LoadSecond { file } => {
            let recalled =
                session.recall(file).map_err(|error| Message::new("file-unopened").with("why", Message::from(&error)));
            match recalled.and_then(|card| serde_json::to_string(card).map_err(|error| report(&error))) {
                Ok(card) => send(&Reply::SecondLoaded { card }),
                Err(message) => fail(None, message),
            }
        }
        Request::Compare { photo, bytes } => {
            let decoded = match Photo::decode(&bytes) {
                Ok(decoded) => decoded,
                Err(error) => return fail(Some(photo), Message::from(&error)),
            };
            match session.compare(&decoded, TOP).await {
                Ok((mut before, after)) => {
                    before.timing.memory = memory();
                    send(&Reply::Compared { photo, picture: picture(decoded, u32::MAX), before, after });
                }
                Err(error) => failed(Some(photo), &error),
            }
        }
        Request::Benchmark(trial) => {
            let tried = session.benchmark(&trial, async |done, of| {
                send(&Reply::Benchmarking { done, of });
                yield_now().await;
                if inbox.take_control().0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            match tried.await {
                Ok(result) => send(&Reply::Benchmarked(BenchmarkResult { memory: memory(), ..result })),
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
    options: &CamOptions,
    class: usize,
    what: Metric,
    inbox: &Inbox,
) -> Result<MetricResult, EngineError> {
    let tell = progress_reporter(photo, inbox);
    Ok(match what {
        Metric::Faithfulness => MetricResult::Faithfulness(session.faithfulness(photo, options, class, tell).await?),
        Metric::Sanity => MetricResult::Sanity(session.sanity(photo, options, class, tell).await?),
    })
}

/// Tells the page how far it is and lets messages in, now and then; ends it where the page has asked for that.
fn progress_reporter(photo: u32, inbox: &Inbox) -> impl AsyncFnMut(usize, usize) -> ControlFlow<()> {
    let mut yielded = now();
    async move |done, of| {
        if now() - yielded > YIELD_EVERY {
            send(&Reply::PassesDone { photo, done, of });
            yield_now().await;
            yielded = now();
        }
        if inbox.take_control().0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Milliseconds in which the page has taken an event and answered it.
const ANSWER: i32 = 30;

/// Milliseconds between two pauses for messages while a training or a method of many passes runs, and between two reports of its steps.
const YIELD_EVERY: f64 = 40.0;

async fn teach(session: &mut Session, lesson: &Lesson, inbox: &Inbox) -> Result<(), EngineError> {
    let (mut yielded, mut reported, mut paused) = (now(), 0.0, false);
    let taught = session.teach(lesson, async |event| {
        let epoch = matches!(event, LessonEvent::Epoch { .. });
        if epoch || now() - reported > YIELD_EVERY {
            reported = now();
            send(&Reply::Lesson(event));
        }
        if now() - yielded > YIELD_EVERY {
            yield_now().await;
            yielded = now();
        }
        loop {
            let (stop, pause) = inbox.take_control();
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
    send(&Reply::Taught { card, file, answers: taught.answers });
    Ok(())
}

/// Lets messages in.
async fn yield_now() {
    sleep(0).await;
}

async fn sleep(milliseconds: i32) {
    let turn = js_sys::Promise::new(&mut |resolve, _| {
        let _ = scope().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
    });
    let _ = JsFuture::from(turn).await;
}

/// At most `side` pixels long.
fn picture(photo: Photo, side: u32) -> Picture {
    let notes = photo.notes.iter().map(Message::from).collect();
    if photo.width.max(photo.height) <= side {
        return Picture { width: photo.width, height: photo.height, rgb: photo.rgb, notes };
    }
    let (rgb, width, height) = shrink(&photo.rgb, photo.width as usize, photo.height as usize, side as usize);
    Picture { width: width as u32, height: height as u32, rgb, notes }
}

/// From the cache where it holds the right bytes, else from the network.
async fn load(session: &mut Session, card: &str, url: &str) -> Result<(), Message> {
    let start = now();
    let card: ModelCard =
        serde_json::from_str(card).map_err(|e| Message::new("model-card").with("why", e.to_string()))?;
    let title = card.title.clone();
    let fault = |why: Message| Message::new("model-lost").with("title", title.as_str()).with("why", why);
    let cached = cached(url).await.filter(|bytes| sha256_hex(bytes) == card.sha256);
    let from_cache = cached.is_some();
    let bytes = match cached {
        Some(bytes) => bytes,
        None => download(url, card.bytes).await.map_err(&fault)?,
    };
    let name = card.name.clone();
    let keep = (!from_cache).then(|| bytes.clone());
    session.load(card, bytes).map_err(|e| fault(Message::from(&e)))?;
    if let Some(bytes) = keep {
        store(url, &bytes).await; // checked by now; without a cache the next visit downloads again
    }
    send(&Reply::Loaded { model: name, stages: session.stages(), from_cache, milliseconds: now() - start });
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

fn fail(photo: Option<u32>, message: Message) {
    send(&Reply::Failed { photo, message });
}

/// What did not work on a photo or a request; where the device is to blame, nothing else will work either.
fn failed(photo: Option<u32>, error: &EngineError) {
    if error.is_device_fault() {
        web_sys::console::error_1(&error.to_string().into());
        return send(&Reply::Unusable { reason: "device-silent".into() });
    }
    fail(photo, Message::from(error));
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
