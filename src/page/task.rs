//! Work in the background that ends when nobody wants it any more.

use futures::future::{AbortHandle, abortable};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// Running work. Dropping it ends the work at its next pause, and so cancels what it has asked an engine for.
pub struct Task(AbortHandle);

/// Begin work in the background.
pub fn begin(work: impl Future<Output = ()> + 'static) -> Task {
    let (work, handle) = abortable(work);
    spawn_local(async move {
        let _ = work.await;
    });
    Task(handle)
}

/// A place for running work; what is put there ends what was there before.
pub type TaskSlot = StoredValue<Option<Task>, LocalStorage>;

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
