//! Notices to the visitor: a list of messages, each of which can be dismissed.

use leptos::prelude::*;

use crate::core::message::Message;

#[derive(Debug, Clone, PartialEq)]
struct Notice {
    id: u32,
    /// `error` for a failure, `note` for information.
    level: &'static str,
    message: Message,
}

/// The notices of one part of the page.
#[derive(Clone, Copy)]
pub struct Notices {
    list: RwSignal<Vec<Notice>>,
    next: StoredValue<u32>,
}

impl Notices {
    pub fn new() -> Self {
        Self { list: RwSignal::new(Vec::new()), next: StoredValue::new(0) }
    }

    /// Append a notice. An equal notice is removed first, so that it stands once, at the end. `level` is `error` for a failure
    /// and `note` for information.
    pub fn say(&self, level: &'static str, message: Message) {
        self.next.update_value(|id| *id += 1);
        let id = self.next.get_value();
        self.list.update(|notices| {
            notices.retain(|notice| notice.message != message);
            notices.push(Notice { id, level, message });
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
    let dismiss = move |id| notices.list.update(|list| list.retain(|notice| notice.id != id));
    view! {
        <For each=move || notices.list.get() key=|notice| notice.id let:notice>
            <div class="message" role="alert" data-testid="error" data-level=notice.level>
                <span data-message=notice.message.attr()></span>
                <button data-message="dismiss" on:click=move |_| dismiss(notice.id)>"×"</button>
            </div>
        </For>
    }
}
