//! What each request makes the session do, and the replies that it sends.

use std::ops::ControlFlow;

use web_sys::Blob;

use super::browser_decoder::{self, may_decode};
use super::inbox::{Inbox, Run};
use super::scope::{
    Answer, has_little_memory, has_software_adapter, is_measured, memory, now, read_file, sleep, yield_now,
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
use crate::photo::{Photo, PhotoError};
use crate::protocol::Reply;

/// Predictions per photo.
const TOP: usize = 5;

/// Milliseconds in which the page receives an event and sends its next request.
const PAGE_RESPONSE: i32 = 30;

/// Milliseconds between two pauses for messages, and between two progress reports, while a task runs.
const YIELD_EVERY: f64 = 40.0;

/// Why a request was not answered by a result.
pub enum Fault {
    /// It was cancelled.
    Stopped,
    /// The request cannot be fulfilled.
    Failed(Message),
    /// The device has failed.
    Device(Message),
}

impl From<EngineError> for Fault {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Cam(CamError::Stopped) | EngineError::Stopped => Self::Stopped,
            error if error.is_device_fault() => {
                web_sys::console::error_1(&error.to_string().into());
                Self::Device("device-silent".into())
            }
            error => Self::Failed(Message::from(&error)),
        }
    }
}

impl From<Message> for Fault {
    fn from(message: Message) -> Self {
        Self::Failed(message)
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
pub async fn load(session: &mut Session, card: &str, url: &str, run: Run<'_>) -> Result<Reply, Fault> {
    let start = now();
    let card: ModelCard =
        serde_json::from_str(card).map_err(|e| Message::new("model-card").with("why", e.to_string()))?;
    let title = card.title.clone();
    let fault = |why: Message| Message::new("model-lost").with("title", title.as_str()).with("why", why);
    let cached = cached(url).await.filter(|bytes| sha256_hex(bytes) == card.sha256);
    let from_cache = cached.is_some();
    let bytes = match cached {
        Some(bytes) => {
            let length = bytes.len() as u64;
            run.answer.send(Reply::Progress { received: length, total: length });
            bytes
        }
        None => {
            let weights = request(url);
            // A software adapter would need seconds for the pass, and phones lack the memory of a second network.
            if cfg!(feature = "gpu") && !has_software_adapter() && !has_little_memory() && !is_measured() {
                session.compile(&card);
            }
            receive(weights, card.bytes, run).await.map_err(&fault)?.ok_or(Fault::Stopped)?
        }
    };
    let to_store = (!from_cache).then(|| bytes.clone());
    session.load(card, bytes).map_err(|e| fault(Message::from(&e)))?;
    if let Some(bytes) = to_store {
        store(url, &bytes).await; // only now, because the session has verified them
    }
    Ok(Reply::Loaded { stages: session.stages(), from_cache, milliseconds: now() - start })
}

async fn decode(file: Option<Blob>) -> Result<Photo, Fault> {
    let gone = || Message::new("file-gone");
    let file = file.ok_or_else(gone)?;
    let bytes = read_file(&file).await.ok_or_else(gone)?;
    let decoded = Photo::decode(&bytes);
    drop(bytes);
    match decoded {
        Err(PhotoError::NotAPhoto(kind)) if may_decode(kind) => {
            let told = || Fault::Failed(Message::from(&PhotoError::NotAPhoto(kind)));
            browser_decoder::decode(&file).await.ok_or_else(told)
        }
        decoded => decoded.map_err(|error| Fault::Failed(Message::from(&error))),
    }
}

/// Decode a photo.
pub async fn decode_only(file: Option<Blob>, side: u32) -> Result<Reply, Fault> {
    Ok(Reply::Decoded(picture(decode(file).await?, side)))
}

/// Decode a photo and run inference on it. The picture is sent even if the inference fails.
pub async fn infer(
    session: &mut Session,
    photo: u32,
    file: Option<Blob>,
    side: u32,
    answer: Answer,
) -> Result<Reply, Fault> {
    let start = now();
    let decoded = decode(file).await?;
    let decode = now() - start;
    let result = session.infer(photo, &decoded, TOP).await;
    answer.send(Reply::Picture(picture(decoded, side)));
    let mut inference = result?;
    (inference.timing.decode, inference.timing.memory) = (decode, memory());
    Ok(Reply::Inferred(inference))
}

/// Ensure that an inference of the photo is cached. Another engine or model may have served earlier requests.
async fn see(session: &mut Session, photo: u32, file: Option<Blob>) -> Result<(), Fault> {
    if !session.has_seen(photo) {
        session.infer(photo, &decode(file).await?, TOP).await?;
    }
    Ok(())
}

/// Compute maps by any method.
pub async fn explain(
    session: &mut Session,
    photo: u32,
    file: Option<Blob>,
    options: CamOptions,
    classes: &[usize],
    run: Run<'_>,
) -> Result<Reply, Fault> {
    see(session, photo, file).await?;
    Ok(Reply::Explained(session.explain(photo, &options, classes, progress_reporter(run)).await?))
}

/// Compute a metric of a map.
pub async fn measure(
    session: &mut Session,
    photo: u32,
    file: Option<Blob>,
    (options, class, metric): (CamOptions, usize, Metric),
    run: Run<'_>,
) -> Result<Reply, Fault> {
    see(session, photo, file).await?;
    let progress = progress_reporter(run);
    Ok(Reply::Measured(match metric {
        Metric::Faithfulness => {
            MetricResult::Faithfulness(session.faithfulness(photo, &options, class, progress).await?)
        }
        Metric::Sanity => MetricResult::Sanity(session.sanity(photo, &options, class, progress).await?),
    }))
}

/// Return a callback that periodically reports progress and yields to messages. It breaks when the request is cancelled.
fn progress_reporter(Run { answer, inbox }: Run<'_>) -> impl AsyncFnMut(usize, usize) -> ControlFlow<()> {
    let mut yielded = now();
    async move |done, of| {
        if now() - yielded > YIELD_EVERY {
            answer.send(Reply::PassesDone { done, of });
            yield_now().await;
            yielded = now();
        }
        if inbox.is_cancelled(answer) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Decode a photo to train on and cache its features.
pub async fn extract_features(
    session: &mut Session,
    photo: u32,
    file: Option<Blob>,
    augment: bool,
) -> Result<Reply, Fault> {
    session.extract_features(photo, &decode(file).await?, augment)?;
    Ok(Reply::FeaturesExtracted)
}

/// Fine-tune, and keep the new model as the second one.
pub async fn teach(session: &mut Session, lesson: &Lesson, Run { answer, inbox }: Run<'_>) -> Result<Reply, Fault> {
    let (mut yielded, mut reported, mut paused, mut cancelled) = (now(), 0.0, false, false);
    let taught = session.teach(lesson, async |event| {
        let epoch = matches!(event, LessonEvent::Epoch { .. });
        if epoch || now() - reported > YIELD_EVERY {
            reported = now();
            answer.send(Reply::Lesson(event));
        }
        if now() - yielded > YIELD_EVERY {
            yield_now().await;
            yielded = now();
        }
        loop {
            let wanted = inbox.wanted(answer);
            paused = wanted.pause.unwrap_or(paused);
            cancelled |= wanted.cancel;
            match (wanted.cancel || wanted.finish, paused) {
                (true, _) => return ControlFlow::Break(()),
                (false, false) => return ControlFlow::Continue(()),
                (false, true) => inbox.wait().await,
            }
        }
    });
    let taught = taught.await;
    if cancelled {
        return Err(Fault::Stopped);
    }
    let taught = taught?;
    let (card, file) = encode_named(&taught.network, taught.card).await.map_err(EngineError::from)?;
    let card = serde_json::to_string(session.set_second(card, taught.network))
        .map_err(|error| EngineError::from(CheckpointError::from(error)))?;
    Ok(Reply::Taught { card, file, answers: taught.answers })
}

/// Load the second model.
pub async fn load_second(session: &mut Session, file: Option<Blob>) -> Result<Reply, Fault> {
    let gone = || Message::new("file-gone");
    let bytes = read_file(&file.ok_or_else(gone)?).await.ok_or_else(gone)?;
    let card =
        session.load_second(bytes).map_err(|error| Message::new("file-unopened").with("why", Message::from(&error)))?;
    Ok(Reply::SecondLoaded { card: serde_json::to_string(card).map_err(|error| untranslated(&error))? })
}

/// Decode a photo and run inference on it with both models.
pub async fn compare(session: &Session, file: Option<Blob>, answer: Answer) -> Result<Reply, Fault> {
    let decoded = decode(file).await?;
    let (mut before, after) = session.compare(&decoded, TOP).await?;
    before.timing.memory = memory();
    answer.send(Reply::Picture(picture(decoded, u32::MAX)));
    Ok(Reply::Compared { before, after })
}

/// Time a network.
pub async fn benchmark(
    session: &Session,
    spec: &BenchmarkSpec,
    Run { answer, inbox }: Run<'_>,
) -> Result<Reply, Fault> {
    let mut cancelled = false;
    let result = session.benchmark(spec, async |done, of| {
        answer.send(Reply::Benchmarking { done, of });
        yield_now().await;
        let wanted = inbox.wanted(answer);
        cancelled |= wanted.cancel;
        if wanted.cancel || wanted.finish { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let result = result.await;
    if cancelled {
        return Err(Fault::Stopped);
    }
    Ok(Reply::Benchmarked(BenchmarkResult { memory: memory(), ..result? }))
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
