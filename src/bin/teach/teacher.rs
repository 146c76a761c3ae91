//! The engine that teaches: what is asked of it is asked in order, one conversation at a time.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use camscope::page::engine::Engine;
use camscope::page::manifest::Model;
use camscope::page::web::{bytes_of, fixed, window};
use camscope::project::{Outcome, Point};
use camscope::protocol::{Event, LessonEvent, Picture, Request};
use camscope::render::shrink;
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use futures::lock::Mutex;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::state::{Phase, State, View};

/// Views kept, and how large their pictures are at most.
const VIEWS: usize = 24;
const VIEW_SIDE: usize = 640;
/// Milliseconds of training before the time left is told.
const SURE: f64 = 1000.0;

thread_local! {
    static TEACHER: Rc<Mutex<Teacher>> = Rc::default();
    /// The running engine, for words that do not wait for their turn: stop and pause.
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
    static CANCELLED: RefCell<bool> = const { RefCell::new(false) };
}

/// What comes from the engine, or why nothing more will.
type Word = Result<Event, String>;

/// Why a conversation ended early.
enum Fault {
    /// The engine is gone: another device may do.
    Engine(String),
    /// What was asked for cannot be done.
    Told(String),
    Cancelled,
}

/// What the engine holds, so that nothing is sent twice.
#[derive(Default)]
struct Teacher {
    events: Option<UnboundedReceiver<Word>>,
    device: String,
    /// Name of the loaded model, and the project whose photos were studied.
    loaded: Option<(String, String)>,
    /// Whose weights were recalled or taught: the outcome's card.
    recalled: Option<String>,
    /// Photos studied, and whether with changed copies.
    studied: HashMap<u32, bool>,
}

/// Teaches the open project.
pub fn train(state: State) {
    if state.phase.with_untracked(Phase::busy) {
        return;
    }
    CANCELLED.set(false);
    state.phase.set(Phase::Loading("Waiting for the engine …".into()));
    state.paused.set(false);
    state.live.set(None);
    spawn_local(async move {
        let teacher = TEACHER.with(Rc::clone);
        let mut teacher = teacher.lock().await;
        let mut taught = teacher.teach(state).await;
        if let Err(Fault::Engine(why)) = &taught
            && state.device.get_untracked() == "webgpu"
        {
            state.say("note", format!("The WebGPU engine stopped ({why}). The CPU goes on from the beginning."));
            state.device.set("cpu".into());
            taught = teacher.teach(state).await;
        }
        match taught {
            Ok(()) => {
                state.phase.set(Phase::Done);
                if let Some(photo) = state.watched.get_untracked() {
                    view(state, photo);
                }
            }
            Err(Fault::Cancelled) => {
                state.live.set(None);
                state.phase.set(Phase::Idle);
            }
            Err(Fault::Told(why)) => {
                state.say("error", why);
                state.phase.set(Phase::Failed);
            }
            Err(Fault::Engine(why)) => {
                state.say("error", format!("The engine stopped ({why}). Your photos are kept; try again."));
                state.phase.set(Phase::Failed);
            }
        }
    });
}

/// Ends the training after this step; the best weights so far count. While photos are studied, nothing is kept.
pub fn stop(state: State) {
    CANCELLED.set(true);
    if matches!(state.phase.get_untracked(), Phase::Training { .. }) {
        send(&Request::Stop);
    }
}

pub fn pause(state: State, on: bool) {
    state.paused.set(on);
    send(&Request::Pause(on));
}

/// Looks at a photo with the network as it was and as it has become, unless that was done.
pub fn view(state: State, photo: u32) {
    if state.views.with_untracked(|views| views.contains_key(&photo)) {
        return;
    }
    spawn_local(async move {
        let teacher = TEACHER.with(Rc::clone);
        let mut teacher = teacher.lock().await;
        if let Err(Fault::Told(why) | Fault::Engine(why)) = teacher.compare(state, photo).await {
            state.say("error", why);
        }
    });
}

