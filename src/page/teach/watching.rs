//! One photo, before and after: the map of the network as it was on the left of the divider, as it has become on the right.
//! While it learns, the right side is the epoch just passed.

use std::sync::Arc;

use crate::core::inference::{Inference, Prediction};
use crate::core::message::Message;
use crate::page::canvas;
use crate::page::web::{fixed, live, memory};
use crate::render::Range;
use leptos::html::Canvas;
use leptos::prelude::*;

use super::state::{State, View};

const SIDE: usize = 640;

/// Draws a prediction's map, on its own scale.
pub fn draw(
    canvas: &web_sys::HtmlCanvasElement,
    view: &View,
    inference: &Inference,
    prediction: &Prediction,
    side: usize,
) {
    let options = canvas::overlay_options();
    let range = Range::for_colors(options.colormap, &prediction.map.values);
    canvas::draw_map(canvas, &view.picture, side, inference, prediction, range, options);
}

#[component]
pub fn Watching() -> impl IntoView {
    let state = expect_context::<State>();
    let (left, right) = (NodeRef::<Canvas>::new(), NodeRef::<Canvas>::new());
    let divider = RwSignal::new(50.0);
    let view = move || -> Option<Arc<View>> {
        let photo = state.watched.get()?;
        state.views.with(|views| views.get(&photo).cloned())
    };
    // The class that is watched: chosen, or the photo's own.
    let class = move || {
        let photo = state.watched.get()?;
        let chosen = state.watched_class.get();
        state.project.with(|project| {
            let own = project.photos.iter().find(|known| known.id == photo)?.class;
            chosen.filter(|&class| project.class(class).is_some()).or(Some(own))
        })
    };
    let before = move || view().and_then(|view| view.before.predictions.first().cloned());
    let after = move || {
        let class = class()?;
        let position = state.project.with(|project| {
            let order = project.outcome.as_ref().map(|outcome| outcome.classes.clone());
            order?.iter().position(|&known| known == class)
        });
        let taught = view()
            .and_then(|view| view.after.as_ref()?.predictions.iter().find(|p| Some(p.index) == position).cloned());
        if state.phase.with(|phase| phase.busy()) { state.live.get() } else { taught.or(state.live.get()) }
    };
    Effect::new(move || {
        let (Some(left), Some(view), Some(before)) = (left.get(), view(), before()) else { return };
        draw(&left, &view, &view.before, &before, SIDE);
    });
    Effect::new(move || {
        let (Some(right), Some(view)) = (right.get(), view()) else { return };
        match after() {
            Some(after) => draw(&right, &view, view.after.as_ref().unwrap_or(&view.before), &after, SIDE),
            None => canvas::draw_plain(&right, &view.picture),
        }
    });
    let side = |id: &'static str, p: Prediction| {
        Message::new(id).with("class", p.class).with("percent", fixed(p.probability * 100.0, 0)).attr()
    };
    let classes = move || {
        let current = class();
        let classes = state.project.with(|project| project.classes.clone());
        let choice = |class: crate::core::project::Class| {
            let (id, name) = (class.id, class.name);
            view! {
                <button aria-pressed=(Some(id) == current).to_string() style:--class-colour=class.colour
                    on:click=move |_| { state.live.set(None); state.watched_class.set(Some(id)) }>{name}</button>
            }
        };
        classes.into_iter().map(choice).collect_view()
    };
    view! {
        <section class="watching panel" data-message="teach-watching" data-testid="watching"
            data-engine-bytes=live(move || view().map(|view| view.before.timing.memory.to_string())) data-page-bytes=live(move || { view(); memory().to_string() })>
            <h2 data-message="teach-where"></h2>
            <p class="hint" hidden=live(move || view().is_some())
                data-message=live(move || if state.watched.get().is_some() { "teach-looking" } else { "teach-choose-photo" })></p>
            <div hidden=live(move || view().is_none())>
                <div class="compare" style:--at=live(move || fixed(divider.get(), 1) + "%")>
                    <canvas node_ref=left data-testid="before-canvas" role="img" data-message="teach-map-before"></canvas>
                    <canvas class="after" node_ref=right data-testid="after-canvas" role="img" data-message="teach-map-after"></canvas>
                    <input type="range" min="0" max="100" step="1" data-testid="before-after" data-message="teach-slider"
                        prop:value=live(move || divider.get()) on:input:target=move |event| divider.set(event.target().value_as_number())/>
                </div>
                <p class="sides">
                    <span data-message=live(move || before().map(|p| side("teach-before", p)))></span>
                    <span data-message=live(move || after().map(|p| side("teach-after", p)))></span>
                </p>
                <div class="row pick" role="group" data-message="teach-which-class">{classes}</div>
            </div>
        </section>
    }
}
