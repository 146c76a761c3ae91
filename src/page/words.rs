//! Messages in attributes. An element names its message in `data-message`. The program `words` (`src/bin/words.rs`) fills in the
//! text, and attributes such as `title`, in the visitor's language, and again when the language changes:
//!
//! ```text
//! <h2 data-message="sees"/>     <p data-message=move || Message::new("photos").with("n", count()).attr()/>
//! ```

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::prelude::*;

use super::web::property;
use crate::core::message::{Arg, Message};

#[wasm_bindgen]
extern "C" {
    /// Set by `words`.
    #[wasm_bindgen(catch, js_name = camscopeText)]
    fn text_of(attribute: &str) -> Result<Option<String>, JsValue>;
}

impl Message {
    /// Return the value of `data-message`: the id, and the arguments as JSON.
    pub fn attr(&self) -> String {
        match JSON::stringify(&args(self)) {
            Ok(json) if !self.args.is_empty() => format!("{} {}", self.id, String::from(json)),
            _ => self.id.to_string(),
        }
    }

    /// Return the text in the current language, for canvases, dialogs and files.
    pub fn text(&self) -> String {
        text_of(&self.attr()).ok().flatten().unwrap_or_default()
    }
}

fn args(message: &Message) -> Object {
    let object = Object::new();
    for (name, arg) in &message.args {
        let value = match arg {
            Arg::Text(text) => text.into(),
            Arg::Count(count) => (*count).into(),
            Arg::Message(part) => Array::of2(&part.id.as_ref().into(), &args(part)).into(),
        };
        let _ = Reflect::set(&object, &name.as_ref().into(), &value);
    }
    object
}

/// Read what [`Message::attr`] wrote.
pub fn parse(attribute: &str) -> Message {
    let (id, json) = attribute.split_once(' ').unwrap_or((attribute, "{}"));
    message(id.to_owned(), &JSON::parse(json).unwrap_or_default())
}

fn message(id: String, args: &JsValue) -> Message {
    let names = args.dyn_ref::<Object>().map(Object::keys).unwrap_or_default();
    let arg = |name: String| {
        let value = property(args, &name);
        let arg = match (value.as_f64(), value.dyn_ref::<Array>()) {
            (Some(count), _) => Arg::Count(count),
            (None, Some(part)) => Arg::Message(message(part.get(0).as_string().unwrap_or_default(), &part.get(1))),
            (None, None) => Arg::Text(value.as_string().unwrap_or_default()),
        };
        (name.into(), arg)
    };
    Message { id: id.into(), args: names.iter().filter_map(|name| name.as_string()).map(arg).collect() }
}