/// The card (JSON) of a checkpoint, or why it is none.
pub async fn open(state: State, file: Vec<u8>) -> Result<String, String> {
    let teacher = TEACHER.with(Rc::clone);
    let mut teacher = teacher.lock().await;
    teacher.recalled = None;
    let opened = async {
        teacher.begin(state).await?;
        send(&Request::Recall { file });
        teacher.recalled().await
    };
    opened.await.map_err(|fault| match fault {
        Fault::Told(why) | Fault::Engine(why) => why,
        Fault::Cancelled => "It was stopped.".into(),
    })
}

fn send(request: &Request) {
    ENGINE.with_borrow(|engine| {
        if let Some(engine) = engine {
            engine.send(request);
        }
    });
}

impl Teacher {
    async fn next(&mut self) -> Result<Event, Fault> {
        let word = match &mut self.events {
            Some(events) => events.next().await,
            None => None,
        };
        let why = match word {
            Some(Ok(Event::Unusable { reason })) | Some(Err(reason)) => reason,
            Some(Ok(event)) => return Ok(event),
            None => "it is not running".into(),
        };
        *self = Self::default();
        ENGINE.take();
        Err(Fault::Engine(why.trim_end_matches('.').to_owned()))
    }

    /// Starts the engine on the chosen device, if it does not run there.
    async fn begin(&mut self, state: State) -> Result<(), Fault> {
        let device = state.device.get_untracked();
        let device = if device.is_empty() { "cpu".to_owned() } else { device };
        if self.events.is_some() && self.device == device {
            return Ok(());
        }
        *self = Self { device, ..Self::default() };
        let (words, events) = unbounded();
        self.events = Some(events);
        let failures = words.clone();
        let misfit = || "the page and the engine do not fit together; reload the page".to_owned();
        let on_event = move |event: Option<Event>| drop(words.unbounded_send(event.ok_or_else(misfit)));
        let on_failure = move |why| drop(failures.unbounded_send(Err(why)));
        let engine = Engine::start(&self.device, on_event, on_failure).map_err(Fault::Engine)?;
        ENGINE.replace(Some(engine));
        while !matches!(self.next().await?, Event::Started) {}
        Ok(())
    }

    /// The network that the project begins from, in the engine; forgets another project's photos.
    async fn load(&mut self, state: State) -> Result<(), Fault> {
        self.begin(state).await?;
        let project = state.project.get_untracked();
        let wanted = (project.base.clone(), project.id.clone());
        if self.loaded.as_ref() == Some(&wanted) {
            return Ok(());
        }
        let found =
            state.models.with_untracked(|models| models.iter().find(|model| model.name == project.base).cloned());
        let Some(Model { card, url, bytes, title, .. }) = found else {
            return Err(Fault::Told(format!(
                "This site has no network “{}”. Choose another to begin from.",
                project.base
            )));
        };
        (self.loaded, self.recalled) = (None, None);
        self.studied.clear();
        send(&Request::Load { card, url });
        loop {
            match self.next().await? {
                Event::Progress { received, .. } if state.phase.with_untracked(Phase::busy) => {
                    let [done, all] = [received as f64, bytes].map(|bytes| fixed(bytes / 1e6, 1));
                    state.phase.set(Phase::Loading(format!("Loading {title}: {done} of {all} MB")));
                }
                Event::Loaded { .. } => break,
                Event::Failed { message, .. } => return Err(Fault::Told(message)),
                _ => {}
            }
        }
        self.loaded = Some(wanted);
        Ok(())
    }

