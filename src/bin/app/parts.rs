//! The doors to the page's other parts, checking, teaching and measuring: programs of their own that are fetched when their tab is first
//! opened, so that visitors who use the tab Look alone wait for nothing. They read the device and the network off the body's `data-device` and
//! `data-model`, and off `data-settled` that the first engine has started or failed; teaching hands a model over by the event `camscope-taught` with `[card, address]`.

use camscope::page::manifest::model_at;
use camscope::page::web::{document, parameter, window};
use js_sys::Array;
use leptos::ev::Custom;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{CustomEvent, Url};

use crate::client::choose_model;
use crate::state::{EngineState, State, Tab};

/// Takes models from the teaching part, and shows the other parts what is chosen here.
pub fn listen(state: State) {
    let body = document().body();
    Effect::new(move || {
        let Some(body) = &body else { return };
        let _ = body.set_attribute("data-device", state.device.get().device);
        let _ = body.set_attribute("data-model", &state.model.get());
        if let EngineState::Ready { .. } | EngineState::Failed = state.engine.get() {
            let _ = body.set_attribute("data-settled", "yes");
        }
    });
    let taught = window_event_listener(Custom::<CustomEvent>::new("camscope-taught"), move |event| {
        let parts: Array = event.detail().unchecked_into();
        let text = |i| parts.get(i).as_string().unwrap_or_default();
        let Some(model) = model_at(&text(0), text(1)) else { return };
        let name = model.name.clone();
        state.models.update(|models| {
            // Taught once more, it takes its own place.
            match models.iter_mut().find(|known| known.name == name) {
                Some(known) => {
                    let _ = Url::revoke_object_url(&std::mem::replace(known, model).url);
                }
                None => models.push(model),
            }
        });
        choose_model(state, name);
        state.tab.set(Tab::Look);
    });
    std::mem::forget(taught); // lives as long as the page
    if parameter("bench").is_some() {
        open(state, Tab::About);
    }
}

/// Shows a part of the page; fetches it the first time.
pub fn open(state: State, tab: Tab) {
    state.tab.set(tab);
    let Some(program) = tab.program() else { return };
    let loader = format!("./part_loader.js?part={program}");
    let come = document().query_selector(&format!("script[src='{loader}']")).ok().flatten();
    if come.is_some() {
        return;
    }
    if let (Ok(script), Some(body)) = (document().create_element("script"), document().body()) {
        let _ = script.set_attribute("type", "module");
        let _ = script.set_attribute("src", &loader);
        let _ = body.append_child(&script);
    }
    window().scroll_to_with_x_and_y(0.0, 0.0);
}
