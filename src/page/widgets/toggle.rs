//! A checkbox with its label.

use leptos::prelude::*;

/// The checkbox shows `on` and hands what the visitor wants to `set`.
#[component]
pub fn Toggle(
    /// Test id of the checkbox.
    id: &'static str,
    /// Message of the label.
    message: &'static str,
    /// Message of the label's tip.
    #[prop(optional)]
    note: Option<&'static str>,
    #[prop(into)] on: Signal<bool>,
    set: Callback<bool>,
) -> impl IntoView {
    view! {
        <label class="check" data-message=note>
            <input type="checkbox" data-testid=id prop:checked=on on:change:target=move |event| set.run(event.target().checked())/>
            <span data-message=message></span>
        </label>
    }
}
