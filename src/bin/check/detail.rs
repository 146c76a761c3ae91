//! The chosen photo, large: its map, the boxes that the person draws around what it shows, and how much of the evidence lies
//! inside them.

use camscope::method::Method;
use camscope::page::canvas;
use camscope::page::web::{fixed, property, window};
use camscope::protocol::Prediction;
use camscope::recipe::Window;
use camscope::render::{OverlayOptions, Range};
use camscope::said::Said;
use camscope::survey::{Item, ItemState};
use js_sys::{Array, Reflect};
use leptos::html::Canvas;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlCanvasElement, PointerEvent};

use crate::client::{choose_class, choose_method};
use crate::state::{Drawn, FILES, State, picture as kept};

const SIDE: usize = 720;
/// Share of what the network saw above which boxes say nothing.
pub const ALL: f64 = 0.95;
/// Shares of the photo below which a drag was none.
const LEAST: f64 = 0.01;

#[component]
pub fn Detail() -> impl IntoView {
    let state = expect_context::<State>();
    view! {
        <Show when=move || state.chosen.get().is_some()>
            <section class="detail panel" data-said="stage-photo" data-testid="detail">
                <Stage/>
                <Classes/>
                <Shortcut/>
                <Lend/>
            </section>
        </Show>
    }
}

#[component]
fn Stage() -> impl IntoView {
    let state = expect_context::<State>();
    let (picture, layer) = (NodeRef::<Canvas>::new(), NodeRef::<Canvas>::new());
    // Where a drag began and where it is now.
    let drag = RwSignal::new(None::<[(f32, f32); 2]>);
    Effect::new(move || {
        state.pictures.track();
        let (Some(canvas), Some(chosen)) = (picture.get(), state.chosen.get()) else { return };
        let Some(photo) = kept(chosen) else { return };
        match state.drawn() {
            Some(Drawn { look, prediction, .. }) => {
                let range = Range::of(&prediction.map.values);
                let options = OverlayOptions { colormap: canvas::colours(), ..OverlayOptions::default() };
                canvas::draw_map(&canvas, &photo, SIDE, &look, &prediction, range, options);
            }
            None => canvas::draw_plain(&canvas, &photo),
        }
    });
    Effect::new(move || {
        state.pictures.track();
        state.drawn(); // drawn before, so that the sizes agree
        let (Some(picture), Some(layer), Some(item)) = (picture.get(), layer.get(), state.chosen_item()) else {
            return;
        };
        let drawn = drag.get().and_then(spanned);
        draw_boxes(&layer, &picture, item.boxes.iter().copied().chain(drawn));
    });
    let begin = move |event: PointerEvent| {
        if let Some(place) = canvas::place(&event) {
            if let Some(element) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
                let _ = element.set_pointer_capture(event.pointer_id());
            }
            drag.set(Some([place, place]));
        }
    };
    let go_on = move |event: PointerEvent| {
        if let (Some([from, _]), Some(place)) = (drag.get_untracked(), canvas::place(&event)) {
            drag.set(Some([from, place]));
        }
    };
    let end = move |_| {
        if let Some(place) = drag.get_untracked().and_then(spanned) {
            state.change_boxes(|boxes| boxes.push(place));
        }
        drag.set(None);
    };
    let caption = move || match state.chosen_item() {
        None => None,
        Some(Item { name, state: ItemState::Failed(why), .. }) => {
            Some(Said::new("of-file").with("name", name).with("what", why).attr())
        }
        Some(Item { name, .. }) => {
            let said = match state.drawn() {
                Some(Drawn { prediction, method, .. }) => {
                    Said::new("evidence-by").with("method", method.about().title).with("class", prediction.class)
                }
                None => Said::new("looking"),
            };
            Some(said.with("name", name).attr())
        }
    };
    let waiting = move || {
        state.pictures.track();
        state.chosen.get().and_then(kept).is_none()
    };
    view! {
        <figure>
            <div class="frame layers">
                <canvas node_ref=picture data-testid="check-canvas" role="img" aria-labelledby="check-caption" hidden=waiting/>
                <canvas node_ref=layer class="layer" data-testid="check-layer" aria-hidden="true" hidden=waiting
                    on:pointerdown=begin on:pointermove=go_on on:pointerup=end on:pointercancel=move |_| drag.set(None)/>
                <p class="waiting" hidden=move || !waiting() data-said=caption></p>
            </div>
            <figcaption id="check-caption" aria-live="polite" data-said=caption></figcaption>
        </figure>
    }
}

