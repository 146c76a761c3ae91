//! Choice of the device. An adapter of the visitor's is not always faster than the processor, and some browsers take long to give
//! its results back. Hence the first visit with an adapter times one network on both, and the browser remembers the result.

use super::adapter::{Adapter, probe};
use super::answer::Fault;
use super::client::Engine;
use super::job::{Network, When};
use crate::core::benchmark::{self, BenchmarkResult, BenchmarkSpec};
use crate::core::message::{Arg, Message};
use crate::page::manifest::Model;
use crate::page::web::{fixed, keep, kept, parameter, window};
use crate::protocol::{Reply, Request};

/// Passes of a comparison, besides the first.
const RUNS: usize = 5;
/// Name under which the browser remembers the last comparison.
const KEPT: &str = "camscope-devices";

/// The device that computes, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceLabel {
    /// `webgpu` or `cpu`; empty before it is chosen.
    pub device: &'static str,
    /// The same for people.
    pub message: Message,
}

impl DeviceLabel {
    /// The device is not chosen yet.
    pub fn unknown() -> Self {
        Self { device: "", message: "device-unknown".into() }
    }

    /// The processor, and why.
    pub fn cpu(why: Message) -> Self {
        Self { device: "cpu", message: Message::new("device-cpu").with("why", why) }
    }

    fn webgpu(name: Arg) -> Self {
        Self { device: "webgpu", message: Message::new("device-webgpu").with("name", name) }
    }
}

/// What was chosen.
pub struct Choice {
    pub label: DeviceLabel,
    /// An adapter of which it is not known whether it is faster than the processor.
    pub undecided: Option<Adapter>,
    /// Why the device is not the one that the address asks for.
    pub refused: Option<Message>,
}

/// Milliseconds for a photo on both devices.
#[derive(Debug, Clone, Copy)]
struct Times {
    cpu: f64,
    webgpu: f64,
}

/// Choose the device: as the page's address says; the CPU if there is no hardware adapter; else the faster one, as far as that is
/// known. If it is not, the choice is WebGPU, and [`compare`] decides.
pub async fn choose(model: &str) -> Choice {
    let decided = |label| Choice { label, undecided: None, refused: None };
    let wanted = parameter("device");
    if wanted.as_deref() == Some("cpu") {
        return decided(DeviceLabel::cpu("cpu-asked".into()));
    }
    let forced = wanted.as_deref() == Some("webgpu");
    match probe().await {
        Ok(adapter) if forced => decided(DeviceLabel::webgpu(adapter.name)),
        Ok(adapter) if adapter.software => {
            decided(DeviceLabel::cpu(Message::new("cpu-software").with("name", adapter.name)))
        }
        Ok(adapter) => match remembered(&key(&adapter, model)) {
            Some(times) => decided(label(&adapter, times)),
            // A measurement must not run beside another.
            None => Choice {
                label: DeviceLabel::webgpu(adapter.name.clone()),
                undecided: parameter("bench").is_none().then_some(adapter),
                refused: None,
            },
        },
        Err(why) => Choice {
            refused: forced.then(|| Message::new("webgpu-asked").with("why", why.clone())),
            ..decided(DeviceLabel::cpu(why))
        },
    }
}

/// Time `model` on the adapter's `engine`, when it is idle, and on the CPU; the faster one goes on. Return it, or `None` if an engine
/// failed: the next visit compares again.
pub async fn compare(engine: &Engine, adapter: &Adapter, model: &Model) -> Option<DeviceLabel> {
    let webgpu = median(&time(engine, model).await.ok()?)?;
    let processor = Engine::new(|| "cpu");
    let cpu = median(&time(&processor, model).await.ok()?)?;
    keep(KEPT, &[&fixed(cpu, 3), " ", &fixed(webgpu, 3), " | ", &key(adapter, &model.name)].concat());
    let label = label(adapter, Times { cpu, webgpu });
    if label.device == "cpu" {
        engine.take_over(&processor);
    }
    Some(label)
}

async fn time(engine: &Engine, model: &Model) -> Result<BenchmarkResult, Fault> {
    let (network, size, batch, runs, training) = (None, model.size.max(32), 1, RUNS, false);
    let request = Request::Benchmark(BenchmarkSpec { network, size, batch, runs, training });
    match engine.ask(Some(Network::from(model)), request, None, When::Idle).last(drop).await? {
        Reply::Benchmarked(result) => Ok(result),
        _ => Err(Fault::Stopped),
    }
}

fn median(result: &BenchmarkResult) -> Option<f64> {
    (!result.runs.is_empty()).then(|| benchmark::median(&result.runs))
}

/// Return the label of the faster device, with both times.
fn label(adapter: &Adapter, times: Times) -> DeviceLabel {
    let with_times = |message: Message| message.with("cpu", fixed(times.cpu, 0)).with("webgpu", fixed(times.webgpu, 0));
    match times.cpu < times.webgpu {
        true => DeviceLabel::cpu(with_times(Message::new("cpu-faster"))),
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
