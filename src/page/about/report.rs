//! What was measured: a table to compare by, and the newest as JSON.

use crate::core::message::Message;
use crate::page::web::{digits, fixed};
use js_sys::{JSON, Object, Reflect};
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::state::{Finding, State};

#[component]
pub fn Results() -> impl IntoView {
    let state = expect_context::<State>();
    let none = move || state.findings.with(Vec::is_empty);
    let rows = move || state.findings.get().into_iter().rev().map(row).collect_view();
    let newest = move || state.findings.with(|findings| findings.last().map(json).unwrap_or_default());
    let slowest = move || state.findings.with(|findings| findings.iter().map(Finding::median).fold(0.0, f64::max));
    provide_context(Slowest(Memo::new(move |_| slowest())));
    view! {
        <section class="panel timings" data-message="about-measured" hidden=none>
            <table>
                <thead><tr><th data-message="network"></th><th data-message="about-device"></th><th data-message="about-look"></th><th data-message="about-second"></th><th data-message="about-maps"></th><th data-message="about-first"></th><th data-message="about-speed"></th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
            <details><summary data-message="about-json"></summary><pre data-testid="bench-json">{newest}</pre></details>
        </section>
    }
}

/// The longest median so far, against which the bars are drawn.
#[derive(Clone, Copy)]
struct Slowest(Memo<f64>);

fn row(finding: Finding) -> impl IntoView {
    let Slowest(slowest) = expect_context();
    let median = finding.median();
    let share = move || fixed(100.0 * median / slowest.get(), 1) + "%";
    let id = match (finding.wanted.training, finding.wanted.batch) {
        (true, _) => "about-row-steps",
        (false, 1) => "about-row",
        (false, _) => "about-row-looks",
    };
    let name = Message::new(id).with("model", finding.wanted.model.as_str()).with("size", finding.wanted.size as usize);
    let name = name.with("batch", finding.wanted.batch);
    let photos = finding.wanted.batch as f64 * 1000.0 / median;
    view! {
        <tr data-testid="bench-row">
            <td data-message=name.attr()></td>
            <td>{label("about-device")}{finding.adapter.clone()}</td>
            <td>{label("about-look")}<span class="bar" style:--share=share></span>{time(median)}</td>
            <td>{label("about-second")}<span data-message=Message::new("about-photos").with("n", fixed(photos, if photos < 10.0 { 1 } else { 0 })).attr()></span></td>
            <td>{label("about-maps")}{if finding.result.maps.is_empty() { "–".into() } else { time(finding.maps()) }}</td>
            <td>{label("about-first")}{time(finding.result.first.into())}</td>
            <td>{label("about-speed")}{fixed(finding.gflops(), 1)}" GFLOP/s"</td>
        </tr>
    }
}

/// The column's title within the cell, for screens on which cells stand below each other.
fn label(message: &'static str) -> impl IntoView {
    view! { <small class="label" data-message=message></small> }
}

fn time(milliseconds: f64) -> String {
    match milliseconds {
        ms if ms < 10.0 => fixed(ms, 1) + " ms",
        ms if ms < 1000.0 => fixed(ms, 0) + " ms",
        ms => fixed(ms / 1000.0, 2) + " s",
    }
}

/// One finding for programs; times in milliseconds.
fn json(finding: &Finding) -> String {
    let object = Object::new();
    let set = |key: &str, value: JsValue| drop(Reflect::set(&object, &key.into(), &value));
    let floats = |values: &[f32]| JSON::parse(&format!("[{}]", digits(values))).unwrap_or(JsValue::NULL);
    set("model", finding.wanted.model.as_str().into());
    set("size", finding.wanted.size.into());
    set("device", finding.wanted.device.into());
    set("adapter", finding.adapter.as_str().into());
    set("batch", (finding.wanted.batch as f64).into());
    set("training", finding.wanted.training.into());
    set("first_ms", finding.result.first.into());
    set("runs_ms", floats(&finding.result.runs));
    set("median_ms", finding.median().into());
    set("maps_ms", finding.maps().into());
    set("gflops", finding.gflops().into());
    set("memory", (finding.result.memory as f64).into());
    set("logits", floats(&finding.result.logits));
    set("losses", floats(&finding.result.losses));
    JSON::stringify(&object).map(String::from).unwrap_or_default()
}
