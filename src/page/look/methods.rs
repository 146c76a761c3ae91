//! Which method draws the maps: the menu, how far the long ones are, and what to know of each.

use crate::core::message::Message;
use crate::core::method::{CamOptions, Method};
use crate::page::web::fixed;
use leptos::prelude::*;

use super::client::{choose_method, stop};
use super::state::State;

#[component]
pub fn Methods() -> impl IntoView {
    let state = expect_context::<State>();
    let chosen = move || state.cam_options.get();
    let info = move || chosen().method.info();
    let stages = move || {
        let (last, stage) = (state.stages.get(), chosen().stage);
        let option = |number: usize| {
            let message = Message::new(if number == last { "stage-last" } else { "stage-at" }).with("n", number);
            let selected = stage.unwrap_or(last) == number;
            view! { <option value=number.to_string() prop:selected=selected data-message=message.attr()></option> }
        };
        (1..=last).rev().map(option).collect_view()
    };
    let with = move |change: &dyn Fn(&mut CamOptions)| {
        let mut wanted = chosen();
        change(&mut wanted);
        choose_method(state, wanted);
    };
    let progress = move || {
        state.explaining.get().map(|(_, done, of)| {
            let id = if of == 0 { "computing" } else { "passes" };
            Message::new(id).with("what", info().title).with("done", done).with("of", of).attr()
        })
    };
    let share = move || state.explaining.get().map_or(0.0, |(_, done, of)| 100.0 * done as f64 / of.max(1) as f64);
    let row = |method: Method| {
        let info = method.info();
        view! {
            <tr>
                <th scope="row">{info.title}<small>{info.paper}</small></th>
                <td data-message=info.caveats().attr()></td>
                <td data-message=info.cost.id()></td>
            </tr>
        }
    };
    view! {
        <div class="methods" hidden=move || state.stages.get() == 0>
            <div class="row">
                <label>
                    <span data-message="method"></span>
                    <select data-testid="method-select" on:change:target=move |event| {
                        let name = event.target().value();
                        let method = Method::ALL.into_iter().find(|method| method.info().name == name).unwrap_or_default();
                        with(&|wanted| *wanted = CamOptions { method, ..CamOptions::default() });
                    }>
                        {Method::ALL.map(|method| {
                            let info = method.info();
                            view! { <option value=info.name prop:selected=move || chosen().method == method>{info.title}</option> }
                        }).collect_view()}
                    </select>
                </label>
                <label hidden=move || !info().any_stage data-message="stage-note">
                    <span data-message="stage"></span>
                    <select data-testid="stage-select" on:change:target=move |event| {
                        let stage = event.target().value().parse::<usize>().ok().filter(|&number| number < state.stages.get_untracked());
                        with(&|wanted| wanted.stage = stage);
                    }>{stages}</select>
                </label>
                <label class="check" data-message="flips-note">
                    <input type="checkbox" data-testid="flips" prop:checked=move || chosen().tta
                        on:change:target=move |event| { let on = event.target().checked(); with(&|wanted| wanted.tta = on) }/>
                    <span data-message="flips"></span>
                </label>
            </div>
            <div class="row" role="status" data-testid="explaining" hidden=move || state.explaining.get().is_none()>
                <span class="bar" style:--share=move || fixed(share(), 1) + "%"></span>
                <span data-message=progress></span>
                <button data-testid="explain-stop" data-message="stop" on:click=move |_| stop(state)></button>
            </div>
            <p class="hint" data-testid="method-about" data-message=move || info().caveats().attr()></p>
            <details class="about-methods">
                <summary data-message="methods-all"></summary>
                <table>
                    <thead><tr><th scope="col" data-message="method"></th><th scope="col" data-message="methods-know"></th><th scope="col" data-message="methods-cost"></th></tr></thead>
                    <tbody>{Method::ALL.map(row).collect_view()}</tbody>
                </table>
            </details>
        </div>
    }
}
