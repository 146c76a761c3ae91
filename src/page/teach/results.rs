//! What came of it: how often it is right, what it takes for what, the wrong photos first, and "none of these".

use crate::core::lesson::Answer;
use crate::core::message::Message;
use crate::core::project::{Outcome, Project, Verdict};
use crate::page::manifest::{Model, model_at};
use crate::page::web::{fixed, live};
use crate::page::widgets::toggle::Toggle;
use leptos::html::Canvas;
use leptos::prelude::*;
use web_sys::Url;

use super::state::{Phase, State};
use super::watching::draw;
use super::{teacher, watch};

const SMALL: usize = 160;
/// Photos below which the share of right answers says little.
const FEW: usize = 20;
/// Photos of a list at most whose maps are drawn at once.
const LISTED: usize = 12;

/// Which answers are listed: those of a cell of the matrix, or all that are not right.
type Cell = Option<(usize, Verdict)>;

#[component]
pub fn Results() -> impl IntoView {
    let state = expect_context::<State>();
    let all = RwSignal::new(false);
    let cell = RwSignal::new(None::<(usize, Verdict)>);
    // Another outcome has other cells.
    let taught = Memo::new(move |_| {
        state.project.with(|project| (project.id.clone(), project.outcome.as_ref().map(|outcome| outcome.card.clone())))
    });
    Effect::new(move || {
        taught.track();
        cell.set(None);
    });
    let there = move || !state.phase.with(Phase::busy) && state.project.with(|project| project.outcome.is_some());
    let tally = move || {
        state.project.with(|project| {
            let [right, wrong, none] = project.tally(&project.answers(all.get()));
            let of = right + wrong + none;
            let id = if none > 0 { "teach-tally-none" } else { "teach-tally" };
            Message::new(id).with("right", right).with("of", of).with("wrong", wrong).with("none", none).attr()
        })
    };
    // With so few photos, each is many points.
    let few = move || {
        let of = state.project.with(|project| project.answers(all.get()).len());
        let points = fixed(100.0 / of.max(1) as f64, 0);
        (of > 0 && of < FEW).then(|| Message::new("teach-few").with("n", of).with("points", points).attr())
    };
    let basis = move || {
        state.project.with(|project| match (project.answers(false).iter().any(|answer| answer.held_out), all.get()) {
            (true, false) => "teach-on-held-out",
            (true, true) => "teach-on-all",
            (false, _) => "teach-on-learnt",
        })
    };
    view! {
        <Show when=there>
            <section class="results panel" id="results" aria-labelledby="teach-results">
                <h2 id="teach-results" data-message="teach-results"></h2>
                <p class="tally"><b data-testid="tally" data-message=tally></b>" "<span data-message=basis></span></p>
                <p class="remark" data-testid="few" hidden=live(move || few().is_none()) data-message=few></p>
                <Toggle id="all-photos" message="teach-count-all" on=all set=Callback::new(move |on| all.set(on))/>
                <Matrix all cell/>
                <Threshold/>
                <Photos all cell/>
                <div class="row">
                    <button class="primary" data-testid="use-model" on:click=move |_| hand_over(state) data-message="teach-use"></button>
                    <span class="hint" data-message="teach-use-how"></span>
                </div>
            </section>
        </Show>
    }
}

