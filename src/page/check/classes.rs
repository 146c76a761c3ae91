//! What each class comes to: how many photos, how sure, how much evidence inside, and where it is usually found.

use crate::core::batch::{ClassSummary, class_summaries};
use crate::core::geometry::Rect;
use crate::core::inference::ClassMap;
use crate::core::message::Message;
use crate::page::canvas::{colours, draw_rgba};
use crate::page::web::{fixed, live};
use crate::page::words::class_name;
use crate::render::{OverlayOptions, Picture, Range, overlay};
use leptos::html::Canvas;
use leptos::prelude::*;
use web_sys::HtmlCanvasElement;

use super::state::State;

/// Classes shown at once, and pixels of a mean map.
const SHOWN: usize = 24;
const SIDE: u32 = 96;

#[component]
pub fn ByClass() -> impl IntoView {
    let state = expect_context::<State>();
    let all = Memo::new(move |_| state.items.with(|items| class_summaries(items)));
    let more = move || all.with(Vec::len).saturating_sub(SHOWN);
    view! {
        <details class="by-class panel" open data-testid="by-class">
            <summary><h2 data-message="check-by-class"></h2></summary>
            <p class="hint" data-message="check-by-class-how"></p>
            <div class="class-list">
                <For each=move || all.get().into_iter().take(SHOWN) key=|class| class.index let:class>
                    <One first=class all/>
                </For>
            </div>
            <p class="hint" hidden=live(move || more() == 0) data-message=live(move || Message::new("and-more").with("n", more()).attr())></p>
        </details>
    }
}

/// A class; it is drawn anew when it changes, not when another does.
#[component]
fn One(first: ClassSummary, all: Memo<Vec<ClassSummary>>) -> impl IntoView {
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
    let text = move || {
        now.with(|class| {
            Message::new("check-class").with("n", class.photos).with("sure", percent(class.confidence)).attr()
        })
    };
    let inside = move || {
        now.with(|class| class.inside.map(|inside| Message::new("check-inside").with("share", percent(inside)).attr()))
    };
    let share = move || now.with(|class| class.inside.map(|inside| inside.to_string()));
    let (label, called) = (Message::new("check-mean-map").with("class", name.as_str()).attr(), name.clone());
    Effect::new(move || {
        if let Some(canvas) = canvas.get() {
            now.with(|class| draw(&canvas, &class.map));
        }
    });
    view! {
        <button class="one-class" data-testid="class-summary" data-class=called data-inside=share aria-pressed=pressed on:click=toggle data-message="check-class-alone">
            <canvas node_ref=canvas role="img" data-message=label/>
            <b>{move || class_name(&name)}</b><small data-message=text></small><small data-message=inside></small>
        </button>
    }
}

/// A map without a photo.
fn draw(canvas: &HtmlCanvasElement, map: &ClassMap) {
    let side = SIDE as usize;
    let grey = vec![128; side * side * 3];
    let picture = Picture { width: side, height: side, rgb: &grey };
    let whole = Rect { x: 0.0, y: 0.0, width: side as f64, height: side as f64 };
    let options = OverlayOptions { opacity: 1.0, colormap: colours(), ..OverlayOptions::default() };
    let range = Range::for_colors(options.colormap, &map.values);
    draw_rgba(canvas, &overlay(picture, &map.values, (map.width, map.height), whole, range, options), side, side);
}
