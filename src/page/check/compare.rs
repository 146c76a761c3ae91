//! The chosen photo's map beside another: another class, another method, another network; what one has more than the other, and
//! the values of both at a place. All pictures are zoomed and moved together.

use crate::core::inference::{ClassMap, Prediction};
use crate::core::message::{Arg, Message};
use crate::core::method::Method;
use crate::core::resample::difference;
use crate::page::canvas;
use crate::page::place::Place;
use crate::page::web::{fixed, live};
use crate::page::widgets::appearance::Appearance;
use crate::page::widgets::map_view::{MapView, Scene, SceneMap};
use crate::page::widgets::zoom::Zoom;
use crate::page::words::class_name;
use crate::render::{Colormap, OverlayOptions, Range};
use leptos::prelude::*;

use super::choices::choose_comparison;
use super::running::CompareWith;
use super::state::{ShownMap, State, picture};

const SIDE: usize = 720;
/// Cells a side on which maps of two networks meet that saw different parts of the photo.
const FINE: usize = 56;

#[component]
pub fn Compare() -> impl IntoView {
    let state = expect_context::<State>();
    let place = Place::new();
    let zoom = Zoom::new();
    let there = move || state.compared_map().is_some();
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
        let name = |map: &ShownMap| format!("{} · {}", class_name(&map.prediction.class), map.method.info().title);
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
        <section class="compare-maps" data-message="check-comparison" data-testid="compare-maps">
            <div class="row">
                <h2 data-message="check-compare"></h2>
                <Choice/>
                <output class="hint" data-testid="compare-values" data-message=values></output>
            </div>
            <div class="views" hidden=live(move || !there())>
                <View id="compare-first" title=Signal::derive(move || title(0)) map=Signal::derive(first) signed=false place zoom/>
                <View id="compare-second" title=Signal::derive(move || title(1)) map=Signal::derive(second) signed=false place zoom/>
                <View id="compare-difference" title=Signal::derive(|| Some("check-difference".to_owned())) map=Signal::derive(third) signed=true place zoom/>
            </div>
            <p class="hint" hidden=live(move || !there()) data-message=unit></p>
        </section>
    }
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
        view! { <option value=value prop:selected=live(move || state.compare_with.get().as_ref() == Some(&choice))>{words}</option> }
    };
    let of_classes = move || {
        let others = classes.get().into_iter().enumerate().filter(move |(at, _)| *at != state.class.get());
        others.map(|(at, name)| option(format!("class:{at}"), class_name(&name), CompareWith::Class(at))).collect_view()
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
            <option value="" prop:selected=live(move || state.compare_with.get().is_none()) data-message="check-nothing"></option>
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
    place: Place,
    zoom: Zoom,
) -> impl IntoView {
    let (state, appearance) = (expect_context::<State>(), expect_context::<Appearance>());
    let caption: &'static str = match id {
        "compare-first" => "compare-first-caption",
        "compare-second" => "compare-second-caption",
        _ => "compare-difference-caption",
    };
    let scene = Signal::derive(move || {
        state.pictures.track();
        let picture = state.chosen.get().and_then(picture)?;
        let ShownMap { inference, prediction, .. } = map.get()?;
        let values = &prediction.map.values;
        let (range, options) = match signed {
            true => {
                let options = OverlayOptions { opacity: 0.6, colormap: Colormap::BlueRed, ..OverlayOptions::default() };
                (Range::for_colors(Colormap::BlueRed, values), Some(options))
            }
            false => (Range::for_colors(appearance.colormap.get(), values), None),
        };
        Some(Scene { picture, map: Some(SceneMap { inference: inference.into(), prediction, range, options }) })
    });
    view! {
        <figure>
            <div class="pane">
                <MapView id caption side=SIDE scene place zoom wheel=true tools=!signed/>
            </div>
            <figcaption id=caption data-message=title></figcaption>
        </figure>
    }
}
