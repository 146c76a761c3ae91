//! The page's side of its words. An element names its message in `data-said`, and the program `words` (`src/bin/words.rs`) puts
//! the text, and attributes such as `title`, into the element in the visitor's language, now and when that changes:
//!
//! ```text
//! <h2 data-said="sees"/>     <p data-said=move || Said::new("photos").with("n", count()).attr()/>
//! ```

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::prelude::*;

use super::web::property;
use crate::said::{Filling, Said};

#[wasm_bindgen]
extern "C" {
    /// Set by `words`.
    #[wasm_bindgen(catch, js_name = camscopeText)]
    fn text_of(attribute: &str) -> Result<Option<String>, JsValue>;
}

impl Said {
    /// The value of `data-said`: the id, and what is filled in as JSON.
    pub fn attr(&self) -> String {
        match JSON::stringify(&fillings(self)) {
            Ok(json) if !self.fillings.is_empty() => format!("{} {}", self.id, String::from(json)),
            _ => self.id.to_string(),
        }
    }

    /// The words themselves in the language of the moment, for canvases, dialogs and files.
    pub fn text(&self) -> String {
        text_of(&self.attr()).ok().flatten().unwrap_or_default()
    }
}

fn fillings(said: &Said) -> Object {
    let object = Object::new();
    for (name, filling) in &said.fillings {
        let value = match filling {
            Filling::Text(text) => text.into(),
            Filling::Count(count) => (*count).into(),
            Filling::Said(part) => Array::of2(&part.id.as_ref().into(), &fillings(part)).into(),
        };
        let _ = Reflect::set(&object, &name.as_ref().into(), &value);
    }
    object
}

/// What [`Said::attr`] wrote.
pub fn parse(attribute: &str) -> Said {
    let (id, json) = attribute.split_once(' ').unwrap_or((attribute, "{}"));
    said(id.to_owned(), &JSON::parse(json).unwrap_or_default())
}

fn said(id: String, fillings: &JsValue) -> Said {
    let names = fillings.dyn_ref::<Object>().map(Object::keys).unwrap_or_default();
    let filling = |name: String| {
        let value = property(fillings, &name);
        let filling = match (value.as_f64(), value.dyn_ref::<Array>()) {
            (Some(count), _) => Filling::Count(count),
            (None, Some(part)) => Filling::Said(said(part.get(0).as_string().unwrap_or_default(), &part.get(1))),
            (None, None) => Filling::Text(value.as_string().unwrap_or_default()),
        };
        (name.into(), filling)
    };
    Said { id: id.into(), fillings: names.iter().filter_map(|name| name.as_string()).map(filling).collect() }
}
