//! Client of the engine worker. It starts the worker, awaits replies in order, and loads what a request needs: the network to begin
//! from, and the taught one.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::core::message::{Arg, Message};
use crate::page::engine::Engine;
use crate::page::manifest::Model;
use crate::page::web::{bytes_of, fixed};
use crate::protocol::{Reply, Request};
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use leptos::prelude::*;

use super::state::{GONE, Phase, State};

thread_local! {
    /// The running engine, for requests that do not wait for their turn: stop and pause.
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
}

/// A reply of the engine, or the reason why no more will come.
type Incoming = Result<Reply, Arg>;

/// Why a conversation ended early.
pub enum Fault {
    /// The engine is gone: another device may do.
    Engine(Arg),
    /// What was asked for cannot be done.
    Failed(Message),
    Cancelled,
}

/// What the engine holds, so that nothing is sent twice.
#[derive(Default)]
pub struct Teacher {
    events: Option<UnboundedReceiver<Incoming>>,
    /// Of the engine, also of one that is gone.
    pub device: String,
    /// Name of the loaded model, and the project whose features were extracted.
    loaded: Option<(String, String)>,
    /// The card of the second model, which was loaded or taught.
    pub second: Option<String>,
    /// Photos whose features were extracted, and whether with augmented copies.
    pub extracted: HashMap<u32, bool>,
}

pub fn send(request: &Request) {
    ENGINE.with_borrow(|engine| {
        if let Some(engine) = engine {
            engine.send(request);
        }
    });
}

impl Teacher {
    pub async fn next(&mut self) -> Result<Reply, Fault> {
        let incoming = match &mut self.events {
            Some(events) => events.next().await,
            None => None,
        };
        let why = match incoming {
            Some(Ok(Reply::Unusable { reason })) => reason.into(),
            Some(Err(why)) => why,
            Some(Ok(reply)) => return Ok(reply),
            None => Message::new("engine-failed").into(),
        };
        *self = Self { device: std::mem::take(&mut self.device), ..Self::default() };
        ENGINE.take();
        Err(Fault::Engine(why))
    }

    /// Starts the engine on the chosen device, if it does not run there.
    pub async fn begin(&mut self, state: State) -> Result<(), Fault> {
        let device = device(state);
        if self.events.is_some() && self.device == device {
            return Ok(());
        }
        *self = Self { device, ..Self::default() };
        let (sender, events) = unbounded();
        self.events = Some(events);
        let failures = sender.clone();
        let misfit = || Arg::from(Message::new("teach-unfit"));
        let on_reply = move |reply: Option<Reply>| drop(sender.unbounded_send(reply.ok_or_else(misfit)));
        let on_failure = move |why| drop(failures.unbounded_send(Err(why)));
        let engine = Engine::start(&self.device, on_reply, on_failure).map_err(Fault::Engine)?;
        ENGINE.replace(Some(engine));
        while !matches!(self.next().await?, Reply::Started) {}
        Ok(())
    }

    /// The network that the project begins from, in the engine; forgets another project's photos.
    pub async fn load(&mut self, state: State) -> Result<(), Fault> {
        self.begin(state).await?;
        let project = state.project.get_untracked();
        let wanted = (project.base.clone(), project.id.clone());
        if self.loaded.as_ref() == Some(&wanted) {
            return Ok(());
        }
        let found = state.shared.model_named(&project.base);
        let Some(Model { card, url, bytes, title, .. }) = found else {
            return Err(Fault::Failed(Message::new("teach-no-base").with("name", project.base)));
        };
        (self.loaded, self.second) = (None, None);
        self.extracted.clear();
        state.views.update(HashMap::clear); // what another network saw
        send(&Request::Load { card, url });
        loop {
            match self.next().await? {
                Reply::Progress { received, .. } if state.phase.with_untracked(Phase::busy) => {
                    let [done, all] = [received as f64, bytes].map(|bytes| fixed(bytes / 1e6, 1));
                    state.phase.set(Phase::Loading(
                        Message::new("teach-loading").with("title", title.as_str()).with("done", done).with("all", all),
                    ));
                }
                Reply::Loaded { .. } => break,
                Reply::Failed { message, .. } => return Err(Fault::Failed(message)),
                _ => {}
            }
        }
        self.loaded = Some(wanted);
        Ok(())
    }

    pub async fn features_extracted(&mut self, wanted: u32) -> Result<Result<(), Message>, Fault> {
        loop {
            match self.next().await? {
                Reply::FeaturesExtracted { photo } if photo == wanted => return Ok(Ok(())),
                Reply::Failed { photo: Some(photo), message } if photo == wanted => return Ok(Err(message)),
                Reply::Failed { photo: None, message } => return Err(Fault::Failed(message)),
                _ => {}
            }
        }
    }

    /// Load the project's kept weights as the second model, unless they are loaded.
    pub async fn load_second(&mut self, state: State, project: &str, card: &str) -> Result<(), Fault> {
        if self.second.as_deref() == Some(card) {
            return Ok(());
        }
        let blob = state.weights(project).await.map_err(Fault::Failed)?;
        let file = bytes_of(&blob).await.ok_or_else(|| Fault::Failed(GONE.into()))?;
        send(&Request::LoadSecond { file });
        self.second_loaded().await?;
        self.second = Some(card.to_owned());
        Ok(())
    }

    /// Await the card of the second model.
    pub async fn second_loaded(&mut self) -> Result<String, Fault> {
        loop {
            match self.next().await? {
                Reply::SecondLoaded { card } => return Ok(card),
                Reply::Failed { message, .. } => return Err(Fault::Failed(message)),
                _ => {}
            }
        }
    }
}

/// The device to compute on.
pub fn device(state: State) -> String {
    match state.shared.device.with_untracked(|label| label.device) {
        "webgpu" if !state.on_cpu.get_untracked() => "webgpu".into(),
        _ => "cpu".into(),
    }
}

/// The network to begin from: `wanted` where the site has it, else the one chosen in the tab Look, else the first.
pub fn base(state: State, wanted: &str) -> String {
    state.models.with_untracked(|models| {
        let chosen = state.shared.model.get_untracked();
        let found = [wanted, &chosen].into_iter().find_map(|name| models.iter().find(|model| model.name == name));
        found.or(models.first()).map_or_else(|| wanted.to_owned(), |model| model.name.clone())
    })
}

/// The kept file of a photo.
pub async fn content(state: State, project: &str, photo: u32) -> Option<Vec<u8>> {
    let kept = state.store()?.photo(project, photo).await.ok()??;
    bytes_of(&kept.file).await
}
