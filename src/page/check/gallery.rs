//! The photos of the folder: a grid of which only the visible part exists, with filters, order and the keyboard.

use crate::core::batch::{BatchItem, BatchItemState, Group, Order};
use crate::core::message::Message;
use crate::page::web::{fixed, focus, live};
use crate::page::words::class_name;
use leptos::html::Div;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::choices::choose;
use super::state::State;

/// Pixels of a card with its gap, and rows that are made ready beyond the visible ones.
const CARD: [f64; 2] = [148.0, 172.0];
const BEYOND: usize = 2;

#[component]
pub fn Gallery() -> impl IntoView {
    let state = expect_context::<State>();
    let window = NodeRef::<Div>::new();
    // What is seen of the grid: how far it is scrolled, and how large the window onto it is.
    let (top, size) = (RwSignal::new(0.0), RwSignal::new([600.0, 400.0]));
    let measure = move || {
        if let Some(window) = window.get_untracked() {
            size.set([f64::from(window.client_width()), f64::from(window.client_height())]);
            top.set(f64::from(window.scroll_top()));
        }
    };
    let resized = window_event_listener(leptos::ev::resize, move |_| measure());
    on_cleanup(move || resized.remove());
    let columns = Memo::new(move |_| ((size.get()[0] / CARD[0]) as usize).max(1));
    let rows = Memo::new(move |_| state.shown.with(Vec::len).div_ceil(columns.get()));
    Effect::new(move || {
        // It grows with its rows, until the screen is full.
        rows.track();
        if window.get().is_some() {
            // By then the gallery may be gone.
            request_animation_frame(move || {
                if size.try_get_untracked().is_some() {
                    measure()
                }
            });
        }
    });
    // Positions among the shown photos.
    let visible = Memo::new(move |_| {
        let first = ((top.get() / CARD[1]) as usize).saturating_sub(BEYOND);
        let last = ((top.get() + size.get()[1]) / CARD[1]) as usize + 1 + BEYOND;
        let count = state.shown.with(Vec::len);
        (first * columns.get()).min(count)..(last * columns.get()).min(count)
    });
    let cards = Memo::new(move |_| {
        let columns = columns.get();
        state.shown.with(|shown| {
            state.items.with(|items| {
                let card = |at: usize| {
                    let item = items.get(*shown.get(at)?)?;
                    Some((item.id, [(at % columns) as f64 * CARD[0], (at / columns) as f64 * CARD[1]], at))
                };
                visible.get().filter_map(card).collect::<Vec<_>>()
            })
        })
    });
    let step = move |event: KeyboardEvent| {
        let columns = columns.get_untracked() as isize;
        let by = match &*event.key() {
            "ArrowLeft" => -1,
            "ArrowRight" => 1,
            "ArrowUp" => -columns,
            "ArrowDown" => columns,
            "Home" => isize::MIN / 2,
            "End" => isize::MAX / 2,
            _ => return,
        };
        event.prevent_default();
        let chosen = state.chosen.get_untracked();
        let next = state.shown.with_untracked(|shown| {
            state.items.with_untracked(|items| {
                let at = shown.iter().position(|&i| Some(items[i].id) == chosen);
                let last = shown.len().checked_sub(1)?;
                let next = at.map_or(0, |at| at.saturating_add_signed(by).min(last));
                Some((next, items[shown[next]].id))
            })
        });
        let Some((at, id)) = next else { return };
        choose(state, id);
        if let Some(window) = window.get_untracked() {
            let row = (at / columns as usize) as f64 * CARD[1];
            let (seen, height) = (f64::from(window.scroll_top()), size.get_untracked()[1]);
            let to = if row < seen { row } else { seen.max(row + CARD[1] - height) };
            window.set_scroll_top(to as i32);
        }
    };
    let active = move || state.chosen.get().map(|id| format!("check-card-{id}"));
    view! {
        <div class="gallery" id="check-gallery" node_ref=window data-testid="gallery" tabindex="0" role="listbox" data-message="check-gallery"
            aria-activedescendant=active style:--rows=live(move || rows.get().to_string()) on:scroll=move |_| measure() on:keydown=step>
            <div class="grid" style:height=live(move || format!("{}px", rows.get() as f64 * CARD[1]))>
                <For each=move || cards.get() key=|card| card.0 children=move |(id, ..)| {
                    let place = Memo::new(move |_| cards.with(|cards| cards.iter().find(|card| card.0 == id).map(|card| card.1)).unwrap_or_default());
                    view! { <Card id place/> }
                }/>
            </div>
            <p class="hint" hidden=live(move || state.shown.with(|shown| !shown.is_empty()))>
                <span data-message="check-none-fits"></span>" "
                <button class="word" data-testid="filter-reset" on:click=move |_| state.filter.set(Default::default()) data-message="check-filter-reset"></button>
            </p>
        </div>
    }
}

