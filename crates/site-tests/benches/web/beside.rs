//! camscope and the other libraries in turn, each in its own window.

use std::time::Duration;

use fantoccini::wd::TimeoutConfiguration;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::cases::{Case, Work};
use crate::median;
use crate::processor;
use crate::site::Site;

/// Largest difference of an output from ours, as a fraction of the largest output. WebGPU adds in another order.
const TOLERANCE: f64 = 2e-3;

/// Time limit of a script. A pass of a large network on a software adapter takes a minute.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(900);

const PREPARE: &str = "return prepare(...arguments)";
const RUN: &str = "return run(...arguments)";

/// A library that is timed.
struct Competitor {
    title: &'static str,
    /// Library and backend for `peers.js`; `None` for camscope.
    peer: Option<(&'static str, &'static str)>,
    /// Milliseconds of each timed run.
    times: Vec<f64>,
    /// CPU milliseconds of each timed run.
    cpu_times: Vec<f64>,
    /// Milliseconds of the first run, with the preparation.
    first: f64,
    /// Logits, or losses of training steps.
    outputs: Vec<f64>,
}

pub async fn run(browser: &Browser, site: &Site, cases: &[&Case]) {
    let timeouts = TimeoutConfiguration::new(Some(SCRIPT_TIMEOUT), None, None);
    browser.client.update_timeouts(timeouts).await.unwrap();
    println!("{:<34} {:<20} {:>10} {:>10} {:>10} {:>7}", "work", "by", "median ms", "first ms", "CPU ms", "ratio");
    for case in cases {
        compare(browser, site, case).await;
    }
}

/// Time one case with all libraries that can run it.
async fn compare(browser: &Browser, site: &Site, case: &Case) {
    let ours = browser.client.new_window(true).await.unwrap().handle;
    browser.client.switch_to_window(ours.clone()).await.unwrap();
    let training = case.work == Work::Step;
    let more = if training { "&training=1" } else { "" };
    let (name, size, batch, device) = (case.name(), case.size, case.batch, case.device);
    let query = format!("bench={name}&size={size}&batch={batch}&device={device}&runs=1{more}");
    browser.open(&format!("{}/?{query}", site.url)).await;
    let first = result(browser, 1).await;
    let outputs = |result: &Value| numbers(&result[if training { "losses" } else { "logits" }]);
    let mut competitors = vec![Competitor {
        title: "camscope",
        peer: None,
        times: Vec::new(),
        cpu_times: Vec::new(),
        first: first["first_ms"].as_f64().unwrap(),
        outputs: outputs(&first),
    }];

    let theirs = browser.client.new_window(true).await.unwrap().handle;
    browser.client.switch_to_window(theirs.clone()).await.unwrap();
    browser.open(&format!("{}/peers/peers.html", site.url)).await;
    let backend = if case.device == "cpu" { "wasm" } else { "webgpu" };
    for (title, peer) in [("ONNX Runtime Web", "ort"), ("TensorFlow.js", "tf")] {
        if training && peer == "ort" {
            continue; // ONNX Runtime Web does not train.
        }
        match prepare(browser, (peer, backend), case).await {
            Ok((first, outputs)) => competitors.push(Competitor {
                title,
                peer: Some((peer, backend)),
                times: Vec::new(),
                cpu_times: Vec::new(),
                first,
                outputs,
            }),
            Err(error) => println!("{:<34} {title:<20} fails: {error}", label(case)),
        }
    }
    // The first loss of training is that of the initial weights. Later losses differ by rounding.
    let compared = |outputs: &[f64]| outputs[..if training { 1 } else { outputs.len() }].to_vec();
    for competitor in &competitors[1..] {
        assert_same(case, competitor.title, &compared(&competitors[0].outputs), &compared(&competitor.outputs));
    }

    let mut maps = Vec::new();
    for round in 0..case.rounds {
        for competitor in &mut competitors {
            match competitor.peer {
                None => {
                    browser.client.switch_to_window(ours.clone()).await.unwrap();
                    let before = processor::seconds();
                    browser.click("[data-testid=bench-start]").await;
                    let result = result(browser, round + 2).await;
                    competitor.cpu_times.push(1e3 * (processor::seconds() - before) / passes(&result));
                    competitor.times.push(result["median_ms"].as_f64().unwrap());
                    maps.push(result["maps_ms"].as_f64().unwrap());
                }
                Some((peer, _)) => {
                    browser.client.switch_to_window(theirs.clone()).await.unwrap();
                    let before = processor::seconds();
                    let result = browser.client.execute(RUN, vec![json!(peer)]).await.unwrap();
                    competitor.cpu_times.push(1e3 * (processor::seconds() - before));
                    competitor.times.push(result["took"].as_f64().unwrap());
                }
            }
        }
    }
    let medians: Vec<f64> = competitors.iter().map(|competitor| median(competitor.times.clone())).collect();
    for (competitor, theirs) in competitors.iter().zip(&medians) {
        println!(
            "{:<34} {:<20} {theirs:>10.1} {:>10.1} {:>10.0} {:>7}",
            label(case),
            competitor.title,
            competitor.first,
            median(competitor.cpu_times.clone()),
            if competitor.peer.is_some() { format!("{:.2}", medians[0] / theirs) } else { String::new() }
        );
    }
    if !training {
        let maps = median(maps);
        println!("{:<34} five maps more       {maps:>10.1} {:>29.3}", label(case), (medians[0] + maps) / medians[0]);
    }
    for window in [ours, theirs] {
        browser.client.switch_to_window(window).await.unwrap();
        browser.client.close_window().await.unwrap();
        let left = browser.client.windows().await.unwrap().into_iter().next().expect("the first window");
        browser.client.switch_to_window(left).await.unwrap();
    }
}

