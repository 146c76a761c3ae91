//! The chosen photo, large: its map, the boxes that the person draws around what it shows, its classes, and the way to Teach.

use crate::core::batch::{BatchItem, BatchItemState};
use crate::core::geometry::Rect;
use crate::core::message::Message;
use crate::core::method::Method;
use crate::page::canvas;
use crate::page::shared::SentPhoto;
use crate::page::web::fixed;
use crate::render::Range;
use leptos::html::Canvas;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlCanvasElement, PointerEvent};

use super::boxes::{LEAST, Shortcut};
use super::choices::{choose_class, choose_method};
use super::state::{FILES, ShownMap, State, picture as kept};

const SIDE: usize = 720;

#[component]
pub fn Detail() -> impl IntoView {
    let state = expect_context::<State>();
    view! {
        <Show when=move || state.chosen.get().is_some()>
            <section class="detail panel" data-message="stage-photo" data-testid="detail">
                <Stage/>
                <Classes/>
                <Shortcut/>
                <SendToTeach/>
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
        match state.shown_map() {
            Some(ShownMap { inference, prediction, .. }) => {
                let options = canvas::overlay_options();
                let range = Range::for_colors(options.colormap, &prediction.map.values);
                canvas::draw_map(&canvas, &photo, SIDE, &inference, &prediction, range, options);
            }
            None => canvas::draw_plain(&canvas, &photo),
        }
    });
    Effect::new(move || {
        state.pictures.track();
        state.shown_map(); // drawn before, so that the sizes agree
        let (Some(picture), Some(layer), Some(item)) = (picture.get(), layer.get(), state.chosen_item()) else {
            return;
        };
        let dragged = drag.get().and_then(spanned);
        draw_boxes(&layer, &picture, item.boxes.iter().copied().chain(dragged));
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
        Some(BatchItem { name, state: BatchItemState::Failed(why), .. }) => {
            Some(Message::new("of-file").with("name", name).with("what", why).attr())
        }
        Some(BatchItem { name, .. }) => {
            let message = match state.shown_map() {
                Some(ShownMap { prediction, method, .. }) => {
                    Message::new("evidence-by").with("method", method.info().title).with("class", prediction.class)
                }
                None => Message::new("looking"),
            };
            Some(message.with("name", name).attr())
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
                <p class="waiting" hidden=move || !waiting() data-message=caption></p>
            </div>
            <figcaption id="check-caption" aria-live="polite" data-message=caption></figcaption>
        </figure>
    }
}

/// The box between two places, cut off at the photo's border.
fn spanned([(x0, y0), (x1, y1)]: [(f32, f32); 2]) -> Option<Rect> {
    let inside = |share: f32| f64::from(share.clamp(0.0, 1.0));
    let (x, right) = (inside(x0.min(x1)), inside(x0.max(x1)));
    let (y, bottom) = (inside(y0.min(y1)), inside(y0.max(y1)));
    let place = Rect { x, y, width: right - x, height: bottom - y };
    (place.width > LEAST && place.height > LEAST).then_some(place)
}

fn draw_boxes(layer: &HtmlCanvasElement, picture: &HtmlCanvasElement, boxes: impl Iterator<Item = Rect> + Clone) {
    let (width, height) = (picture.width(), picture.height());
    layer.set_width(width); // clears it
    layer.set_height(height);
    canvas::outline(layer, |context| {
        for place in boxes.clone().map(|place| place.scaled(width.into(), height.into())) {
            context.rect(place.x, place.y, place.width, place.height);
        }
    });
}

/// The photo's best classes, and the way its maps are made.
#[component]
fn Classes() -> impl IntoView {
    let state = expect_context::<State>();
    let classes = Memo::new(move |_| {
        let item = state.chosen_item();
        let predictions = item
            .as_ref()
            .and_then(BatchItem::inference)
            .map(|inference| inference.predictions.clone())
            .unwrap_or_default();
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
        let info = method.info();
        view! { <option value=info.name prop:selected=move || state.method.get() == method>{info.title}</option> }
    };
    view! {
        <div class="row chips" role="group" data-message="check-classes">{move || classes.get().into_iter().enumerate().map(chip).collect_view()}</div>
        <div class="row">
            <label class="inline">
                <span data-message="check-map-by"></span>" "
                <select data-testid="check-method" on:change:target=move |event| {
                    let wanted = event.target().value();
                    if let Some(method) = Method::ALL.into_iter().find(|method| method.info().name == wanted) {
                        choose_method(state, method)
                    }
                }>{Method::ALL.map(method).collect_view()}</select>
            </label>
            <span class="hint" data-message=move || state.method.get().info().assumes></span>
        </div>
    }
}

/// Send the photo to the teaching part: a photo that was classified wrongly becomes a training photo.
#[component]
fn SendToTeach() -> impl IntoView {
    let state = expect_context::<State>();
    let name = RwSignal::new(String::new());
    // What is typed for one photo is likely meant for the next.
    let suggested = move || match name.get() {
        typed if typed.is_empty() => {
            state.chosen_item().and_then(|item| Some(item.best()?.class.clone())).unwrap_or_default()
        }
        typed => typed,
    };
    let sent = RwSignal::new(None::<(u32, String)>);
    let send_to_teach = move |_| {
        let (Some(id), class) = (state.chosen.get_untracked(), untrack(suggested)) else { return };
        let Some(file) = FILES.with_borrow(|files| files.get(&id).cloned()) else { return };
        if class.trim().is_empty() {
            return;
        }
        state.shared.sent.update(|sent| sent.push(SentPhoto { class: class.trim().to_owned(), file }));
        sent.set(Some((id, class.trim().to_owned())));
    };
    let word = move || {
        let (id, class) = sent.get()?;
        (Some(id) == state.chosen.get()).then(|| Message::new("check-lent").with("class", class).attr())
    };
    view! {
        <div class="row lend">
            <label class="inline">
                <span data-message="check-teach-as"></span>" "
                <input type="text" data-testid="lend-class" data-message="check-lend-class" maxlength="60" prop:value=suggested
                    on:change:target=move |event| name.set(event.target().value())/>
            </label>
            <button data-testid="lend" on:click=send_to_teach data-message="check-lend"></button>
            <span class="hint" role="status" data-testid="lent" data-message=word></span>
        </div>
    }
}
