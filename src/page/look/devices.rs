//! Choice of the device. An adapter of the visitor's is not always faster than the processor, and some browsers take long to give
//! its results back. Hence the first visit with an adapter times one network on both, and the browser remembers the result.

use std::cell::RefCell;

use crate::core::benchmark::{BenchmarkResult, BenchmarkSpec};
use crate::core::message::{Arg, Message};
use crate::page::adapter::{Adapter, probe};
use crate::page::engine::Engine;
use crate::page::manifest::Model;
use crate::page::shared::DeviceLabel;
use crate::page::web::{fixed, keep, kept, parameter, window};
use crate::protocol::{Reply, Request};
use leptos::prelude::*;

use super::client;
use super::state::State;

/// Passes of a comparison, besides the first.
const RUNS: usize = 5;
/// Name under which the browser remembers the last comparison.
const KEPT: &str = "camscope-devices";

/// Milliseconds for a photo on both devices.
#[derive(Debug, Clone, Copy)]
struct Times {
    cpu: f64,
    webgpu: f64,
}

/// A comparison that is under way.
struct Comparison {
    adapter: Adapter,
    /// The network that is timed, once the WebGPU engine has it.
    model: Option<Model>,
    /// Milliseconds for a photo on the adapter.
    webgpu: Option<f64>,
    /// The CPU engine.
    engine: Option<Engine>,
}

thread_local! {
    static COMPARISON: RefCell<Option<Comparison>> = const { RefCell::new(None) };
}

/// Choose the device: as the page's address says; the CPU if there is no hardware adapter; else the faster one, as far as that is
/// known. If it is not, the choice is WebGPU, and both are timed once the network is ready.
pub async fn choose(state: State) -> DeviceLabel {
    let wanted = parameter("device");
    if wanted.as_deref() == Some("cpu") {
        return cpu("cpu-asked".into());
    }
    let forced = wanted.as_deref() == Some("webgpu");
    match probe().await {
        Ok(adapter) if forced => webgpu(adapter.name),
        Ok(adapter) if adapter.software => cpu(Message::new("cpu-software").with("name", adapter.name)),
        Ok(adapter) => match remembered(&key(&adapter, &state.model.get_untracked())) {
            Some(times) => label(&adapter, times),
            None => {
                let label = webgpu(adapter.name.clone());
                // A measurement must not run beside another.
                if parameter("bench").is_none() {
                    COMPARISON.set(Some(Comparison { adapter, model: None, webgpu: None, engine: None }));
                }
                label
            }
        },
        Err(why) => {
            if forced {
                state.say("error", Message::new("webgpu-asked").with("why", why.clone()));
            }
            cpu(why)
        }
    }
}

fn cpu(why: Message) -> DeviceLabel {
    DeviceLabel { device: "cpu", message: Message::new("device-cpu").with("why", why) }
}

fn webgpu(name: Arg) -> DeviceLabel {
    DeviceLabel { device: "webgpu", message: Message::new("device-webgpu").with("name", name) }
}

/// Return the label of the faster device, with both times.
fn label(adapter: &Adapter, times: Times) -> DeviceLabel {
    let with_times = |message: Message| message.with("cpu", fixed(times.cpu, 0)).with("webgpu", fixed(times.webgpu, 0));
    match times.cpu < times.webgpu {
        true => cpu(with_times(Message::new("cpu-faster"))),
        false => {
            let message = with_times(Message::new("device-webgpu-timed").with("name", adapter.name.clone()));
            DeviceLabel { device: "webgpu", message }
        }
    }
}

/// What a comparison depends on: the network, the adapter and the browser.
fn key(adapter: &Adapter, model: &str) -> String {
    [model, &adapter.key, &window().navigator().user_agent().unwrap_or_default()].join(" | ")
}

