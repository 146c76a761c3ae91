//! About: what this is, what it promises, and how fast it is on this device.

mod measure;
mod pictures;
mod privacy;
mod report;
mod state;

use leptos::prelude::*;

use state::State;

/// The part's view.
#[component]
pub fn About() -> impl IntoView {
    let state = State::new(expect_context());
    provide_context(state);
    measure::begin(state);
    view! {
        <div class="about">
            <section class="panel">
                <h2 data-message="about-what"></h2>
                <pictures::Pictures/>
                <p data-message="about-cam"></p>
                <p data-message="about-shortcuts"></p>
                <p data-message="about-private"></p>
                <p><a href="./licences.html" data-message="about-licences"></a></p>
            </section>
            <privacy::Panel/>
            <measure::Panel/>
            <report::Results/>
        </div>
    }
}
