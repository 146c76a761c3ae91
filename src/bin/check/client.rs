//! The near end of the checking part's own engine: one task at a time, which ends with its answer. What to do next is read off
//! the state: the network, the chosen photo, what its maps and measures lack, then the rest of the folder.

use std::cell::RefCell;
use std::rc::Rc;

use camscope::method::{Explanation, Method};
use camscope::page::canvas::overlay_thumbnail;
use camscope::page::engine::Engine;
use camscope::page::manifest::{Model, model_at, models};
use camscope::page::web::{body_data, bytes_of, fetch, fixed, now, property, window};
use camscope::protocol::{Event, Look, Measure, Measured, Picture, Request};
use camscope::survey::{Filter, Item, ItemState};
use js_sys::Array;
use leptos::ev::Custom;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::CustomEvent;

use crate::files;
use crate::state::{Against, Drawn, FILES, Job, PICTURE, Phase, State};

/// Longest side of the pictures: in the gallery, and on the stage.
const SMALL: u32 = 192;
const LARGE: u32 = 720;

/// What the engine does now.
#[derive(Debug, Clone, PartialEq)]
enum Task {
    /// The network of that name and address.
    Load(String, String),
    /// A photo of the folder, since when.
    Survey(u32, f64),
    /// The chosen photo, large; it stays in the engine.
    Open(u32),
    /// Something of the photo that is open, and whether it was asked to stop.
    Job(u32, Job, bool),
}

#[derive(Default)]
struct Client {
    engine: Option<Engine>,
    device: String,
    /// It listens; what is said before is lost.
    started: bool,
    task: Option<Task>,
    /// Name and address of the network that is there.
    loaded: Option<(String, String)>,
    /// The photo that the engine keeps.
    open: Option<u32>,
    /// The address of the network beside the loaded one.
    beside: Option<String>,
    /// The picture of the photo that is being looked at.
    picture: Option<Picture>,
}

thread_local! {
    static CLIENT: RefCell<Client> = RefCell::default();
}

fn with<T>(f: impl FnOnce(&mut Client) -> T) -> T {
    CLIENT.with_borrow_mut(f)
}

/// Reads the manifest and starts the engine on the device that the page has chosen.
pub fn start(state: State) {
    let taught = move |_| take_taught(state);
    let taught = window_event_listener(Custom::<CustomEvent>::new("camscope-taught"), taught);
    std::mem::forget(taught); // lives as long as the page
    spawn_local(async move {
        match models().await {
            Ok(models) => {
                let looking = body_data("model");
                state.models.set(models);
                take_taught(state);
                let models = state.models.get_untracked();
                let found = models.iter().find(|model| model.name == looking).or(models.first());
                state.model.set(found.map(|model| model.name.clone()).unwrap_or_default());
                start_engine(state, if body_data("device") == "webgpu" { "webgpu" } else { "cpu" });
            }
            Err(why) => {
                state.say("error", why);
                state.phase.set(Phase::Failed);
            }
        }
    });
}

fn start_engine(state: State, device: &'static str) {
    let on_event = move |event: Option<Event>| match event {
        Some(event) => take(state, event),
        None => state.say("error", "The page and the engine do not fit together. Reload the page.".into()),
    };
    let engine = Engine::start(device, on_event, move |why| failed(state, &why));
    match engine {
        Ok(engine) => CLIENT.set(Client { engine: Some(engine), device: device.into(), ..Client::default() }),
        Err(why) => failed(state, &why),
    }
}

/// From WebGPU it goes on with the CPU; from the CPU there is nothing left to go to.
fn failed(state: State, why: &str) {
    let device = with(|client| std::mem::take(client).device);
    let why = why.trim_end_matches('.');
    state.working.set(None);
    if device == "webgpu" {
        state.say("note", format!("The WebGPU engine stopped ({why}). The CPU goes on with your photos."));
        return start_engine(state, "cpu");
    }
    state.say("error", format!("The engine stopped ({why}). Reload the page; your files are untouched."));
    state.phase.set(Phase::Failed);
}

fn send(request: &Request) {
    with(|client| {
        if let Some(engine) = &client.engine {
            engine.send(request);
        }
    });
}

/// Name and address of the network that is chosen.
fn chosen_model(state: State) -> Option<Model> {
    let name = state.model.get_untracked();
    state.models.with_untracked(|models| models.iter().find(|model| model.name == name).cloned())
}