    async fn teach(&mut self, state: State) -> Result<(), Fault> {
        self.load(state).await?;
        cancelled()?;
        let project = state.project.get_untracked();
        if let Some(why) = project.why_not_yet() {
            return Err(Fault::Told(why));
        }
        self.study(state).await?;
        let mut project = state.project.get_untracked();
        // Photos that could not be used, or that came meanwhile, are not in this lesson.
        project.photos.retain(|photo| self.studied.get(&photo.id) == Some(&project.settings.augment));
        if let Some(why) = project.why_not_yet() {
            return Err(Fault::Told(why));
        }
        let watched = state.watched.get_untracked().or(project.photos.first().map(|photo| photo.id));
        state.watched.set(watched);
        let mut lesson = project.lesson(watched);
        let chosen = state.watched_class.get_untracked();
        let chosen = project.classes.iter().position(|class| Some(class.id) == chosen);
        if let (Some((_, class)), Some(chosen)) = (&mut lesson.watched, chosen) {
            *class = chosen;
        }
        if let Some(photo) = watched {
            self.look(state, photo, false).await?;
        }
        cancelled()?;
        state.change(|project| project.curve.clear());
        let followed = lesson.watched;
        let since = now();
        state.phase.set(Phase::Training { done: 0, of: 0, since });
        send(&Request::Teach(lesson));
        loop {
            match self.next().await? {
                Event::Lesson(LessonEvent::Step { done, total, .. }) => {
                    state.phase.set(Phase::Training { done, of: total, since });
                }
                Event::Lesson(LessonEvent::Epoch { number, of, train_loss, held_out, watched }) => {
                    state.change(|project| project.curve.push(Point { epoch: number, of, train_loss, held_out }));
                    // Another photo or class may have been chosen since.
                    let photo = state.watched.get_untracked();
                    let class = state.watched_class.get_untracked();
                    let class = class.and_then(|class| project.classes.iter().position(|known| known.id == class));
                    if followed.is_some_and(|(p, c)| Some(p) == photo && class.is_none_or(|class| class == c)) {
                        state.live.set(watched);
                    }
                }
                Event::Taught { card, file, answers } => {
                    self.recalled = None;
                    let classes = project.classes.iter().map(|class| class.id).collect();
                    let outcome = Some(Outcome { card: card.clone(), classes, answers });
                    let mut taught = state.project.get_untracked();
                    taught.outcome.clone_from(&outcome);
                    if let Some(store) = state.store() {
                        let kept = store.keep_taught(&taught, &file).await;
                        kept.map_err(|error| Fault::Told(format!("The taught network cannot be kept: {error}.")))?;
                    }
                    self.recalled = Some(card);
                    state.views.update(HashMap::clear);
                    state.project.update(|project| project.outcome = outcome);
                    return Ok(());
                }
                Event::NotTaught { message } => {
                    cancelled()?;
                    return Err(Fault::Told(message));
                }
                _ => {}
            }
        }
    }

    /// Has the frozen stages look at every photo that they have not seen.
    async fn study(&mut self, state: State) -> Result<(), Fault> {
        let project = state.project.get_untracked();
        let gone = |id: &u32| project.photos.iter().all(|photo| photo.id != *id);
        for photo in self.studied.extract_if(|id, _| gone(id)).map(|(id, _)| id) {
            send(&Request::Forget { photo });
        }
        let augment = project.settings.augment;
        let new: Vec<_> =
            project.photos.iter().filter(|photo| self.studied.get(&photo.id) != Some(&augment)).cloned().collect();
        let of = new.len();
        for (done, photo) in new.into_iter().enumerate() {
            state.phase.set(Phase::Features { done, of });
            cancelled()?;
            let studied = match content(state, &project.id, photo.id).await {
                Some(bytes) => {
                    send(&Request::Study { photo: photo.id, bytes, augment });
                    self.studied(photo.id).await?
                }
                None => Err("The file is gone from this browser.".into()),
            };
            match studied {
                Ok(()) => drop(self.studied.insert(photo.id, augment)),
                Err(why) => state.say("error", format!("{} is left out: {why}", photo.name)),
            }
        }
        state.phase.set(Phase::Features { done: of, of });
        Ok(())
    }

    async fn studied(&mut self, wanted: u32) -> Result<Result<(), String>, Fault> {
        loop {
            match self.next().await? {
                Event::Studied { photo } if photo == wanted => return Ok(Ok(())),
                Event::Failed { photo: Some(photo), message } if photo == wanted => return Ok(Err(message)),
                Event::Failed { photo: None, message } => return Err(Fault::Told(message)),
                _ => {}
            }
        }
    }

