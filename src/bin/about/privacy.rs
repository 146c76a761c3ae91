//! What the page can show of its promises: what tried to leave it, and whether it opens without a network.

use std::time::Duration;

use camscope::page::web::{body_data, property, window};
use leptos::prelude::*;

/// Interval between two readings of the figures.
const EVERY: Duration = Duration::from_millis(500);

#[derive(Clone, PartialEq)]
struct Figures {
    /// What bodies of requests held, and how many requests were stopped; `www/offline.js` counts.
    bytes: f64,
    stopped: f64,
    watched: bool,
    kept: String,
}

impl Figures {
    fn now() -> Self {
        let counts = property(window().as_ref(), "camscopeStopped");
        let count = |name| property(&counts, name).as_f64().unwrap_or(0.0);
        let container = property(window().navigator().as_ref(), "serviceWorker");
        let watched = property(&container, "controller").is_object();
        Self { bytes: count("bytes"), stopped: count("requests"), watched, kept: body_data("kept") }
    }

    fn offline(&self) -> &'static str {
        match self.kept.as_str() {
            "all" => "offline-all",
            "site" => "offline-site",
            _ => "offline-none",
        }
    }
}

#[component]
pub fn Panel() -> impl IntoView {
    let figures = RwSignal::new(Figures::now());
    let refresh = move || {
        let now = Figures::now();
        if figures.with_untracked(|known| *known != now) {
            figures.set(now);
        }
    };
    if let Ok(watch) = set_interval_with_handle(refresh, EVERY) {
        on_cleanup(move || watch.clear());
    }
    let by = move || match figures.with(|figures| figures.watched) {
        true => "leaves-watched",
        false => "leaves-policy",
    };
    view! {
        <section class="panel" data-testid="privacy">
            <h2 data-message="leaves"></h2>
            <p data-message=by></p>
            <dl class="figures">
                <div><dt data-message="leaves-bytes"></dt><dd data-testid="bytes-sent">{move || figures.with(|f| f.bytes)}</dd></div>
                <div><dt data-message="leaves-stopped"></dt><dd data-testid="requests-stopped">{move || figures.with(|f| f.stopped)}</dd></div>
                <div><dt data-message="offline"></dt><dd data-testid="offline" data-message=move || figures.with(Figures::offline)></dd></div>
            </dl>
        </section>
    }
}
