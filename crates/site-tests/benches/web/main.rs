//! `make bench-web`: camscope beside ONNX Runtime Web and TensorFlow.js in one headless Chromium, and teaching on the page.
//!
//! Networks and inputs are the same, and so must the answers be. The three take turns, one timed run each; medians and
//! ratios are printed, and beside them the processor time of all of the browser's processes: where it is more than the
//! time itself, more than one thread computes, and where it is much less, something else had the machine.
//!
//! `make bench-web PARTS="cpu webgpu steps start scale teach"` chooses among the parts and fetches what they need.

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/browser/browser.rs"]
mod browser;
#[path = "../../../../benches/graph.rs"]
mod graph;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/browser/site.rs"]
mod site;

#[path = "../../../../benches/networks.rs"]
mod networks;

mod beside;
mod cases;
mod processor;
mod scale;
mod start;
mod teach;

use browser::{Browser, project};
use cases::{CASES, Work};
use site::Site;

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[tokio::main]
async fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let wants = |part: &str| wanted.is_empty() || wanted.iter().any(|arg| arg == part);
    let chosen: Vec<_> = CASES
        .iter()
        .filter(|case| wants(if case.work == Work::Step { "steps" } else { case.device }))
        .filter(|case| wanted.iter().all(|arg| !arg.contains("network=") || arg.ends_with(case.network)))
        .collect();
    let site = Site::changed(|root| cases::publish_all(root, &chosen)).await;
    if !chosen.is_empty() {
        let browser = Browser::start().await;
        beside::run(&browser, &site, &chosen).await;
        browser.close().await;
    }
    if wants("start") {
        start::run().await;
    }
    if wants("scale") {
        let browser = Browser::start().await;
        scale::run(&browser, &site).await;
        browser.close().await;
    }
    if wants("teach") {
        let browser = Browser::start().await;
        teach::run(&browser, &site).await;
        browser.close().await;
    }
}