#[component]
fn Card(id: u32, place: Memo<[f64; 2]>) -> impl IntoView {
    let state = expect_context::<State>();
    // A card draws itself anew when its own photo changes, not when another does.
    let item = Memo::new(move |_| state.items.with(|items| items.iter().find(|item| item.id == id).map(summary)));
    let picture = Memo::new(move |_| state.thumbnails.with(|thumbnails| thumbnails.get(&id).cloned()));
    let chosen = move || state.chosen.get() == Some(id);
    let answer = move || item.get().and_then(|card| card.answer);
    view! {
        <button class="card" id=format!("check-card-{id}") role="option" tabindex="-1" data-testid="check-card"
            class:chosen=chosen aria-selected=live(move || chosen().to_string())
            data-state=live(move || item.get().map(|card| card.state)) class:wrong=live(move || item.get().is_some_and(|card| card.wrong))
            style:transform=live(move || { let [x, y] = place.get(); format!("translate({x}px,{y}px)") })
            on:click=move |_| {
                choose(state, id);
                focus("check-gallery"); // arrows walk on from here, also when this card is scrolled away
            }>
            <span class="picture">
                {move || picture.get().map(|address| view! { <img src=address alt=""/> })}
                <i class="inside" hidden=live(move || item.get().is_none_or(|card| card.inside.is_none()))
                    data-low=live(move || item.get().and_then(|card| card.low).map(|low| low.to_string()))
                    data-message=live(move || item.get().and_then(|card| card.inside))></i>
            </span>
            <span class="answer">
                <b hidden=live(move || answer().is_some()) data-message=live(move || item.get().and_then(|card| card.title))></b>
                <b hidden=live(move || answer().is_none())>{move || answer().map(|(class, _)| class_name(&class))}</b>
                <span>{move || answer().map(|(_, percent)| percent)}</span>
            </span>
            <small>{move || item.get().map(|card| card.name)}</small>
        </button>
    }
}

/// What a card says.
#[derive(Clone, PartialEq)]
struct Summary {
    name: String,
    /// What there is to say instead of an answer, as `data-message`; so is `inside`.
    title: Option<String>,
    /// Class and percent.
    answer: Option<(String, String)>,
    state: &'static str,
    inside: Option<String>,
    /// Less evidence inside than the boxes would catch by chance.
    low: Option<bool>,
    /// Another class than its folder says.
    wrong: bool,
}

fn summary(item: &BatchItem) -> Summary {
    let percent = |share: f64| fixed(share * 100.0, 0) + " %";
    let (state, title) = match &item.state {
        BatchItemState::Waiting => ("waiting", Some(Message::plain("…"))),
        BatchItemState::Failed(why) => ("failed", Some(why.clone())),
        BatchItemState::Done(_) => ("done", None),
    };
    let inside = item.best().and_then(|best| item.inside(best));
    Summary {
        name: item.name.clone(),
        title: title.map(|title| title.attr()),
        answer: item.best().map(|best| (best.class.clone(), percent(best.probability.into()))),
        state,
        inside: inside.map(|share| Message::new("check-inside").with("share", percent(share)).attr()),
        low: inside.map(|_| item.looks_elsewhere()),
        wrong: item.is_wrong(),
    }
}

