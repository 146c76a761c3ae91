//! The page's words, in the visitor's language: fills in every element that names its message (`data-message`, see
//! `camscope::page::words`), watches for new ones, and changes the language when `select[data-languages]` does.

use std::cell::RefCell;

use camscope::language::{LANGUAGES, Language};
use camscope::page::web::{document, fetch, keep, kept, window};
use camscope::page::words::parse;
use js_sys::{Array, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, HtmlSelectElement, MutationObserver, MutationObserverInit, MutationRecord, console};

/// Where the visitor's choice is kept.
const KEPT: &str = "camscope-language";

thread_local! {
    static NOW: RefCell<Option<Language>> = const { RefCell::new(None) };
}

fn main() {
    console_error_panic_hook::set_once();
}

/// Fetches the visitor's language and begins: the page has its words from then on.
///
/// # Errors
/// The words cannot be fetched.
#[wasm_bindgen]
pub async fn begin() -> Result<(), JsValue> {
    let english = LANGUAGES[0].0;
    if speak(wanted()).await.is_err() {
        speak(english).await?;
    }
    let text = Closure::<dyn Fn(String) -> Option<String>>::new(|attribute: String| {
        NOW.with_borrow(|now| now.as_ref().map(|language| language.text(&parse(&attribute))))
    });
    Reflect::set(&window(), &"camscopeText".into(), text.as_ref())?;
    text.forget();
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
    NOW.set(Some(Language::new(code, String::from_utf8_lossy(&source).into_owned())));
    if let Some(html) = document().document_element() {
        html.set_attribute("lang", code)?;
        fill_all(&html);
    }
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
