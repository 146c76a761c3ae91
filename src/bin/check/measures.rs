//! How far the chosen photo's map is to be trusted: numbers with what they mean, their curves, and the check by random weights.

use camscope::measure::{Faithfulness, Randomised};
use camscope::page::web::fixed;
use camscope::protocol::Measure;
use leptos::prelude::*;

use crate::client::{measure, stop};
use crate::state::State;

#[component]
pub fn Numbers() -> impl IntoView {
    let state = expect_context::<State>();
    let busy = move || state.working.with(Option::is_some);
    let ready = move || state.drawn().is_some();
    let ask = move |what: Measure| move |_| measure(state, what);
    let progress = move || {
        let (what, done, of) = state.working.get()?;
        Some(if of > 0 { format!("{what}: {done} of {of} passes") } else { format!("{what} …") })
    };
    let share = move || state.working.get().map_or(0.0, |(_, done, of)| 100.0 * done as f64 / of.max(1) as f64);
    view! {
        <section class="numbers panel" aria-label="Measures">
            <div class="row">
                <h2>"How far is this map to be trusted?"</h2>
                <button data-testid="measure" disabled=move || busy() || !ready() on:click=ask(Measure::Faithfulness)>"Measure it"</button>
                <button data-testid="sanity" disabled=move || busy() || !ready() on:click=ask(Measure::Sanity)>"Try random weights"</button>
                <button data-testid="measure-stop" hidden=move || !busy() on:click=move |_| stop(state)>"Stop"</button>
                <span class="hint" data-testid="measure-progress">{progress}</span>
            </div>
            <div class="bar" role="progressbar" aria-label="Measuring" aria-valuemin="0" aria-valuemax="100"
                aria-valuenow=move || fixed(share(), 0) hidden=move || !busy() style:--share=move || fixed(share(), 1) + "%"></div>
            <div class="trust">
                {move || state.measures.with(|measures| measures.faithfulness.as_ref().map(faithfulness))}
                {move || state.measures.with(|measures| measures.sanity.as_deref().map(sanity))}
            </div>
        </section>
    }
}

fn faithfulness(found: &Faithfulness) -> impl IntoView + use<> {
    let percent = |share: f32| fixed(share * 100.0, 1) + " %";
    let number = |id: &'static str, name: &'static str, value: String, meaning: &'static str| {
        view! { <div title=meaning><dt>{name}</dt><dd data-testid=id>{value}</dd><small>{meaning}</small></div> }
    };
    let road = |tenths: &[f32]| -> Vec<f32> { [&[found.probability], tenths].concat() };
    view! {
        <dl class="measured" data-testid="faithfulness">
            {number("drop", "Drop", percent(found.drop()), "of the probability is lost when only what the map shows is left. Lower is better.")}
            {number("increase", "Surer", if found.increases() { "yes" } else { "no" }.into(), "Whether the network is even surer with only that.")}
            {number("deletion", "Deletion", fixed(found.deletion_area(), 3), "Area under its curve, left: what the map has highest is taken away first. Lower is better.")}
            {number("insertion", "Insertion", fixed(found.insertion_area(), 3), "Area under its curve, left: what the map has highest comes first into a blurred photo. Higher is better.")}
            {number("road", "ROAD", fixed(found.road(), 3), "Half of what the map's highest is worth more than its lowest, each filled in from around. Higher is better; 0 is chance.")}
        </dl>
        <div class="curves">
            {chart("Probability, of the photo taken away", [("deletion", &found.deletion), ("insertion", &found.insertion)])}
            {chart("Probability, 0 to 90 % filled in", [("most", &road(&found.road_most)), ("least", &road(&found.road_least))])}
            <p class="key"><i class="deletion"></i>"highest first" <i class="insertion"></i>"shown, or lowest first"</p>
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
            <figcaption>{title}</figcaption>
            <svg viewBox="0 0 200 84" preserveAspectRatio="none" role="img" aria-label=title>
                {lines.map(|(class, values)| view! { <polyline class=class points=path(values)/> }).collect_view()}
            </svg>
        </figure>
    }
}

fn sanity(steps: &[Randomised]) -> impl IntoView + use<> {
    // Half the pattern left, with nothing learnt left.
    let last = steps.last().and_then(|step| step.similarity);
    let verdict = match last {
        Some(similarity) if similarity > 0.5 => {
            "The map stays much the same without anything the network learnt: it shows the photo, not the network."
        }
        Some(_) => "The map changes with the weights: it shows what the network learnt.",
        None => "The map is the same everywhere.",
    };
    let bar = |step: &Randomised| {
        let similarity = step.similarity.unwrap_or(0.0);
        let width = fixed(similarity.abs() * 100.0, 0) + "%";
        view! {
            <tr><th scope="row">{step.layer.clone()}</th><td><i style:width=width></i></td>
            <td data-testid="similarity">{step.similarity.map_or("–".into(), |s| fixed(s, 2))}</td></tr>
        }
    };
    view! {
        <div class="sanity" data-testid="sanity-result">
            <p>{verdict}</p>
            <table>
                <caption>"Likeness to the map as it is (1: the same), with random weights from the head down to …"</caption>
                <tbody>{steps.iter().map(bar).collect_view()}</tbody>
            </table>
        </div>
    }
}
