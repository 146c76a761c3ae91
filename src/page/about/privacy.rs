//! What the page can show of its promises: what tried to leave it, and whether it opens without a network.

use leptos::prelude::*;

use crate::page::offline::Kept;
use crate::page::shared::Shared;
use crate::page::web::{property, window};

#[component]
pub fn Panel() -> impl IntoView {
    let offline = expect_context::<Shared>().offline;
    let by = move || {
        offline.kept.track(); // the service worker takes over at about that time
        let container = property(window().navigator().as_ref(), "serviceWorker");
        match property(&container, "controller").is_object() {
            true => "leaves-watched",
            false => "leaves-policy",
        }
    };
    let kept = move || match offline.kept.get() {
        Kept::All => "offline-all",
        Kept::Site => "offline-site",
        Kept::Nothing => "offline-none",
    };
    view! {
        <section class="panel" data-testid="privacy">
            <h2 data-message="leaves"></h2>
            <p data-message=by></p>
            <dl class="figures">
                <div><dt data-message="leaves-bytes"></dt><dd data-testid="bytes-sent">{move || offline.bytes.get()}</dd></div>
                <div><dt data-message="leaves-stopped"></dt><dd data-testid="requests-stopped">{move || offline.stopped.get()}</dd></div>
                <div><dt data-message="offline"></dt><dd data-testid="offline" data-message=kept></dd></div>
            </dl>
        </section>
    }
}