/// Takes another network; every photo is looked at anew.
pub fn choose_model(state: State, name: String) {
    state.model.set(name);
    state.forget_findings();
    state.class.set(0);
    state.filter.update(|filter| filter.class = None);
    state.thumbnails.update(|thumbnails| thumbnails.clear());
    state.items.update(|items| items.iter_mut().for_each(|item| item.state = ItemState::Waiting));
    state.spent.set((0.0, 0));
    if state.phase.get_untracked() == Phase::Failed && with(|client| client.engine.is_some()) {
        state.phase.set(Phase::Running(true));
    }
    update(state);
}

/// After any change of what is wanted: ends what is no longer, begins what is.
pub fn update(state: State) {
    let stop = with(|client| match &mut client.task {
        Some(Task::Job(photo, job, stopping)) => {
            let wanted = state.chosen.get_untracked() == Some(*photo) && state.needs().as_ref() == Some(job);
            !wanted && !std::mem::replace(stopping, true)
        }
        _ => false,
    });
    if stop {
        send(&Request::Stop);
    }
    pump(state);
}

/// Gives up what takes long: the measure, or the map, for which CAM stands in.
pub fn stop(state: State) {
    match with(|client| client.task.clone()) {
        Some(Task::Job(_, Job::Main(..), _)) => state.method.set(Method::Cam),
        Some(Task::Job(_, Job::Other(..), _)) => state.against.set(None),
        _ => {}
    }
    state.wanted.set(None);
    update(state);
}

/// Gives the engine its next task, if it is free.
pub fn pump(state: State) {
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
        state.phase.set(Phase::Loading(format!("Loading {} …", model.title)));
        return send(&Request::Load { card: model.card, url: model.url });
    }
    let waits = |item: &&Item| item.state == ItemState::Waiting;
    let usable =
        |items: &Vec<Item>, id: u32| items.iter().any(|i| i.id == id && !matches!(i.state, ItemState::Failed(_)));
    let chosen = state.chosen.get_untracked().filter(|&id| state.items.with_untracked(|items| usable(items, id)));
    let open = with(|client| client.open);
    if let Some(photo) = chosen
        && open != Some(photo)
    {
        with(|client| (client.open, client.task) = (None, Some(Task::Open(photo))));
        if let Some(open) = open {
            send(&Request::Forget { photo: open });
        }
        return look(state, photo, LARGE);
    }
    if let (Some(photo), Some(job)) = (chosen, state.needs()) {
        with(|client| client.task = Some(Task::Job(photo, job.clone(), false)));
        return begin(state, photo, job);
    }
    state.working.set(None);
    if state.phase.get_untracked() == Phase::Running(true)
        && let Some(photo) = state.items.with_untracked(|items| items.iter().find(waits).map(|item| item.id))
    {
        with(|client| client.task = Some(Task::Survey(photo, now())));
        look(state, photo, SMALL);
    }
}

async fn content(photo: u32) -> Option<Vec<u8>> {
    let file = FILES.with_borrow(|files| files.get(&photo).cloned())?;
    bytes_of(&file).await
}

fn look(state: State, photo: u32, side: u32) {
    spawn_local(async move {
        match content(photo).await {
            Some(bytes) => send(&Request::Look { photo, bytes, side }),
            None => broken(state, "The file cannot be read any more. Drop it again.".into()),
        }
    });
}

fn begin(state: State, photo: u32, job: Job) {
    let what = match &job {
        Job::Main(explanation, _) => explanation.method.about().title,
        Job::Other(Against::Method(method), ..) => method.about().title,
        Job::Other(Against::Model(_), ..) => "The other network",
        Job::Other(Against::Class(_), explanation, _) => explanation.method.about().title,
        Job::Measure(_, _, Measure::Faithfulness) => "Measuring",
        Job::Measure(_, _, Measure::Sanity) => "Making weights random",
    };
    state.working.set(Some((what, 0, 0)));
    match job {
        Job::Main(explanation, class) => send(&Request::Explain { photo, explanation, classes: vec![class] }),
        Job::Measure(explanation, class, what) => send(&Request::Measure { photo, explanation, class, what }),
        Job::Other(Against::Method(method), explanation, class) => {
            send(&Request::Explain { photo, explanation: Explanation { method, ..explanation }, classes: vec![class] });
        }
        Job::Other(Against::Class(at), explanation, _) => {
            let other = untrack(|| state.drawn()).and_then(|drawn| drawn.look.predictions.get(at).map(|p| p.index));
            match other {
                Some(class) => send(&Request::Explain { photo, explanation, classes: vec![class] }),
                None => give_up(state),
            }
        }
        Job::Other(Against::Model(name), ..) => spawn_local(async move {
            let found = state.models.with_untracked(|models| models.iter().find(|m| m.name == name).cloned());
            let Some(Model { url, .. }) = found else { return give_up(state) };
            if with(|client| client.beside.as_ref() == Some(&url)) {
                return compare(state, photo).await;
            }
            match fetch(&url).await {
                // Its answer is followed by the comparison.
                Ok(file) => {
                    with(|client| client.beside = Some(url));
                    send(&Request::Recall { file });
                }
                Err(why) => {
                    state.say("error", format!("The other network cannot be used: {why}."));
                    give_up(state);
                }
            }
        }),
    }
}

