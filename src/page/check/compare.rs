//! The chosen photo's map beside another: another class, another method, another network; what one has more than the other, and
//! the values of both at a place. All three pictures are zoomed and moved together.

use crate::core::inference::{ClassMap, Prediction};
use crate::core::message::{Arg, Message};
use crate::core::method::Method;
use crate::core::resample::difference;
use crate::page::canvas;
use crate::page::place::Place;
use crate::page::web::{digits, fixed};
use crate::render::{Colormap, OverlayOptions, Range};
use leptos::html::Canvas;
use leptos::prelude::*;
use web_sys::{KeyboardEvent, PointerEvent, WheelEvent};

use super::choices::choose_comparison;
use super::running::CompareWith;
use super::state::{ShownMap, State, picture};

const SIDE: usize = 720;
const FARTHEST: f64 = 8.0;
/// Cells a side on which maps of two networks meet that saw different parts of the photo.
const FINE: usize = 56;

#[component]
pub fn Compare() -> impl IntoView {
    let state = expect_context::<State>();
    let place = Place::new();
    // How much larger, and how far moved, in shares of the picture.
    let view = RwSignal::new((1.0f64, [0.0f64; 2]));
    let zoom = move |by: f64| {
        view.update(|(scale, moved)| {
            *scale = (*scale * by).clamp(1.0, FARTHEST);
            *moved = within(*scale, *moved);
        })
    };
    let there = move || state.compared_map().is_some();
    let transform = move || {
        let (scale, [x, y]) = view.get();
        format!("translate({}%, {}%) scale({scale})", x * 100.0, y * 100.0)
    };
    let first = move || state.shown_map();
    let second = move || state.compared_map();
    // Only CAMs of one network are parts of scores that can be compared.
    let scores =
        move || matches!((state.compare_with.get(), state.method.get()), (Some(CompareWith::Class(_)), Method::Cam));
    let third = move || Some(minus(&state.shown_map()?, &state.compared_map()?, !scores()));
    let unit = move || match scores() {
        true => "check-scores",
        false => "check-shares",
    };
    let values = move || {
        let (at, a, b) = (place.get()?, state.shown_map()?, state.compared_map()?);
        let value = |map: &ShownMap| canvas::value_at(&map.inference, &map.prediction, at, true);
        let word = |value: Option<f32>| {
            value.map_or_else(|| Message::new("check-unseen").into(), |value| Arg::from(fixed(value, 2)))
        };
        Some(Message::new("check-here").with("first", word(value(&a))).with("second", word(value(&b))).attr())
    };
    let names = move || {
        let [a, b] = [state.shown_map()?, state.compared_map()?];
        let name = |map: &ShownMap| format!("{} · {}", map.prediction.class, map.method.info().title);
        let network = match state.compare_with.get()? {
            CompareWith::Model(name) => {
                let title = state.models.with(|models| models.iter().find(|m| m.name == name).map(|m| m.title.clone()));
                format!(" · {}", title.unwrap_or_default())
            }
            _ => String::new(),
        };
        Some([name(&a), name(&b) + &network])
    };
    let title = move |i: usize| names().map(|names| Message::plain(names[i].as_str()).attr());
    view! {
        <section class="compare-maps panel" data-message="check-comparison" data-testid="compare-maps">
            <div class="row">
                <h2 data-message="check-compare"></h2>
                <Choice/>
                <span class="row" hidden=move || !there()>
                    <button data-message="check-larger" data-testid="zoom-in" on:click=move |_| zoom(1.5)>"+"</button>
                    <button data-message="check-smaller" on:click=move |_| zoom(1.0 / 1.5)>"−"</button>
                    <button data-testid="zoom-reset" on:click=move |_| view.set((1.0, [0.0; 2])) data-message="check-whole"></button>
                </span>
                <output class="hint" data-testid="compare-values" data-message=values></output>
            </div>
            <div class="views" hidden=move || !there()>
                <View id="compare-first" title=Signal::derive(move || title(0)) map=Signal::derive(first) signed=false view place transform=Signal::derive(transform)/>
                <View id="compare-second" title=Signal::derive(move || title(1)) map=Signal::derive(second) signed=false view place transform=Signal::derive(transform)/>
                <View id="compare-difference" title=Signal::derive(|| Some("check-difference".to_owned()))
                    map=Signal::derive(third) signed=true view place transform=Signal::derive(transform)/>
            </div>
            <p class="hint" hidden=move || !there() data-message=unit></p>
        </section>
    }
}