/// How many photos deserve a look, and why, and which are shown.
#[component]
pub fn Headline() -> impl IntoView {
    let state = expect_context::<State>();
    // Of all photos, those looked at, and those of each group; whether any has boxes, and whether any has a truth.
    let counts = Memo::new(move |_| {
        state.items.with(|items| {
            let count = |is: &dyn Fn(&BatchItem) -> bool| items.iter().filter(|item| is(item)).count();
            let groups =
                [Group::All, Group::Elsewhere, Group::Unsure, Group::Wrong].map(|group| count(&|i| group.has(i)));
            let [boxed, named] = [count(&|item| !item.boxes.is_empty()), count(&|item| item.truth.is_some())];
            (count(&|item| item.inference().is_some()), groups, boxed > 0, named > 0)
        })
    });
    let count = move |group: Group| counts.get().1[group as usize];
    let boxed = move || counts.get().2;
    let named = move || counts.get().3;
    let headline = move || {
        let of = counts.get().0;
        let [elsewhere, wrong, unsure] = [Group::Elsewhere, Group::Wrong, Group::Unsure].map(count);
        let (id, n) = match () {
            () if of == 0 => return None,
            () if elsewhere > 0 => ("check-head-elsewhere", elsewhere),
            () if wrong > 0 => ("check-head-wrong", wrong),
            () if unsure > 0 => ("check-head-unsure", unsure),
            () => ("check-head-fine", of),
        };
        Some(Message::new(id).with("n", n).with("of", of).attr())
    };
    let chip = move |group: Group, id: &'static str, message: &'static str, shown: Signal<bool>| {
        let chosen = move || state.filter.with(|filter| filter.group == group);
        view! {
            <button data-testid=id hidden=live(move || !shown.get()) aria-pressed=live(move || chosen().to_string())
                on:click=move |_| state.filter.update(|filter| filter.group = group)>
                <span data-message=message></span>" "<small>{move || count(group)}</small>
            </button>
        }
    };
    view! {
        <div class="headline">
            <h2><span data-testid="check-headline" role="status" data-message=headline></span></h2>
            <div class="row chips" role="group" data-message="check-groups">
                {chip(Group::All, "group-all", "check-group-all", Signal::stored(true))}
                {chip(Group::Elsewhere, "group-elsewhere", "check-group-elsewhere", Signal::derive(boxed))}
                {chip(Group::Unsure, "group-unsure", "check-group-unsure", Signal::stored(true))}
                {chip(Group::Wrong, "group-wrong", "check-group-wrong", Signal::derive(named))}
            </div>
        </div>
    }
}

/// Which photos are shown, and in which order.
#[component]
pub fn Filters() -> impl IntoView {
    let state = expect_context::<State>();
    let boxed = move || state.items.with(|items| items.iter().any(|item| !item.boxes.is_empty()));
    let classes = Memo::new(move |_| {
        let classes = state.items.with(|items| crate::core::batch::class_summaries(items));
        classes.into_iter().map(|class| (class.index, class.name, class.photos)).collect::<Vec<_>>()
    });
    let options = move || {
        let chosen = state.filter.with(|filter| filter.class);
        let option = |(index, name, photos): (usize, String, usize)| {
            view! { <option value=index.to_string() prop:selected=chosen == Some(index)>{[&class_name(&name), " (", &photos.to_string(), ")"].concat()}</option> }
        };
        classes.get().into_iter().map(option).collect_view()
    };
    let order = move |(order, id, message): (Order, &'static str, &'static str)| {
        view! { <option value=id prop:selected=live(move || state.order.get() == order) data-message=message></option> }
    };
    let percent = |share: f64| fixed(share * 100.0, 0) + " %";
    view! {
        <div class="filters row">
            <label>
                <span data-message="check-class-filter"></span>
                <select data-testid="filter-class" on:change:target=move |event| {
                    let class = event.target().value().parse().ok();
                    state.filter.update(|filter| filter.class = class)
                }>
                    <option value="" prop:selected=live(move || state.filter.with(|filter| filter.class.is_none())) data-message="check-all"></option>
                    {options}
                </select>
            </label>
            <label class="slider">
                <span><span data-message="check-sure"></span>" "<output>{move || percent(state.filter.get().confidence[1].into())}</output></span>
                <input type="range" min="0" max="1" step="0.01" data-testid="filter-confidence" prop:value=live(move || state.filter.get().confidence[1])
                    on:input:target=move |event| { let most = event.target().value_as_number() as f32; state.filter.update(|filter| filter.confidence[1] = most) }/>
            </label>
            <label class="slider" hidden=live(move || !boxed())>
                <span><span data-message="check-inside-most"></span>" "<output>{move || percent(state.filter.get().inside)}</output></span>
                <input type="range" min="0" max="1" step="0.01" data-testid="filter-inside" prop:value=live(move || state.filter.get().inside)
                    on:input:target=move |event| { let most = event.target().value_as_number(); state.filter.update(|filter| filter.inside = most) }/>
            </label>
            <label>
                <span data-message="check-order"></span>
                <select data-testid="order" on:change:target=move |event| {
                    let wanted = event.target().value();
                    if let Some((order, ..)) = Order::ALL.into_iter().find(|(_, id, _)| *id == wanted) { state.order.set(order) }
                }>{Order::ALL.map(order).collect_view()}</select>
            </label>
            <span class="count" data-testid="shown-count" data-message=live(move || {
                Message::new("check-count").with("n", state.shown.with(Vec::len)).with("of", state.items.with(Vec::len)).attr()
            })></span>
        </div>
    }
}