/// Truth in rows, answers in columns; every cell opens its photos.
#[component]
fn Matrix(all: RwSignal<bool>, cell: RwSignal<Cell>) -> impl IntoView {
    let state = expect_context::<State>();
    let table = move || {
        let project = state.project.get();
        let names = names(&project);
        let answers = project.answers(all.get());
        let with_none = project.threshold > 0.0;
        let columns: Vec<Verdict> = (0..names.len()).map(Some).chain(with_none.then_some(None)).collect();
        let count = |truth: usize, verdict: Verdict| {
            answers.iter().filter(|answer| answer.class == truth && project.verdict(answer) == verdict).count()
        };
        let head = columns
            .iter()
            .map(|verdict| view! { <th scope="col" data-message=label(&names, *verdict).attr()></th> })
            .collect_view();
        let rows = names.iter().enumerate().map(|(truth, name)| {
            let of = answers.iter().filter(|answer| answer.class == truth).count();
            let cells = columns.iter().map(|&verdict| {
                let n = count(truth, verdict);
                let share = n as f64 / of.max(1) as f64;
                let kind = if verdict == Some(truth) { "right" } else { "other" };
                let called = label(&names, verdict);
                let answer = verdict.and_then(|class| names.get(class)).map_or_else(|| "none".into(), Message::text);
                let what = Message::new("teach-cell").with("n", n).with("name", name.clone()).with("called", called);
                view! {
                    <td>
                        <button data-testid="confusion-cell" data-truth=name.text() data-answer=answer data-kind=kind
                            data-message=what.attr() disabled=n == 0 style:--share=fixed(share * 100.0, 0) + "%"
                            aria-pressed=(cell.get() == Some((truth, verdict))).to_string()
                            on:click=move |_| cell.update(|now| *now = (*now != Some((truth, verdict))).then_some((truth, verdict)))>{n}</button>
                    </td>
                }
            });
            let right = count(truth, Some(truth));
            let percent = if of == 0 { "–".into() } else { fixed(100.0 * right as f64 / of as f64, 0) + " %" };
            let cells = cells.collect_view();
            view! { <tr><th scope="row" data-message=name.attr()></th>{cells}<td class="share" data-testid="class-accuracy">{percent}</td></tr> }
        });
        let rows = rows.collect_view();
        view! {
            <table>
                <thead><tr><td class="corner" data-message="teach-corner"></td>{head}<th scope="col" data-message="teach-right"></th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
    };
    view! { <div class="matrix">{table}</div> }
}

#[component]
fn Threshold() -> impl IntoView {
    let state = expect_context::<State>();
    let threshold = move || state.project.with(|project| project.threshold);
    view! {
        <label class="threshold">
            <span><span data-message="teach-threshold"></span>" "<output>{move || fixed(threshold() * 100.0, 0)}</output>" %"</span>
            <input type="range" min="0" max="0.99" step="0.01" data-testid="threshold" prop:value=threshold
                on:input:target=move |event| { let value = event.target().value_as_number() as f32; state.change(|project| project.threshold = value) }/>
            <span class="hint" data-message="teach-threshold-how"></span>
        </label>
    }
}

/// The photos of the chosen cell, or those that are not right; the surest mistakes first.
#[component]
fn Photos(all: RwSignal<bool>, cell: RwSignal<Cell>) -> impl IntoView {
    let state = expect_context::<State>();
    let listed = move || {
        let project = state.project.get();
        let mut answers: Vec<Answer> = project.answers(all.get()).into_iter().cloned().collect();
        answers.retain(|answer| match cell.get() {
            Some((truth, verdict)) => answer.class == truth && project.verdict(answer) == verdict,
            None => project.verdict(answer) != Some(answer.class),
        });
        let own = |answer: &Answer| answer.probabilities.get(answer.class).copied().unwrap_or(0.0);
        answers.sort_by(|a, b| own(a).total_cmp(&own(b)));
        answers
    };
    let title = move || {
        let names = state.project.with(names);
        match (cell.get(), listed().len()) {
            (Some((truth, verdict)), _) => Message::new("teach-taken-for")
                .with("name", label(&names, Some(truth)))
                .with("called", label(&names, verdict)),
            (None, 0) => Message::new("teach-none-wrong"),
            (None, _) => Message::new("teach-wrong-first"),
        }
        .attr()
    };
    let shown = move || listed().into_iter().take(LISTED).collect::<Vec<_>>();
    let more = move || listed().len().saturating_sub(LISTED);
    view! {
        <h3 data-message=title></h3>
        <div class="wrong">
            <For each=shown key=|answer| (answer.photo, answer.probabilities.iter().map(|p| p.to_bits()).collect::<Vec<_>>()) let:answer>
                <Judged answer/>
            </For>
        </div>
        <p class="hint" hidden=live(move || more() == 0) data-message=live(move || Message::new("and-more").with("n", more()).attr())></p>
    }
}

/// A photo with the map of what it was taken for.
#[component]
fn Judged(answer: Answer) -> impl IntoView {
    let state = expect_context::<State>();
    let small = NodeRef::<Canvas>::new();
    let photo = answer.photo;
    let (best, probability) = answer.best().unwrap_or_default();
    teacher::view(state, photo);
    Effect::new(move || {
        let view = state.views.with(|views| views.get(&photo).cloned());
        let (Some(small), Some(view)) = (small.get(), view) else { return };
        let Some(after) = &view.after else { return };
        if let Some(prediction) = after.predictions.iter().find(|p| p.index == best) {
            draw(&small, &view, after, prediction, SMALL);
        }
    });
    let names = state.project.with_untracked(names);
    let class =
        state.project.with_untracked(|project| project.outcome.as_ref().and_then(|o| o.classes.get(best).copied()));
    let text =
        Message::new("teach-answer").with("name", name_of(&names, best)).with("percent", fixed(probability * 100.0, 0));
    let truth = Message::new("teach-is").with("name", name_of(&names, answer.class)).attr();
    let map = Message::new("teach-map-for").with("what", text.clone()).attr();
    let open = move |_| {
        watch(state, photo);
        state.watched_class.set(class);
    };
    view! {
        <button class="judged" data-testid="judged" on:click=open>
            <canvas node_ref=small role="img" data-message=map/>
            <span data-message=text.attr()></span><small data-message=truth></small>
        </button>
    }
}

/// Names of the outcome's classes, as they are called now.
fn names(project: &Project) -> Vec<Message> {
    let name =
        |id: &u32| project.class(*id).map_or("teach-deleted".into(), |class| Message::plain(class.name.as_str()));
    project.outcome.iter().flat_map(|outcome| outcome.classes.iter().map(name)).collect()
}

fn name_of(names: &[Message], class: usize) -> Message {
    names.get(class).cloned().unwrap_or("teach-deleted".into())
}

fn label(names: &[Message], verdict: Verdict) -> Message {
    verdict.map_or("teach-none".into(), |class| name_of(names, class))
}

/// Show Look with the taught network, which all parts can use from then on.
fn hand_over(state: State) {
    let project = state.project.get_untracked();
    leptos::task::spawn_local(async move {
        let Some(outcome) = &project.outcome else { return };
        match state.weights(&project.id).await {
            Ok(weights) => {
                if let Some(model) = model(&project, outcome, &weights) {
                    state.shared.use_model(model);
                }
            }
            Err(why) => state.say("error", why),
        }
    });
}

/// Return a project's taught network, with its classes as they are called now.
pub fn model(project: &Project, outcome: &Outcome, weights: &web_sys::Blob) -> Option<Model> {
    let mut card: serde_json::Value = serde_json::from_str(&outcome.card).ok()?;
    card["classes"] = names(project).iter().map(Message::text).collect();
    let model = model_at(&card.to_string(), Url::create_object_url_with_blob(weights).ok()?)?;
    Some(Model { threshold: (project.threshold > 0.0).then_some(project.threshold), ..model })
}
