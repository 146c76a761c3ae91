//! One project, one tab: what is open here no other tab can open meanwhile (the browser's Web Locks), so that two of them
//! never overwrite each other. The browser lets go by itself where a tab ends.

use camscope::page::web::{property, window};
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

/// Until it is dropped.
pub struct Hold {
    release: Option<Function>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(release) = &self.release {
            let _ = release.call0(&JsValue::NULL);
        }
    }
}

/// Milliseconds that a tab is waited for which is just being closed or reloaded.
const PATIENCE: u32 = 1000;

/// `None` where another tab has the project open. A browser without locks lets everybody.
pub async fn hold(project: &str) -> Option<Hold> {
    let locks = property(window().navigator().as_ref(), "locks");
    let Ok(request) = property(&locks, "request").dyn_into::<Function>() else { return Some(Hold { release: None }) };
    let name = JsValue::from(format!("camscope-teach/{project}"));
    let options = Object::new();
    let _ = Reflect::set(&options, &"signal".into(), &AbortSignal::timeout_with_u32(PATIENCE));
    let answer = Promise::new(&mut |answer, _| {
        // The lock is held as long as what this returns is pending.
        let told = answer.clone();
        let granted = Closure::once_into_js(move || {
            Promise::new(&mut |release, _| {
                let _ = told.call1(&JsValue::NULL, &release);
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
    Some(Hold { release: Some(release) })
}
