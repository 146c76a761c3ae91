//! Boxes on a photo: drawn, moved, resized and deleted, by pointer or by keys. Places are fractions of the photo.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, PointerEvent};

use crate::core::geometry::Rect;
use crate::core::message::Message;
use crate::page::web::fixed;

/// Shares of the photo below which a box is none.
pub const LEAST: f64 = 0.01;

/// Share of the photo that an arrow key moves a box by.
const NUDGE: f64 = 0.01;

/// Boxes and how they change.
#[derive(Clone, Copy)]
pub struct Boxes {
    /// The boxes.
    pub all: Signal<Vec<Rect>>,
    /// Takes them as they become.
    pub change: Callback<Vec<Rect>>,
    /// Whether a finger draws, which scrolls the page otherwise.
    pub drawing: RwSignal<bool>,
    /// Where a new box begins, and where it ends now.
    new: RwSignal<Option<[(f32, f32); 2]>>,
}

impl Boxes {
    /// Make boxes of `all` that `change` takes.
    pub fn new(all: Signal<Vec<Rect>>, change: Callback<Vec<Rect>>) -> Self {
        Self { all, change, drawing: RwSignal::new(false), new: RwSignal::new(None) }
    }

    /// Begin a box.
    pub fn begin(&self, at: (f32, f32)) {
        self.new.set(Some([at, at]));
    }

    /// Draw the box as far as here. Return whether one is being drawn.
    pub fn drag_to(&self, at: (f32, f32)) -> bool {
        let Some([from, _]) = self.new.get_untracked() else { return false };
        self.new.set(Some([from, at]));
        true
    }

    /// Take the box that was drawn, unless it is none. Return whether it was one.
    pub fn end(&self) -> bool {
        let drawn = self.new.get_untracked().and_then(spanned);
        self.cancel();
        if let Some(place) = drawn {
            self.edit(|all| all.push(place));
            self.drawing.set(false);
        }
        drawn.is_some()
    }

    /// Forget the box that is being drawn.
    pub fn cancel(&self) {
        if self.new.get_untracked().is_some() {
            self.new.set(None);
        }
    }

    fn edit(&self, edit: impl FnOnce(&mut Vec<Rect>)) {
        let mut all = self.all.get_untracked();
        edit(&mut all);
        self.change.run(all);
    }
}

/// Return the box between two places, cut off at the photo's border.
fn spanned([(x0, y0), (x1, y1)]: [(f32, f32); 2]) -> Option<Rect> {
    let inside = |share: f32| f64::from(share.clamp(0.0, 1.0));
    let (x, right) = (inside(x0.min(x1)), inside(x0.max(x1)));
    let (y, bottom) = (inside(y0.min(y1)), inside(y0.max(y1)));
    let place = Rect { x, y, width: right - x, height: bottom - y };
    (place.width > LEAST && place.height > LEAST).then_some(place)
}

/// Move a box, but not beyond the photo.
fn shifted(place: Rect, [x, y]: [f64; 2]) -> Rect {
    let to = |from: f64, by: f64, length: f64| (from + by).clamp(0.0, (1.0 - length).max(0.0));
    Rect { x: to(place.x, x, place.width), y: to(place.y, y, place.height), ..place }
}

/// Resize a box at its lower right corner.
fn stretched(place: Rect, [x, y]: [f64; 2]) -> Rect {
    let to = |length: f64, by: f64, from: f64| (length + by).clamp(LEAST, (1.0 - from).max(LEAST));
    Rect { width: to(place.width, x, place.x), height: to(place.height, y, place.y), ..place }
}

/// The boxes over their photo.
#[component]
pub fn Drawn(boxes: Boxes) -> impl IntoView {
    let count = Memo::new(move |_| boxes.all.with(Vec::len));
    let new = move || {
        boxes.new.get().and_then(spanned).map(|place| view! { <div class="drawn-box new" style:left=percent(place.x) style:top=percent(place.y) style:width=percent(place.width) style:height=percent(place.height)></div> })
    };
    view! {
        <For each=move || 0..count.get() key=|number| *number let:number>
            <One boxes number/>
        </For>
        {new}
    }
}

fn percent(share: f64) -> String {
    fixed(share * 100.0, 2) + "%"
}

/// One box: dragged it moves, dragged by its corner it is resized; arrow keys do the same, with Shift the second.
#[component]
fn One(boxes: Boxes, number: usize) -> impl IntoView {
    let place = Memo::new(move |_| boxes.all.with(|all| all.get(number).copied()));
    // The box as it was, where the drag began on the screen, and whether it is by the corner.
    let drag = StoredValue::new(None::<(Rect, [f64; 2], bool)>);
    let put = move |place: Rect| {
        boxes.edit(|all| {
            if let Some(known) = all.get_mut(number) {
                *known = place;
            }
        });
    };
    let remove = move || {
        boxes.edit(|all| {
            if number < all.len() {
                all.remove(number);
            }
        });
    };
    let begin = move |corner: bool| {
        move |event: PointerEvent| {
            event.stop_propagation();
            if let Some(element) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
                let _ = element.set_pointer_capture(event.pointer_id());
            }
            let from = [f64::from(event.client_x()), f64::from(event.client_y())];
            drag.set_value(place.get_untracked().map(|place| (place, from, corner)));
        }
    };
    let go_on = move |event: PointerEvent| {
        let Some((before, [x, y], corner)) = drag.get_value() else { return };
        event.stop_propagation();
        let target = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
        let Some(sheet) = target.and_then(|target| target.closest(".sheet").ok().flatten()) else { return };
        let size = sheet.get_bounding_client_rect();
        let by = [(f64::from(event.client_x()) - x) / size.width(), (f64::from(event.client_y()) - y) / size.height()];
        put(if corner { stretched(before, by) } else { shifted(before, by) });
    };
    let end = move |_: PointerEvent| drag.set_value(None);
    let press = move |event: KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowLeft" => [-NUDGE, 0.0],
            "ArrowRight" => [NUDGE, 0.0],
            "ArrowUp" => [0.0, -NUDGE],
            "ArrowDown" => [0.0, NUDGE],
            "Delete" | "Backspace" => {
                event.prevent_default();
                return remove();
            }
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        if let Some(place) = place.get_untracked() {
            put(if event.shift_key() { stretched(place, by) } else { shifted(place, by) });
        }
    };
    let side = move |side: fn(Rect) -> f64| move || place.get().map(|place| percent(side(place)));
    let label = Message::new("box-one").with("n", (number + 1).to_string());
    view! {
        <div class="drawn-box" tabindex="0" role="group" data-testid="drawn-box" data-message=label.attr() style:left=side(|p| p.x) style:top=side(|p| p.y) style:width=side(|p| p.width) style:height=side(|p| p.height)
            on:pointerdown=begin(false) on:pointermove=go_on on:pointerup=end on:pointercancel=end on:keydown=press>
        </div>
        <div class="drawn-tools" style:left=side(|p| p.x) style:top=side(|p| p.y) style:width=side(|p| p.width) style:height=side(|p| p.height)>
            <i class="corner" aria-hidden="true" on:pointerdown=begin(true) on:pointermove=go_on on:pointerup=end on:pointercancel=end></i>
            <button class="icon" data-testid="box-remove" data-message="box-remove" on:click=move |_| remove()>"×"</button>
        </div>
    }
}
