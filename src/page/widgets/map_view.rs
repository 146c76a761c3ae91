//! The one view of a map over its photo: drawn by the visitor's choices, read by pointer and arrow keys, zoomed, moved, full screen, and
//! with boxes where these can be drawn.

use std::sync::Arc;

use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, PointerEvent, WheelEvent};

use super::appearance::Appearance;
use super::boxes::{Boxes, Drawn};
use super::icon::Icon;
use super::zoom::Zoom;
use crate::core::inference::{Inference, Picture, Prediction};
use crate::core::message::Message;
use crate::page::canvas;
use crate::page::place::Place;
use crate::page::web::{document, fixed, live};
use crate::page::words::track_language;
use crate::render::{OverlayOptions, Range};

/// What a view shows.
#[derive(Clone)]
pub struct Scene {
    /// The photo.
    pub picture: Arc<Picture>,
    /// The map and what it is of; none while there is only the photo.
    pub map: Option<SceneMap>,
}

/// A map in a scene.
#[derive(Clone)]
pub struct SceneMap {
    pub inference: Arc<Inference>,
    pub prediction: Prediction,
    /// Values at the ends of the colours.
    pub range: Range,
    /// Colours of its own, for maps that are differences.
    pub options: Option<OverlayOptions>,
}

/// Magnification of a press of the button.
const STEP: f64 = 1.5;