/// No farther than to its border.
fn within(scale: f64, moved: [f64; 2]) -> [f64; 2] {
    let most = (scale - 1.0) / 2.0;
    moved.map(|share| share.clamp(-most, most))
}

/// The first map less the second, over what the network of the first saw; what the other one did not see counts as nothing.
fn minus(a: &ShownMap, b: &ShownMap, relative: bool) -> ShownMap {
    let other = match a.inference.crop == b.inference.crop {
        true => b.prediction.map.clone(),
        false => {
            let crop = a.inference.crop;
            let at = |i: usize| {
                let share = |cell: usize| (cell as f64 + 0.5) / FINE as f64;
                let (u, v) = (share(i % FINE), share(i / FINE));
                let place = (crop.x + u * crop.width, crop.y + v * crop.height);
                canvas::value_at(&b.inference, &b.prediction, (place.0 as f32, place.1 as f32), true).unwrap_or(0.0)
            };
            ClassMap { width: FINE, height: FINE, values: (0..FINE * FINE).map(at).collect() }
        }
    };
    let map = &a.prediction.map;
    let (values, width) = difference((&map.values, map.width), (&other.values, other.width), relative);
    let map = ClassMap { width, height: values.len() / width.max(1), values };
    ShownMap { prediction: Prediction { map, evidence_box: None, ..a.prediction.clone() }, ..a.clone() }
}

/// Menu of what the map is compared with.
#[component]
fn Choice() -> impl IntoView {
    let state = expect_context::<State>();
    let classes = Memo::new(move |_| {
        let item = state.chosen_item();
        let predictions =
            item.as_ref().and_then(|item| item.inference()).map(|inference| inference.predictions.clone());
        predictions.unwrap_or_default().into_iter().map(|p| p.class).collect::<Vec<_>>()
    });
    let option = move |value: String, words: String, choice: CompareWith| {
        view! { <option value=value prop:selected=move || state.compare_with.get().as_ref() == Some(&choice)>{words}</option> }
    };
    let of_classes = move || {
        let others = classes.get().into_iter().enumerate().filter(move |(at, _)| *at != state.class.get());
        others.map(|(at, name)| option(format!("class:{at}"), name, CompareWith::Class(at))).collect_view()
    };
    let of_methods = move || {
        let others = Method::ALL.into_iter().filter(move |method| *method != state.method.get());
        others
            .map(|method| option(format!("method:{method}"), method.info().title.into(), CompareWith::Method(method)))
            .collect_view()
    };
    let of_models = move || {
        let models = state.models.get().into_iter().filter(move |model| model.name != state.model.get());
        models
            .map(|model| option(format!("model:{}", model.name), model.title, CompareWith::Model(model.name)))
            .collect_view()
    };
    let choose = move |value: String| {
        let compare_with = match value.split_once(':') {
            Some(("class", at)) => at.parse().ok().map(CompareWith::Class),
            Some(("method", name)) => {
                Method::ALL.into_iter().find(|method| method.info().name == name).map(CompareWith::Method)
            }
            Some((_, name)) => Some(CompareWith::Model(name.into())),
            None => None,
        };
        choose_comparison(state, compare_with);
    };
    view! {
        <select data-testid="against" data-message="check-against" on:change:target=move |event| choose(event.target().value())>
            <option value="" prop:selected=move || state.compare_with.get().is_none() data-message="check-nothing"></option>
            <optgroup data-message="check-other-class">{of_classes}</optgroup>
            <optgroup data-message="check-other-method">{of_methods}</optgroup>
            <optgroup data-message="check-other-network">{of_models}</optgroup>
        </select>
    }
}

