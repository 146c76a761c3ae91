//! The page's last part: what this is, what it promises, and how fast it is on this device. A program of its own, fetched when
//! its tab is first opened or the address asks for a measurement.

mod measure;
mod privacy;
mod report;
mod state;

use camscope::page::messages::MessageList;
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
            <div class="messages"><MessageList messages=state.messages/></div>
            <section class="panel">
                <h2>"What you see here"</h2>
                <p>"A convolutional network turns a photo into a coarse grid of features, averages them over the grid, and weighs the averages into one score per class. The same weights, applied before the average, say how much each place adds to the score: that is a class activation map. Nothing is guessed afterwards; the map’s mean plus a constant is the score itself."</p>
                <p>"So a network that is right for the wrong reason is found out: it knows the deer by the grass, or the tench by the hands that hold it. "<em>"Check"</em>" finds such photos in a whole folder, "<em>"Teach"</em>" mends them."</p>
                <p>"Your photos stay with you: decoding, network and maps run in this tab, on your graphics adapter where there is a fit one and on the processor where not. Nothing is uploaded, nothing is counted."</p>
            </section>
            <privacy::Panel/>
            <measure::Panel/>
            <report::Results/>
        </div>
    }
}
