//! Which method draws the maps: the menu, how far the long ones are, and what to know of each.

use camscope::method::{Explanation, Method};
use camscope::page::web::fixed;
use leptos::prelude::*;

use crate::client::{choose_method, stop};
use crate::state::State;

#[component]
pub fn Methods() -> impl IntoView {
    let state = expect_context::<State>();
    let chosen = move || state.explanation.get();
    let about = move || chosen().method.about();
    let stages = move || {
        let (last, stage) = (state.stages.get(), chosen().stage);
        let option = |number: usize| {
            let name = if number == last { format!("{number}, the last") } else { number.to_string() };
            let selected = stage.unwrap_or(last) == number;
            view! { <option value=number.to_string() prop:selected=selected>{name}</option> }
        };
        (1..=last).rev().map(option).collect_view()
    };
    let with = move |change: &dyn Fn(&mut Explanation)| {
        let mut wanted = chosen();
        change(&mut wanted);
        choose_method(state, wanted);
    };
    let progress = move || {
        state.explaining.get().map(|(_, done, of)| match of {
            0 => format!("{} is being computed …", about().title),
            of => format!("{}: {done} of {of} passes", about().title),
        })
    };
    let share = move || state.explaining.get().map_or(0.0, |(_, done, of)| 100.0 * done as f64 / of.max(1) as f64);
    let row = |method: Method| {
        let about = method.about();
        view! {
            <tr>
                <th scope="row">{about.title}<small>{about.paper}</small></th>
                <td>{about.assumes} " " {about.equals}</td>
                <td>{about.cost.words()}</td>
            </tr>
        }
    };
    view! {
        <div class="methods" hidden=move || state.stages.get() == 0>
            <div class="row">
                <label>
                    <span>"Method"</span>
                    <select data-testid="method-select" on:change:target=move |event| {
                        let name = event.target().value();
                        let method = Method::ALL.into_iter().find(|method| method.about().name == name).unwrap_or_default();
                        with(&|wanted| *wanted = Explanation { method, ..Explanation::default() });
                    }>
                        {Method::ALL.map(|method| {
                            let about = method.about();
                            view! { <option value=about.name prop:selected=move || chosen().method == method>{about.title}</option> }
                        }).collect_view()}
                    </select>
                </label>
                <label hidden=move || !about().any_stage title="Early stages see fine texture, late ones things">
                    <span>"Stage"</span>
                    <select data-testid="stage-select" on:change:target=move |event| {
                        let stage = event.target().value().parse::<usize>().ok().filter(|&number| number < state.stages.get_untracked());
                        with(&|wanted| wanted.stage = stage);
                    }>{stages}</select>
                </label>
                <label class="check" title="The mean over the photo and its mirror image, each in three contrasts: less noise, six times the work">
                    <input type="checkbox" data-testid="flips" prop:checked=move || chosen().flips
                        on:change:target=move |event| { let on = event.target().checked(); with(&|wanted| wanted.flips = on) }/>
                    "Mirrored too"
                </label>
            </div>
            <div class="row" role="status" data-testid="explaining" hidden=move || state.explaining.get().is_none()>
                <span class="bar" style:--share=move || fixed(share(), 1) + "%"></span>
                <span>{progress}</span>
                <button data-testid="explain-stop" on:click=move |_| stop(state)>"Stop"</button>
            </div>
            <p class="hint" data-testid="method-about">{move || about().assumes}" "{move || about().equals}</p>
            <details class="about-methods">
                <summary>"All methods compared"</summary>
                <table>
                    <thead><tr><th scope="col">"Method"</th><th scope="col">"What to know"</th><th scope="col">"Cost"</th></tr></thead>
                    <tbody>{Method::ALL.map(row).collect_view()}</tbody>
                </table>
            </details>
        </div>
    }
}
