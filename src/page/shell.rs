//! The frame: header, the parts, footer. The address's hash says which part is shown.

use icondata_core::IconData;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::about::About;
use super::check::Check;
use super::device_chip::DeviceChip;
use super::intake;
use super::keys::Shortcuts;
use super::look::{self, Look};
use super::notices::NoticeList;
use super::offline::{self, NewVersion};
use super::shared::{Part, Shared};
use super::teach::{self, Teach};
use super::web::{document, live, parameter, window};
use super::widgets::appearance::Appearance;
use super::widgets::icon::Icon;
use super::widgets::picker::Picker;
use super::words;

/// Open the page as soon as it has its words.
pub fn start() {
    spawn_local(async {
        if let Err(why) = words::begin().await {
            wasm_bindgen::throw_val(why); // start.js says so
        }
        mount_to_body(App);
        if let Some(note) = document().get_element_by_id("loading") {
            note.remove();
        }
    });
}

/// Return the part that the address names. An address that asks for a measurement means About.
fn addressed() -> Part {
    let hash = window().location().hash().unwrap_or_default();
    match hash.is_empty() && parameter("bench").is_some() {
        true => Part::About,
        false => Part::from_hash(&hash),
    }
}

#[component]
fn App() -> impl IntoView {
    let shared = Shared::new(addressed());
    provide_context(shared);
    let appearance = Appearance::new();
    provide_context(appearance);
    let state = look::State::new(shared, appearance);
    provide_context(state);
    // Back and Forward change the hash.
    let follow = window_event_listener(ev::hashchange, move |_| {
        let part = addressed();
        if shared.part.get_untracked() != part {
            shared.part.set(part);
            window().scroll_to_with_x_and_y(0.0, 0.0);
        } else if part == Part::Look {
            look::follow_address(state);
        }
    });
    std::mem::forget(follow); // lives as long as the page
    offline::listen(shared.offline, shared.settled);
    provide_context(shared.offline);
    intake::listen(shared);
    look::begin(state);
    spawn_local(teach::offer_kept(shared));
    let shown = move |part: Part| shared.part.get() == part;
    // A part is made when it is first shown, and then stays.
    let was_shown = move |part: Part| {
        let before = StoredValue::new(false);
        Memo::new(move |_| {
            before.update_value(|before| *before |= shown(part));
            before.get_value()
        })
    };
    let [check, teach, about] = [Part::Check, Part::Teach, Part::About].map(was_shown);
    view! {
        <Header/>
        <NoticeList notices=shared.notices/>
        <main class="look" class:empty=live(move || state.photos.with(Vec::is_empty)) hidden=live(move || !shown(Part::Look))>
            <Look/>
        </main>
        <section id="check" role="main" hidden=live(move || !shown(Part::Check))>
            <Show when=move || check.get()><Check/></Show>
        </section>
        <section id="teach" role="main" hidden=live(move || !shown(Part::Teach))>
            <Show when=move || teach.get()><Teach/></Show>
        </section>
        <section id="about" role="main" hidden=live(move || !shown(Part::About))>
            <Show when=move || about.get()><About/></Show>
        </section>
        <Footer/>
        <NewVersion/>
        <div class="drop-here" hidden=live(move || !shared.dragging.get())><p data-message="drop-here"></p></div>
    }
}

#[component]
fn Header() -> impl IntoView {
    let shared = expect_context::<Shared>();
    let state = expect_context::<look::State>();
    let tab = move |part: Part, icon: &'static IconData| {
        let current = move || (shared.part.get() == part).then_some("page");
        view! {
            <a class="tab" href=format!("#{}", part.name()) data-testid=part.tab() aria-current=current>
                <Icon of=icon/><span data-message=part.tab()></span>
            </a>
        }
    };
    let icons = [icondata_lu::LuImage, icondata_lu::LuImages, icondata_lu::LuGraduationCap, icondata_lu::LuInfo];
    let choose = Callback::new(move |name: String| look::choose_model(state, name));
    view! {
        <header>
            <h1><a href="#look">"camscope"</a></h1>
            <nav data-message="tabs">{Part::ALL.into_iter().zip(icons).map(|(part, icon)| tab(part, icon)).collect_view()}</nav>
            <div class="model" hidden=live(move || shared.part.get() != Part::Look)>
                <Picker id="model-select" models=shared.models chosen=shared.model choose/>
            </div>
            <DeviceChip/>
            <label class="languages" data-message="language-note">
                <Icon of=icondata_lu::LuLanguages/>
                <select data-testid="language-select" data-languages data-message="language"></select>
            </label>
            <Shortcuts/>
        </header>
    }
}

#[component]
fn Footer() -> impl IntoView {
    let shared = expect_context::<Shared>();
    view! {
        <footer data-kept=live(move || shared.offline.kept.get().name())>
            <p data-message="footer"></p>
        </footer>
    }
}
