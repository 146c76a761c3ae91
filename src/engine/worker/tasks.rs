//! What each request makes the session do, and the replies that it sends.

use std::ops::ControlFlow;

use super::inbox::Inbox;
use super::scope::{
    has_little_memory, has_software_adapter, is_measured, memory, now, send, send_error, send_failure, sleep, yield_now,
};
use super::weights::{cached, receive, request, store};
use crate::cam::CamError;
use crate::checkpoint::{CheckpointError, ModelCard, encode_named, sha256_hex};
use crate::core::benchmark::{BenchmarkResult, BenchmarkSpec};
use crate::core::inference::Picture;
use crate::core::lesson::{Lesson, LessonEvent};
use crate::core::message::Message;
use crate::core::method::CamOptions;
use crate::core::metrics::{Metric, MetricResult};
use crate::core::resample::shrink;
use crate::engine::messages::untranslated;
use crate::engine::{EngineError, Session};
use crate::photo::Photo;
use crate::protocol::Reply;

/// Predictions per photo.
const TOP: usize = 5;

/// Milliseconds in which the page receives an event and sends its next request.
const PAGE_RESPONSE: i32 = 30;

/// Milliseconds between two pauses for messages, and between two progress reports, while a task runs.
const YIELD_EVERY: f64 = 40.0;

/// Load a model.
pub async fn load(session: &mut Session, card: &str, url: &str) {
    if let Err(message) = fetch_and_build(session, card, url).await {
        send_failure(None, message);
    }
}

/// Warm up a model that is cold, unless the page has a request.
pub async fn use_idle_time(session: &mut Session, inbox: &Inbox) {
    sleep(PAGE_RESPONSE).await;
    if inbox.is_empty() {
        let _ = session.warm_up().await; // an error will come again with the first photo, which reports it
    }
}

/// Fetch the weights, from the cache if it holds the right bytes, and build the model.
async fn fetch_and_build(session: &mut Session, card: &str, url: &str) -> Result<(), Message> {
    let start = now();
    let card: ModelCard =
        serde_json::from_str(card).map_err(|e| Message::new("model-card").with("why", e.to_string()))?;
    let title = card.title.clone();
    let fault = |why: Message| Message::new("model-lost").with("title", title.as_str()).with("why", why);
    let cached = cached(url).await.filter(|bytes| sha256_hex(bytes) == card.sha256);
    let from_cache = cached.is_some();
    let bytes = match cached {
        Some(bytes) => bytes,
        None => {
            let weights = request(url);
            // A software adapter would need seconds for the pass, and phones lack the memory of a second network.
            if cfg!(feature = "gpu") && !has_software_adapter() && !has_little_memory() && !is_measured() {
                session.compile(&card);
            }
            receive(weights, card.bytes).await.map_err(&fault)?
        }
    };
    let model = card.name.clone();
    let to_store = (!from_cache).then(|| bytes.clone());
    session.load(card, bytes).map_err(|e| fault(Message::from(&e)))?;
    if let Some(bytes) = to_store {
        store(url, &bytes).await; // only now, because the session has verified them
    }
    send(&Reply::Loaded { model, stages: session.stages(), from_cache, milliseconds: now() - start });
    Ok(())
}

/// Decode a photo and run inference on it. The picture is sent even if the inference fails.
pub async fn infer(session: &mut Session, photo: u32, bytes: Vec<u8>, side: u32) {
    let start = now();
    let decoded = match Photo::decode(&bytes) {
        Ok(decoded) => decoded,
        Err(error) => return send_failure(Some(photo), Message::from(&error)),
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
        Err(error) => send_error(Some(photo), &error),
    }
}

/// Compute the CAM of one class.
pub async fn map(session: &Session, photo: u32, class: usize) {
    match session.maps(photo, &[class]).await {
        Ok(predictions) => {
            for prediction in predictions {
                send(&Reply::Map { photo, prediction });
            }
        }
        Err(error) => send_error(None, &error),
    }
}

/// Compute maps by any method.
pub async fn explain(session: &Session, photo: u32, options: CamOptions, classes: &[usize], inbox: &Inbox) {
    match session.explain(photo, &options, classes, progress_reporter(photo, inbox)).await {
        Ok(predictions) => send(&Reply::Explained { photo, options, predictions }),
        Err(EngineError::Cam(CamError::Stopped)) => send(&Reply::Stopped { photo }),
        Err(error) => send_error(None, &error),
    }
}

