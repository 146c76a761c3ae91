//! The boxes around what a photo shows, and the shortcut check: how much of the evidence lies inside them. They are drawn on the photo,
//! or placed by numbers, for which neither a pointer nor a steady hand is needed.

use crate::core::batch::COVERS_ALL;
use crate::core::geometry::Rect;
use crate::core::inference::Prediction;
use crate::core::message::Message;
use crate::page::web::{fixed, live};
use crate::page::widgets::boxes::{Boxes, LEAST};
use leptos::prelude::*;

use super::state::{ShownMap, State};

/// A box that is added waits in the middle.
const MIDDLE: Rect = Rect { x: 0.25, y: 0.25, width: 0.5, height: 0.5 };

/// Show the result of the shortcut check in words and as a bar.
#[component]
pub fn Shortcut(boxes_view: Boxes) -> impl IntoView {
    let state = expect_context::<State>();
    let boxes = move || state.chosen_item().map_or(0, |item| item.boxes.len());
    let found = move || {
        let (item, ShownMap { prediction, .. }) = (state.chosen_item()?, state.shown_map()?);
        Some((item.inside(&prediction)?, item.covered()?, prediction.class))
    };
    let percent = |share: f64| fixed(share * 100.0, 0) + " %";
    let words = move || match (boxes(), found()) {
        (0, _) => Message::new("check-draw-box"),
        (_, None) => Message::new("check-no-evidence"),
        (_, Some((inside, covered, class))) => {
            let verdict = match () {
                () if covered > COVERS_ALL => "check-verdict-all",
                () if inside <= covered => "check-verdict-chance",
                () if inside < 0.5 => "check-verdict-most",
                () if inside < 0.8 => "check-verdict-part",
                () => "check-verdict-inside",
            };
            let message = Message::new("check-found").with("class", class).with("verdict", Message::new(verdict));
            message.with("inside", percent(inside)).with("covered", percent(covered))
        }
    };
    let share = move || found().map(|(inside, ..)| inside);
    let located = move || {
        let found = state.chosen_item()?.localisation(&state.shown_map()?.prediction)?;
        let hit = Message::new(if found.hit { "check-hit" } else { "check-missed" });
        let fits = if found.iou >= 0.5 { "check-fits" } else { "check-fits-not" };
        Some(Message::new(fits).with("hit", hit).with("overlap", fixed(found.iou, 2)).attr())
    };
    let around = move |_| {
        let Some(ShownMap { inference, prediction, .. }) = untrack(|| state.shown_map()) else { return };
        match evidence(&prediction, inference.width, inference.height) {
            Some(place) => state.change_boxes(|boxes| boxes.push(place)),
            None => state.say("note", "check-nothing-to-box".into()),
        }
    };
    view! {
        <div class="shortcut">
            <p data-testid="inside" data-share=live(move || share().map(|share| share.to_string())) role="status" data-message=live(move || words().attr())></p>
            <div class="share-bar" hidden=live(move || share().is_none()) style:--share=live(move || percent(share().unwrap_or(0.0)).replace(' ', ""))
                style:--covered=live(move || percent(found().map_or(0.0, |(_, covered, _)| covered)).replace(' ', ""))
                data-message="check-chance-line"></div>
            <p class="hint" data-testid="located" hidden=live(move || located().is_none()) data-message=located></p>
            <div class="row">
                <button data-testid="box-draw" aria-pressed=live(move || boxes_view.drawing.get().to_string())
                    on:click=move |_| boxes_view.drawing.update(|on| *on = !*on) data-message="check-box-draw"></button>
                <button data-testid="box-evidence" on:click=around data-message="check-box-evidence"></button>
                <button data-testid="box-add" on:click=move |_| state.change_boxes(|boxes| boxes.push(MIDDLE)) data-message="check-box-add"></button>
                <button data-testid="box-undo" disabled=live(move || boxes() == 0) on:click=move |_| state.change_boxes(|boxes| boxes.truncate(boxes.len().saturating_sub(1))) data-message="check-box-undo"></button>
            </div>
            <Edges/>
        </div>
    }
}

/// The last box by numbers.
#[component]
fn Edges() -> impl IntoView {
    let state = expect_context::<State>();
    let last = Memo::new(move |_| state.chosen_item().and_then(|item| item.boxes.last().copied()));
    let edge = move |id: &'static str, words: &'static str, side: fn(&Rect) -> f64, pull: fn(&mut Rect, f64)| {
        let percent = Memo::new(move |_| last.get().map(|place| fixed(side(&place) * 100.0, 0)).unwrap_or_default());
        view! {
            <label class="inline">
                <span data-message=words></span>
                <input type="number" min="0" max="100" step="1" data-testid=id prop:value=live(move || percent.get())
                    on:change:target=move |event| {
                        let share = event.target().value_as_number() / 100.0;
                        if share.is_finite() {
                            state.change_boxes(|boxes| boxes.iter_mut().last().into_iter().for_each(|place| pull(place, share.clamp(0.0, 1.0))));
                        }
                        event.target().set_value(&percent.get_untracked()); // an edge that could not go there
                    }/>
            </label>
        }
    };
    view! {
        <div class="row edges" role="group" data-message="check-edges" hidden=live(move || last.get().is_none())>
            {edge("edge-left", "check-left", |place| place.x, |place, to| pull([&mut place.x, &mut place.width], to, true))}
            {edge("edge-top", "check-top", |place| place.y, |place, to| pull([&mut place.y, &mut place.height], to, true))}
            {edge("edge-right", "check-right", |place| place.x + place.width, |place, to| pull([&mut place.x, &mut place.width], to, false))}
            {edge("edge-bottom", "check-bottom", |place| place.y + place.height, |place, to| pull([&mut place.y, &mut place.height], to, false))}
        </div>
    }
}

/// Has the first or the last edge of a box go to `to`, but not beyond the other.
fn pull([from, length]: [&mut f64; 2], to: f64, first: bool) {
    let end = *from + *length;
    if first {
        *from = to.min(end - LEAST).max(0.0);
        *length = end - *from;
    } else {
        *length = (to - *from).max(LEAST);
    }
}

/// The box around the evidence in shares of the photo.
fn evidence(prediction: &Prediction, width: u32, height: u32) -> Option<Rect> {
    let [x0, y0, x1, y1] = prediction.evidence_box?.map(f64::from);
    let place = Rect { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
    Some(place.scaled(1.0 / f64::from(width), 1.0 / f64::from(height)))
}