    /// A photo as the network sees it now, and as the taught one does.
    async fn compare(&mut self, state: State, photo: u32) -> Result<(), Fault> {
        self.load(state).await?;
        let project = state.project.get_untracked();
        if let Some(outcome) = &project.outcome {
            self.recall(state, &project.id, &outcome.card).await?;
        }
        self.look(state, photo, project.outcome.is_some()).await
    }

    async fn look(&mut self, state: State, photo: u32, taught: bool) -> Result<(), Fault> {
        let project = state.project.with_untracked(|project| project.id.clone());
        let Some(bytes) = content(state, &project, photo).await else { return Ok(()) };
        send(&Request::Compare { photo, bytes });
        loop {
            match self.next().await? {
                Event::Compared { picture, before, after, .. } => {
                    let after = after.filter(|_| taught);
                    if state.project.with_untracked(|now| now.id != project) {
                        return Ok(()); // another project was opened; its photos have the same numbers
                    }
                    keep_view(state, photo, View { picture: small(picture), before, after });
                    return Ok(());
                }
                Event::Failed { message, .. } => return Err(Fault::Told(message)),
                _ => {}
            }
        }
    }

    /// Gives the engine the project's kept weights, unless it has them.
    async fn recall(&mut self, state: State, project: &str, card: &str) -> Result<(), Fault> {
        if self.recalled.as_deref() == Some(card) {
            return Ok(());
        }
        let blob = match state.store() {
            Some(store) => store.weights(project).await.ok().flatten(),
            None => None,
        };
        let file = match blob {
            Some(blob) => bytes_of(&blob).await,
            None => None,
        };
        let Some(file) = file else {
            return Err(Fault::Told("The taught network is gone from this browser. Train once more.".into()));
        };
        send(&Request::Recall { file });
        self.recalled().await?;
        self.recalled = Some(card.to_owned());
        Ok(())
    }

    /// The card of what was recalled.
    async fn recalled(&mut self) -> Result<String, Fault> {
        loop {
            match self.next().await? {
                Event::Recalled { card } => return Ok(card),
                Event::Failed { message, .. } => return Err(Fault::Told(message)),
                _ => {}
            }
        }
    }
}

/// Whether the person has stopped what runs.
fn cancelled() -> Result<(), Fault> {
    if CANCELLED.with_borrow(|cancelled| *cancelled) { Err(Fault::Cancelled) } else { Ok(()) }
}

fn keep_view(state: State, photo: u32, view: View) {
    let watched = state.watched.get_untracked();
    state.views.update(|views| {
        if views.len() >= VIEWS {
            let old = views.keys().copied().find(|&kept| Some(kept) != watched);
            old.and_then(|old| views.remove(&old));
        }
        views.insert(photo, Arc::new(view));
    });
}

fn small(picture: Picture) -> Picture {
    let (rgb, width, height) = shrink(&picture.rgb, picture.width as usize, picture.height as usize, VIEW_SIDE);
    Picture { width: width as u32, height: height as u32, rgb, notes: picture.notes }
}

/// The kept file of a photo.
async fn content(state: State, project: &str, photo: u32) -> Option<Vec<u8>> {
    let kept = state.store()?.photo(project, photo).await.ok()??;
    bytes_of(&kept.file).await
}

pub fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// How long a training still takes, in words; nothing while that is a guess.
pub fn time_left(done: usize, of: usize, since: f64) -> String {
    let spent = now() - since;
    if done == 0 || spent < SURE {
        return String::new();
    }
    let seconds = spent / done as f64 * (of - done) as f64 / 1000.0;
    match seconds {
        s if s < 1.5 => "about a second left".into(),
        s if s < 90.0 => format!("about {} seconds left", fixed(s, 0)),
        s => format!("about {} minutes left", fixed(s / 60.0, 0)),
    }
}
