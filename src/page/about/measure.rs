//! *Measure this device*: the controls, and the engine that is started for it.

use crate::core::benchmark::BenchmarkSpec;
use crate::core::message::{Arg, Message};
use crate::core::names::same_name;
use crate::page::engine::adapter::probe;
use crate::page::engine::{Engine, Fault, Network, When};
use crate::page::web::{fixed, live, parameter};
use crate::protocol::{Control, Reply, Request};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::state::{Finding, Measurement, State};

/// Networks of the field that the site has no weights of, and the size of their photos.
const UNTRAINED: [(&str, &str, u32); 4] = [
    ("vgg16-gap", "VGG16-GAP", 224),
    ("resnet-18", "ResNet-18", 224),
    ("resnet-50", "ResNet-50", 224),
    ("googlenet", "GoogLeNet", 224),
];
const SIZES: [u32; 8] = [32, 64, 96, 128, 160, 192, 224, 320];
const RUNS: usize = 9;

/// Wait for the models and Look's engine, because two engines that start at once would slow each other. Then read what the address
/// asks for, and measure that.
pub fn begin(state: State) {
    let shared = state.shared;
    Effect::new(move || {
        if let Some(why) = shared.no_models.get() {
            state.notices.say("error", why);
        }
    });
    let begun = StoredValue::new(false);
    Effect::new(move || {
        if shared.settled.get() && !begun.get_value() {
            begun.set_value(true);
            spawn_local(read_address(state));
        }
    });
}

async fn read_address(state: State) {
    let probed = probe().await;
    let real = probed.as_ref().is_ok_and(|adapter| !adapter.software);
    state.adapter.set(probed.map(|adapter| adapter.name));

    let number = |name| parameter(name).and_then(|text| text.parse::<usize>().ok());
    let asked = parameter("bench").map(|name| own_spelling(state, name));
    let model = asked.clone().unwrap_or_else(|| {
        let chosen = state.shared.model.get_untracked();
        let there = state.models.with_untracked(|models| models.iter().any(|model| model.name == chosen));
        if there { chosen } else { UNTRAINED[0].0.to_owned() }
    });
    let device = match parameter("device").as_deref() {
        Some("cpu") => "cpu",
        Some("webgpu") => "webgpu",
        _ if real => "webgpu",
        _ => "cpu",
    };
    let size = number("size").map_or_else(|| usual_size(state, &model), |size| size as u32);
    let (runs, batch) = (number("runs").unwrap_or(RUNS), number("batch").unwrap_or(1));
    let training = parameter("training").is_some();
    state.wanted.set(Measurement {
        model,
        device,
        size: size.clamp(32, 1024),
        runs: runs.max(1),
        batch: batch.max(1),
        training,
    });
    if asked.is_some() {
        start(state);
    }
}

/// Return the site's spelling of a network's name.
fn own_spelling(state: State, name: String) -> String {
    let shipped = state.models.with_untracked(|models| {
        let found = models.iter().find(|model| model.name == name);
        found.or(models.iter().find(|model| same_name(&model.name, &name))).map(|model| model.name.clone())
    });
    let untrained =
        || UNTRAINED.iter().find(|(known, ..)| same_name(known, &name)).map(|(known, ..)| (*known).to_owned());
    shipped.or_else(untrained).unwrap_or(name)
}

/// Pixels on a side for which a model was made.
fn usual_size(state: State, name: &str) -> u32 {
    let model = state.shared.model_named(name);
    match model {
        Some(model) => model.size,
        None => UNTRAINED.iter().find(|(known, ..)| *known == name).map_or(224, |(.., size)| *size),
    }
}

/// Measure on an engine of its own.
fn start(state: State) {
    let wanted = state.wanted.get_untracked();
    if let ("webgpu", Err(why)) = (wanted.device, state.adapter.get_untracked()) {
        return state.notices.say("error", Message::new("about-no-webgpu").with("why", why));
    }
    state.running.set(Some((0, 0)));
    spawn_local(async move {
        let model = state.shared.model_named(&wanted.model);
        let engine = engine(state, wanted.device);
        let network = model.is_none().then(|| wanted.model.clone());
        let Measurement { size, batch, runs, training, .. } = wanted;
        let request = Request::Benchmark(BenchmarkSpec { network, size, batch, runs, training });
        let answer = engine.ask(model.as_ref().map(Network::from), request, None, When::Now);
        state.steering.set_value(Some(answer.steering()));
        let answer = answer.last(|reply| {
            if let Reply::Benchmarking { done, of } = reply {
                state.running.set(Some((done, of)));
            }
        });
        let found = answer.await;
        state.running.set(None);
        match found {
            // A benchmark stopped before its first run ended has no result.
            Ok(Reply::Benchmarked(result)) if !result.runs.is_empty() => {
                let adapter = match state.adapter.get_untracked() {
                    Ok(name) if wanted.device == "webgpu" => match name {
                        Arg::Text(name) => name,
                        nameless => Message::plain(nameless).text(),
                    },
                    _ => "CPU".into(),
                };
                state.findings.update(|findings| findings.push(Finding { wanted, adapter, result }));
            }
            Err(Fault::Failed(why) | Fault::Network(why)) => state.notices.say("error", why),
            Err(Fault::Lost(why) | Fault::FellBack(why) | Fault::NoEngine(why)) => {
                state.engine.set_value(None);
                state.notices.say("error", Message::new("about-stopped").with("why", why));
            }
            Ok(_) | Err(Fault::Stopped) => {}
        }
    });
}

