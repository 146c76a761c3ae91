//! Tasks for the engine: to teach, and to run inference on a photo before and after. One task at a time.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::core::inference::Picture;
use crate::core::lesson::LessonEvent;
use crate::core::message::Message;
use crate::core::project::{Outcome, Point};
use crate::core::resample::shrink;
use crate::page::web::now;
use crate::protocol::{Reply, Request};
use futures::lock::Mutex;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::conversation::{Fault, Teacher, content, send};
use super::state::{Phase, State, View};

/// Views kept, and how large their pictures are at most.
const VIEWS: usize = 24;
const VIEW_SIDE: usize = 640;

thread_local! {
    static TEACHER: Rc<Mutex<Teacher>> = Rc::default();
    static CANCELLED: RefCell<bool> = const { RefCell::new(false) };
}

/// Teaches the open project.
pub fn train(state: State) {
    if state.phase.with_untracked(Phase::busy) {
        return;
    }
    CANCELLED.set(false);
    state.phase.set(Phase::Loading("engine-waiting".into()));
    state.paused.set(None);
    state.live.set(None);
    spawn_local(async move {
        let teacher = TEACHER.with(Rc::clone);
        let mut teacher = teacher.lock().await;
        let mut taught = teacher.teach(state).await;
        if falls_back(state, &teacher, &taught) {
            state.phase.set(Phase::Loading("engine-waiting".into()));
            state.live.set(None);
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
            Err(Fault::Failed(why)) => {
                state.say("error", why);
                state.phase.set(Phase::Failed);
            }
            Err(Fault::Engine(why)) => {
                state.say("error", Message::new("teach-engine-stopped").with("why", why));
                state.phase.set(Phase::Failed);
            }
        }
    });
}

/// Ends the training after this step; the best weights so far count. While features are extracted, nothing is kept.
pub fn stop(state: State) {
    CANCELLED.set(true);
    if matches!(state.phase.get_untracked(), Phase::Training { .. }) {
        send(&Request::Stop);
    }
}

/// Has the training wait, or go on; what the wait took is no part of its time.
pub fn pause(state: State, on: bool) {
    if let Some(paused) = state.paused.get_untracked() {
        state.phase.update(|phase| {
            if let Phase::Training { since, .. } = phase {
                *since += now() - paused;
            }
        });
    }
    state.paused.set(on.then(now));
    send(&Request::Pause(on));
}

/// Whether the WebGPU engine is gone and the CPU is to try the same.
fn falls_back<T>(state: State, teacher: &Teacher, outcome: &Result<T, Fault>) -> bool {
    let Err(Fault::Engine(why)) = outcome else { return false };
    if teacher.device != "webgpu" {
        return false;
    }
    state.say("note", Message::new("teach-webgpu-stopped").with("why", why.clone()));
    state.on_cpu.set(true);
    true
}

/// Run inference on a photo with the network as it was and as it has become, unless that was done.
pub fn view(state: State, photo: u32) {
    if seen(state, photo) {
        return;
    }
    spawn_local(async move {
        let teacher = TEACHER.with(Rc::clone);
        let mut teacher = teacher.lock().await;
        if seen(state, photo) {
            return; // asked for twice, while another conversation went on
        }
        let mut compared = teacher.compare(state, photo).await;
        if falls_back(state, &teacher, &compared) {
            compared = teacher.compare(state, photo).await;
        }
        match compared {
            Err(Fault::Failed(why)) => state.say("error", why),
            Err(Fault::Engine(why)) => state.say("error", Message::new("teach-engine-stopped").with("why", why)),
            Ok(()) | Err(Fault::Cancelled) => {}
        }
    });
}

/// The card (JSON) of a checkpoint, or why it is none.
pub async fn open(state: State, file: Vec<u8>) -> Result<String, Message> {
    let teacher = TEACHER.with(Rc::clone);
    let mut teacher = teacher.lock().await;
    teacher.second = None;
    let opened = async {
        teacher.begin(state).await?;
        send(&Request::LoadSecond { file });
        teacher.second_loaded().await
    };
    opened.await.map_err(|fault| match fault {
        Fault::Failed(why) => why,
        Fault::Engine(why) => Message::new("teach-engine-stopped").with("why", why),
        Fault::Cancelled => "teach-cancelled".into(),
    })
}