/// The box between two places, cut off at the photo's border.
fn spanned([(x0, y0), (x1, y1)]: [(f32, f32); 2]) -> Option<Window> {
    let inside = |share: f32| f64::from(share.clamp(0.0, 1.0));
    let (x, right) = (inside(x0.min(x1)), inside(x0.max(x1)));
    let (y, bottom) = (inside(y0.min(y1)), inside(y0.max(y1)));
    let place = Window { x, y, width: right - x, height: bottom - y };
    (place.width > LEAST && place.height > LEAST).then_some(place)
}

/// In two lines, so that they show on any ground.
fn draw_boxes(layer: &HtmlCanvasElement, picture: &HtmlCanvasElement, boxes: impl Iterator<Item = Window> + Clone) {
    let (width, height) = (picture.width(), picture.height());
    layer.set_width(width); // clears it
    layer.set_height(height);
    let Some(context) = canvas::context(layer) else { return };
    let line = (f64::from(width) / 240.0).max(2.0);
    for (color, thickness) in [("#000a", line * 2.0), ("#fff", line)] {
        context.set_stroke_style_str(color);
        context.set_line_width(thickness);
        for place in boxes.clone() {
            let place = place.scaled(width.into(), height.into());
            context.stroke_rect(place.x, place.y, place.width, place.height);
        }
    }
}

/// The photo's best classes, and the way its maps are made.
#[component]
fn Classes() -> impl IntoView {
    let state = expect_context::<State>();
    let classes = Memo::new(move |_| {
        let item = state.chosen_item();
        let predictions = item.as_ref().and_then(Item::look).map(|look| look.predictions.clone()).unwrap_or_default();
        predictions.into_iter().map(|p| (p.class, p.probability)).collect::<Vec<_>>()
    });
    let chip = move |(at, (name, probability)): (usize, (String, f32))| {
        view! {
            <button data-testid="check-class" aria-pressed=move || (state.class.get() == at).to_string()
                on:click=move |_| choose_class(state, at)>
                {name}" "<small>{fixed(probability * 100.0, 0)}" %"</small>
            </button>
        }
    };
    let method = move |method: Method| {
        let about = method.about();
        view! { <option value=about.name prop:selected=move || state.method.get() == method>{about.title}</option> }
    };
    view! {
        <div class="row chips" role="group" data-said="check-classes">{move || classes.get().into_iter().enumerate().map(chip).collect_view()}</div>
        <div class="row">
            <label class="inline">
                <span data-said="check-map-by"></span>" "
                <select data-testid="check-method" on:change:target=move |event| {
                    let wanted = event.target().value();
                    if let Some(method) = Method::ALL.into_iter().find(|method| method.about().name == wanted) {
                        choose_method(state, method)
                    }
                }>{Method::ALL.map(method).collect_view()}</select>
            </label>
            <span class="hint" data-said=move || state.method.get().about().assumes></span>
        </div>
    }
}

