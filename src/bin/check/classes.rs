//! What each class comes to: how many photos, how sure, how much evidence inside, and where it is usually found.

use camscope::page::canvas::put;
use camscope::page::web::fixed;
use camscope::protocol::ClassMap;
use camscope::recipe::Window;
use camscope::render::{OverlayOptions, Picture, Range, overlay};
use camscope::survey::{Class, classes};
use leptos::html::Canvas;
use leptos::prelude::*;
use web_sys::HtmlCanvasElement;

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
                <For each=move || all.get().into_iter().take(SHOWN) key=|class| class.index let:class>
                    <One first=class all/>
                </For>
            </div>
            <p class="hint" hidden=move || more() == 0>{move || format!("and {} more", more())}</p>
        </details>
    }
}

/// A class; it is drawn anew when it changes, not when another does.
#[component]
fn One(first: Class, all: Memo<Vec<Class>>) -> impl IntoView {
    let state = expect_context::<State>();
    let canvas = NodeRef::<Canvas>::new();
    let percent = |share: f64| fixed(share * 100.0, 0) + " %";
    let (index, name) = (first.index, first.name.clone());
    let now = Memo::new(move |_| {
        let found = all.with(|all| all.iter().find(|class| class.index == index).cloned());
        found.unwrap_or_else(|| first.clone())
    });
    let pressed = move || (state.filter.with(|filter| filter.class) == Some(index)).to_string();
    let toggle = move |_| state.filter.update(|filter| filter.class = (filter.class != Some(index)).then_some(index));
    let text = move || now.with(|class| format!("{} photos, {} sure", class.photos, percent(class.confidence)));
    let inside = move || now.with(|class| class.inside.map(|inside| format!("{} inside", percent(inside))));
    let share = move || now.with(|class| class.inside.map(|inside| inside.to_string()));
    let (label, called) = (format!("Mean map of {name}"), name.clone());
    Effect::new(move || {
        if let Some(canvas) = canvas.get() {
            now.with(|class| draw(&canvas, &class.map));
        }
    });
    view! {
        <button class="one-class" data-testid="class-summary" data-class=called data-inside=share aria-pressed=pressed on:click=toggle title="Show these photos alone">
            <canvas node_ref=canvas role="img" aria-label=label/>
            <b>{name}</b><small>{text}</small><small>{inside}</small>
        </button>
    }
}

/// A map without a photo.
fn draw(canvas: &HtmlCanvasElement, map: &ClassMap) {
    let side = SIDE as usize;
    let grey = vec![128; side * side * 3];
    let picture = Picture { width: side, height: side, rgb: &grey };
    let whole = Window { x: 0.0, y: 0.0, width: side as f64, height: side as f64 };
    let options = OverlayOptions { opacity: 1.0, ..OverlayOptions::default() };
    put(
        canvas,
        &overlay(picture, &map.values, (map.width, map.height), whole, Range::of(&map.values), options),
        side,
        side,
    );
}
