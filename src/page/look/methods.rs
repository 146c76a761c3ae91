//! *Explain differently*: the methods that make maps, each with what to know of it, and from which stage of the network.

use crate::core::message::Message;
use crate::core::method::{CamOptions, Method};
use crate::page::web::{live, property};
use crate::page::widgets::toggle::Toggle;
use leptos::prelude::*;

use super::state::State;
use super::work::choose_method;

#[component]
pub fn Methods() -> impl IntoView {
    let state = expect_context::<State>();
    let chosen = move || state.cam_options.get();
    let info = move || chosen().method.info();
    let with = move |change: &dyn Fn(&mut CamOptions)| {
        let mut wanted = untrack(chosen);
        change(&mut wanted);
        choose_method(state, wanted);
    };
    let stages = move || {
        let (last, stage) = (state.stages(), chosen().stage);
        let option = |number: usize| {
            let message = Message::new(if number == last { "stage-last" } else { "stage-at" }).with("n", number);
            let selected = stage.unwrap_or(last) == number;
            view! { <option value=number.to_string() prop:selected=selected data-message=message.attr()></option> }
        };
        (1..=last).rev().map(option).collect_view()
    };
    let choose = move |event: leptos::ev::Event| {
        let name = event.target().and_then(|target| property(&target, "value").as_string()).unwrap_or_default();
        if let Some(method) = Method::ALL.into_iter().find(|method| method.info().name == name) {
            with(&|wanted| *wanted = CamOptions { method, ..CamOptions::default() });
        }
    };
    let card = move |method: Method| {
        let info = method.info();
        let is_chosen = move || chosen().method == method;
        view! {
            <label class="method" class:chosen=is_chosen>
                <input type="radio" name="method" value=info.name prop:checked=is_chosen/>
                <b>{info.title}</b>
                <small class="cost" data-message=info.cost.id()></small>
            </label>
        }
    };
    view! {
        <details class="fold methods" hidden=live(move || state.stages() == 0)>
            <summary><span data-message="explain-differently"></span>" "<small>{move || info().title}</small></summary>
            <div class="fields">
                <fieldset class="method-list" data-testid="method-select" data-message="method-group" data-value=live(move || info().name) on:change=choose>
                    {Method::ALL.map(card).collect_view()}
                </fieldset>
                <p class="hint"><span data-testid="method-about" data-message=live(move || info().caveats().attr())></span>" "{move || info().paper}</p>
                <label hidden=live(move || !info().any_stage) data-message="stage-note">
                    <span data-message="stage"></span>
                    <select data-testid="stage-select" on:change:target=move |event| {
                        let stage = event.target().value().parse::<usize>().ok().filter(|&number| number < untrack(|| state.stages()));
                        with(&|wanted| wanted.stage = stage);
                    }>{stages}</select>
                </label>
                <Toggle id="flips" message="mirrored" note="mirrored-note" on=live(move || chosen().tta) set=Callback::new(move |on| with(&|wanted| wanted.tta = on))/>
            </div>
        </details>
    }
}
