//! The near end of the checking part's own engine: one request at a time. What the person waits for goes before the rest of
//! the folder.

use std::cell::RefCell;
use std::rc::Rc;

use camscope::method::Explanation;
use camscope::page::canvas::overlay_thumbnail;
use camscope::page::engine::Engine;
use camscope::page::manifest::{Model, model_at, models};
use camscope::page::web::{body_data, bytes_of, fetch, fixed, now, property, window};
use camscope::protocol::{Event, Look, Measure, Measured, Picture, Request};
use camscope::survey::{Item, ItemState};
use js_sys::Array;
use leptos::ev::Custom;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::CustomEvent;

use crate::state::{Against, FILES, Measures, Other, PICTURE, Phase, State};

/// Longest side of the pictures: in the gallery, and on the stage.
const SMALL: u32 = 192;
const LARGE: u32 = 900;

/// What the engine is asked to do for the chosen photo, beyond looking at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Explain,
    Measure(Measure),
    /// The map that the chosen one is held against.
    Other,
}

/// What the engine does now.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Task {
    /// A photo of the folder, since when.
    Survey(u32, f64),
    /// The chosen photo, large; it stays in the engine.
    Open(u32),
    Wish(u32, Wish),
}

#[derive(Default)]
struct Client {
    engine: Option<Engine>,
    device: String,
    /// The network is there.
    ready: bool,
    task: Option<Task>,
    /// The photo that the engine keeps.
    open: Option<u32>,
    wish: Option<Wish>,
    /// The network beside the loaded one, by name.
    beside: Option<String>,
    /// The small picture of the photo that is being looked at.
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
                let name = models.iter().find(|model| model.name == looking).or(models.first()).map(|m| m.name.clone());
                state.model.set(name.unwrap_or_default());
                state.models.set(models);
                take_taught(state);
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

/// Takes another network; every photo is looked at anew.
pub fn choose_model(state: State, name: String) {
    stop_wish(state);
    state.model.set(name);
    state.forget_findings();
    state.class.set(0);
    state.filter.update(|filter| filter.class = None);
    state.thumbnails.update(|thumbnails| thumbnails.clear());
    state.items.update(|items| {
        for item in items.iter_mut().filter(|item| item.look().is_some()) {
            item.state = ItemState::Waiting;
        }
    });
    state.spent.set((0.0, 0));
    load(state);
}

fn load(state: State) {
    let name = state.model.get_untracked();
    let found = state.models.with_untracked(|models| models.iter().find(|model| model.name == name).cloned());
    let Some(Model { card, url, title, .. }) = found else { return };
    with(|client| (client.ready, client.open, client.wish) = (false, None, None));
    state.phase.set(Phase::Loading(format!("Loading {title} …")));
    send(&Request::Load { card, url });
}

/// Has the engine do something for the chosen photo, in place of what it was doing for it.
pub fn wish(state: State, wish: Wish) {
    stop_wish(state);
    with(|client| client.wish = Some(wish));
    pump(state);
}

/// Ends what takes long.
pub fn stop_wish(state: State) {
    let running = with(|client| {
        client.wish = None;
        matches!(client.task, Some(Task::Wish(..))).then(|| client.task = None)
    });
    if running.is_some() {
        send(&Request::Stop);
    }
    state.working.set(None);
}

/// Gives the engine its next task, if it is free: the chosen photo, what is wished for it, or the next of the folder.
pub fn pump(state: State) {
    let chosen = state.chosen.get_untracked();
    let usable = chosen.filter(|id| {
        let broken = |items: &Vec<_>| {
            items.iter().any(|i: &camscope::survey::Item| i.id == *id && matches!(i.state, ItemState::Failed(_)))
        };
        !state.items.with_untracked(broken)
    });
    let running = matches!(state.phase.get_untracked(), Phase::Running(true));
    let waiting = || {
        let waits = |item: &&Item| item.state == ItemState::Waiting;
        state.items.with_untracked(|items| items.iter().find(waits).map(|item| item.id))
    };
    let task = with(|client| {
        if !client.ready || client.task.is_some() {
            return None;
        }
        client.task = match (usable, client.open, client.wish) {
            (Some(id), open, _) if open != Some(id) => Some(Task::Open(id)),
            (Some(id), _, Some(wish)) => {
                client.wish = None;
                Some(Task::Wish(id, wish))
            }
            _ if running => waiting().map(|id| Task::Survey(id, now())),
            _ => None,
        };
        client.task
    });
    match task {
        None => {}
        Some(Task::Survey(photo, _)) => look(state, photo, SMALL),
        Some(Task::Open(photo)) => {
            if let Some(open) = with(|client| client.open.take()) {
                send(&Request::Forget { photo: open });
            }
            look(state, photo, LARGE);
        }
        Some(Task::Wish(photo, wish)) => grant(state, photo, wish),
    }
}

fn look(state: State, photo: u32, side: u32) {
    let file = FILES.with_borrow(|files| files.get(&photo).cloned());
    spawn_local(async move {
        let bytes = match file {
            Some(file) => bytes_of(&file).await,
            None => None,
        };
        match bytes {
            Some(bytes) => send(&Request::Look { photo, bytes, side }),
            None => broken(state, photo, "The file cannot be read any more. Drop it again.".into()),
        }
    });
}

fn grant(state: State, photo: u32, wish: Wish) {
    let class = untrack(|| state.prediction()).map(|(_, prediction)| prediction.index);
    let Some(class) = class else {
        with(|client| client.task = None);
        return;
    };
    let explanation = state.explanation();
    let (what, request) = match wish {
        Wish::Other => match state.against.get_untracked() {
            Some(Against::Method(method)) => {
                let explanation = Explanation { method, ..explanation };
                (method.about().title, Request::Explain { photo, explanation, classes: vec![class] })
            }
            Some(Against::Model(name)) => {
                state.working.set(Some(("The other network", 0, 0)));
                spawn_local(async move {
                    if let Err(why) = beside(photo, state, name).await {
                        state.say("error", format!("The other network cannot be used: {why}."));
                        done(state, photo, Wish::Other);
                        pump(state);
                    }
                });
                return;
            }
            _ => {
                with(|client| client.task = None);
                return;
            }
        },
        Wish::Explain => ("The map", Request::Explain { photo, explanation, classes: vec![class] }),
        Wish::Measure(what) => {
            let words = if what == Measure::Faithfulness { "Measuring" } else { "Making weights random" };
            (words, Request::Measure { photo, explanation, class, what })
        }
    };
    state.working.set(Some((what, 0, 0)));
    send(&request);
}

/// Has the engine take up another network beside the loaded one, and look at the photo with both.
async fn beside(photo: u32, state: State, name: String) -> Result<(), String> {
    let found = state.models.with_untracked(|models| models.iter().find(|model| model.name == name).cloned());
    let Some(Model { url, .. }) = found else { return Err("it is not there any more".into()) };
    if with(|client| client.beside.as_ref() != Some(&name)) {
        let file = fetch(&url).await?;
        with(|client| client.beside = Some(name));
        send(&Request::Recall { file });
    }
    let file = FILES.with_borrow(|files| files.get(&photo).cloned());
    let Some(file) = file else { return Err("the photo is gone".into()) };
    let bytes = bytes_of(&file).await.ok_or("the photo cannot be read any more")?;
    send(&Request::Compare { photo, bytes });
    Ok(())
}

fn take(state: State, event: Event) {
    match event {
        Event::Started => load(state),
        Event::Unusable { reason } => failed(state, &reason),
        Event::Progress { received, total } => {
            let [done, all] = [received as f64, total as f64].map(|bytes| fixed(bytes / 1e6, 1));
            state.phase.set(Phase::Loading(format!("Loading the network: {done} of {all} MB")));
        }
        Event::Loaded { model, .. } => {
            // Another one may have been chosen while this one was on its way.
            if model == state.model.get_untracked() {
                with(|client| (client.ready, client.task) = (true, None));
                state.phase.set(Phase::Running(true));
                pump(state);
            }
        }
        Event::Picture { picture, .. } => with(|client| client.picture = Some(picture)),
        Event::Looked { photo, look } => {
            let (task, picture) = with(|client| (client.task.take(), client.picture.take()));
            // What was asked of the network before counts no more.
            if with(|client| client.ready)
                && let Some(picture) = picture
            {
                looked(state, photo, look, picture, task);
            }
            pump(state);
        }
        Event::Explaining { done, of, .. } => state.working.update(|working| {
            if let Some((_, at, all)) = working {
                (*at, *all) = (done, of);
            }
        }),
        Event::Explained { photo, explanation, mut predictions } => {
            let other = match state.against.get_untracked() {
                Some(Against::Method(method)) => Some(Explanation { method, ..state.explanation() }),
                _ => None,
            };
            let expected = with(|client| client.task == Some(Task::Wish(photo, Wish::Other)));
            match predictions.pop() {
                Some(prediction) if expected && Some(explanation) == other => {
                    done(state, photo, Wish::Other);
                    if let Some((look, _)) = untrack(|| state.prediction()) {
                        state.other.set(Some(Other { photo, look, prediction }));
                    }
                }
                Some(prediction) if explanation == state.explanation() => {
                    done(state, photo, Wish::Explain);
                    state.explained.set(Some((photo, explanation, prediction)));
                    hold_against(state);
                }
                _ => {}
            }
            pump(state);
        }
        Event::Measured { photo, explanation, class, measured } => {
            let shown = untrack(|| state.prediction()).is_some_and(|(_, prediction)| prediction.index == class);
            let what = match &measured {
                Measured::Faithfulness(_) => Measure::Faithfulness,
                Measured::Sanity(_) => Measure::Sanity,
            };
            done(state, photo, Wish::Measure(what));
            if shown && explanation == state.explanation() && state.chosen.get_untracked() == Some(photo) {
                state.measures.update(|measures| match measured {
                    Measured::Faithfulness(found) => measures.faithfulness = Some(found),
                    Measured::Sanity(found) => measures.sanity = Some(found),
                });
            }
            pump(state);
        }
        Event::Failed { photo: Some(photo), message } => broken(state, photo, message),
        Event::Failed { photo: None, message } => {
            state.say("error", message);
            state.working.set(None);
            let ready = with(|client| {
                (client.task, client.beside) = (None, None);
                client.ready
            });
            match ready {
                true => pump(state),
                false => state.phase.set(Phase::Failed),
            }
        }
        Event::Compared { photo, after, .. } => {
            let expected = with(|client| client.task == Some(Task::Wish(photo, Wish::Other)));
            let class = untrack(|| state.prediction()).map(|(_, prediction)| prediction.class);
            if expected && let (Some(look), Some(class)) = (after, class) {
                // The class that is looked at, or what the other network sees instead.
                let same = look.predictions.iter().find(|p| p.class == class).or(look.predictions.first()).cloned();
                state.other.set(same.map(|prediction| Other { photo, look, prediction }));
            }
            done(state, photo, Wish::Other);
            pump(state);
        }
        // What this part does not ask for, or need not know.
        Event::Map { .. }
        | Event::Studied { .. }
        | Event::Lesson(_)
        | Event::Taught { .. }
        | Event::NotTaught { .. }
        | Event::Recalled { .. } => {}
    }
}

fn looked(state: State, photo: u32, look: Look, picture: Picture, task: Option<Task>) {
    let fresh = state.thumbnails.with_untracked(|thumbnails| !thumbnails.contains_key(&photo));
    if fresh && let Some(thumbnail) = overlay_thumbnail(&picture, &look, SMALL as usize) {
        state.thumbnails.update(|thumbnails| drop(thumbnails.insert(photo, thumbnail)));
    }
    match task {
        Some(Task::Open(_)) => {
            with(|client| client.open = Some(photo));
            PICTURE.set(Some((photo, Rc::new(picture))));
            state.pictures.update(|n| *n += 1);
        }
        Some(Task::Survey(_, since)) => {
            state.spent.update(|(spent, photos)| (*spent, *photos) = (*spent + now() - since, *photos + 1));
            send(&Request::Forget { photo });
        }
        _ => {}
    }
    state.item(photo, |item| item.state = ItemState::Done(look));
}

/// The engine is free again, unless it was asked for something else meanwhile.
fn done(state: State, photo: u32, wish: Wish) {
    let same = with(|client| (client.task == Some(Task::Wish(photo, wish))).then(|| client.task = None));
    if same.is_some() {
        state.working.set(None);
    }
}

fn broken(state: State, photo: u32, why: String) {
    with(|client| client.task = None);
    state.item(photo, |item| item.state = ItemState::Failed(why));
    pump(state);
}

/// Chooses a photo: it is looked at once more, large, and kept in the engine.
pub fn choose(state: State, id: u32) {
    if state.chosen.get_untracked() == Some(id) {
        return;
    }
    stop_wish(state);
    state.chosen.set(Some(id));
    state.class.set(0);
    refresh(state);
}

/// Another class of the chosen photo.
pub fn choose_class(state: State, class: usize) {
    stop_wish(state);
    state.class.set(class);
    refresh(state);
}

/// After a change of what is drawn: its findings, and its map by a method other than CAM.
pub fn refresh(state: State) {
    state.forget_findings();
    match state.method.get_untracked() == Default::default() {
        true => hold_against(state),
        false => wish(state, Wish::Explain),
    }
}

/// Has the map made that the chosen one is held against, where it takes the engine.
pub fn hold_against(state: State) {
    state.other.set(None);
    match state.against.get_untracked() {
        Some(Against::Method(_) | Against::Model(_)) => wish(state, Wish::Other),
        _ => pump(state),
    }
}

/// Networks that were taught on this page can be chosen, too: the teaching part lists them, as `[card, address]`, in
/// `window.camscopeTaught`.
pub fn take_taught(state: State) {
    let Ok(taught) = property(&window(), "camscopeTaught").dyn_into::<Array>() else { return };
    state.models.update(|models| {
        for pair in taught.iter() {
            let pair: Array = pair.unchecked_into();
            let text = |i| pair.get(i).as_string().unwrap_or_default();
            let Some(model) = model_at(&text(0), text(1)) else { continue };
            match models.iter_mut().find(|known| known.name == model.name) {
                Some(known) => *known = model,
                None => models.push(model),
            }
        }
    });
    with(|client| client.beside = None); // taught once more, it is another
}

/// Lets go of every photo.
pub fn clear(state: State) {
    stop_wish(state);
    FILES.with_borrow_mut(|files| files.clear());
    PICTURE.set(None);
    state.chosen.set(None);
    state.measures.set(Measures::default());
    state.explained.set(None);
    state.items.set(Vec::new());
    state.thumbnails.update(|thumbnails| thumbnails.clear());
    state.spent.set((0.0, 0));
}
