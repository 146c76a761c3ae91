//! Notices to the visitor, in a corner of every part: they group what is alike, go by themselves, and some can be undone.

use std::collections::HashMap;
use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::web::{live, sleep};
use crate::core::message::{Arg, Message};

/// Seconds that a notice stays, by its level; while a pointer or the keyboard is on it, it stays.
const STAYS: [(&str, i32); 2] = [("note", 20), ("error", 60)];
/// Files that a notice names; the others are counted.
const NAMED: usize = 3;

/// Takes something back.
type Undo = Rc<dyn Fn()>;

#[derive(Clone)]
struct Notice {
    id: u32,
    /// `error` for a failure, `note` for information.
    level: &'static str,
    /// What there is to say; of files, without their names.
    message: Message,
    /// The files that it is said of.
    files: Vec<String>,
    /// Whether what it tells of can be taken back.
    can_undo: bool,
}

impl Notice {
    /// Return the sentence, with the files that it is said of.
    fn sentence(&self) -> Message {
        let what = self.message.clone();
        match self.files.as_slice() {
            [] => what,
            [name] => Message::new("of-file").with("name", name.as_str()).with("what", what),
            names => {
                let more = if names.len() > NAMED { " …" } else { "" };
                let named = names[..names.len().min(NAMED)].join(", ") + more;
                Message::new("of-files").with("n", names.len()).with("names", named).with("what", what)
            }
        }
    }
}

/// The page's notices. Copies are the same list.
#[derive(Clone, Copy)]
pub struct Notices {
    list: RwSignal<Vec<Notice>>,
    /// The notice that a pointer or the keyboard is on.
    held: RwSignal<Option<u32>>,
    /// What takes back what a notice tells of.
    undo: StoredValue<HashMap<u32, Undo>, LocalStorage>,
    next: StoredValue<u32>,
}

impl Notices {
    pub fn new() -> Self {
        Self {
            list: RwSignal::new(Vec::new()),
            held: RwSignal::new(None),
            undo: StoredValue::new_local(HashMap::new()),
            next: StoredValue::new(0),
        }
    }

    /// Say something. What is said already stands once, at the end; the same of another file (`of-file`) joins it. `level` is
    /// `error` for a failure and `note` for information.
    pub fn say(&self, level: &'static str, message: Message) {
        let (message, files) = of_file(message);
        self.push(level, message, files, None);
    }

    /// Tell of something that `undo` takes back.
    pub fn say_undoable(&self, message: Message, undo: impl Fn() + 'static) {
        self.push("note", message, Vec::new(), Some(Rc::new(undo)));
    }

    fn push(&self, level: &'static str, message: Message, mut files: Vec<String>, undo: Option<Undo>) {
        self.next.update_value(|id| *id += 1);
        let id = self.next.get_value();
        let can_undo = undo.is_some();
        if let Some(undo) = undo {
            self.undo.update_value(|all| drop(all.insert(id, undo)));
        }
        self.list.update(|notices| {
            if let Some(at) = notices.iter().position(|notice| notice.message == message) {
                let known = notices.remove(at).files;
                files.retain(|file| !known.contains(file));
                files.splice(0..0, known);
            }
            notices.push(Notice { id, level, message, files, can_undo });
        });
        let Some((_, seconds)) = STAYS.into_iter().find(|(of, _)| *of == level) else { return };
        let notices = *self;
        spawn_local(async move {
            sleep(seconds * 1000).await;
            while notices.held.get_untracked() == Some(id) {
                sleep(1000).await;
            }
            notices.dismiss(id);
        });
    }

    /// Take back what a notice tells of.
    fn take_back(&self, id: u32) {
        if let Some(undo) = self.undo.with_value(|all| all.get(&id).cloned()) {
            undo();
        }
        self.dismiss(id);
    }

    fn dismiss(&self, id: u32) {
        self.undo.update_value(|all| drop(all.remove(&id)));
        if self.list.with_untracked(|list| list.iter().any(|notice| notice.id == id)) {
            self.list.update(|list| list.retain(|notice| notice.id != id));
        }
    }
}

impl Default for Notices {
    fn default() -> Self {
        Self::new()
    }
}

/// Take the file out of a message about one.
fn of_file(message: Message) -> (Message, Vec<String>) {
    let arg = |wanted: &str| message.args.iter().find(|(name, _)| name == wanted).map(|(_, arg)| arg.clone());
    match (&*message.id, arg("name"), arg("what")) {
        ("of-file", Some(Arg::Text(name)), Some(Arg::Message(what))) => (what, vec![name]),
        _ => (message, Vec::new()),
    }
}

#[component]
pub fn NoticeList(notices: Notices) -> impl IntoView {
    let several = move || notices.list.with(|list| list.len() > 1);
    let hold = move |id: Option<u32>| notices.held.set(id);
    view! {
        <div class="toasts">
            <For each=move || notices.list.get() key=|notice| notice.id let:notice>
                {
                    let id = notice.id;
                    view! {
                        <div class="toast" role="alert" data-testid="error" data-level=notice.level
                            on:pointerenter=move |_| hold(Some(id)) on:pointerleave=move |_| hold(None)
                            on:focusin=move |_| hold(Some(id)) on:focusout=move |_| hold(None)>
                            <span data-message=notice.sentence().attr()></span>
                            {notice.can_undo.then(|| view! {
                                <button class="word" data-testid="undo" data-message="undo" on:click=move |_| notices.take_back(id)></button>
                            })}
                            <button class="icon" data-message="dismiss" on:click=move |_| notices.dismiss(id)>"×"</button>
                        </div>
                    }
                }
            </For>
            <button class="word all" hidden=live(move || !several()) data-testid="dismiss-all" data-message="dismiss-all" on:click=move |_| notices.list.update(Vec::clear)></button>
        </div>
    }
}