#[component]
pub fn MapView(
    /// Test id of the canvas.
    id: &'static str,
    /// Id of the element that says what the picture is.
    caption: &'static str,
    /// Longest side at which the picture is drawn, in pixels.
    side: usize,
    #[prop(into)] scene: Signal<Option<Scene>>,
    #[prop(optional)] place: Option<Place>,
    #[prop(optional)] zoom: Option<Zoom>,
    /// Boxes that can be drawn, moved and resized.
    #[prop(optional)]
    boxes: Option<Boxes>,
    /// Whether the wheel magnifies without a key.
    #[prop(optional)]
    wheel: bool,
    /// Whether there are buttons on the picture.
    #[prop(default = true)]
    tools: bool,
    /// What else is on the picture.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let appearance = expect_context::<Appearance>();
    let (frame, sheet, node) = (NodeRef::<Div>::new(), NodeRef::<Div>::new(), NodeRef::<Canvas>::new());
    let (place, zoom) = (place.unwrap_or_default(), zoom.unwrap_or_default());
    // Made once per change, however often it is read.
    let scene = Memo::new_with_compare(move |_| scene.get(), |_, _| true);
    Effect::new(move || {
        track_language();
        let (Some(node), Some(Scene { picture, map })) = (node.get(), scene.get()) else { return };
        let Some(SceneMap { inference, prediction, range, options }) = map else {
            return canvas::draw_plain(&node, &picture);
        };
        let options = options.unwrap_or_else(|| appearance.options());
        canvas::draw_map(&node, &picture, side, &inference, &prediction, range, options);
        if !appearance.plain.get() {
            canvas::draw_crop(&node, &inference, &Message::new("crop").text());
            if appearance.boxed.get() {
                canvas::draw_box(&node, &inference, &prediction);
            }
        }
        if let Some(at) = place.mark() {
            canvas::draw_mark(&node, at);
        }
    });
    let ratio = move || {
        let scene = scene.get()?;
        Some(fixed(f64::from(scene.picture.width) / f64::from(scene.picture.height.max(1)), 4))
    };
    // Pointers that are down, and where they are on the screen.
    let held = StoredValue::new(Vec::<(i32, [f64; 2])>::new());
    let moved = StoredValue::new(false);
    let size = move || {
        sheet.get_untracked().map_or([1.0; 2], |s| [s.client_width().max(1).into(), s.client_height().max(1).into()])
    };
    // A finger that is not meant to draw scrolls the page, as it does everywhere.
    let draws = move |event: &PointerEvent| {
        boxes.is_some_and(|boxes| {
            boxes.drawing.get_untracked() || (event.pointer_type() != "touch" && zoom.scale() == 1.0)
        })
    };
    let on_screen = |event: &PointerEvent| [f64::from(event.client_x()), f64::from(event.client_y())];
    let begin = move |event: PointerEvent| {
        if event.button() != 0 {
            return;
        }
        if let Some(element) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
            let _ = element.set_pointer_capture(event.pointer_id());
        }
        moved.set_value(false);
        held.update_value(|held| held.push((event.pointer_id(), on_screen(&event))));
        if untrack(|| draws(&event))
            && let (Some(boxes), Some(at)) = (boxes, canvas::place(&event))
        {
            boxes.begin(at);
        }
    };
    let go_on = move |event: PointerEvent| {
        place.point(&event);
        let now = on_screen(&event);
        let before = held.get_value();
        let Some(&(_, was)) = before.iter().find(|(id, _)| *id == event.pointer_id()) else { return };
        held.update_value(|held| {
            held.iter_mut().filter(|(id, _)| *id == event.pointer_id()).for_each(|held| held.1 = now);
        });
        if now != was {
            moved.set_value(true);
        }
        if let (Some(boxes), Some(at)) = (boxes, canvas::place(&event))
            && boxes.drag_to(at)
        {
            return;
        }
        match before.iter().find(|(id, _)| *id != event.pointer_id()) {
            // Two fingers magnify by how far they part.
            Some(&(_, other)) => {
                let apart = |at: [f64; 2]| (at[0] - other[0]).hypot(at[1] - other[1]).max(1.0);
                zoom.magnify(apart(now) / apart(was));
            }
            None => {
                let [width, height] = size();
                zoom.shift([(now[0] - was[0]) / width, (now[1] - was[1]) / height]);
            }
        }
    };
    let end = move |event: PointerEvent| {
        held.update_value(|held| held.retain(|(id, _)| *id != event.pointer_id()));
        let has_drawn = boxes.is_some_and(|boxes| boxes.end());
        // What a drag does, without one: a place that is clicked comes to the middle.
        if !has_drawn
            && !moved.get_value()
            && zoom.scale() > 1.0
            && let Some(at) = untrack(|| place.get())
        {
            zoom.centre(at);
        }
    };
    let cancel = move |event: PointerEvent| {
        held.update_value(|held| held.retain(|(id, _)| *id != event.pointer_id()));
        if let Some(boxes) = boxes {
            boxes.cancel();
        }
    };
    let roll = move |event: WheelEvent| {
        if wheel || event.ctrl_key() || zoom.scale() > 1.0 {
            event.prevent_default();
            zoom.magnify((-event.delta_y() / 400.0).exp());
        }
    };
    let press = move |event: KeyboardEvent| match event.key().as_str() {
        "+" | "=" => zoom.magnify(STEP),
        "-" => zoom.magnify(1.0 / STEP),
        "0" => zoom.reset(),
        _ => {
            let Some(SceneMap { inference, prediction, .. }) = untrack(|| scene.get()).and_then(|scene| scene.map)
            else {
                return;
            };
            if place.walk(&event, &inference, &prediction.map)
                && let Some(at) = untrack(|| place.get())
            {
                zoom.centre(at);
            }
        }
    };
    let full_screen = move |_| {
        let Some(frame) = frame.get_untracked() else { return };
        match document().fullscreen_element() {
            Some(_) => document().exit_fullscreen(),
            None => drop(frame.request_fullscreen()),
        }
    };
    let hold = move |on: bool| appearance.plain.set(on);
    let zoomed = move || zoom.scale() > 1.0;
    let drawing = move || boxes.is_some_and(|boxes| boxes.drawing.get());
    view! {
        <div class="map-view" node_ref=frame class:zoomed=zoomed class:drawing=drawing class:draws=boxes.is_some()>
            <div class="sheet" node_ref=sheet style:--ratio=ratio style:transform=live(move || zoom.transform()) hidden=live(move || scene.with(Option::is_none))>
                <canvas node_ref=node data-testid=id role="img" aria-labelledby=caption tabindex="0" data-message="stage-read"
                    hidden=live(move || scene.with(Option::is_none))
                    data-values=live(move || scene.get().and_then(|scene| scene.map).map(|map| crate::page::web::digits(&map.prediction.map.values)))
                    on:pointerdown=begin on:pointermove=go_on on:pointerup=end on:pointercancel=cancel on:pointerleave=move |_| place.leave()
                    on:wheel=roll on:keydown=press on:blur=move |_| place.leave()/>
                {boxes.map(|boxes| view! { <Drawn boxes/> })}
            </div>
            {tools.then(|| view! {
                <div class="tools" role="toolbar" data-message="map-tools" hidden=live(move || scene.with(Option::is_none))>
                    <button class="icon" data-testid="zoom-in" data-message="map-larger" on:click=move |_| zoom.magnify(STEP)><Icon of=icondata_lu::LuZoomIn/></button>
                    <button class="icon" data-testid="zoom-out" data-message="map-smaller" on:click=move |_| zoom.magnify(1.0 / STEP) hidden=live(move || !zoomed())><Icon of=icondata_lu::LuZoomOut/></button>
                    <button class="icon" data-testid="zoom-reset" data-message="map-whole" on:click=move |_| zoom.reset() hidden=live(move || !zoomed())><Icon of=icondata_lu::LuScan/></button>
                    <button class="icon" data-testid="full-screen" data-message="map-full" on:click=full_screen><Icon of=icondata_lu::LuMaximize/></button>
                    <button class="icon" data-testid="compare" data-message="hold" aria-pressed=live(move || appearance.plain.get().to_string())
                        on:pointerdown=move |_| hold(true) on:pointerup=move |_| hold(false) on:pointerleave=move |_| hold(false)
                        on:keydown=move |event| if event.key() == " " || event.key() == "Enter" { hold(true) }
                        on:keyup=move |_| hold(false) on:blur=move |_| hold(false)><Icon of=icondata_lu::LuEye/></button>
                </div>
            })}
            {children.map(|children| children())}
        </div>
    }
}
