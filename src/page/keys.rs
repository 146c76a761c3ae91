//! Shortcuts, and the sheet that lists them.

use leptos::ev;
use leptos::html::Dialog;
use leptos::prelude::*;

use super::look;
use super::shared::{Part, Shared};
use super::web::{document, property};
use super::widgets::icon::Icon;

/// The keys and what they do.
const SHORTCUTS: [(&str, &str); 8] = [
    ("1 – 5", "key-class"),
    ("← →", "key-photo"),
    ("C", "key-compare"),
    ("+ − 0", "key-zoom"),
    ("↑ ↓ ← →", "key-read"),
    ("Delete", "key-remove"),
    ("Ctrl + Z", "key-undo"),
    ("?", "key-help"),
];

/// The button and the sheet.
#[component]
pub fn Shortcuts() -> impl IntoView {
    let (shared, look) = (expect_context::<Shared>(), expect_context::<look::State>());
    let sheet = NodeRef::<Dialog>::new();
    let open = move || {
        if let Some(sheet) = sheet.get_untracked() {
            let _ = sheet.show_modal();
        }
    };
    let press = window_event_listener(ev::keydown, move |event| {
        if is_typing() || event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let on_look = shared.part.get_untracked() == Part::Look;
        match event.key().as_str() {
            "?" => open(),
            "c" | "C" if !event.repeat() => look.appearance.plain.set(true),
            key if on_look => {
                if let Ok(number @ 1..=5) = key.parse::<usize>() {
                    let shown = untrack(|| look.chosen_photo()).map_or(0, |photo| photo.shown().len());
                    if number <= shown {
                        look.class.set(number - 1);
                    }
                }
            }
            _ => {}
        }
    });
    let release = window_event_listener(ev::keyup, move |event| {
        if matches!(event.key().as_str(), "c" | "C") {
            look.appearance.plain.set(false);
        }
    });
    std::mem::forget((press, release)); // they live as long as the page
    let row = |(keys, message): (&'static str, &'static str)| view! { <div><dt><kbd>{keys}</kbd></dt><dd data-message=message></dd></div> };
    view! {
        <button class="icon plain" data-testid="shortcuts" data-message="shortcuts-open" on:click=move |_| open()><Icon of=icondata_lu::LuKeyboard/></button>
        <dialog class="shortcuts" node_ref=sheet data-testid="shortcut-sheet" aria-labelledby="shortcuts-title">
            <h2 id="shortcuts-title" data-message="shortcuts"></h2>
            <dl>{SHORTCUTS.map(row).collect_view()}</dl>
            <form method="dialog"><button class="primary" data-message="close"></button></form>
        </dialog>
    }
}

/// Return whether the keyboard writes a text or chooses from a list.
fn is_typing() -> bool {
    document().active_element().is_some_and(|element| match element.tag_name().as_str() {
        "SELECT" | "TEXTAREA" => true,
        "INPUT" => {
            let kind = property(&element, "type").as_string().unwrap_or_default();
            !matches!(kind.as_str(), "range" | "checkbox" | "radio")
        }
        _ => false,
    })
}
