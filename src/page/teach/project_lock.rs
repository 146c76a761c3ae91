//! Lock of a project (Web Locks API): only one tab can open a project, so that two tabs never overwrite each other. The browser
//! releases the lock when the tab ends.

use crate::page::web::{property, window};
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

/// The lock of one project, held until it is dropped.
pub struct ProjectLock {
    release: Option<Function>,
}

impl Drop for ProjectLock {
    fn drop(&mut self) {
        if let Some(release) = &self.release {
            let _ = release.call0(&JsValue::NULL);
        }
    }
}

/// Milliseconds to wait for a tab that is being closed or reloaded.
const PATIENCE: u32 = 1000;

impl ProjectLock {
    /// Take the lock of `project`. Return `None` if another tab has it. A browser without locks grants it always.
    pub async fn take(project: &str) -> Option<Self> {
        let locks = property(window().navigator().as_ref(), "locks");
        let Ok(request) = property(&locks, "request").dyn_into::<Function>() else {
            return Some(Self { release: None });
        };
        let name = JsValue::from(format!("camscope-teach/{project}"));
        let options = Object::new();
        let _ = Reflect::set(&options, &"signal".into(), &AbortSignal::timeout_with_u32(PATIENCE));
        let answer = Promise::new(&mut |answer, _| {
            // The lock is held as long as what this returns is pending.
            let granted_answer = answer.clone();
            let granted = Closure::once_into_js(move || {
                Promise::new(&mut |release, _| {
                    let _ = granted_answer.call1(&JsValue::NULL, &release);
                })
            });
            // An error, which is no function, is the answer where it was not granted.
            if let Ok(request) = request.call3(&locks, &name, &options, &granted)
                && let Ok(catch) = property(&request, "catch").dyn_into::<Function>()
            {
                let _ = catch.call1(&request, &answer);
            }
        });
        let release = JsFuture::from(answer).await.ok()?.dyn_into().ok()?;
        Some(Self { release: Some(release) })
    }
}