impl Teacher {
    async fn teach(&mut self, state: State) -> Result<(), Fault> {
        self.load(state).await?;
        cancelled()?;
        let project = state.project.get_untracked();
        if let Some(why) = project.blocker() {
            return Err(Fault::Failed(why));
        }
        self.extract_features(state).await?;
        let mut project = state.project.get_untracked();
        // Photos that could not be used, or that came meanwhile, are not in this lesson.
        project.photos.retain(|photo| self.extracted.get(&photo.id) == Some(&project.settings.augment));
        if let Some(why) = project.blocker() {
            return Err(Fault::Failed(why));
        }
        let watched = state.watched.get_untracked().or(project.photos.first().map(|photo| photo.id));
        state.watched.set(watched);
        let mut lesson = project.lesson(watched);
        let chosen = state.watched_class.get_untracked();
        let chosen = project.classes.iter().position(|class| Some(class.id) == chosen);
        if let (Some((_, class)), Some(chosen)) = (&mut lesson.watched, chosen) {
            *class = chosen;
        }
        if let Some(photo) = watched.filter(|photo| !seen(state, *photo)) {
            self.infer(state, photo, false).await?;
        }
        cancelled()?;
        state.change(|project| project.curve.clear());
        let followed = lesson.watched;
        state.phase.set(Phase::Training { done: 0, of: 0, since: now() });
        send(&Request::Teach(lesson));
        loop {
            match self.next().await? {
                Reply::Lesson(LessonEvent::Step { done, total, .. }) => {
                    state.phase.update(|phase| {
                        if let Phase::Training { since, .. } = *phase {
                            *phase = Phase::Training { done, of: total, since };
                        }
                    });
                }
                Reply::Lesson(LessonEvent::Epoch { number, of, train_loss, held_out, watched, milliseconds }) => {
                    state.took.set(milliseconds);
                    state.change(|project| project.curve.push(Point { epoch: number, of, train_loss, held_out }));
                    // Another photo or class may have been chosen since.
                    let photo = state.watched.get_untracked();
                    let class = state.watched_class.get_untracked();
                    let class = class.and_then(|class| project.classes.iter().position(|known| known.id == class));
                    if followed.is_some_and(|(p, c)| Some(p) == photo && class.is_none_or(|class| class == c)) {
                        state.live.set(watched);
                    }
                }
                Reply::Taught { card, file, answers } => {
                    self.second = None;
                    let classes = project.classes.iter().map(|class| class.id).collect();
                    let outcome = Some(Outcome { card: card.clone(), classes, answers });
                    // Before it is written: what else writes the project meanwhile must name these weights, too.
                    let before = state.project.with_untracked(|project| project.outcome.clone());
                    state.project.update(|project| project.outcome = outcome);
                    let taught = state.project.get_untracked();
                    if let Some(store) = state.store()
                        && let Err(error) = store.keep_taught(&taught, &file).await
                    {
                        state.change(|project| project.outcome = before);
                        return Err(Fault::Failed(Message::new("teach-network-unkept").with("why", error.message())));
                    }
                    self.second = Some(card);
                    state.views.update(HashMap::clear);
                    return Ok(());
                }
                Reply::TeachFailed { message } => {
                    cancelled()?;
                    return Err(Fault::Failed(message));
                }
                _ => {}
            }
        }
    }

    /// Extract the features of every photo that lacks them, with the frozen stages.
    async fn extract_features(&mut self, state: State) -> Result<(), Fault> {
        let project = state.project.get_untracked();
        let gone = |id: &u32| project.photos.iter().all(|photo| photo.id != *id);
        for photo in self.extracted.extract_if(|id, _| gone(id)).map(|(id, _)| id) {
            send(&Request::Forget { photo });
        }
        let augment = project.settings.augment;
        let new: Vec<_> =
            project.photos.iter().filter(|photo| self.extracted.get(&photo.id) != Some(&augment)).cloned().collect();
        let of = new.len();
        for (done, photo) in new.into_iter().enumerate() {
            state.phase.set(Phase::Features { done, of });
            cancelled()?;
            let extracted = match content(state, &project.id, photo.id).await {
                Some(bytes) => {
                    send(&Request::ExtractFeatures { photo: photo.id, bytes, augment });
                    self.features_extracted(photo.id).await?
                }
                None => Err("teach-file-gone".into()),
            };
            match extracted {
                Ok(()) => drop(self.extracted.insert(photo.id, augment)),
                Err(why) => {
                    state.say("error", Message::new("teach-left-out").with("name", photo.name).with("why", why))
                }
            }
        }
        state.phase.set(Phase::Features { done: of, of });
        Ok(())
    }

    /// Run inference on a photo with the network as it was and with the taught one.
    async fn compare(&mut self, state: State, photo: u32) -> Result<(), Fault> {
        self.load(state).await?;
        let project = state.project.get_untracked();
        if let Some(outcome) = &project.outcome {
            self.load_second(state, &project.id, &outcome.card).await?;
        }
        self.infer(state, photo, project.outcome.is_some()).await
    }

    async fn infer(&mut self, state: State, photo: u32, taught: bool) -> Result<(), Fault> {
        let project = state.project.with_untracked(|project| project.id.clone());
        let Some(bytes) = content(state, &project, photo).await else { return Ok(()) };
        send(&Request::Compare { photo, bytes });
        loop {
            match self.next().await? {
                Reply::Compared { picture, before, after, .. } => {
                    let after = after.filter(|_| taught);
                    if state.project.with_untracked(|now| now.id != project) {
                        return Ok(()); // another project was opened; its photos have the same numbers
                    }
                    keep_view(state, photo, View { picture: small(picture), before, after });
                    return Ok(());
                }
                Reply::Failed { message, .. } => return Err(Fault::Failed(message)),
                _ => {}
            }
        }
    }
}

/// Whether the person has stopped what runs.
fn cancelled() -> Result<(), Fault> {
    if CANCELLED.with_borrow(|cancelled| *cancelled) { Err(Fault::Cancelled) } else { Ok(()) }
}

fn seen(state: State, photo: u32) -> bool {
    state.views.with_untracked(|views| views.contains_key(&photo))
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
