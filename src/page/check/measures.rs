//! How far the chosen photo's map is to be trusted: numbers with what they mean, their curves, and the check by random weights.

use crate::core::message::Message;
use crate::core::metrics::Metric;
use crate::core::metrics::{Faithfulness, Randomised};
use crate::page::canvas::draw_map;
use crate::page::web::{fixed, live};
use crate::page::widgets::appearance::Appearance;
use crate::render::Range;
use leptos::html::Canvas;
use leptos::prelude::*;

use super::choices::measure;
use super::stage::stop;
use super::state::{ShownMap, State, picture};

/// Longer side of a small map, in pixels.
const SMALL: usize = 120;

#[component]
pub fn Numbers() -> impl IntoView {
    let state = expect_context::<State>();
    let busy = move || state.working.with(Option::is_some);
    let ready = move || state.shown_map().is_some();
    let ask = move |what: Metric| move |_| measure(state, what);
    let progress = move || {
        let (what, done, of) = state.working.get()?;
        let id = if of > 0 { "passes" } else { "check-working" };
        Some(Message::new(id).with("what", what).with("done", done).with("of", of).attr())
    };
    let share = move || state.working.get().map_or(0.0, |(_, done, of)| 100.0 * done as f64 / of.max(1) as f64);
    view! {
        <section class="numbers" aria-labelledby="check-trust">
            <h2 id="check-trust" data-message="check-trust"></h2>
            <div class="row">
                <button data-testid="measure" disabled=live(move || busy() || !ready()) on:click=ask(Metric::Faithfulness) data-message="check-measure"></button>
                <button data-testid="sanity" disabled=live(move || busy() || !ready()) on:click=ask(Metric::Sanity) data-message="check-random"></button>
                <button data-testid="measure-stop" hidden=live(move || !busy()) on:click=move |_| stop(state) data-message="stop"></button>
                <span class="hint" data-testid="measure-progress" data-message=progress></span>
            </div>
            <div class="bar" role="progressbar" data-message="check-measure-bar" aria-valuemin="0" aria-valuemax="100"
                aria-valuenow=live(move || fixed(share(), 0)) hidden=live(move || !busy()) style:--share=live(move || fixed(share(), 1) + "%")></div>
            <div class="trust">
                {move || state.measures.with(|measures| measures.faithfulness.as_ref().map(faithfulness))}
                {move || state.measures.with(|measures| measures.sanity.as_deref().map(sanity))}
            </div>
        </section>
    }
}

fn faithfulness(found: &Faithfulness) -> impl IntoView + use<> {
    let percent = |share: f32| fixed(share * 100.0, 1) + " %";
    let number = |id: &'static str, name: &'static str, value: Message, meaning: &'static str| {
        view! { <div><dt data-message=name></dt><dd data-testid=id data-message=value.attr()></dd><small data-message=meaning></small></div> }
    };
    let road = |tenths: &[f32]| -> Vec<f32> { [&[found.probability], tenths].concat() };
    view! {
        <dl class="measured" data-testid="faithfulness">
            {number("drop", "check-drop-name", Message::plain(percent(found.drop())), "check-drop-how")}
            {number("increase", "check-increase", Message::new(if found.increases() { "check-yes" } else { "check-no" }), "check-increase-how")}
            {number("deletion", "check-deletion", Message::plain(fixed(found.deletion_area(), 3)), "check-deletion-how")}
            {number("insertion", "check-insertion", Message::plain(fixed(found.insertion_area(), 3)), "check-insertion-how")}
            {number("road", "check-road", Message::plain(fixed(found.road(), 3)), "check-road-how")}
        </dl>
        <div class="curves">
            {chart("check-curve-away", [("deletion", &found.deletion), ("insertion", &found.insertion)])}
            {chart("check-curve-filled", [("most", &road(&found.road_most)), ("least", &road(&found.road_least))])}
            <p class="key"><i class="deletion"></i><span data-message="check-key-first"></span>" "<i class="insertion"></i><span data-message="check-key-last"></span></p>
        </div>
    }
}

/// Two curves from 0 to 1, over the same width.
fn chart(title: &'static str, lines: [(&'static str, &[f32]); 2]) -> impl IntoView + use<> {
    let path = |values: &[f32]| {
        let at = |(i, value): (usize, &f32)| {
            let x = i as f64 / (values.len() - 1).max(1) as f64 * 200.0;
            format!("{},{}", fixed(x, 1), fixed(82.0 - 80.0 * f64::from(*value), 1))
        };
        values.iter().enumerate().map(at).collect::<Vec<_>>().join(" ")
    };
    view! {
        <figure>
            <figcaption id=title data-message=title></figcaption>
            <svg viewBox="0 0 200 84" preserveAspectRatio="none" role="img" aria-labelledby=title>
                {lines.map(|(class, values)| view! { <polyline class=class points=path(values)/> }).collect_view()}
            </svg>
        </figure>
    }
}

/// The chosen photo with the map by random weights.
#[component]
fn SmallMap(step: Randomised) -> impl IntoView {
    let (state, appearance) = (expect_context::<State>(), expect_context::<Appearance>());
    let canvas = NodeRef::<Canvas>::new();
    let message = Message::new("check-random-map").with("layer", step.layer.as_str()).attr();
    Effect::new(move || {
        state.pictures.track();
        let picture = state.chosen.get().and_then(picture);
        let (Some(canvas), Some(picture), Some(shown)) = (canvas.get(), picture, state.shown_map()) else { return };
        let ShownMap { inference, mut prediction, .. } = shown;
        prediction.map = step.map.clone();
        let range = Range::for_colors(appearance.colormap.get(), &prediction.map.values);
        draw_map(&canvas, &picture, SMALL, &inference, &prediction, range, appearance.options());
    });
    view! { <canvas node_ref=canvas role="img" data-testid="random-map" data-message=message/> }
}

fn sanity(steps: &[Randomised]) -> impl IntoView + use<> {
    // Half the pattern left, with nothing learnt left.
    let last = steps.last().and_then(|step| step.similarity);
    let verdict = match last {
        Some(similarity) if similarity > 0.5 => "check-sanity-same",
        Some(_) => "check-sanity-changes",
        None => "check-sanity-flat",
    };
    let bar = |step: &Randomised| {
        let similarity = step.similarity.unwrap_or(0.0);
        // Below zero the map is turned around: drawn to the left, and in another colour.
        let width = fixed(similarity.abs() * 50.0, 0) + "%";
        let left = fixed(50.0 + similarity.min(0.0) * 50.0, 0) + "%";
        view! {
            <tr><th scope="row">{step.layer.clone()}</th><td><SmallMap step=step.clone()/></td><td class="axis"><i class:against={similarity < 0.0} style:width=width style:left=left></i></td>
            <td data-testid="similarity">{step.similarity.map_or("–".into(), |s| fixed(s, 2))}</td></tr>
        }
    };
    view! {
        <div class="sanity" data-testid="sanity-result">
            <p data-message=verdict></p>
            <table>
                <caption data-message="check-sanity-how"></caption>
                <tbody>{steps.iter().map(bar).collect_view()}</tbody>
            </table>
        </div>
    }
}
