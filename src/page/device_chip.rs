//! Where it is computed, in the header: a word, and the rest on a click.

use leptos::prelude::*;

use super::engine::Status;
use super::look;
use super::shared::Shared;
use super::web::{fixed, live, memory};
use super::widgets::icon::Icon;
use crate::core::message::Message;

#[component]
pub fn DeviceChip() -> impl IntoView {
    let shared = expect_context::<Shared>();
    let state = expect_context::<look::State>();
    let status = shared.engine().status();
    let progress = move || match status.get() {
        Status::Starting => Message::new("engine-starting"),
        Status::Loading { received, total } => {
            let [done, all] = [received, total].map(|bytes| fixed(bytes as f64 / 1e6, 1));
            Message::new("loading-megabytes").with("done", done).with("all", all)
        }
        Status::Ready { .. } => Message::new("engine-here"),
        Status::Failed => Message::new("engine-failed"),
    };
    let share = move || match status.get() {
        Status::Loading { received, total } => 100.0 * received as f64 / total.max(1) as f64,
        Status::Ready { .. } => 100.0,
        _ => 0.0,
    };
    let phase = move || match status.get() {
        Status::Starting => "starting",
        Status::Loading { .. } => "loading",
        Status::Ready { .. } => "ready",
        Status::Failed => "failed",
    };
    let ready = move || match status.get() {
        Status::Ready { milliseconds, from_cache, .. } => {
            let id = if from_cache { "engine-ready-cache" } else { "engine-ready" };
            Some(Message::new(id).with("seconds", fixed(milliseconds / 1000.0, 1)).attr())
        }
        _ => None,
    };
    let timing = move || {
        state.chosen_photo().and_then(|photo| photo.inference).map(|inference| inference.timing).unwrap_or_default()
    };
    let text = move || {
        let t = timing();
        let (decode, network, maps) = (fixed(t.decode, 0), fixed(t.network, 0), fixed(t.maps, 1));
        let megabytes = (t.memory / 1_000_000).to_string();
        let message = Message::new("timing").with("decode", decode).with("network", network);
        message.with("maps", maps).with("megabytes", megabytes).attr()
    };
    view! {
        <details class="device">
            <summary>
                <Icon of=icondata_lu::LuCpu/>
                <span class="progress" data-testid="engine-progress" data-state=phase role="progressbar"
                    aria-valuemin="0" aria-valuemax="100" aria-valuenow=live(move || fixed(share(), 0))
                    style:--share=live(move || fixed(share(), 1) + "%") data-message=live(move || progress().attr())></span>
            </summary>
            <div class="drawer">
                <b data-testid="device-label" data-device=live(move || shared.device.get().device)
                    data-message=live(move || shared.device.get().message.attr())></b>
                <span data-message=ready></span>
                <span data-testid="timing" data-engine-bytes=live(move || timing().memory.to_string())
                    data-page-bytes=live(move || { timing(); memory().to_string() }) hidden=move || timing() == Default::default() data-message=text></span>
                <span data-message="engine-private"></span>
            </div>
        </details>
    }
}