/// Return the engine that measured last, if it is that device's.
fn engine(state: State, device: &'static str) -> Engine {
    match state.engine.get_value() {
        Some((of, engine)) if of == device => engine,
        _ => {
            let engine = Engine::new(move || device);
            state.engine.set_value(Some((device, engine.clone())));
            engine
        }
    }
}

fn stop(state: State) {
    if let Some(steering) = state.steering.get_value() {
        steering.send(Control::Finish);
    }
}

#[component]
pub fn Panel() -> impl IntoView {
    let state = expect_context::<State>();
    let running = move || state.running.get().is_some();
    let networks = move || {
        let chosen = state.wanted.with(|wanted| wanted.model.clone());
        let mut networks: Vec<(String, Message)> = state
            .models
            .with(|models| models.iter().map(|m| (m.name.clone(), Message::plain(m.title.as_str()))).collect());
        for (name, title, _) in UNTRAINED {
            if networks.iter().all(|(known, _)| known != name) {
                networks.push((name.into(), Message::new("about-random").with("what", title)));
            }
        }
        let option = move |(name, message): (String, Message)| {
            let selected = name == chosen;
            view! { <option value=name prop:selected=selected data-message=message.attr()></option> }
        };
        networks.into_iter().map(option).collect_view()
    };
    let choose = move |name: String| {
        let size = usual_size(state, &name);
        state.wanted.update(|wanted| (wanted.model, wanted.size) = (name, size));
    };
    let sizes = move || {
        let chosen = state.wanted.with(|wanted| wanted.size);
        let mut sizes = SIZES.to_vec();
        if !sizes.contains(&chosen) {
            sizes.push(chosen);
        }
        let option = move |size: u32| view! { <option value=size.to_string() prop:selected=size == chosen data-message=Message::new("about-pixels").with("n", size as usize).attr()></option> };
        sizes.into_iter().map(option).collect_view()
    };
    let device = move |id: &'static str, name: &'static str| {
        let chosen = move || state.wanted.with(|wanted| wanted.device == id);
        let lacking = move || id == "webgpu" && state.adapter.with(Result::is_err);
        view! {
            <button data-testid=format!("bench-{id}") aria-pressed=live(move || chosen().to_string()) disabled=live(move || lacking() || running())
                on:click=move |_| state.wanted.update(|wanted| wanted.device = id)>{name}</button>
        }
    };
    let adapter = move || match state.adapter.get() {
        Ok(name) => Message::new("about-webgpu").with("name", name).attr(),
        Err(why) => Message::new("about-none").with("why", why).attr(),
    };
    let words = move || match state.running.get() {
        None => None,
        Some((_, 0)) => Some("about-starting".to_owned()),
        Some((done, of)) => Some(Message::new("about-passes").with("done", done).with("of", of).attr()),
    };
    let share = move || state.running.get().map_or(0.0, |(done, of)| 100.0 * done as f64 / of.max(1) as f64);
    view! {
        <section class="panel measure" aria-labelledby="measure">
            <h2 id="measure" data-message="about-measure"></h2>
            <p class="hint"><span data-message="about-measure-how"></span>" "<span data-message=adapter></span></p>
            <div class="row">
                <label class="inline"><span data-message="network"></span>" "
                    <select data-testid="bench-model" disabled=running on:change:target=move |event| choose(event.target().value())>{networks}</select></label>
                <label class="inline"><span data-message="about-photo"></span>" "
                    <select data-testid="bench-size" disabled=running on:change:target=move |event| {
                        let size = event.target().value().parse().unwrap_or(224);
                        state.wanted.update(|wanted| wanted.size = size);
                    }>{sizes}</select></label>
                <span class="row" role="group" data-message="about-device-group">{device("webgpu", "WebGPU")}{device("cpu", "CPU")}</span>
                <button class="primary" data-testid="bench-start" hidden=running on:click=move |_| start(state) data-message="about-start"></button>
                <button data-testid="bench-stop" hidden=live(move || !running()) on:click=move |_| stop(state) data-message="stop"></button>
            </div>
            <div hidden=live(move || !running())>
                <p class="hint" role="status" data-testid="bench-progress" data-message=words></p>
                <div class="bar" role="progressbar" data-message="about-bar" aria-valuemin="0" aria-valuemax="100"
                    aria-valuenow=live(move || fixed(share(), 0)) style:--share=live(move || fixed(share(), 1) + "%")></div>
            </div>
        </section>
    }
}
