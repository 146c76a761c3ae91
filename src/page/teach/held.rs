//! What Teach's engine holds (the network, features of photos, the taught network), so that nothing is sent twice, and what is done with
//! it: to teach, and to run inference on a photo before and after.

use std::collections::HashMap;
use std::sync::Arc;

use crate::core::inference::{Inference, Picture};
use crate::core::lesson::LessonEvent;
use crate::core::message::Message;
use crate::core::project::{Outcome, Point, Project};
use crate::core::resample::shrink;
use crate::page::engine::{Fault, Network, When};
use crate::page::web::{fixed, now};
use crate::protocol::{Reply, Request};
use futures::StreamExt;
use leptos::prelude::*;
use web_sys::Blob;

use super::state::{Phase, State, View};

/// Views kept, and how large their pictures are at most.
const VIEWS: usize = 24;
const VIEW_SIDE: usize = 640;

/// What the engine holds.
#[derive(Default)]
pub struct Held {
    /// Of the engine's caches; in another one is nothing.
    generation: u32,
    /// The project whose photos were extracted, and the network that it begins from.
    project: (String, String),
    /// The card of the second model, which was loaded or taught.
    pub second: Option<String>,
    /// Photos whose features were extracted, and whether with augmented copies.
    extracted: HashMap<u32, bool>,
}

impl Held {
    /// Have the network loaded that the project begins from, and forget what is of another project or engine.
    async fn load(&mut self, state: State) -> Result<Network, Fault> {
        let project = state.project.get_untracked();
        let Some(model) = state.shared.model_named(&project.base) else {
            return Err(Fault::Failed(Message::new("teach-no-base").with("name", project.base)));
        };
        let network = Network::from(&model);
        let loading = state.engine().prepare(network.clone()).last(|reply| {
            if let (Reply::Progress { received, .. }, true) = (reply, state.phase.with_untracked(Phase::busy)) {
                let [done, all] = [received as f64, model.bytes].map(|bytes| fixed(bytes / 1e6, 1));
                let message = Message::new("teach-loading").with("title", model.title.as_str());
                state.phase.set(Phase::Loading(message.with("done", done).with("all", all)));
            }
        });
        loading.await?;
        let (generation, of) = (state.engine().generation(), (project.id, project.base));
        if self.generation != generation || self.project != of {
            for photo in self.extracted.keys() {
                state.engine().forget(*photo);
            }
            if self.project != of {
                state.views.update(HashMap::clear); // what another network saw
            }
            *self = Self { generation, project: of, ..Self::default() };
        }
        Ok(network)
    }

    /// Return an error if another engine has come meanwhile, which has nothing of what this one had.
    fn check(&self, state: State) -> Result<(), Fault> {
        match self.generation == state.engine().generation() {
            true => Ok(()),
            false => Err(Fault::FellBack("".into())),
        }
    }

