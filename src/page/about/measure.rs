//! *Measure this device*: the controls, and the engine that is started for it.

use std::cell::RefCell;

use crate::core::benchmark::BenchmarkSpec;
use crate::core::message::{Arg, Message};
use crate::page::adapter::probe;
use crate::page::engine::Engine;
use crate::page::manifest::Model;
use crate::page::web::{fixed, parameter};
use crate::protocol::{Reply, Request};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::state::{Finding, State, Wanted};

/// Networks of the field that the site has no weights of, and the size of their photos.
const UNTRAINED: [(&str, &str, u32); 4] = [
    ("vgg16-gap", "VGG16-GAP", 224),
    ("resnet-18", "ResNet-18", 224),
    ("resnet-50", "ResNet-50", 224),
    ("googlenet", "GoogLeNet", 224),
];
const SIZES: [u32; 8] = [32, 64, 96, 128, 160, 192, 224, 320];
const RUNS: usize = 9;

struct Client {
    engine: Engine,
    device: &'static str,
    /// The model of the site that the engine holds.
    loaded: Option<String>,
}

thread_local! {
    static CLIENT: RefCell<Option<Client>> = const { RefCell::new(None) };
}

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
    let asked = parameter("bench");
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
    state.wanted.set(Wanted {
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

/// Pixels on a side for which a model was made.
fn usual_size(state: State, name: &str) -> u32 {
    let model = state.shared.model_named(name);
    match model {
        Some(model) => model.size,
        None => UNTRAINED.iter().find(|(known, ..)| *known == name).map_or(224, |(.., size)| *size),
    }
}

/// Starts the engine if it is another device's, loads the network if it is another one, and measures.
fn start(state: State) {
    let wanted = state.wanted.get_untracked();
    if let ("webgpu", Err(why)) = (wanted.device, state.adapter.get_untracked()) {
        return state.notices.say("error", Message::new("about-no-webgpu").with("why", why));
    }
    state.running.set(Some((0, 0)));
    let running = CLIENT.with_borrow(|client| client.as_ref().is_some_and(|client| client.device == wanted.device));
    if running {
        return go_on(state);
    }
    let on_reply = move |reply| take(state, reply);
    match Engine::start(wanted.device, on_reply, move |why| stopped(state, why)) {
        Ok(engine) => {
            CLIENT.with_borrow_mut(|client| *client = Some(Client { engine, device: wanted.device, loaded: None }))
        }
        Err(why) => stopped(state, why),
    }
}

/// The engine is ready for the next step.
fn go_on(state: State) {
    let Wanted { model: name, size, runs, batch, training, .. } = state.wanted.get_untracked();
    let model = state.shared.model_named(&name);
    CLIENT.with_borrow_mut(|client| {
        let Some(client) = client else { return };
        match model {
            Some(Model { card, url, .. }) if client.loaded.as_ref() != Some(&name) => {
                client.loaded = Some(name);
                client.engine.send(&Request::Load { card, url });
            }
            known => {
                let network = if known.is_some() { None } else { Some(name) };
                client.engine.send(&Request::Benchmark(BenchmarkSpec { network, size, batch, runs, training }));
            }
        }
    });
}

fn take(state: State, reply: Option<Reply>) {
    match reply {
        Some(Reply::Started | Reply::Loaded { .. }) => go_on(state),
        Some(Reply::Benchmarking { done, of }) => state.running.set(Some((done, of))),
        Some(Reply::Benchmarked(result)) => {
            state.running.set(None);
            let wanted = state.wanted.get_untracked();
            let adapter = match state.adapter.get_untracked() {
                Ok(name) if wanted.device == "webgpu" => match name {
                    Arg::Text(name) => name,
                    nameless => Message::plain(nameless).text(),
                },
                _ => "CPU".into(),
            };
            // A benchmark stopped before its first run ended has no result.
            if !result.runs.is_empty() {
                state.findings.update(|findings| findings.push(Finding { wanted, adapter, result }));
            }
        }
        Some(Reply::Failed { message, .. }) => {
            state.running.set(None);
            CLIENT.with_borrow_mut(|client| client.iter_mut().for_each(|client| client.loaded = None));
            state.notices.say("error", message);
        }
        Some(Reply::Unusable { reason }) => stopped(state, reason.into()),
        None => state.notices.say("error", "engine-unfit".into()),
        _ => {}
    }
}

fn stopped(state: State, why: Arg) {
    CLIENT.with_borrow_mut(|client| drop(client.take()));
    state.running.set(None);
    state.notices.say("error", Message::new("about-stopped").with("why", why));
}

fn stop() {
    CLIENT.with_borrow(|client| client.iter().for_each(|client| client.engine.send(&Request::Stop)));
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
            <button data-testid=format!("bench-{id}") aria-pressed=move || chosen().to_string() disabled=move || lacking() || running()
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
                <button data-testid="bench-stop" hidden=move || !running() on:click=move |_| stop() data-message="stop"></button>
            </div>
            <div hidden=move || !running()>
                <p class="hint" role="status" data-testid="bench-progress" data-message=words></p>
                <div class="bar" role="progressbar" data-message="about-bar" aria-valuemin="0" aria-valuemax="100"
                    aria-valuenow=move || fixed(share(), 0) style:--share=move || fixed(share(), 1) + "%"></div>
            </div>
        </section>
    }
}
