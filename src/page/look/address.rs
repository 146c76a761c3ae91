//! The address of what is shown, such as `#look?model=resnet-20&method=grad-cam&class=cat`: a copied link, a reload and Back bring
//! network, method and class back. What is as it is by default is not in it.

use leptos::prelude::*;
use web_sys::UrlSearchParams;

use super::state::State;
use crate::core::method::{CamOptions, Method};
use crate::page::shared::Part;
use crate::page::web::{parameter, replace_hash, window};

/// What an address asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Addressed {
    /// Name of the network.
    pub model: Option<String>,
    /// The method.
    pub method: Option<Method>,
    /// Name of the class.
    pub class: Option<String>,
}

/// Read the page's address. Before the hash, `?model=` names the network, too.
pub fn wanted() -> Addressed {
    let hash = window().location().hash().unwrap_or_default();
    let query = hash.split_once('?').map_or("", |(_, query)| query);
    let Ok(query) = UrlSearchParams::new_with_str(query) else { return Addressed::default() };
    let method = query.get("method").and_then(|name| Method::ALL.into_iter().find(|m| m.info().name == name));
    Addressed { model: query.get("model").or_else(|| parameter("model")), method, class: query.get("class") }
}

/// Have the address follow what is shown.
pub fn follow(state: State) {
    Effect::new(move |before: Option<String>| {
        let hash = address(state);
        let shown = state.shared.part.get() == Part::Look && !state.models.with(Vec::is_empty);
        if shown && before.is_some_and(|before| before != hash) {
            replace_hash(&hash);
        }
        hash
    });
}

fn address(state: State) -> String {
    let mut parts = Vec::new();
    let model = state.model.get();
    let first = state.models.with(|models| models.first().map(|model| model.name.clone()));
    if first.is_some_and(|first| first != model) && parameter("model").as_ref() != Some(&model) {
        parts.push(("model", model));
    }
    let CamOptions { method, .. } = state.cam_options.get();
    if method != Method::default() {
        parts.push(("method", method.info().name.to_owned()));
    }
    let class = state.class.get();
    // A class that is asked for waits for a photo.
    if let Some(class) = state.wanted_class.get_value() {
        parts.push(("class", class));
    } else if class > 0
        && let Some(prediction) = state.chosen_photo().and_then(|photo| state.shown_class(&photo))
    {
        parts.push(("class", prediction.class));
    }
    let Ok(query) = UrlSearchParams::new() else { return String::new() };
    parts.iter().for_each(|(name, value)| query.append(name, value));
    let query = String::from(query.to_string());
    if query.is_empty() { Part::Look.name().to_owned() } else { [Part::Look.name(), "?", &query].concat() }
}
