//! Scheduler of the first engine: one task at a time, derived from the state. First the network, then the chosen photo, the maps and
//! measures that it lacks, and the rest of the folder, in which `pool` helps. A task ends with its reply.

use std::cell::RefCell;

use crate::core::batch::{BatchItem, BatchItemState};
use crate::core::inference::Picture;
use crate::core::message::{Arg, Message};
use crate::core::method::CamOptions;
use crate::core::metrics::Metric;
use crate::page::engine::Engine;
use crate::page::manifest::Model;
use crate::page::web::{bytes_of, fetch, now};
use crate::protocol::Request;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::answers::{broken, give_up};
use super::pool;
use super::state::{CompareWith, FILES, Phase, PhotoTask, State};

/// Longest side of the pictures: in the gallery, and on the stage.
pub const SMALL: u32 = 192;
const LARGE: u32 = 720;

/// What the engine works on.
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    /// Load the network of that name and address.
    Load(String, String),
    /// Run inference on a photo of the folder; when that began.
    Batch(u32, f64),
    /// Run inference on the chosen photo, large; it stays in the engine.
    Open(u32),
    /// A task for the open photo, and whether the engine was asked to stop it.
    Photo(u32, PhotoTask, bool),
}

#[derive(Default)]
pub struct Client {
    pub engine: Option<Engine>,
    pub device: String,
    /// It listens; requests sent before are lost.
    pub started: bool,
    pub task: Option<Task>,
    /// Name and address of the network that is there.
    pub loaded: Option<(String, String)>,
    /// The photo that the engine keeps.
    pub open: Option<u32>,
    /// The address of the network beside the loaded one.
    pub beside: Option<String>,
    /// The picture of the photo on which inference runs.
    pub picture: Option<Picture>,
}

thread_local! {
    pub static CLIENT: RefCell<Client> = RefCell::default();
}

pub fn with<T>(f: impl FnOnce(&mut Client) -> T) -> T {
    CLIENT.with_borrow_mut(f)
}

pub fn send(request: &Request) {
    with(|client| {
        if let Some(engine) = &client.engine {
            engine.send(request);
        }
    });
}

/// Name and address of the network that is chosen.
pub fn chosen_model(state: State) -> Option<Model> {
    let name = state.model.get_untracked();
    state.shared.model_named(&name)
}

/// Give the engines their next tasks, as far as they are free.
pub fn pump(state: State) {
    pump_first(state);
    pool::advance(state);
}

/// Return the next photo of the folder that waits, that no engine has, and that is not to be `avoided`.
pub fn next_waiting(state: State, avoided: &[u32]) -> Option<u32> {
    let taken = with(|client| match client.task {
        Some(Task::Batch(photo, _) | Task::Open(photo)) => Some(photo),
        _ => None,
    });
    let is_free = |id: u32| taken != Some(id) && !pool::has(id) && !avoided.contains(&id);
    let is_next = |item: &&BatchItem| item.state == BatchItemState::Waiting && is_free(item.id);
    state.items.with_untracked(|items| items.iter().find(is_next).map(|item| item.id))
}

fn pump_first(state: State) {
    let Some(model) = chosen_model(state) else { return };
    if with(|client| !client.started || client.task.is_some()) || state.phase.get_untracked() == Phase::Failed {
        return;
    }
    let wanted = (model.name.clone(), model.url.clone());
    if with(|client| client.loaded.as_ref() != Some(&wanted)) {
        with(|client| {
            (client.loaded, client.open, client.beside) = (None, None, None);
            client.task = Some(Task::Load(wanted.0, wanted.1));
        });
        state.phase.set(Phase::Loading(Message::new("check-loading").with("title", model.title.as_str())));
        return send(&Request::Load { card: model.card, url: model.url });
    }
    let usable = |items: &Vec<BatchItem>, id: u32| {
        items.iter().any(|i| i.id == id && !matches!(i.state, BatchItemState::Failed(_)))
    };
    let chosen = state.chosen.get_untracked().filter(|&id| state.items.with_untracked(|items| usable(items, id)));
    let open = with(|client| client.open);
    if let Some(photo) = chosen
        && open != Some(photo)
    {
        with(|client| (client.open, client.task) = (None, Some(Task::Open(photo))));
        if let Some(open) = open {
            send(&Request::Forget { photo: open });
        }
        return infer(state, photo, LARGE);
    }
    if let (Some(photo), Some(photo_task)) = (chosen, state.needs()) {
        with(|client| client.task = Some(Task::Photo(photo, photo_task.clone(), false)));
        return begin(state, photo, photo_task);
    }
    state.working.set(None);
    if state.phase.get_untracked() == Phase::Running(true)
        && let Some(photo) = next_waiting(state, &[])
    {
        with(|client| client.task = Some(Task::Batch(photo, now())));
        infer(state, photo, SMALL);
    }
}

