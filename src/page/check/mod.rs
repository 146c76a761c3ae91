//! Check: a folder of photos classified by one network, sorted by the evidence; boxes around the objects,
//! and numbers that tell how far a map is to be trusted.

mod annotations;
mod boxes;
mod choices;
mod classes;
mod compare;
mod detail;
mod export;
mod files;
mod folder;
mod gallery;
mod measures;
mod running;
mod stage;
mod state;

use crate::core::batch::BatchItemState;
use crate::core::message::{Arg, Message};
use crate::page::engine::Status;
use crate::page::look;
use crate::page::web::{fixed, live, sleep, time_left};
use crate::page::widgets::picker::Picker;
use leptos::prelude::*;
use leptos::tachys::html::event::Targeted;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, HtmlInputElement};

use state::State;

/// Milliseconds between two steps in which the part is made.
const BETWEEN: i32 = 30;

/// Photos before the time left is shown.
const SURE: usize = 3;

/// The part's view.
#[component]
pub fn Check() -> impl IntoView {
    let state = State::new(expect_context());
    provide_context(state);
    files::listen(state);
    choices::start(state);
    let none = move || state.items.with(Vec::is_empty);
    let any_inferred =
        Memo::new(move |_| state.items.with(|items| items.iter().any(|item| item.inference().is_some())));
    // The page is not made in one go: the photos first, then what is above them, then what is beside them. The browser lays out and
    // paints between.
    let made = RwSignal::new(0);
    let has_photos = Memo::new(move |_| !none());
    Effect::new(move || match (has_photos.get(), made.get()) {
        (false, 0) | (true, 2..) => {}
        (false, _) => made.set(0),
        (true, step) => spawn_local(async move {
            sleep(BETWEEN).await;
            made.set(step + 1);
        }),
    });
    view! {
        <div class="checking" class:empty=none>
            <Intake any_inferred/>
            <Show when=move || !none()>
                <div class="batch">
                    <Show when=move || { made.get() > 0 }><gallery::Headline/></Show>
                    <Progress/>
                    <Show when=move || { made.get() > 0 }><gallery::Filters/></Show>
                    <gallery::Gallery/>
                </div>
            </Show>
            <Show when=move || { made.get() > 1 }>
                <detail::Detail any_inferred/>
            </Show>
            <Show when=move || any_inferred.get()>
                <classes::ByClass/>
            </Show>
        </div>
    }
}

/// The way in: large while there is no photo, a line of buttons after.
#[component]
fn Intake(any_inferred: Memo<bool>) -> impl IntoView {
    let state = expect_context::<State>();
    let none = move || state.items.with(Vec::is_empty);
    let take = move |event: Targeted<Event, HtmlInputElement>| {
        let input = event.target();
        if let Some(files) = input.files() {
            files::add_list(state, &files);
        }
        input.set_value("");
    };
    let choose = Callback::new(move |name: String| choices::choose_model(state, name));
    let look = expect_context::<look::State>();
    let in_hand = move || look.photos.with(Vec::len);
    view! {
        <input type="file" class="unseen" id="check-photos" multiple data-testid="check-photos" data-message="check-photos"
            accept="image/*,.txt,.xml" on:change:target=take/>
        <input type="file" class="unseen" id="check-folder" prop:webkitdirectory=true data-testid="check-folder" data-message="check-folder-input" on:change:target=take/>
        <div class="intake" class:empty=none>
            <p class="lead" hidden=live(move || !none()) data-message="check-lead"></p>
            <label class="drop" for="check-folder" hidden=live(move || !none())>
                <strong data-message="check-drop"></strong>
                <span class="choose" data-message="check-choose-folder"></span>
                <span data-message="check-drop-boxes"></span>
            </label>
            <div class="row">
                <label class="button" for="check-folder" hidden=none data-message="check-choose-folder"></label>
                <label class="button" for="check-photos" data-message="check-choose-photos"></label>
                <button data-testid="check-samples" hidden=live(move || !none()) on:click=move |_| files::add_samples(state) data-message="check-samples"></button>
                <button data-testid="check-in-hand" hidden=live(move || !none() || in_hand() == 0) on:click=move |_| files::add_in_hand(state, look)
                    data-message=live(move || Message::new("check-in-hand").with("n", in_hand()).attr())></button>
                <Picker id="check-model" models=state.models chosen=state.model choose/>
                <span class="grow"></span>
                <Show when=move || any_inferred.get()><export::Exports/></Show>
                <button class="plain" data-testid="check-clear" hidden=none on:click=move |_| files::clear(state) data-message="check-clear"></button>
            </div>
        </div>
    }
}

/// Progress through the folder, with the time left, and the switch.
#[component]
fn Progress() -> impl IntoView {
    let state = expect_context::<State>();
    let counts = move || {
        state.items.with(|items| {
            let waiting = items.iter().filter(|item| item.state == BatchItemState::Waiting).count();
            (items.len() - waiting, items.len())
        })
    };
    let words = move || {
        let (done, of) = counts();
        match state.status.get() {
            Status::Starting => Message::new("engine-waiting"),
            Status::Loading { received, total } => {
                let [done, all] = [received as f64, total as f64].map(|bytes| fixed(bytes / 1e6, 1));
                Message::new("loading-megabytes").with("done", done).with("all", all)
            }
            Status::Failed => Message::new("check-no-engine"),
            _ if done == of => {
                match state.items.with(|items| items.iter().filter(|item| item.inference().is_some()).count()) {
                    inferred if inferred < of => Message::new("check-some-looked").with("n", inferred).with("of", of),
                    _ => Message::new("check-all-looked").with("of", of),
                }
            }
            Status::Ready { .. } if !state.running.get() => {
                Message::new("check-stopped").with("done", done).with("of", of)
            }
            Status::Ready { .. } => {
                let left = left(state.spent.get(), of - done);
                Message::new("check-progress").with("done", done).with("of", of).with("left", left)
            }
        }
    };
    let busy = move || matches!(state.status.get(), Status::Ready { .. }) && counts().0 < counts().1;
    let running = move || state.running.get();
    let switch = move |_| choices::run(state, !untrack(running));
    let share = move || 100.0 * counts().0 as f64 / counts().1.max(1) as f64;
    view! {
        <div class="batch-progress">
            <div class="row">
                <span data-testid="check-progress" role=live(move || (!busy()).then_some("status")) data-done=live(move || counts().0.to_string()) data-page-bytes=live(move || {
                    counts();
                    crate::page::web::memory().to_string()
                }) data-message=move || words().attr()></span>
                <button data-testid="check-stop" hidden=live(move || !busy()) on:click=switch
                    data-message=live(move || if running() { "stop" } else { "go-on" })></button>
                <button data-testid="check-again" hidden=live(move || state.status.get() != Status::Failed)
                    on:click=move |_| choices::prepare(state) data-message="try-again"></button>
            </div>
            <div class="bar" role="progressbar" data-message="check-bar" aria-valuemin="0" aria-valuemax="100"
                aria-valuenow=live(move || fixed(share(), 0)) hidden=live(move || !busy()) style:--share=live(move || fixed(share(), 1) + "%")></div>
        </div>
    }
}

/// From the milliseconds that so many photos took; nothing while that is a guess.
fn left((spent, photos): (f64, usize), waiting: usize) -> Arg {
    if photos < SURE { "".into() } else { time_left(spent / photos as f64 * waiting as f64).into() }
}
