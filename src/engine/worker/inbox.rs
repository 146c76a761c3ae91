//! Queue of requests that wait for an answer.

use std::cell::RefCell;
use std::collections::VecDeque;

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::protocol::Request;

/// Requests received and not yet answered.
#[derive(Default)]
pub struct Inbox {
    requests: RefCell<VecDeque<Request>>,
    /// Resolves the promise of [`Inbox::wait`].
    wake: RefCell<Option<js_sys::Function>>,
}

/// Control requests that [`Inbox::take_control`] found.
#[derive(Default)]
pub struct Control {
    /// Whether to stop.
    pub stop: bool,
    /// Whether to pause (`true`) or resume (`false`); `None` if neither was asked for.
    pub pause: Option<bool>,
}

impl Inbox {
    /// Add a request, and end [`Inbox::wait`].
    pub fn push(&self, request: Request) {
        self.requests.borrow_mut().push_back(request);
        if let Some(wake) = self.wake.borrow_mut().take() {
            let _ = wake.call0(&JsValue::NULL);
        }
    }

    /// Return whether no request waits.
    pub fn is_empty(&self) -> bool {
        self.requests.borrow().is_empty()
    }

    /// Remove the oldest request.
    pub fn pop(&self) -> Option<Request> {
        self.requests.borrow_mut().pop_front()
    }

    /// Wait for the next request.
    pub async fn wait(&self) {
        let pushed = js_sys::Promise::new(&mut |resolve, _| *self.wake.borrow_mut() = Some(resolve));
        let _ = JsFuture::from(pushed).await;
    }

    /// Remove all control requests, which steer the running task and overtake the others. The last pause or resume
    /// counts.
    pub fn take_control(&self) -> Control {
        let mut control = Control::default();
        self.requests.borrow_mut().retain(|request| match request {
            Request::Stop => {
                control.stop = true;
                false
            }
            Request::Pause(pause) => {
                control.pause = Some(*pause);
                false
            }
            _ => true,
        });
        control
    }
}