async fn compare(state: State, photo: u32) {
    match content(photo).await {
        Some(bytes) => send(&Request::Compare { photo, bytes }),
        None => broken(state, "The file cannot be read any more. Drop it again.".into()),
    }
}

/// The task has come to nothing: so that it is not begun anew, it is no longer wanted.
fn give_up(state: State) {
    match with(|client| client.task.take()) {
        Some(Task::Job(_, Job::Main(..), false)) => state.method.set(Method::Cam),
        Some(Task::Job(_, Job::Other(..), false)) => state.against.set(None),
        Some(Task::Job(_, Job::Measure(..), false)) => state.wanted.set(None),
        _ => {}
    }
    state.working.set(None);
    pump(state);
}

/// The photo of the task cannot be used; of the open one only what was wanted beside.
fn broken(state: State, why: String) {
    match with(|client| client.task.clone()) {
        Some(Task::Survey(photo, _) | Task::Open(photo)) => {
            with(|client| client.task = None);
            state.item(photo, |item| item.state = ItemState::Failed(why));
            pump(state);
        }
        _ => {
            state.say("error", why);
            give_up(state);
        }
    }
}

/// Takes the answer to the task of the open photo, unless it is no longer wanted.
fn answered(state: State, photo: u32, keep: impl FnOnce(Job)) {
    if let Some(Task::Job(of, job, _)) = with(|client| client.task.take())
        && of == photo
        && state.chosen.get_untracked() == Some(photo)
        && state.needs().as_ref() == Some(&job)
    {
        keep(job);
    }
    pump(state);
}

fn take(state: State, event: Event) {
    match event {
        Event::Started => {
            with(|client| client.started = true);
            pump(state);
        }
        Event::Unusable { reason } => failed(state, &reason),
        Event::Progress { received, total } => {
            let [done, all] = [received as f64, total as f64].map(|bytes| fixed(bytes / 1e6, 1));
            state.phase.set(Phase::Loading(format!("Loading the network: {done} of {all} MB")));
        }
        Event::Loaded { .. } => {
            with(|client| {
                if let Some(Task::Load(name, url)) = client.task.take() {
                    client.loaded = Some((name, url));
                }
            });
            state.phase.set(Phase::Running(true));
            pump(state);
        }
        Event::Picture { picture, .. } => with(|client| client.picture = Some(picture)),
        Event::Looked { photo, look } => {
            let (task, picture) = with(|client| (client.task.take(), client.picture.take()));
            // Another network may have been chosen meanwhile, or all have been taken away.
            let model = chosen_model(state).map(|model| (model.name, model.url));
            if with(|client| client.loaded == model)
                && let (Some(task), Some(picture)) = (task, picture)
            {
                looked(state, photo, look, picture, &task);
            }
            pump(state);
        }
        Event::Explaining { done, of, .. } => state.working.update(|working| {
            if let Some((_, at, all)) = working {
                (*at, *all) = (done, of);
            }
        }),
        Event::Explained { photo, explanation, mut predictions } => answered(state, photo, |job| {
            let Some(prediction) = predictions.pop() else { return };
            match (&job, untrack(|| state.drawn())) {
                (Job::Other(..), Some(Drawn { look, .. })) => {
                    state.other.set(Some((job, Drawn { look, prediction, method: explanation.method })));
                }
                _ => state.explained.set(Some((job, prediction))),
            }
        }),
        Event::Measured { photo, measured, .. } => answered(state, photo, |_| {
            state.wanted.set(None);
            state.measures.update(|measures| match measured {
                Measured::Faithfulness(found) => measures.faithfulness = Some(found),
                Measured::Sanity(found) => measures.sanity = Some(found),
            });
        }),
        Event::Recalled { .. } => {
            if let Some(Task::Job(photo, ..)) = with(|client| client.task.clone()) {
                spawn_local(compare(state, photo));
            }
        }
        Event::Compared { photo, after, .. } => answered(state, photo, |job| {
            let class = untrack(|| state.drawn()).map(|drawn| drawn.prediction.class);
            if let (Some(look), Some(class)) = (after, class) {
                // The class that is looked at, or what the other network sees instead.
                let same = look.predictions.iter().find(|p| p.class == class).or(look.predictions.first()).cloned();
                if let Some(prediction) = same {
                    state.other.set(Some((job, Drawn { look, prediction, method: Method::Cam })));
                }
            }
        }),
        Event::Stopped { photo } => answered(state, photo, |_| ()),
        Event::Failed { photo: Some(_), message } => broken(state, message),
        Event::Failed { photo: None, message } => {
            state.say("error", message);
            match with(|client| client.task.clone()) {
                Some(Task::Load(..)) => {
                    with(|client| client.task = None);
                    state.phase.set(Phase::Failed);
                }
                _ => {
                    with(|client| client.beside = None);
                    give_up(state);
                }
            }
        }
        // What this part does not ask for.
        Event::Map { .. }
        | Event::Studied { .. }
        | Event::Lesson(_)
        | Event::Taught { .. }
        | Event::NotTaught { .. } => {}
    }
}