async fn content(photo: u32) -> Option<Vec<u8>> {
    let file = FILES.with_borrow(|files| files.get(&photo).cloned())?;
    bytes_of(&file).await
}

fn infer(state: State, photo: u32, side: u32) {
    with_request(photo, side, move |request| match request {
        Some(request) => send(&request),
        None => broken(state, "check-file-gone".into()),
    });
}

/// Read a photo and call `then` with the request for its inference; `None` if it can no longer be read.
pub fn with_request(photo: u32, side: u32, then: impl FnOnce(Option<Request>) + 'static) {
    spawn_local(async move { then(content(photo).await.map(|bytes| Request::Infer { photo, bytes, side })) });
}

fn begin(state: State, photo: u32, photo_task: PhotoTask) {
    let what: Arg = match &photo_task {
        PhotoTask::Main(cam_options, _) => cam_options.method.info().title.into(),
        PhotoTask::Other(CompareWith::Method(method), ..) => method.info().title.into(),
        PhotoTask::Other(CompareWith::Model(_), ..) => Message::new("check-other").into(),
        PhotoTask::Other(CompareWith::Class(_), cam_options, _) => cam_options.method.info().title.into(),
        PhotoTask::Metric(_, _, Metric::Faithfulness) => Message::new("check-measuring").into(),
        PhotoTask::Metric(_, _, Metric::Sanity) => Message::new("check-randomising").into(),
    };
    state.working.set(Some((what, 0, 0)));
    match photo_task {
        PhotoTask::Main(cam_options, class) => {
            send(&Request::Explain { photo, options: cam_options, classes: vec![class] })
        }
        PhotoTask::Metric(cam_options, class, what) => {
            send(&Request::Metric { photo, options: cam_options, class, metric: what })
        }
        PhotoTask::Other(CompareWith::Method(method), cam_options, class) => {
            send(&Request::Explain { photo, options: CamOptions { method, ..cam_options }, classes: vec![class] });
        }
        PhotoTask::Other(CompareWith::Class(at), cam_options, _) => {
            let other = untrack(|| state.shown_map())
                .and_then(|shown_map| shown_map.inference.predictions.get(at).map(|p| p.index));
            match other {
                Some(class) => send(&Request::Explain { photo, options: cam_options, classes: vec![class] }),
                None => give_up(state),
            }
        }
        PhotoTask::Other(CompareWith::Model(name), ..) => spawn_local(async move {
            let found = state.shared.model_named(&name);
            let Some(Model { url, .. }) = found else { return give_up(state) };
            if with(|client| client.beside.as_ref() == Some(&url)) {
                return compare(state, photo).await;
            }
            match fetch(&url).await {
                // Its answer is followed by the comparison.
                Ok(file) => {
                    with(|client| client.beside = Some(url));
                    send(&Request::LoadSecond { file });
                }
                Err(why) => {
                    state.say("error", Message::new("check-other-lost").with("why", why));
                    give_up(state);
                }
            }
        }),
    }
}

pub async fn compare(state: State, photo: u32) {
    match content(photo).await {
        Some(bytes) => send(&Request::Compare { photo, bytes }),
        None => broken(state, "check-file-gone".into()),
    }
}
