//! The answer to one request: a stream of replies that ends with the last one.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures::channel::mpsc::UnboundedReceiver;
use futures::{Stream, StreamExt};

use crate::core::message::{Arg, Message};
use crate::protocol::{Control, Reply};

/// Why a request has no result.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// What was asked for cannot be done.
    Failed(Message),
    /// The network that it is about cannot be loaded.
    Network(Message),
    /// The engine stopped while it was at it. Another one goes on with the others.
    Lost(Arg),
    /// The adapter was lost, and with it what the request needs that only that engine had. The CPU can be asked for all of it anew.
    FellBack(Arg),
    /// No engine could be started.
    NoEngine(Arg),
    /// It was cancelled.
    Stopped,
}

/// Replies to one request. Dropping it cancels the request.
pub struct Answer {
    steering: Steering,
    replies: UnboundedReceiver<Result<Reply, Fault>>,
    is_done: bool,
}

impl Answer {
    pub(super) fn new(steering: Steering, replies: UnboundedReceiver<Result<Reply, Fault>>) -> Self {
        Self { steering, replies, is_done: false }
    }

    /// Return a handle that steers the request while its replies are awaited.
    pub fn steering(&self) -> Steering {
        self.steering.clone()
    }

    /// Await the last reply, and hand those before it to `progress`.
    ///
    /// # Errors
    /// Why there is no result.
    pub async fn last(mut self, mut progress: impl FnMut(Reply)) -> Result<Reply, Fault> {
        loop {
            match self.next().await {
                Some(Ok(reply)) if !reply.is_last() => progress(reply),
                Some(last) => return last,
                None => return Err(Fault::Stopped),
            }
        }
    }
}

/// Steers a request while its replies are awaited.
#[derive(Clone)]
pub struct Steering(Rc<dyn Fn(Control)>);

impl Steering {
    pub(super) fn new(steer: impl Fn(Control) + 'static) -> Self {
        Self(Rc::new(steer))
    }

    /// Steer the request.
    pub fn send(&self, control: Control) {
        self.0(control);
    }
}

impl Stream for Answer {
    type Item = Result<Reply, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.replies.poll_next_unpin(context);
        if let Poll::Ready(reply) = &polled {
            self.is_done |= !matches!(reply, Some(Ok(reply)) if !reply.is_last());
        }
        polled
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if !self.is_done {
            self.steering.send(Control::Cancel);
        }
    }
}
