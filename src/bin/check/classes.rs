//! What each class comes to: how many photos, how sure, how much evidence inside, and where it is usually found.

use camscope::page::canvas::draw_map;
use camscope::page::web::fixed;
use camscope::protocol::{Look, Picture, Prediction, Timing};
use camscope::recipe::Window;
use camscope::render::{OverlayOptions, Range};
use camscope::survey::{Class, classes};
use leptos::html::Canvas;
use leptos::prelude::*;

use crate::state::State;

/// Classes shown at once, and pixels of a mean map.
const SHOWN: usize = 24;
const SIDE: u32 = 96;

#[component]
pub fn ByClass() -> impl IntoView {
    let state = expect_context::<State>();
    let all = Memo::new(move |_| state.items.with(|items| classes(items)));
    let more = move || all.with(Vec::len).saturating_sub(SHOWN);
    view! {
        <details class="by-class panel" open data-testid="by-class">
            <summary><h2>"By class"</h2></summary>
            <p class="hint">"The mean of each class’s maps: where it is usually found. A class that is found at the edge of every photo is found by something else."</p>
            <div class="class-list">
                {move || all.get().into_iter().take(SHOWN).map(|class| view! { <One class/> }).collect_view()}
            </div>
            <p class="hint" hidden=move || more() == 0>{move || format!("and {} more", more())}</p>
        </details>
    }
}

#[component]
fn One(class: Class) -> impl IntoView {
    let state = expect_context::<State>();
    let canvas = NodeRef::<Canvas>::new();
    let percent = |share: f64| fixed(share * 100.0, 0) + " %";
    let index = class.index;
    let pressed = move || (state.filter.with(|filter| filter.class) == Some(index)).to_string();
    let toggle = move |_| state.filter.update(|filter| filter.class = (filter.class != Some(index)).then_some(index));
    let text = format!("{} photos, {} sure", class.photos, percent(class.confidence));
    let inside = class.inside.map(|inside| format!("{} inside", percent(inside)));
    let share = class.inside.map(|inside| inside.to_string());
    let name = class.name.clone();
    let (label, called) = (format!("Mean map of {name}"), name.clone());
    Effect::new(move || {
        let Some(canvas) = canvas.get() else { return };
        let grey = Picture { width: SIDE, height: SIDE, rgb: vec![128; (SIDE * SIDE * 3) as usize], notes: Vec::new() };
        let map = class.map.clone();
        let range = Range::of(&map.values);
        let whole = Window { x: 0.0, y: 0.0, width: 1.0, height: 1.0 };
        let look =
            Look { width: SIDE, height: SIDE, window: whole, predictions: Vec::new(), timing: Timing::default() };
        let mean =
            Prediction { index, class: class.name.clone(), logit: 0.0, probability: 0.0, evidence_box: None, map };
        let options = OverlayOptions { opacity: 1.0, ..OverlayOptions::default() };
        draw_map(&canvas, &grey, SIDE as usize, &look, &mean, range, options);
    });
    view! {
        <button class="one-class" data-testid="class-summary" data-class=called data-inside=share aria-pressed=pressed on:click=toggle title="Show these photos alone">
            <canvas node_ref=canvas role="img" aria-label=label/>
            <b>{name}</b><small>{text}</small><small>{inside}</small>
        </button>
    }
}
