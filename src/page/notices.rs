//! What the person is told: a list of sentences, each of which can be dismissed.

use leptos::prelude::*;

use crate::core::message::Message;

#[derive(Debug, Clone, PartialEq)]
struct Notice {
    id: u32,
    /// `error` for what did not work, `note` for what one should know.
    level: &'static str,
    said: Message,
}

/// The messages of one half of the page.
#[derive(Clone, Copy)]
pub struct Notices {
    list: RwSignal<Vec<Notice>>,
    next: StoredValue<u32>,
}

impl Notices {
    pub fn new() -> Self {
        Self { list: RwSignal::new(Vec::new()), next: StoredValue::new(0) }
    }

    /// Adds a sentence; the same one is said once, at the end. `level` is `error` for what did not work, `note` for what
    /// one should know.
    pub fn say(&self, level: &'static str, said: Message) {
        self.next.update_value(|id| *id += 1);
        let id = self.next.get_value();
        self.list.update(|messages| {
            messages.retain(|message| message.said != said);
            messages.push(Notice { id, level, said });
        });
    }
}

impl Default for Notices {
    fn default() -> Self {
        Self::new()
    }
}

#[component]
pub fn NoticeList(notices: Notices) -> impl IntoView {
    let dismiss = move |id| messages.list.update(|list| list.retain(|message| message.id != id));
    view! {
        <For each=move || messages.list.get() key=|message| message.id let:message>
            <div class="message" role="alert" data-testid="error" data-level=message.level>
                <span data-said=message.said.attr()></span>
                <button data-said="dismiss" on:click=move |_| dismiss(message.id)>"×"</button>
            </div>
        </For>
    }
}
