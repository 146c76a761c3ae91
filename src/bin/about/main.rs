//! The page's last part: what this is, what it promises, and how fast it is on this device. A program of its own, fetched when
//! its tab is first opened or the address asks for a measurement.

mod measure;
mod privacy;
mod report;
mod state;

use camscope::page::notices::NoticeList;
use camscope::page::web::document;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use state::State;

fn main() {
    console_error_panic_hook::set_once();
    let Some(place) = document().get_element_by_id("about").and_then(|e| e.dyn_into::<HtmlElement>().ok()) else {
        return;
    };
    place.set_inner_html("");
    mount_to(place, App).forget();
}

#[component]
fn App() -> impl IntoView {
    let state = State::new();
    provide_context(state);
    leptos::task::spawn_local(measure::begin(state));
    view! {
        <div class="about">
            <div class="messages"><NoticeList notices=state.notices/></div>
            <section class="panel">
                <h2 data-message="about-what"></h2>
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
