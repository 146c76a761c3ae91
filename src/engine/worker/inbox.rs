//! Queue of requests that wait for an answer, and of what steers the running one.

use std::cell::RefCell;
use std::collections::VecDeque;

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::scope::Answer;
use crate::protocol::{Control, Request, ToEngine};

/// A request with the file that came with it.
pub struct Asked {
    /// Id of the answer.
    pub id: u32,
    /// What is asked for.
    pub request: Request,
    /// The photo, or weights.
    pub file: Option<Blob>,
}

/// What waits for the engine.
pub enum Waiting {
    /// A request.
    Asked(Asked),
    /// A photo to forget.
    Forget(u32),
}

/// Messages received and not yet acted on.
#[derive(Default)]
pub struct Inbox {
    waiting: RefCell<VecDeque<Waiting>>,
    controls: RefCell<Vec<(u32, Control)>>,
    /// Resolves the promise of [`Inbox::wait`].
    wake: RefCell<Option<js_sys::Function>>,
}

/// A request that takes long: its way back to the page, and what the page wants of it meanwhile.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    pub answer: Answer,
    pub inbox: &'a Inbox,
}

/// What the page has sent to steer the running request.
#[derive(Default)]
pub struct Controls {
    /// Whether it was cancelled.
    pub cancel: bool,
    /// Whether to end it with what is there.
    pub finish: bool,
    /// Whether to pause (`true`) or resume (`false`); `None` if neither was asked for.
    pub pause: Option<bool>,
}

impl Inbox {
    /// Add a message with its file, and end [`Inbox::wait`].
    pub fn push(&self, message: ToEngine, file: Option<Blob>) {
        match message {
            ToEngine::Ask { id, request } => {
                self.waiting.borrow_mut().push_back(Waiting::Asked(Asked { id, request, file }));
            }
            ToEngine::Forget { photo } => self.waiting.borrow_mut().push_back(Waiting::Forget(photo)),
            ToEngine::Control { id, control } => self.controls.borrow_mut().push((id, control)),
        }
        if let Some(wake) = self.wake.borrow_mut().take() {
            let _ = wake.call0(&JsValue::NULL);
        }
    }

    /// Return whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty()
    }

    /// Remove the oldest message.
    pub fn pop(&self) -> Option<Waiting> {
        self.waiting.borrow_mut().pop_front()
    }

    /// Wait for the next message.
    pub async fn wait(&self) {
        let pushed = js_sys::Promise::new(&mut |resolve, _| *self.wake.borrow_mut() = Some(resolve));
        let _ = JsFuture::from(pushed).await;
    }

    /// Take the control messages for the request of `answer`, and discard those for earlier ones. The last pause or resume counts.
    pub fn wanted(&self, answer: Answer) -> Controls {
        let id = answer.id();
        let mut wanted = Controls::default();
        self.controls.borrow_mut().retain(|&(of, control)| {
            if of == id {
                match control {
                    Control::Cancel => wanted.cancel = true,
                    Control::Finish => wanted.finish = true,
                    Control::Pause(pause) => wanted.pause = Some(pause),
                }
            }
            of > id
        });
        wanted
    }

    /// Return whether the request was cancelled. Nothing is taken out.
    pub fn is_cancelled(&self, answer: Answer) -> bool {
        self.controls.borrow().contains(&(answer.id(), Control::Cancel))
    }
}
