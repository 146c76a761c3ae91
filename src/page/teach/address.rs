//! The open project in the page's address, `#teach/NAME`: Back, a reload and a copied link bring it back.

use js_sys::{decode_uri_component, encode_uri_component};
use leptos::ev;
use leptos::prelude::*;

use super::state::{Phase, State};
use crate::page::shared::Part;
use crate::page::web::{replace_hash, window};

/// Return the name of the project that the address asks for.
pub fn wanted() -> Option<String> {
    named(&window().location().hash().ok()?)
}

/// Return the name of the project in an address's hash.
fn named(hash: &str) -> Option<String> {
    let (part, name) = hash.split_once('/')?;
    let name = (Part::from_hash(part) == Part::Teach).then(|| decode_uri_component(name).ok())??;
    Some(name.into())
}

/// Have the address follow the open project; `open` opens the one that a changed address names.
pub fn follow(state: State, open: fn(State, String)) {
    let name = Memo::new(move |_| state.project.with(|project| project.name.clone()));
    Effect::new(move || {
        if state.shared.part.get() == Part::Teach && state.ready.get() {
            replace_hash(&[Part::Teach.name(), "/", &String::from(encode_uri_component(&name.get()))].concat());
        }
    });
    // The event's own address: the one of the page may follow the open project by now.
    let changed = window_event_listener(ev::hashchange, move |event| {
        let busy = state.phase.with_untracked(Phase::busy);
        let asked = event.new_url().split_once('#').and_then(|(_, hash)| named(hash));
        if let Some(wanted) = asked.filter(|wanted| !busy && *wanted != name.get_untracked()) {
            open(state, wanted);
        }
    });
    std::mem::forget(changed); // lives as long as the page
}