    /// Teach the open project.
    pub async fn teach(&mut self, state: State) -> Result<(), Fault> {
        let network = self.load(state).await?;
        let project = state.project.get_untracked();
        if let Some(why) = project.blocker() {
            return Err(Fault::Failed(why));
        }
        self.extract_features(state, &network).await?;
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
            infer(state, &network, photo, false).await?;
        }
        self.check(state)?;
        state.change(|project| project.curve.clear());
        let followed = lesson.watched;
        state.phase.set(Phase::Training { done: 0, of: 0, since: now() });
        let mut answer = state.engine().ask(Some(network), Request::Teach(lesson), None, When::Now);
        state.steering.set_value(Some(answer.steering()));
        while let Some(reply) = answer.next().await {
            match reply? {
                Reply::Lesson(event) => take_event(state, &project, followed, event),
                Reply::Taught { card, file, answers } => {
                    self.second = None;
                    let classes = project.classes.iter().map(|class| class.id).collect();
                    keep_taught(state, Outcome { card: card.clone(), classes, answers }, &file).await?;
                    self.second = Some(card);
                    state.views.update(HashMap::clear);
                    return Ok(());
                }
                _ => {}
            }
        }
        Err(Fault::Stopped)
    }

    /// Extract the features of every photo that lacks them, with the frozen stages.
    async fn extract_features(&mut self, state: State, network: &Network) -> Result<(), Fault> {
        let project = state.project.get_untracked();
        let gone = |id: &u32| project.photos.iter().all(|photo| photo.id != *id);
        for photo in self.extracted.extract_if(|id, _| gone(id)).map(|(id, _)| id) {
            state.engine().forget(photo);
        }
        let augment = project.settings.augment;
        let new: Vec<_> =
            project.photos.iter().filter(|photo| self.extracted.get(&photo.id) != Some(&augment)).cloned().collect();
        let of = new.len();
        for (done, photo) in new.into_iter().enumerate() {
            state.phase.set(Phase::Features { done, of });
            self.check(state)?;
            let extracted = match content(state, &project.id, photo.id).await {
                Some(file) => {
                    let request = Request::ExtractFeatures { photo: photo.id, augment };
                    state.engine().ask(Some(network.clone()), request, Some(file), When::Now).last(drop).await
                }
                None => Err(Fault::Failed("teach-file-gone".into())),
            };
            match extracted {
                Ok(_) => drop(self.extracted.insert(photo.id, augment)),
                Err(Fault::Failed(why)) => {
                    state.say("error", Message::new("teach-left-out").with("name", photo.name).with("why", why))
                }
                Err(fault) => return Err(fault),
            }
        }
        state.phase.set(Phase::Features { done: of, of });
        self.check(state)
    }

    /// Run inference on a photo with the network as it was and with the taught one.
    pub async fn compare(&mut self, state: State, photo: u32) -> Result<(), Fault> {
        let network = self.load(state).await?;
        self.load_second(state, &network).await?;
        self.check(state)?;
        infer(state, &network, photo, state.project.with_untracked(|project| project.outcome.is_some())).await
    }

    /// Run inference on any photo with both networks.
    pub async fn look(&mut self, state: State, file: Blob) -> Result<View, Fault> {
        let network = self.load(state).await?;
        self.load_second(state, &network).await?;
        self.check(state)?;
        let (picture, before, after) = compare(state, &network, file).await?;
        Ok(View { picture: Arc::new(small(picture)), before, after })
    }

    /// Have the taught network loaded beside the first, if there is one.
    async fn load_second(&mut self, state: State, network: &Network) -> Result<(), Fault> {
        let project = state.project.get_untracked();
        if let Some(outcome) = &project.outcome
            && self.second.as_ref() != Some(&outcome.card)
        {
            let weights = state.weights(&project.id).await.map_err(Fault::Failed)?;
            state.engine().ask(Some(network.clone()), Request::LoadSecond, Some(weights), When::Now).last(drop).await?;
            self.second = Some(outcome.card.clone());
        }
        Ok(())
    }
}

fn take_event(state: State, project: &Project, followed: Option<(u32, usize)>, event: LessonEvent) {
    match event {
        LessonEvent::Step { done, total, .. } => state.phase.update(|phase| {
            if let Phase::Training { since, .. } = *phase {
                *phase = Phase::Training { done, of: total, since };
            }
        }),
        LessonEvent::Epoch { number, of, train_loss, held_out, watched, milliseconds } => {
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
    }
}

async fn keep_taught(state: State, outcome: Outcome, file: &[u8]) -> Result<(), Fault> {
    // Before it is written: what else writes the project meanwhile must name these weights, too.
    let before = state.project.with_untracked(|project| project.outcome.clone());
    state.project.update(|project| project.outcome = Some(outcome));
    let taught = state.project.get_untracked();
    if let Some(store) = state.store()
        && let Err(error) = store.keep_taught(&taught, file).await
    {
        state.change(|project| project.outcome = before);
        return Err(Fault::Failed(Message::new("teach-network-unkept").with("why", error.message())));
    }
    Ok(())
}

/// Run inference on a photo with the network as it was, and with the taught one if there is one.
async fn infer(state: State, network: &Network, photo: u32, is_taught: bool) -> Result<(), Fault> {
    let project = state.project.with_untracked(|project| project.id.clone());
    let Some(file) = content(state, &project, photo).await else { return Ok(()) };
    let (picture, before, after) = compare(state, network, file).await?;
    let after = after.filter(|_| is_taught);
    // Another project may have been opened, whose photos have the same numbers.
    if state.project.with_untracked(|now| now.id == project) {
        keep_view(state, photo, View { picture: Arc::new(small(picture)), before, after });
    }
    Ok(())
}

/// Ask for a photo's picture and what both networks have of it.
async fn compare(
    state: State,
    network: &Network,
    file: Blob,
) -> Result<(Picture, Inference, Option<Inference>), Fault> {
    let mut picture = None;
    let answer = state.engine().ask(Some(network.clone()), Request::Compare, Some(file), When::Now).last(|reply| {
        if let Reply::Picture(found) = reply {
            picture = Some(found);
        }
    });
    match (answer.await?, picture) {
        (Reply::Compared { before, after }, Some(picture)) => Ok((picture, before, after)),
        _ => Err(Fault::Stopped),
    }
}

/// Return whether inference has run on a photo with both networks.
pub fn seen(state: State, photo: u32) -> bool {
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

/// The kept file of a photo.
async fn content(state: State, project: &str, photo: u32) -> Option<Blob> {
    Some(state.store()?.photo(project, photo).await.ok()??.file)
}
