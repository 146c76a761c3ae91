//! The choice of a network: cards that say what each one knows, in two groups.

use leptos::prelude::*;

use crate::core::message::Message;
use crate::page::manifest::Model;
use crate::page::web::{fixed, live, property};
use crate::page::widgets::icon::Icon;

/// Return the message with a model's title, in the visitor's language where the page has one.
pub fn title(model: &Model) -> Message {
    let id = match model.name.as_str() {
        "efficientnet-lite0" => "model-efficientnet-lite0",
        "vgg16-gap-everyday" => "model-vgg16-gap-everyday",
        "vgg16-gap-cifar10" => "model-vgg16-gap-cifar10",
        "resnet-20" => "model-resnet-20",
        "resnet-56" => "model-resnet-56",
        "plain-20" => "model-plain-20",
        "plain-56" => "model-plain-56",
        _ => return Message::plain(model.title.as_str()),
    };
    Message::new(id)
}

/// The picker. Its group of radio buttons has the chosen model's name as `data-value`.
#[component]
pub fn Picker(
    /// Test id of the group.
    id: &'static str,
    models: RwSignal<Vec<Model>>,
    /// Name of the chosen model.
    #[prop(into)]
    chosen: Signal<String>,
    choose: Callback<String>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let current = move || {
        let name = chosen.get();
        models.with(|models| models.iter().find(|model| model.name == name).map(|model| title(model).attr()))
    };
    let take = move |event: leptos::ev::Event| {
        let name = event.target().and_then(|target| property(&target, "value").as_string()).unwrap_or_default();
        if models.with_untracked(|models| models.iter().any(|model| model.name == name)) {
            choose.run(name);
        }
    };
    // A choice with the pointer closes it; arrow keys go on choosing.
    let close = move |event: leptos::ev::MouseEvent| {
        if event.client_x() > 0 {
            open.set(false);
        }
    };
    let group = move |message: &'static str, study: bool| {
        let cards = move || {
            let of_group: Vec<Model> =
                models.with(|models| models.iter().filter(|model| model.is_for_study() == study).cloned().collect());
            of_group.into_iter().map(move |model| view! { <Card id model chosen/> }).collect_view()
        };
        let none = move || models.with(|models| models.iter().all(|model| model.is_for_study() != study));
        view! { <p class="group" hidden=none data-message=message></p><div class="cards">{cards}</div> }
    };
    let away = move |event: leptos::ev::FocusEvent| {
        let inside = event.current_target().zip(event.related_target()).is_some_and(|(picker, to)| {
            use wasm_bindgen::JsCast;
            let (picker, to): (Option<&web_sys::Node>, Option<&web_sys::Node>) = (picker.dyn_ref(), to.dyn_ref());
            picker.is_some_and(|picker| picker.contains(to))
        });
        if !inside && event.related_target().is_some() {
            open.set(false);
        }
    };
    view! {
        <details class="picker" prop:open=live(move || open.get()) on:focusout=away
            on:keydown=move |event| if event.key() == "Escape" { open.set(false) }>
            <summary on:click=move |event| { event.prevent_default(); open.update(|open| *open = !*open) }>
                <Icon of=icondata_lu::LuBrain/>
                <span class="unseen" data-message="network"></span>
                <span class="current" data-message=current></span>
                <Icon of=icondata_lu::LuChevronDown/>
            </summary>
            <fieldset class="sheet-list" data-testid=id data-message="network-group" data-value=live(move || chosen.get()) on:change=take on:click=close>
                {group("models-photos", false)}
                {group("models-study", true)}
            </fieldset>
        </details>
    }
}

#[component]
fn Card(id: &'static str, model: Model, chosen: Signal<String>) -> impl IntoView {
    let name = model.name.clone();
    let is_chosen = {
        let name = name.clone();
        move || chosen.get() == name
    };
    let also = is_chosen.clone();
    let about = Message::new("model-about").with("n", model.classes.len());
    let about = about.with("megabytes", fixed(model.bytes / 1e6, 1));
    let right = model.accuracy.as_ref().map(|(percent, data)| {
        Message::new("accuracy").with("percent", fixed(*percent, 1)).with("data", data.as_str()).attr()
    });
    view! {
        <label class="model-card" class:chosen=is_chosen>
            <input type="radio" name=id value=name prop:checked=also/>
            <b data-message=title(&model).attr()></b>
            <small data-message=about.attr()></small>
            <small data-message=right></small>
        </label>
    }
}