/// Return the number of passes of one of our measurements: the first one and the timed ones.
fn passes(result: &Value) -> f64 {
    1.0 + numbers(&result["runs_ms"]).len() as f64
}

/// Wait until the page has made `rows` measurements, and return the last result.
pub async fn result(browser: &Browser, rows: usize) -> Value {
    loop {
        let messages = browser.messages().await;
        assert!(messages.is_empty(), "{messages:?}");
        if browser.count("[data-testid=bench-row]").await == rows {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    serde_json::from_str(&browser.text("[data-testid=bench-json]").await).unwrap()
}

/// Prepare a library for a case. Return the milliseconds of its first run and its outputs, or its error.
async fn prepare(browser: &Browser, (peer, backend): (&str, &str), case: &Case) -> Result<(f64, Vec<f64>), String> {
    let arguments =
        vec![json!(peer), json!(backend), json!(case.name()), json!(case.batch), json!(case.work == Work::Step)];
    let result = browser.client.execute(PREPARE, arguments).await.map_err(|error| {
        let text = error.to_string();
        text.lines().next().unwrap_or_default().to_owned()
    })?;
    Ok((result["first"].as_f64().unwrap(), numbers(&result["answer"])))
}

fn numbers(values: &Value) -> Vec<f64> {
    values.as_array().map(|values| values.iter().filter_map(Value::as_f64).collect()).unwrap_or_default()
}

/// Assert that a library's outputs agree with ours.
fn assert_same(case: &Case, title: &str, ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len(), "{}: {title} gives another number of outputs", label(case));
    let largest = ours.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    let error = ours.iter().zip(theirs).fold(0.0, |error: f64, (a, b)| error.max((a - b).abs())) / largest;
    assert!(
        error < TOLERANCE,
        "{}: {title} gives {theirs:?}, camscope {ours:?}, relative difference {error:.5}",
        label(case)
    );
}

/// Return the label of a case in the table.
fn label(case: &Case) -> String {
    let work = if case.work == Work::Step { format!(", step of {}", case.batch) } else { String::new() };
    format!("{} {}, {}{work}", case.network, case.size, case.device)
}
