//! Icons, of the open set Lucide.

use icondata_core::IconData;
use leptos::prelude::*;

/// An icon. What it means is said by the element around it.
#[component]
pub fn Icon(of: &'static IconData) -> impl IntoView {
    view! {
        <svg class="lucide" viewBox=of.view_box.unwrap_or("0 0 24 24") fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"
            stroke-linejoin="round" aria-hidden="true" inner_html=of.data.replace('\n', "")></svg>
    }
}