fn remembered(key: &str) -> Option<Times> {
    let text = kept(KEPT)?;
    let (times, of) = text.split_once(" | ")?;
    let (cpu, webgpu) = times.split_once(' ')?;
    // The browser's own parser adds no code to the page.
    let [cpu, webgpu] = [cpu, webgpu].map(js_sys::parse_float);
    (of == key && cpu > 0.0 && webgpu > 0.0).then_some(Times { cpu, webgpu })
}

/// The WebGPU engine has loaded the model and is free. If a comparison is due, it begins.
pub fn begin(state: State) {
    let name = state.model.get_untracked();
    let model = state.shared.model_named(&name);
    let Some(model) = model else { return };
    let due = COMPARISON.with_borrow_mut(|comparison| match comparison {
        Some(comparison) if comparison.model.is_none() => {
            comparison.model = Some(model.clone());
            true
        }
        _ => false,
    });
    if due {
        client::send(&benchmark(&model));
    }
}

/// End the comparison without a result: an engine failed, or another network was chosen. The next visit compares again.
pub fn cancel() {
    COMPARISON.set(None);
}

fn benchmark(model: &Model) -> Request {
    let (network, size, batch, runs, training) = (None, model.size.max(32), 1, RUNS, false);
    Request::Benchmark(BenchmarkSpec { network, size, batch, runs, training })
}

fn median(result: &BenchmarkResult) -> Option<f64> {
    let mut runs = result.runs.clone();
    runs.sort_by(f32::total_cmp);
    runs.get(runs.len() / 2).map(|&run| f64::from(run))
}

/// The WebGPU engine is timed: time the CPU.
pub fn webgpu_timed(state: State, result: &BenchmarkResult) {
    if COMPARISON.with_borrow(Option::is_none) {
        return; // it was cancelled
    }
    let engine = Engine::start("cpu", move |reply| take(state, reply), move |why| failed(state, why));
    COMPARISON.with_borrow_mut(|comparison| match (comparison.as_mut(), engine, median(result)) {
        (Some(open), Ok(engine), Some(webgpu)) => (open.engine, open.webgpu) = (Some(engine), Some(webgpu)),
        _ => *comparison = None,
    });
}

/// Replies of the CPU engine: of the comparison, and later of the page's photos if the engine won.
fn take(state: State, reply: Option<Reply>) {
    let model = COMPARISON.with_borrow(|comparison| comparison.as_ref().and_then(|open| open.model.clone()));
    let Some(model) = model else { return client::take_reply(state, reply) };
    let send = |request: &Request| {
        COMPARISON.with_borrow(|comparison| {
            if let Some(engine) = comparison.as_ref().and_then(|open| open.engine.as_ref()) {
                engine.send(request);
            }
        });
    };
    match reply {
        Some(Reply::Started) => send(&Request::Load { card: model.card, url: model.url }),
        Some(Reply::Loaded { .. }) => send(&benchmark(&model)),
        Some(Reply::Benchmarked(result)) => decide(state, median(&result)),
        Some(Reply::Progress { .. } | Reply::Benchmarking { .. }) => {}
        _ => cancel(),
    }
}

/// The CPU engine stopped.
fn failed(state: State, why: Arg) {
    match COMPARISON.with_borrow(Option::is_some) {
        true => cancel(),
        false => client::engine_failed(state, "cpu", why),
    }
}

/// Remember both times. If the CPU is faster, its engine takes over.
fn decide(state: State, cpu: Option<f64>) {
    let comparison = COMPARISON.take();
    let Some(Comparison { adapter, model: Some(model), webgpu: Some(webgpu), engine: Some(engine) }) = comparison
    else {
        return;
    };
    let Some(cpu) = cpu else { return };
    keep(KEPT, &[&fixed(cpu, 3), " ", &fixed(webgpu, 3), " | ", &key(&adapter, &model.name)].concat());
    let label = label(&adapter, Times { cpu, webgpu });
    match label.device {
        "cpu" => client::adopt(state, engine, label),
        _ => state.device.set(label),
    }
}