/// Compute a metric of a map.
pub async fn measure(session: &Session, photo: u32, options: CamOptions, class: usize, metric: Metric, inbox: &Inbox) {
    let progress = progress_reporter(photo, inbox);
    let result = match metric {
        Metric::Faithfulness => {
            session.faithfulness(photo, &options, class, progress).await.map(MetricResult::Faithfulness)
        }
        Metric::Sanity => session.sanity(photo, &options, class, progress).await.map(MetricResult::Sanity),
    };
    match result {
        Ok(result) => send(&Reply::MetricResult { photo, options, class, result }),
        Err(EngineError::Cam(CamError::Stopped)) => send(&Reply::Stopped { photo }),
        Err(error) => send_error(None, &error),
    }
}

/// Return a callback that now and then reports progress and lets messages in, and that breaks on [`Request::Stop`].
///
/// [`Request::Stop`]: crate::protocol::Request::Stop
fn progress_reporter(photo: u32, inbox: &Inbox) -> impl AsyncFnMut(usize, usize) -> ControlFlow<()> {
    let mut yielded = now();
    async move |done, of| {
        if now() - yielded > YIELD_EVERY {
            send(&Reply::PassesDone { photo, done, of });
            yield_now().await;
            yielded = now();
        }
        if inbox.take_control().stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Decode a photo to train on and cache its features.
pub fn extract_features(session: &mut Session, photo: u32, bytes: &[u8], augment: bool) {
    let extracted = Photo::decode(bytes)
        .map_err(|error| Message::from(&error))
        .and_then(|decoded| session.extract_features(photo, &decoded, augment).map_err(|error| Message::from(&error)));
    match extracted {
        Ok(()) => send(&Reply::FeaturesExtracted { photo }),
        Err(message) => send_failure(Some(photo), message),
    }
}

/// Fine-tune, and keep the new model as the second one.
pub async fn teach(session: &mut Session, lesson: &Lesson, inbox: &Inbox) {
    match run_lesson(session, lesson, inbox).await {
        Err(error) if error.is_device_fault() => send_error(None, &error),
        Err(error) => send(&Reply::TeachFailed { message: Message::from(&error) }),
        Ok(()) => {}
    }
}

async fn run_lesson(session: &mut Session, lesson: &Lesson, inbox: &Inbox) -> Result<(), EngineError> {
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
            let control = inbox.take_control();
            paused = control.pause.unwrap_or(paused);
            match (control.stop, paused) {
                (true, _) => return ControlFlow::Break(()),
                (false, false) => return ControlFlow::Continue(()),
                (false, true) => inbox.wait().await,
            }
        }
    });
    let taught = taught.await?;
    let (card, file) = encode_named(&taught.network, taught.card).await?;
    let card = serde_json::to_string(session.set_second(card, taught.network)).map_err(CheckpointError::from)?;
    send(&Reply::Taught { card, file, answers: taught.answers });
    Ok(())
}

/// Load the second model.
pub fn load_second(session: &mut Session, file: Vec<u8>) {
    let loaded =
        session.load_second(file).map_err(|error| Message::new("file-unopened").with("why", Message::from(&error)));
    match loaded.and_then(|card| serde_json::to_string(card).map_err(|error| untranslated(&error))) {
        Ok(card) => send(&Reply::SecondLoaded { card }),
        Err(message) => send_failure(None, message),
    }
}

/// Decode a photo and run inference on it with both models.
pub async fn compare(session: &Session, photo: u32, bytes: &[u8]) {
    let decoded = match Photo::decode(bytes) {
        Ok(decoded) => decoded,
        Err(error) => return send_failure(Some(photo), Message::from(&error)),
    };
    match session.compare(&decoded, TOP).await {
        Ok((mut before, after)) => {
            before.timing.memory = memory();
            send(&Reply::Compared { photo, picture: picture(decoded, u32::MAX), before, after });
        }
        Err(error) => send_error(Some(photo), &error),
    }
}

/// Time a network.
pub async fn benchmark(session: &Session, spec: &BenchmarkSpec, inbox: &Inbox) {
    let result = session.benchmark(spec, async |done, of| {
        send(&Reply::Benchmarking { done, of });
        yield_now().await;
        if inbox.take_control().stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    match result.await {
        Ok(result) => send(&Reply::Benchmarked(BenchmarkResult { memory: memory(), ..result })),
        Err(error) => send_error(None, &error),
    }
}

/// Reduce a photo to at most `side` pixels on its long side.
fn picture(photo: Photo, side: u32) -> Picture {
    let notes = photo.notes.iter().map(Message::from).collect();
    if photo.width.max(photo.height) <= side {
        return Picture { width: photo.width, height: photo.height, rgb: photo.rgb, notes };
    }
    let (rgb, width, height) = shrink(&photo.rgb, photo.width as usize, photo.height as usize, side as usize);
    Picture { width: width as u32, height: height as u32, rgb, notes }
}
