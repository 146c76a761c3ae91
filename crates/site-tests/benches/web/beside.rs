//! camscope and its peers in turn, each in a window of its own.

use std::time::Duration;

use fantoccini::wd::TimeoutConfiguration;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::cases::{Case, Work};
use crate::median;
use crate::processor;
use crate::site::Site;

/// Largest difference of an answer from ours, in shares of the largest answer. WebGPU adds in another order.
const TOLERANCE: f64 = 2e-3;

/// A pass of a large network on an adapter made of software takes a minute.
const PATIENCE: Duration = Duration::from_secs(900);

const PREPARE: &str = "return prepare(...arguments)";
const RUN: &str = "return run(...arguments)";

/// One of those who take turns.
struct Racer {
    title: &'static str,
    /// For `peers.js`; none for ourselves.
    peer: Option<(&'static str, &'static str)>,
    times: Vec<f64>,
    processor: Vec<f64>,
    first: f64,
    answer: Vec<f64>,
}

pub async fn run(browser: &Browser, site: &Site, cases: &[&Case]) {
    let patience = TimeoutConfiguration::new(Some(PATIENCE), None, None);
    browser.client.update_timeouts(patience).await.unwrap();
    println!("{:<34} {:<20} {:>10} {:>10} {:>10} {:>7}", "work", "by", "median ms", "first ms", "CPU ms", "ratio");
    for case in cases {
        race(browser, site, case).await;
    }
}

async fn race(browser: &Browser, site: &Site, case: &Case) {
    let ours = browser.client.new_window(true).await.unwrap().handle;
    browser.client.switch_to_window(ours.clone()).await.unwrap();
    let training = case.work == Work::Step;
    let more = if training { "&training=1" } else { "" };
    let (name, size, batch, device) = (case.name(), case.size, case.batch, case.device);
    let query = format!("bench={name}&size={size}&batch={batch}&device={device}&runs=1{more}");
    browser.open(&format!("{}/?{query}", site.url)).await;
    let found = result(browser, 1).await;
    let answer = |found: &Value| numbers(&found[if training { "losses" } else { "logits" }]);
    let mut racers = vec![Racer {
        title: "camscope",
        peer: None,
        times: Vec::new(),
        processor: Vec::new(),
        first: found["first_ms"].as_f64().unwrap(),
        answer: answer(&found),
    }];

    let theirs = browser.client.new_window(true).await.unwrap().handle;
    browser.client.switch_to_window(theirs.clone()).await.unwrap();
    browser.open(&format!("{}/peers/peers.html", site.url)).await;
    let backend = if case.device == "cpu" { "wasm" } else { "webgpu" };
    for (title, peer) in [("ONNX Runtime Web", "ort"), ("TensorFlow.js", "tf")] {
        if training && peer == "ort" {
            continue; // It does not train.
        }
        match prepare(browser, (peer, backend), case).await {
            Ok((first, answer)) => racers.push(Racer {
                title,
                peer: Some((peer, backend)),
                times: Vec::new(),
                processor: Vec::new(),
                first,
                answer,
            }),
            Err(why) => println!("{:<34} {title:<20} cannot: {why}", words(case)),
        }
    }
    // A training step's first loss is that of the weights as they were; later ones differ by rounding.
    let compared = |answer: &[f64]| answer[..if training { 1 } else { answer.len() }].to_vec();
    for racer in &racers[1..] {
        same(case, racer.title, &compared(&racers[0].answer), &compared(&racer.answer));
    }

    let mut maps = Vec::new();
    for round in 0..case.rounds {
        for racer in &mut racers {
            match racer.peer {
                None => {
                    browser.client.switch_to_window(ours.clone()).await.unwrap();
                    let before = processor::seconds();
                    browser.click("[data-testid=bench-start]").await;
                    let found = result(browser, round + 2).await;
                    racer.processor.push(1e3 * (processor::seconds() - before) / passes(&found));
                    racer.times.push(found["median_ms"].as_f64().unwrap());
                    maps.push(found["maps_ms"].as_f64().unwrap());
                }
                Some((peer, _)) => {
                    browser.client.switch_to_window(theirs.clone()).await.unwrap();
                    let before = processor::seconds();
                    let found = browser.client.execute(RUN, vec![json!(peer)]).await.unwrap();
                    racer.processor.push(1e3 * (processor::seconds() - before));
                    racer.times.push(found["took"].as_f64().unwrap());
                }
            }
        }
    }
    let medians: Vec<f64> = racers.iter().map(|racer| median(racer.times.clone())).collect();
    for (racer, theirs) in racers.iter().zip(&medians) {
        println!(
            "{:<34} {:<20} {theirs:>10.1} {:>10.1} {:>10.0} {:>7}",
            words(case),
            racer.title,
            racer.first,
            median(racer.processor.clone()),
            if racer.peer.is_some() { format!("{:.2}", medians[0] / theirs) } else { String::new() }
        );
    }
    if !training {
        let maps = median(maps);
        println!("{:<34} five maps more       {maps:>10.1} {:>29.3}", words(case), (medians[0] + maps) / medians[0]);
    }
    for window in [ours, theirs] {
        browser.client.switch_to_window(window).await.unwrap();
        browser.client.close_window().await.unwrap();
        let left = browser.client.windows().await.unwrap().into_iter().next().expect("the first window");
        browser.client.switch_to_window(left).await.unwrap();
    }
}

/// Passes that a measurement of ours has made: the first, and those timed.
fn passes(found: &Value) -> f64 {
    1.0 + numbers(&found["runs_ms"]).len() as f64
}

/// What the page says when it has measured so many times.
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

async fn prepare(browser: &Browser, (peer, backend): (&str, &str), case: &Case) -> Result<(f64, Vec<f64>), String> {
    let arguments =
        vec![json!(peer), json!(backend), json!(case.name()), json!(case.batch), json!(case.work == Work::Step)];
    let found = browser.client.execute(PREPARE, arguments).await.map_err(|error| {
        let text = error.to_string();
        text.lines().next().unwrap_or_default().to_owned()
    })?;
    Ok((found["first"].as_f64().unwrap(), numbers(&found["answer"])))
}

fn numbers(values: &Value) -> Vec<f64> {
    values.as_array().map(|values| values.iter().filter_map(Value::as_f64).collect()).unwrap_or_default()
}

fn same(case: &Case, title: &str, ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len(), "{}: {title} gives another number of answers", words(case));
    let largest = ours.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    let off = ours.iter().zip(theirs).fold(0.0, |off: f64, (a, b)| off.max((a - b).abs())) / largest;
    assert!(off < TOLERANCE, "{}: {title} answers {theirs:?}, camscope {ours:?} ({off:.5} apart)", words(case));
}

fn words(case: &Case) -> String {
    let work = if case.work == Work::Step { format!(", step of {}", case.batch) } else { String::new() };
    format!("{} {}, {}{work}", case.network, case.size, case.device)
}