/// What came of the shortcut check, in words and as a bar.
#[component]
fn Shortcut() -> impl IntoView {
    let state = expect_context::<State>();
    let boxes = move || state.chosen_item().map_or(0, |item| item.boxes.len());
    let found = move || {
        let (item, Drawn { prediction, .. }) = (state.chosen_item()?, state.drawn()?);
        Some((item.inside(&prediction)?, item.covered()?, prediction.class))
    };
    let percent = |share: f64| fixed(share * 100.0, 0) + " %";
    let words = move || match (boxes(), found()) {
        (0, _) => Said::new("check-draw-box"),
        (_, None) => Said::new("check-no-evidence"),
        (_, Some((inside, covered, class))) => {
            let verdict = match () {
                () if covered > ALL => "check-verdict-all",
                () if inside <= covered => "check-verdict-chance",
                () if inside < 0.5 => "check-verdict-most",
                () if inside < 0.8 => "check-verdict-part",
                () => "check-verdict-inside",
            };
            let said = Said::new("check-found").with("class", class).with("verdict", Said::new(verdict));
            said.with("inside", percent(inside)).with("covered", percent(covered))
        }
    };
    let share = move || found().map(|(inside, ..)| inside);
    let located = move || {
        let found = state.chosen_item()?.located(&state.drawn()?.prediction)?;
        let hit = Said::new(if found.hit { "check-hit" } else { "check-missed" });
        let fits = if found.overlap >= 0.5 { "check-fits" } else { "check-fits-not" };
        Some(Said::new(fits).with("hit", hit).with("overlap", fixed(found.overlap, 2)).attr())
    };
    let around = move |_| {
        let Some(Drawn { look, prediction, .. }) = untrack(|| state.drawn()) else { return };
        match evidence(&prediction, look.width, look.height) {
            Some(place) => state.change_boxes(|boxes| boxes.push(place)),
            None => state.say("note", "check-nothing-to-box".into()),
        }
    };
    view! {
        <div class="shortcut">
            <p data-testid="inside" data-share=move || share().map(|share| share.to_string()) role="status" data-said=move || words().attr()></p>
            <div class="share-bar" hidden=move || share().is_none() style:--share=move || percent(share().unwrap_or(0.0)).replace(' ', "")
                style:--covered=move || percent(found().map_or(0.0, |(_, covered, _)| covered)).replace(' ', "")
                data-said="check-chance-line"></div>
            <p class="hint" data-testid="located" hidden=move || located().is_none() data-said=located></p>
            <div class="row">
                <button data-testid="box-evidence" on:click=around data-said="check-box-evidence"></button>
                <button data-testid="box-undo" disabled=move || boxes() == 0 on:click=move |_| state.change_boxes(|boxes| boxes.truncate(boxes.len().saturating_sub(1))) data-said="check-box-undo"></button>
            </div>
        </div>
    }
}

/// The box around the evidence in shares of the photo.
fn evidence(prediction: &Prediction, width: u32, height: u32) -> Option<Window> {
    let [x0, y0, x1, y1] = prediction.evidence_box?.map(f64::from);
    let place = Window { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
    Some(place.scaled(1.0 / f64::from(width), 1.0 / f64::from(height)))
}

/// The way to the teaching part: a photo that is looked at wrongly becomes one to learn from.
#[component]
fn Lend() -> impl IntoView {
    let state = expect_context::<State>();
    let name = RwSignal::new(String::new());
    // What is typed for one photo is likely meant for the next.
    let suggested = move || match name.get() {
        typed if typed.is_empty() => {
            state.chosen_item().and_then(|item| Some(item.best()?.class.clone())).unwrap_or_default()
        }
        typed => typed,
    };
    let told = RwSignal::new(None::<(u32, String)>);
    let lend = move |_| {
        let (Some(id), class) = (state.chosen.get_untracked(), untrack(suggested)) else { return };
        let Some(file) = FILES.with_borrow(|files| files.get(&id).cloned()) else { return };
        if class.trim().is_empty() {
            return;
        }
        // Kept on the window until the teaching part, which may not be there yet, takes it.
        let waiting = property(&window(), "camscopeLent").dyn_into::<Array>().unwrap_or_default();
        waiting.push(&Array::of2(&JsValue::from(class.trim()), &file));
        let _ = Reflect::set(&window(), &"camscopeLent".into(), &waiting);
        if let Ok(event) = web_sys::CustomEvent::new("camscope-lent") {
            let _ = window().dispatch_event(&event);
        }
        told.set(Some((id, class.trim().to_owned())));
    };
    let word = move || {
        let (id, class) = told.get()?;
        (Some(id) == state.chosen.get()).then(|| Said::new("check-lent").with("class", class).attr())
    };
    view! {
        <div class="row lend">
            <label class="inline">
                <span data-said="check-teach-as"></span>" "
                <input type="text" data-testid="lend-class" data-said="check-lend-class" maxlength="60" prop:value=suggested
                    on:change:target=move |event| name.set(event.target().value())/>
            </label>
            <button data-testid="lend" on:click=lend data-said="check-lend"></button>
            <span class="hint" role="status" data-testid="lent" data-said=word></span>
        </div>
    }
}
