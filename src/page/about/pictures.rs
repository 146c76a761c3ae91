//! How a map comes about, in four pictures: the photo, the network's cells, a class's weights, and the map.

use leptos::prelude::*;

/// Cells on a side of the pictures.
const CELLS: usize = 7;
/// Weights of the third picture, from -1 to 1.
const WEIGHTS: [f64; 7] = [0.9, -0.35, 0.6, 0.15, -0.6, 1.0, 0.4];

/// Return the evidence of a cell, 0 to 1: high about a place a little below the middle.
fn evidence(cell: usize) -> f64 {
    let (x, y) = ((cell % CELLS) as f64 - 3.2, (cell / CELLS) as f64 - 3.6);
    (-(x * x + y * y) / 3.5).exp()
}

#[component]
pub fn Pictures() -> impl IntoView {
    let photo = || {
        view! {
            <rect width="140" height="140" fill="#9fb9d4"/>
            <circle cx="108" cy="30" r="13" fill="#f6d58a"/>
            <rect y="96" width="140" height="44" fill="#7f9a62"/>
            <path d="M42 112 v-34 h12 v-16 h24 v16 h10 v34 h-10 v-18 h-26 v18 z" fill="#8a5a3a"/>
            <path d="M52 62 l-8 -24 M54 60 l2 -26 M78 62 l8 -24 M76 60 l-2 -26" stroke="#6b4429" stroke-width="3" fill="none"/>
        }
    };
    let cells = |colour: fn(f64) -> (&'static str, f64)| {
        (0..CELLS * CELLS)
            .map(|cell| {
                let (fill, opacity) = colour(evidence(cell));
                let [x, y] = [cell % CELLS, cell / CELLS].map(|at| (20 * at).to_string());
                view! { <rect x=x y=y width="19" height="19" fill=fill opacity=opacity.to_string()/> }
            })
            .collect_view()
    };
    let bars = WEIGHTS
        .iter()
        .enumerate()
        .map(|(at, weight)| {
            let (x, length) = ((12 + 18 * at).to_string(), (weight.abs() * 58.0).to_string());
            let y = (70.0 - weight.max(0.0) * 58.0).to_string();
            let fill = if *weight > 0.0 { "#c8102e" } else { "#1f4fbf" };
            view! { <rect x=x y=y width="12" height=length fill=fill/> }
        })
        .collect_view();
    view! {
        <ol class="four" data-testid="four-pictures">
            <li><svg viewBox="0 0 140 140" aria-hidden="true">{photo()}</svg><span data-message="about-four-photo"></span></li>
            <li><svg viewBox="0 0 140 140" aria-hidden="true">{cells(|e| ("#4a5560", 0.15 + 0.85 * e))}</svg><span data-message="about-four-cells"></span></li>
            <li><svg viewBox="0 0 140 140" aria-hidden="true">{bars}<path d="M4 70 h132" stroke="#8a8f96"/></svg><span data-message="about-four-weights"></span></li>
            <li><svg viewBox="0 0 140 140" aria-hidden="true">{photo()}{cells(|e| ("#c8102e", 0.75 * e))}</svg><span data-message="about-four-map"></span></li>
        </ol>
    }
}