fn looked(state: State, photo: u32, look: Look, picture: Picture, task: &Task) {
    if state.items.with_untracked(|items| items.iter().all(|item| item.id != photo)) {
        return send(&Request::Forget { photo });
    }
    let fresh = state.thumbnails.with_untracked(|thumbnails| !thumbnails.contains_key(&photo));
    if fresh && let Some(thumbnail) = overlay_thumbnail(&picture, &look, SMALL as usize) {
        state.thumbnails.update(|thumbnails| drop(thumbnails.insert(photo, thumbnail)));
    }
    match task {
        Task::Open(_) => {
            with(|client| client.open = Some(photo));
            PICTURE.set(Some((photo, Rc::new(picture))));
            state.pictures.update(|n| *n += 1);
        }
        Task::Survey(_, since) => {
            state.spent.update(|(spent, photos)| (*spent, *photos) = (*spent + now() - since, *photos + 1));
            send(&Request::Forget { photo });
        }
        _ => {}
    }
    state.item(photo, |item| item.state = ItemState::Done(look));
}

/// Chooses a photo: it is looked at once more, large, and kept in the engine.
pub fn choose(state: State, id: u32) {
    if state.chosen.get_untracked() != Some(id) {
        state.chosen.set(Some(id));
        choose_class(state, 0);
    }
}

/// Another class of the chosen photo.
pub fn choose_class(state: State, class: usize) {
    state.class.set(class);
    state.forget_findings();
    update(state);
}

/// Another way to the chosen photo's map.
pub fn choose_method(state: State, method: Method) {
    state.method.set(method);
    state.forget_findings();
    update(state);
}

/// Holds the map against another.
pub fn hold_against(state: State, against: Option<Against>) {
    state.against.set(against);
    update(state);
}

/// Has the map measured.
pub fn measure(state: State, what: Measure) {
    state.wanted.set(Some(what));
    update(state);
}

/// Networks that were taught on this page can be chosen, too: the teaching part lists them, as `[card, address]`, in
/// `window.camscopeTaught`.
fn take_taught(state: State) {
    let Ok(taught) = property(&window(), "camscopeTaught").dyn_into::<Array>() else { return };
    let mut anew = false;
    state.models.update(|models| {
        for pair in taught.iter() {
            let pair: Array = pair.unchecked_into();
            let text = |i| pair.get(i).as_string().unwrap_or_default();
            let Some(model) = model_at(&text(0), text(1)) else { continue };
            match models.iter_mut().find(|known| known.name == model.name) {
                Some(known) => {
                    anew |= *known != model && model.name == state.model.get_untracked();
                    *known = model;
                }
                None => models.push(model),
            }
        }
    });
    state.other.set(None); // the network that it is of may have been taught once more
    match anew {
        true => choose_model(state, state.model.get_untracked()),
        false => update(state),
    }
}

/// Lets go of every photo.
pub fn clear(state: State) {
    files::forget();
    FILES.with_borrow_mut(|files| files.clear());
    PICTURE.set(None);
    state.chosen.set(None);
    state.against.set(None);
    state.filter.set(Filter::default());
    state.forget_findings();
    state.items.set(Vec::new());
    state.thumbnails.update(|thumbnails| thumbnails.clear());
    state.spent.set((0.0, 0));
    update(state);
}
