//! `make bench-web`: camscope beside ONNX Runtime Web and TensorFlow.js in one headless Chromium, and teaching on the page.
//!
//! Networks and inputs are the same, and the benchmark checks that the results are too. The three libraries take turns,
//! with one timed run each. It prints medians and ratios, and the CPU time of all of the browser's processes. If the
//! CPU time is more than the elapsed time, more than one thread computes. If it is much less, another program used the
//! machine.
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

/// Return the upper median, or NaN of an empty list.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[tokio::main]
async fn main() {
    let parts: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let runs = |part: &str| parts.is_empty() || parts.iter().any(|arg| arg == part);
    let chosen: Vec<_> = CASES
        .iter()
        .filter(|case| runs(if case.work == Work::Step { "steps" } else { case.device }))
        .filter(|case| parts.iter().all(|arg| !arg.contains("network=") || arg.ends_with(case.network)))
        .collect();
    let site = Site::changed(|root| cases::publish_all(root, &chosen)).await;
    if !chosen.is_empty() {
        let browser = Browser::start().await;
        beside::run(&browser, &site, &chosen).await;
        browser.close().await;
    }
    if runs("start") {
        start::run().await;
    }
    if runs("scale") {
        let browser = Browser::start().await;
        scale::run(&browser, &site).await;
        browser.close().await;
    }
    if runs("teach") {
        let browser = Browser::start().await;
        teach::run(&browser, &site).await;
        browser.close().await;
    }
}
