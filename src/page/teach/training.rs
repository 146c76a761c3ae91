//! How it learns: settings, the button, progress, curves.

use crate::core::lesson::{LessonSettings, TrainablePart};
use crate::core::message::{Arg, Message};
use crate::core::project::Point;
use crate::page::web::{digits, document, fixed, focus, live, now, time_left};
use crate::page::widgets::toggle::Toggle;
use leptos::prelude::*;

use super::state::{Phase, State};
use super::teacher;

/// Milliseconds of training before the time left is shown.
const SURE: f64 = 1000.0;

#[component]
pub fn Training() -> impl IntoView {
    let state = expect_context::<State>();
    let busy = move || state.phase.with(Phase::busy);
    let why_not = move || state.project.with(|project| project.blocker());
    let caveats = move || {
        let caveats = state.project.with(|project| project.caveats());
        caveats.into_iter().map(|message| view! { <p class="remark" data-message=message.attr()></p> }).collect_view()
    };
    let words = move || match state.phase.get() {
        Phase::Loading(what) => what,
        Phase::Features { done, of } => Message::new("teach-features").with("done", done).with("of", of),
        Phase::Training { .. } if state.paused.get().is_some() => "teach-paused".into(),
        Phase::Training { done, of, since } => Message::new("teach-learning").with("left", left(done, of, since)),
        Phase::Idle | Phase::Done | Phase::Failed if state.arriving.get() > 0 => {
            Message::new("teach-arriving").with("n", state.arriving.get())
        }
        Phase::Idle => why_not().unwrap_or("teach-ready".into()),
        Phase::Done => why_not().unwrap_or("teach-done".into()),
        Phase::Failed => why_not().unwrap_or("teach-failed".into()),
    };
    let share = move || {
        let (done, of) = match state.phase.get() {
            Phase::Features { done, of } | Phase::Training { done, of, .. } => (done, of),
            Phase::Done => (1, 1),
            _ => (0, 1),
        };
        100.0 * done as f64 / of.max(1) as f64
    };
    let last = move || state.project.with(|project| project.curve.last().copied());
    let epoch = move || last().map(|point| format!("{}/{}", point.epoch, point.of)).unwrap_or_default();
    // A button that goes must not leave the keyboard nowhere.
    let start = move |_| {
        teacher::train(state);
        request_animation_frame(|| focus("train-stop"));
    };
    Effect::new(move |was_busy: Option<bool>| {
        if was_busy == Some(true) && !busy() {
            request_animation_frame(|| {
                if document().active_element().is_none_or(|element| element.tag_name() == "BODY") {
                    focus("train-start");
                }
            });
        }
        busy()
    });
    view! {
        <section class="training panel" aria-labelledby="teach-train">
            <h2 id="teach-train" class="numbered" data-step="2" data-message="teach-step-train"></h2>
            <div class="row">
                <button class="primary" id="train-start" data-testid="train-start" hidden=busy disabled=live(move || why_not().is_some()) on:click=start
                    data-message=live(move || if state.project.with(|project| project.outcome.is_some()) { "teach-train-again" } else { "teach-train" })></button>
                <button id="train-stop" data-testid="train-stop" hidden=live(move || !busy()) on:click=move |_| teacher::stop(state) data-message="stop"></button>
                <button data-testid="train-pause" hidden=live(move || !matches!(state.phase.get(), Phase::Training { .. }))
                    on:click=move |_| teacher::pause(state, state.paused.get_untracked().is_none())
                    data-message=live(move || if state.paused.get().is_some() { "go-on" } else { "teach-pause" })></button>
                <span class="state" data-testid="train-state" data-state=live(move || state.phase.with(Phase::name)) role="status" data-message=live(move || words().attr())></span>
            </div>
            <div class="bar" role="progressbar" data-message="teach-bar" aria-valuemin="0" aria-valuemax="100"
                aria-valuenow=live(move || fixed(share(), 0)) hidden=live(move || !busy()) style:--share=live(move || fixed(share(), 1) + "%")></div>
            {caveats}
            <p class="figures" hidden=live(move || last().is_none())>
                <span><span data-message="teach-epoch"></span>" "<b data-testid="train-epoch" data-milliseconds=live(move || fixed(state.took.get(), 1))>{epoch}</b></span>
                <span><span data-message="teach-loss"></span>" "<b data-testid="train-loss">{move || last().map(|p| fixed(p.train_loss, 3))}</b></span>
                <span hidden=live(move || last().is_none_or(|p| p.held_out.is_none()))>
                    <span data-message="teach-right-held-out"></span>" "
                    <b data-testid="held-out-accuracy">{move || last().and_then(|p| p.held_out).map(|(_, right)| fixed(right * 100.0, 0) + " %")}</b>
                </span>
            </p>
            <Curves/>
            <Choices/>
        </section>
    }
}

