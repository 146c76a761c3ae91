//! How maps are drawn, on every part of the page.

use leptos::prelude::*;

use crate::core::message::Message;
use crate::page::canvas;
use crate::page::web::{fixed, live};
use crate::page::widgets::toggle::Toggle;
use crate::render::{Colormap, OverlayOptions, Range};

/// The visitor's choices, in context. Copies are the same choices.
#[derive(Clone, Copy)]
pub struct Appearance {
    /// Share of a map's colour where it has most evidence, 0 to 1.
    pub opacity: RwSignal<f32>,
    /// Colours of maps.
    pub colormap: RwSignal<Colormap>,
    /// Whether the maps of one photo share a scale.
    pub shared_scale: RwSignal<bool>,
    /// Whether values between the network's cells are interpolated.
    pub smooth: RwSignal<bool>,
    /// Whether the strongest area is outlined.
    pub boxed: RwSignal<bool>,
    /// Whether the plain photo is held up for comparison.
    pub plain: RwSignal<bool>,
}

impl Appearance {
    /// Begin with the colours that the visitor chose last.
    pub fn new() -> Self {
        Self {
            opacity: RwSignal::new(canvas::OPACITY),
            colormap: RwSignal::new(canvas::colours()),
            shared_scale: RwSignal::new(true),
            smooth: RwSignal::new(true),
            boxed: RwSignal::new(false),
            plain: RwSignal::new(false),
        }
    }

    /// Return how maps are drawn now. Tracked.
    pub fn options(&self) -> OverlayOptions {
        OverlayOptions {
            opacity: if self.plain.get() { 0.0 } else { self.opacity.get() },
            colormap: self.colormap.get(),
            smooth: self.smooth.get(),
            stands_out: true,
            dims: false,
        }
    }
}

impl Default for Appearance {
    fn default() -> Self {
        Self::new()
    }
}

/// Return the message with a colour map's name.
fn colours_named(map: Colormap) -> &'static str {
    match map {
        Colormap::Evidence | Colormap::BlueRed => "colours-evidence",
        Colormap::Jet => "colours-jet",
        Colormap::Turbo => "colours-turbo",
        Colormap::Viridis => "colours-viridis",
        Colormap::Inferno => "colours-inferno",
        Colormap::Grey => "colours-grey",
    }
}

/// Return the colours of a map as a CSS gradient, as transparent as the map is on a photo.
pub fn gradient(colormap: Colormap) -> String {
    let options = OverlayOptions { opacity: 1.0, colormap, smooth: true, stands_out: true, dims: false };
    let stop = |(i, [r, g, b]): (usize, &[u8; 3])| {
        let alpha = fixed(options.weight(i as f32 / 255.0), 2);
        ["rgb(", &r.to_string(), " ", &g.to_string(), " ", &b.to_string(), " / ", &alpha, ")"].concat()
    };
    let stops: Vec<_> = colormap.table().iter().enumerate().step_by(17).map(stop).collect();
    format!("linear-gradient(to right,{})", stops.join(","))
}

/// The choices, folded.
#[component]
pub fn Choices() -> impl IntoView {
    let appearance = expect_context::<Appearance>();
    let percent = move || fixed(appearance.opacity.get() * 100.0, 0) + " %";
    view! {
        <details class="fold appearance" data-testid="appearance">
            <summary data-message="appearance"></summary>
            <div class="fields">
                <label class="slider">
                    <span><span data-message="opacity"></span>" "<output>{percent}</output></span>
                    <input type="range" min="0" max="1" step="0.05" data-testid="opacity" prop:value=live(move || appearance.opacity.get())
                        on:input:target=move |event| appearance.opacity.set(event.target().value_as_number() as f32)/>
                </label>
                <label data-message="colours-note">
                    <span data-message="colours"></span>
                    <select data-testid="colormap" on:change:target=move |event| {
                        if let Some(map) = Colormap::from_name(&event.target().value()) {
                            canvas::keep_colours(map);
                            appearance.colormap.set(map);
                        }
                    }>
                        {Colormap::ALL.map(|map| view! {
                            <option value=map.name() prop:selected=live(move || appearance.colormap.get() == map) data-message=colours_named(map)></option>
                        }).collect_view()}
                    </select>
                    <i class="swatch" aria-hidden="true" style:background-image=live(move || gradient(appearance.colormap.get()))></i>
                </label>
                <label data-message="scale-note">
                    <span data-message="scale"></span>
                    <select data-testid="scale" on:change:target=move |event| appearance.shared_scale.set(event.target().value() == "shared")>
                        <option value="shared" data-message="scale-shared"></option>
                        <option value="map" data-message="scale-map"></option>
                    </select>
                </label>
                <Toggle id="grid" message="grid" note="grid-note" on=live(move || !appearance.smooth.get()) set=Callback::new(move |on: bool| appearance.smooth.set(!on))/>
                <Toggle id="box" message="box" note="box-note" on=appearance.boxed set=Callback::new(move |on| appearance.boxed.set(on))/>
            </div>
        </details>
    }
}

/// What the colours of a map stand for.
#[derive(Clone, Copy)]
pub struct Key {
    /// The colours.
    pub colormap: Colormap,
    /// The values at their ends.
    pub range: Range,
    /// The value at the place that is read.
    pub here: Option<f32>,
    /// Message of the tip, which gets the values at the ends.
    pub tip: &'static str,
}

/// What the colours stand for: words at their ends, the value at the place that is read, and the values at the ends in the tip.
#[component]
pub fn Legend(of: Signal<Option<Key>>) -> impl IntoView {
    let view = move || {
        let Key { colormap, range, here, tip } = of.get()?;
        // As many digits as tell the ends apart: methods have scales of their own.
        let digits = (1.0 - (range.high - range.low).abs().log10()).ceil().clamp(1.0, 6.0) as u8;
        let here = here.map(|value| Message::new("here").with("value", fixed(value, digits)).attr());
        let tip = Message::new(tip).with("low", fixed(range.low, digits)).with("high", fixed(range.high, digits));
        let (low, high) = match colormap.is_signed() {
            true => ("legend-against", "legend-for"),
            false => ("legend-little", "legend-much"),
        };
        Some(view! {
            <div class="legend" data-testid="legend" data-message=tip.attr()>
                <output data-message=here></output>
                <span data-message=low></span>
                <i style:background-image=gradient(colormap)></i>
                <span data-message=high></span>
            </div>
        })
    };
    view! { {view} }
}
