//! The page's words, in the visitor's language. An element names its message in `data-message`. This module fills in the text,
//! and attributes such as `title`, watches for new elements, and changes the language when `select[data-languages]` does:
//!
//! ```text
//! <h2 data-message="sees"/>     <p data-message=move || Message::new("photos").with("n", count()).attr()/>
//! ```

use std::cell::RefCell;

use js_sys::{Array, JSON, Object, Reflect};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, HtmlSelectElement, MutationObserver, MutationObserverInit, MutationRecord, console};

use super::web::{document, fetch, keep, kept, property, window};
use crate::core::message::{Arg, Message};
use crate::language::{LANGUAGES, Language};

/// Where the visitor's choice is kept.
const KEPT: &str = "camscope-language";

thread_local! {
    static NOW: RefCell<Option<Language>> = const { RefCell::new(None) };
    /// Notifies of a change of the language.
    static CHANGED: ArcTrigger = ArcTrigger::new();
}

/// Run the effect that calls this again when the language changes: canvases have no `data-message`.
pub fn track_language() {
    CHANGED.with(ArcTrigger::track);
}

/// Return the name of a class in the current language. Tracked.
pub fn class_name(class: &str) -> String {
    track_language();
    NOW.with_borrow(|now| now.as_ref().map_or_else(|| class.to_owned(), |language| language.class(class).to_owned()))
}

/// Fetches the visitor's language and begins: the page has its words from then on.
///
/// # Errors
/// The words cannot be fetched.
pub async fn begin() -> Result<(), JsValue> {
    let english = LANGUAGES[0].0;
    if speak(wanted()).await.is_err() {
        speak(english).await?;
    }
    watch()?;
    let chosen = Closure::<dyn Fn(Event)>::new(|event: Event| {
        let select = event.target().and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
        if let Some(select) = select.filter(|select| select.has_attribute("data-languages")) {
            spawn_local(change(select));
        }
    });
    document().add_event_listener_with_callback("change", chosen.as_ref().unchecked_ref())?;
    chosen.forget();
    Ok(())
}

/// What was chosen here before, else the first of the browser's languages that the page speaks, else English.
fn wanted() -> &'static str {
    let browser = window().navigator().languages();
    let mut wanted = kept(KEPT).into_iter().chain(browser.iter().filter_map(|language| language.as_string()));
    wanted.find_map(|language| spoken(&language)).unwrap_or(LANGUAGES[0].0)
}

/// The page's language for a browser's, such as `ko-KR`.
fn spoken(language: &str) -> Option<&'static str> {
    let primary = language.split('-').next()?;
    LANGUAGES.into_iter().map(|(code, _)| code).find(|code| code.eq_ignore_ascii_case(primary))
}

async fn speak(code: &'static str) -> Result<(), JsValue> {
    let file = format!("./words/{code}.ftl");
    let source = fetch(&file).await.map_err(|_| js_sys::Error::new(&file))?;
    let language = Language::new(code, String::from_utf8_lossy(&source).into_owned());
    // English is the language of the names as the networks have them. Without the file, they stay so.
    let names = match code == LANGUAGES[0].0 {
        true => None,
        false => fetch(&format!("./words/classes.{code}.json")).await.ok(),
    };
    let names = names.and_then(|names| serde_json::from_str(&String::from_utf8_lossy(&names)).ok()).unwrap_or_default();
    NOW.set(Some(language.with_classes(names)));
    if let Some(html) = document().document_element() {
        html.set_attribute("lang", code)?;
        fill_all(&html);
    }
    CHANGED.with(ArcTrigger::notify);
    Ok(())
}

async fn change(select: HtmlSelectElement) {
    let code = spoken(&select.value()).unwrap_or(LANGUAGES[0].0);
    match speak(code).await {
        Ok(()) => keep(KEPT, code),
        // The page goes on in the language it has; the connection may be back at the next try.
        Err(why) => console::warn_1(&why),
    }
    offer(&select);
}

/// Fills in what comes, and what changes its message.
fn watch() -> Result<(), JsValue> {
    let seen = Closure::<dyn Fn(Array)>::new(|records: Array| {
        for record in records.iter().map(JsCast::unchecked_into::<MutationRecord>) {
            match record.target() {
                Some(target) if record.type_() == "attributes" => {
                    let element: &Element = target.unchecked_ref();
                    // The element has no message any more.
                    if !element.has_attribute("data-message") {
                        element.set_text_content(None);
                    }
                    fill(element);
                }
                _ => {
                    let added = record.added_nodes();
                    let elements = (0..added.length()).filter_map(|i| added.get(i)?.dyn_into().ok());
                    elements.for_each(|element| fill_all(&element));
                }
            }
        }
    });
    let what = MutationObserverInit::new();
    what.set_subtree(true);
    what.set_child_list(true);
    what.set_attribute_filter(&Array::of1(&"data-message".into()));
    MutationObserver::new(seen.as_ref().unchecked_ref())?.observe_with_options(&document(), &what)?;
    seen.forget();
    Ok(())
}

/// Fills in `element` and all in it.
fn fill_all(element: &Element) {
    fill(element);
    if let Ok(inner) = element.query_selector_all("[data-message], [data-languages]") {
        (0..inner.length()).filter_map(|i| inner.get(i)).for_each(|node| fill(node.unchecked_ref()));
    }
}

fn fill(element: &Element) {
    if element.has_attribute("data-languages") {
        offer(element.unchecked_ref());
    }
    let Some(attribute) = element.get_attribute("data-message") else { return };
    let message = parse(&attribute);
    let worded = NOW.with_borrow(|now| now.as_ref().and_then(|language| language.message(&message)));
    let Some(worded) = worded else { return console::error_2(&"data-message".into(), &attribute.into()) };
    for (name, value) in worded.attributes {
        let _ = element.set_attribute(&name, &value);
    }
    // Said again, it must not be read out again.
    if let Some(text) = worded.text.filter(|text| element.text_content().as_ref() != Some(text)) {
        element.set_text_content(Some(&text));
    }
}

/// The languages to choose from, each in its own words.
fn offer(select: &HtmlSelectElement) {
    if select.length() == 0 {
        for (code, name) in LANGUAGES {
            let Ok(option) = document().create_element("option") else { return };
            let _ = option.set_attribute("value", code);
            let _ = option.set_attribute("lang", code);
            option.set_text_content(Some(name));
            let _ = select.append_child(&option);
        }
    }
    NOW.with_borrow(|now| select.set_value(now.as_ref().map_or("", |language| language.code)));
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
        NOW.with_borrow(|now| now.as_ref().map(|language| language.text(self))).unwrap_or_default()
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
fn parse(attribute: &str) -> Message {
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