/// The name of a line, and its value at a point.
type Curve = (&'static str, fn(&Point) -> Option<f64>);

/// Losses and accuracy, epoch by epoch.
#[component]
fn Curves() -> impl IntoView {
    let state = expect_context::<State>();
    let points = move || state.project.with(|project| project.curve.clone());
    let chart = move |title: &'static str, lines: [Curve; 2], top: Option<f64>| {
        let points = points();
        let of = points.first().map_or(1, |p| p.of.max(2)) as f64;
        let values = |value: fn(&Point) -> Option<f64>| points.iter().filter_map(move |p| Some((p.epoch, value(p)?)));
        let highest = top.unwrap_or_else(|| {
            lines
                .iter()
                .flat_map(|(_, value)| values(*value))
                .map(|(_, y)| y)
                .filter(|y| y.is_finite())
                .fold(0.01, f64::max)
        });
        let path = |value| {
            let at = |(epoch, y): (usize, f64)| {
                let x = (epoch as f64 - 1.0) / (of - 1.0) * 200.0;
                format!("{},{}", fixed(x, 1), fixed(82.0 - 80.0 * y / highest, 1))
            };
            values(value).map(at).collect::<Vec<_>>().join(" ")
        };
        view! {
            <figure>
                <figcaption><span id=title data-message=title></span><span>{fixed(highest, if top.is_some() { 0 } else { 2 })}</span></figcaption>
                <svg viewBox="0 0 200 84" preserveAspectRatio="none" role="img" aria-labelledby=title>
                    {lines.map(|(class, value)| view! { <polyline class=class points=path(value)/> }).collect_view()}
                </svg>
            </figure>
        }
    };
    view! {
        <div class="curves" data-testid="curves" data-losses=live(move || digits(&points().iter().map(|p| p.train_loss as f32).collect::<Vec<_>>())) hidden=live(move || points().is_empty())>
            {move || chart("teach-curve-loss", [("train", |p| Some(p.train_loss)), ("held-out", |p| p.held_out.map(|(loss, _)| loss))], None)}
            {move || chart("teach-curve-right", [("train", |_| None), ("held-out", |p| p.held_out.map(|(_, right)| right * 100.0))], Some(100.0))}
            <p class="key"><i class="train"></i><span data-message="teach-key-learnt"></span>" "<i class="held-out"></i><span data-message="teach-key-held-out"></span></p>
        </div>
    }
}

/// Settings in plain words; the defaults suit a handful of photos.
#[component]
fn Choices() -> impl IntoView {
    let state = expect_context::<State>();
    // A property that is set anew takes away what is being typed.
    let settings = Memo::new(move |_| state.project.with(|project| project.settings.clone()));
    let settings = move || settings.get();
    let set = move |change: &dyn Fn(&mut LessonSettings)| state.change(|project| change(&mut project.settings));
    let bases = move || {
        let chosen = state.project.with(|project| project.base.clone());
        let option = |(name, title): (String, String)| {
            let selected = name == chosen;
            view! { <option value=name prop:selected=selected>{title}</option> }
        };
        let models = state.models.with(|m| m.iter().map(|c| (c.name.clone(), c.title.clone())).collect::<Vec<_>>());
        models.into_iter().map(option).collect_view()
    };
    let number = move |label: &'static str,
                       hint: &'static str,
                       id: &'static str,
                       range: (f64, f64, &'static str),
                       get: fn(&LessonSettings) -> f64,
                       put: fn(&mut LessonSettings, f64)| {
        let (low, high, step) = range;
        view! {
            <label data-message=hint>
                <span data-message=label></span>
                <input type="number" data-testid=id min=low.to_string() max=high.to_string() step=step prop:value=live(move || get(&settings()))
                    on:change:target=move |event| {
                        let value = event.target().value_as_number();
                        if (low..=high).contains(&value) { set(&|settings| put(settings, value)) } else {
                            state.say("note", Message::new("teach-number").with("label", Message::new(label)).with("low", low.to_string()).with("high", high.to_string()));
                            event.target().set_value(&get(&settings()).to_string());
                        }
                    }/>
            </label>
        }
    };
    view! {
        <details class="choices">
            <summary data-message="teach-settings"></summary>
            <fieldset disabled=live(move || state.phase.with(Phase::busy))>
                <label data-message="teach-base-how">
                    <span data-message="teach-base"></span>
                    <select data-testid="base-select" on:change:target=move |event| { let name = event.target().value(); state.change(|project| project.base = name) }>{bases}</select>
                </label>
                <label data-message="teach-part-how">
                    <span data-message="teach-part"></span>
                    <select data-testid="part-select" on:change:target=move |event| {
                        let part = if event.target().value() == "stage" { TrainablePart::LastStage } else { TrainablePart::Head };
                        set(&|settings| settings.part = part)
                    }>
                        <option value="head" prop:selected=live(move || settings().part == TrainablePart::Head) data-message="teach-part-head"></option>
                        <option value="stage" prop:selected=live(move || settings().part == TrainablePart::LastStage) data-message="teach-part-stage"></option>
                    </select>
                </label>
                {number("teach-epochs", "teach-epochs-how", "epochs", (1.0, 1000.0, "1"), |s| s.epochs as f64, |s, v| s.epochs = v as usize)}
                {number("teach-batch", "teach-batch-how", "batch", (1.0, 256.0, "1"), |s| s.batch as f64, |s, v| s.batch = v as usize)}
                {number("teach-rate", "teach-rate-how", "rate", (0.000001, 1.0, "any"), |s| s.lr, |s, v| s.lr = v)}
                {number("teach-held-out", "teach-held-out-how", "held-out", (0.0, 80.0, "5"), |s| (s.held_out * 100.0).round(), |s, v| s.held_out = v / 100.0)}
                <Toggle id="augment" message="teach-augment" note="teach-augment-how"
                    on=live(move || settings().augment) set=Callback::new(move |on| set(&|settings| settings.augment = on))/>
                <Toggle id="balanced" message="teach-balanced" note="teach-balanced-how"
                    on=live(move || settings().balanced) set=Callback::new(move |on| set(&|settings| settings.balanced = on))/>
                <button class="quiet" on:click=move |_| set(&|settings| *settings = LessonSettings::default()) data-message="teach-defaults"></button>
            </fieldset>
        </details>
    }
}

/// How long a training still takes; nothing while that is a guess.
fn left(done: usize, of: usize, since: f64) -> Arg {
    let spent = now() - since;
    if done == 0 || spent < SURE { "".into() } else { time_left(spent / done as f64 * (of - done) as f64).into() }
}
