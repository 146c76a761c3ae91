//! The chosen photo, large, and what can be asked of it: why it is what it is, how much of that lies inside boxes, how far the map is
//! to be trusted, and how it compares with another.

use crate::core::batch::{BatchItem, BatchItemState};
use crate::core::geometry::Rect;
use crate::core::message::Message;
use crate::core::method::Method;
use crate::page::place::Place;
use crate::page::shared::SentPhoto;
use crate::page::web::{fixed, live};
use crate::page::widgets::appearance::{Appearance, Choices, Key, Legend};
use crate::page::widgets::boxes::Boxes;
use crate::page::widgets::map_view::{MapView, Scene, SceneMap};
use crate::page::words::class_name;
use crate::render::Range;
use leptos::prelude::*;

use super::boxes::Shortcut;
use super::choices::{choose_class, choose_method};
use super::compare::Compare;
use super::measures::Numbers;
use super::state::{FILES, ShownMap, State, picture as kept};

const SIDE: usize = 720;

/// What is asked of the photo, with the test id and the message of its tab.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Question {
    Why,
    Boxes,
    Trust,
    Compare,
}

impl Question {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Why, "show-why", "check-tab-why"),
        (Self::Boxes, "show-boxes", "check-tab-boxes"),
        (Self::Trust, "show-trust", "check-tab-trust"),
        (Self::Compare, "show-compare", "check-tab-compare"),
    ];
}

#[component]
pub fn Detail(any_inferred: Memo<bool>) -> impl IntoView {
    let state = expect_context::<State>();
    let question = RwSignal::new(Question::Why);
    let all = Signal::derive(move || state.chosen_item().map(|item| item.boxes).unwrap_or_default());
    let change = Callback::new(move |boxes: Vec<Rect>| {
        state.change_boxes(|all| *all = boxes);
        question.set(Question::Boxes);
    });
    let boxes = Boxes::new(all, change);
    let tab = move |(of, id, message): (Question, &'static str, &'static str)| {
        let shown = move || question.get() == of;
        view! {
            <button role="tab" data-testid=id aria-selected=live(move || shown().to_string()) on:click=move |_| question.set(of) data-message=message></button>
        }
    };
    let hidden = move |of: Question| move || question.get() != of;
    view! {
        <Show when=move || state.chosen.get().is_some() fallback=|| view! { <p class="detail panel hint" data-message="check-choose"></p> }>
            <section class="detail panel" data-message="stage-photo" data-testid="detail">
                <Stage boxes/>
                <div class="questions" role="tablist" data-message="check-questions">{Question::ALL.map(tab).collect_view()}</div>
                <div role="tabpanel" hidden=hidden(Question::Why)><Classes/><SendToTeach/><Choices/></div>
                // Before there is a map, there is nothing to measure or compare; and the page is not made in one go.
                <Show when=move || any_inferred.get()>
                    <div role="tabpanel" hidden=hidden(Question::Boxes)><Shortcut boxes_view=boxes/></div>
                    <div role="tabpanel" hidden=hidden(Question::Trust)><Numbers/></div>
                    <div role="tabpanel" hidden=hidden(Question::Compare)><Compare/></div>
                </Show>
            </section>
        </Show>
    }
}

#[component]
fn Stage(boxes: Boxes) -> impl IntoView {
    let (state, appearance) = (expect_context::<State>(), expect_context::<Appearance>());
    let place = Place::new();
    let scene = Signal::derive(move || {
        state.pictures.track();
        let picture = state.chosen.get().and_then(kept)?;
        let map = state.shown_map().map(|ShownMap { inference, prediction, .. }| {
            let range = Range::for_colors(appearance.colormap.get(), &prediction.map.values);
            SceneMap { inference: inference.into(), prediction, range, options: None }
        });
        Some(Scene { picture, map })
    });
    let legend = Signal::derive(move || {
        let SceneMap { inference, prediction, range, .. } = scene.get()?.map?;
        let smooth = appearance.smooth.get();
        let here = place.get().and_then(|at| crate::page::canvas::value_at(&inference, &prediction, at, smooth));
        Some(Key { colormap: appearance.colormap.get(), range, here, tip: "legend" })
    });
    let caption = move || match state.chosen_item() {
        None => None,
        Some(BatchItem { name, state: BatchItemState::Failed(why), .. }) => {
            Some(Message::new("of-file").with("name", name).with("what", why).attr())
        }
        Some(BatchItem { name, .. }) => {
            let message = match state.shown_map() {
                Some(ShownMap { prediction, method, .. }) => {
                    Message::new("evidence-by").with("method", method.info().title).with("class", prediction.class)
                }
                None => Message::new("looking"),
            };
            Some(message.with("name", name).attr())
        }
    };
    let waiting = move || scene.with(Option::is_none);
    view! {
        <figure>
            <div class="framed">
                <MapView id="check-canvas" caption="check-caption" side=SIDE scene place boxes>
                    <Legend of=legend/>
                </MapView>
                <p class="waiting over" hidden=live(move || !waiting()) data-message=caption></p>
            </div>
            <figcaption id="check-caption" aria-live="polite" data-message=caption></figcaption>
        </figure>
    }
}