#[component]
fn View(
    id: &'static str,
    /// What the picture is, as `data-message`.
    title: Signal<Option<String>>,
    map: Signal<Option<ShownMap>>,
    /// Blue to red around zero.
    signed: bool,
    view: RwSignal<(f64, [f64; 2])>,
    place: Place,
    transform: Signal<String>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let node = NodeRef::<Canvas>::new();
    let caption = format!("{id}-caption");
    Effect::new(move || {
        state.pictures.track();
        let (Some(node), Some(shown_map), Some(chosen)) = (node.get(), map.get(), state.chosen.get()) else {
            return;
        };
        let Some(photo) = picture(chosen) else { return };
        let ShownMap { inference, prediction, .. } = shown_map;
        let values = &prediction.map.values;
        let (range, options) = match signed {
            true => {
                let options = OverlayOptions { opacity: 0.6, colormap: Colormap::BlueRed, ..OverlayOptions::default() };
                (Range::for_colors(Colormap::BlueRed, values), options)
            }
            false => (Range::for_colors(canvas::colours(), values), canvas::overlay_options()),
        };
        canvas::draw_map(&node, &photo, SIDE, &inference, &prediction, range, options);
        if let Some(at) = place.mark() {
            canvas::draw_mark(&node, at);
        }
    });
    let values = move || map.get().map(|shown_map| digits(&shown_map.prediction.map.values));
    // Where a drag is, in pixels of the screen.
    let drag = RwSignal::new(None::<[i32; 2]>);
    let still = StoredValue::new(true);
    let size = move || {
        node.get_untracked().map_or([1.0; 2], |c| [c.client_width().max(1).into(), c.client_height().max(1).into()])
    };
    // What a drag does, without one: a place that is clicked, or gone to by arrows, comes to the middle.
    let centre = move || {
        let Some((x, y)) = untrack(|| place.get()) else { return };
        view.update(|(scale, moved)| *moved = within(*scale, [x, y].map(|share| (0.5 - f64::from(share)) * *scale)));
    };
    let walk = move |event: KeyboardEvent| {
        if let Some(shown_map) = map.get_untracked()
            && place.walk(&event, &shown_map.inference, &shown_map.prediction.map)
        {
            centre();
        }
    };
    let begin = move |event: PointerEvent| {
        still.set_value(true);
        drag.set(Some([event.client_x(), event.client_y()]));
    };
    let end = move |_| {
        if drag.get_untracked().is_some() && still.get_value() {
            centre();
        }
        drag.set(None);
    };
    let go_on = move |event: PointerEvent| {
        place.point(&event);
        if let Some([x, y]) = drag.get_untracked() {
            let now = [event.client_x(), event.client_y()];
            if now != [x, y] {
                still.set_value(false);
            }
            let [width, height] = size();
            view.update(|(scale, moved)| {
                let by: [f64; 2] = [f64::from(now[0] - x) / width, f64::from(now[1] - y) / height];
                *moved = within(*scale, [moved[0] + by[0], moved[1] + by[1]]);
            });
            drag.set(Some(now));
        }
    };
    let wheel = move |event: WheelEvent| {
        event.prevent_default();
        view.update(|(scale, moved)| {
            let before = *scale;
            *scale = (before * (-event.delta_y() / 400.0).exp()).clamp(1.0, FARTHEST);
            *moved = within(*scale, moved.map(|share| share * *scale / before));
        });
    };
    view! {
        <figure>
            <div class="pane">
                <canvas node_ref=node data-testid=id data-values=values role="img" aria-labelledby=caption.clone() style:transform=transform
                    tabindex="0" data-message="stage-read" on:pointerdown=begin on:pointermove=go_on on:pointerup=end
                    on:pointerleave=move |_| { drag.set(None); place.leave() } on:wheel=wheel on:keydown=walk on:blur=move |_| place.leave()/>
            </div>
            <figcaption id=caption data-message=title></figcaption>
        </figure>
    }
}
