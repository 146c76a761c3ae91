//! What an engine is asked for, and what is known of the engine.

use futures::channel::mpsc::UnboundedSender;
use web_sys::Blob;

use super::answer::Fault;
use crate::core::message::Arg;
use crate::page::manifest::Model;
use crate::protocol::{Reply, Request};

/// The network that a request is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    pub(super) card: String,
    pub(super) url: String,
}

impl From<&Model> for Network {
    fn from(model: &Model) -> Self {
        Self { card: model.card.clone(), url: model.url.clone() }
    }
}

/// Where an engine stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// No worker is ready.
    Starting,
    /// A network is on its way.
    Loading { received: u64, total: u64 },
    /// It has a network.
    Ready { milliseconds: f64, from_cache: bool, stages: usize },
    /// It could not start, or the network could not be loaded. The next request tries again.
    Failed,
}

/// What happened to an engine, for a notice.
pub enum Event {
    /// WebGPU failed; the CPU goes on.
    FellBack(Arg),
    /// The CPU's worker stopped; a new one goes on.
    Restarted(Arg),
    /// No worker could be started.
    Stopped(Arg),
    /// No data of a network has come for a while. It is waited for on.
    Stalled,
}

/// When a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Before those that nobody waits for.
    Now,
    /// After those that somebody waits for.
    Idle,
}

/// A request that waits, or that a worker is at.
pub(super) struct Job {
    pub id: u32,
    pub network: Option<Network>,
    /// `None` asks for the network alone.
    pub request: Option<Request>,
    pub file: Option<Blob>,
    pub when: When,
    pub replies: UnboundedSender<Result<Reply, Fault>>,
}

impl Job {
    /// Send a reply to whoever asked, if somebody still listens.
    pub fn reply(&self, reply: Result<Reply, Fault>) {
        let _ = self.replies.unbounded_send(reply);
    }

    /// Return whether another worker can be asked the same. A lesson needs what only the one before has.
    pub fn can_be_repeated(&self) -> bool {
        !matches!(self.request, Some(Request::Teach(_) | Request::Benchmark(_)))
    }
}