/// The photo's best classes, and the way its maps are made.
#[component]
fn Classes() -> impl IntoView {
    let state = expect_context::<State>();
    let classes = Memo::new(move |_| {
        let item = state.chosen_item();
        let predictions = item
            .as_ref()
            .and_then(BatchItem::inference)
            .map(|inference| inference.predictions.clone())
            .unwrap_or_default();
        predictions.into_iter().map(|p| (p.class, p.probability)).collect::<Vec<_>>()
    });
    let chip = move |(at, (name, probability)): (usize, (String, f32))| {
        view! {
            <button data-testid="check-class" aria-pressed=live(move || (state.class.get() == at).to_string())
                on:click=move |_| choose_class(state, at)>
                {move || class_name(&name)}" "<small>{fixed(probability * 100.0, 0)}" %"</small>
            </button>
        }
    };
    let method = move |method: Method| {
        let info = method.info();
        view! { <option value=info.name prop:selected=live(move || state.method.get() == method)>{info.title}</option> }
    };
    view! {
        <div class="row chips" role="group" data-message="check-classes">{move || classes.get().into_iter().enumerate().map(chip).collect_view()}</div>
        <div class="row">
            <label class="inline">
                <span data-message="check-map-by"></span>" "
                <select data-testid="check-method" on:change:target=move |event| {
                    let wanted = event.target().value();
                    if let Some(method) = Method::ALL.into_iter().find(|method| method.info().name == wanted) {
                        choose_method(state, method)
                    }
                }>{Method::ALL.map(method).collect_view()}</select>
            </label>
            <span class="hint" data-message=live(move || state.method.get().info().assumes)></span>
        </div>
    }
}

/// Send the photo to the teaching part: a photo that was classified wrongly becomes a training photo.
#[component]
fn SendToTeach() -> impl IntoView {
    let state = expect_context::<State>();
    let name = RwSignal::new(String::new());
    // What is typed for one photo is likely meant for the next.
    let suggested = move || match name.get() {
        typed if typed.is_empty() => {
            state.chosen_item().and_then(|item| Some(item.best()?.class.clone())).unwrap_or_default()
        }
        typed => typed,
    };
    let sent = RwSignal::new(None::<(u32, String)>);
    let send_to_teach = move |_| {
        let (Some(id), class) = (state.chosen.get_untracked(), untrack(suggested)) else { return };
        let Some(file) = FILES.with_borrow(|files| files.get(&id).cloned()) else { return };
        if class.trim().is_empty() {
            return;
        }
        state.shared.sent.update(|sent| sent.push(SentPhoto { class: class.trim().to_owned(), file }));
        sent.set(Some((id, class.trim().to_owned())));
    };
    let word = move || {
        let (id, class) = sent.get()?;
        (Some(id) == state.chosen.get()).then(|| Message::new("check-lent").with("class", class).attr())
    };
    view! {
        <div class="row lend">
            <label class="inline">
                <span data-message="check-teach-as"></span>" "
                <input type="text" data-testid="lend-class" data-message="check-lend-class" maxlength="60" prop:value=suggested
                    on:change:target=move |event| name.set(event.target().value())/>
            </label>
            <button data-testid="lend" on:click=send_to_teach data-message="check-lend"></button>
            <span class="hint" role="status" data-testid="lent" data-message=word></span>
        </div>
    }
}
