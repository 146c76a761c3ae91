//! The page's side of its service worker (`www/sw.js`), which keeps the site for visits without a network and lets nothing out:
//! it is registered when the first network is ready, a new version is offered, and what was stopped on its way out is counted.

use js_sys::Promise;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    EventTarget, MessageEvent, RegistrationOptions, ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration,
    ServiceWorkerUpdateViaCache, console,
};

use super::web::{document, property, window};

/// How much of the site is kept for visits without a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Nothing yet.
    Nothing,
    /// The site without the weights of all networks.
    Site,
    /// All of it.
    All,
}

impl Kept {
    /// Return the name for scripts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Site => "site",
            Self::All => "all",
        }
    }
}

/// What the service worker tells. Every field is a signal.
#[derive(Clone, Copy)]
pub struct Offline {
    /// Requests that were stopped on their way out.
    pub stopped: RwSignal<u32>,
    /// Bytes in their bodies.
    pub bytes: RwSignal<f64>,
    /// How much is kept.
    pub kept: RwSignal<Kept>,
    /// The worker of a new version, which waits for the visitor's consent.
    waiting: RwSignal<Option<ServiceWorker>, LocalStorage>,
    /// Whether other tabs still use the version before.
    others: RwSignal<bool>,
}

impl Offline {
    /// Nothing is kept, nothing was stopped.
    pub fn new() -> Self {
        Self {
            stopped: RwSignal::new(0),
            bytes: RwSignal::new(0.0),
            kept: RwSignal::new(Kept::Nothing),
            waiting: RwSignal::new_local(None),
            others: RwSignal::new(false),
        }
    }
}

impl Default for Offline {
    fn default() -> Self {
        Self::new()
    }
}

/// Count what the page's policy stops, and register the service worker when the first network is there (`settled`). Nothing is kept for
/// visitors who save data, and on pages without HTTPS.
pub fn listen(offline: Offline, settled: RwSignal<bool>) {
    let stopped = Closure::<dyn Fn()>::new(move || offline.stopped.update(|count| *count += 1));
    let _ = document().add_event_listener_with_callback("securitypolicyviolation", stopped.as_ref().unchecked_ref());
    stopped.forget();
    let navigator = window().navigator();
    let saves_data = property(&property(&navigator, "connection"), "saveData").is_truthy();
    if saves_data || property(&navigator, "serviceWorker").is_undefined() {
        return;
    }
    let begun = StoredValue::new(false);
    Effect::new(move || {
        if settled.get() && !begun.get_value() {
            begun.set_value(true);
            spawn_local(async move {
                if let Err(why) = register(offline).await {
                    console::info_2(&"sw.js".into(), &why);
                }
            });
        }
    });
}

async fn register(offline: Offline) -> Result<(), JsValue> {
    let container = window().navigator().service_worker();
    reload_for_new_version(&container);
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let data = event.data();
        match data.as_string().as_deref() {
            Some("kept") => offline.kept.set(Kept::All),
            Some("others") => offline.others.set(true),
            _ if property(&data, "refused").is_truthy() => {
                offline.stopped.update(|count| *count += 1);
                offline.bytes.update(|bytes| *bytes += property(&data, "bytes").as_f64().unwrap_or(0.0));
            }
            _ => {}
        }
    });
    container.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    let options = RegistrationOptions::new();
    options.set_update_via_cache(ServiceWorkerUpdateViaCache::None);
    let registered: Promise = container.register_with_options("./sw.js", &options);
    let registration: ServiceWorkerRegistration = JsFuture::from(registered).await?.unchecked_into();
    offer_waiting(offline, &container, &registration);
    let found = {
        let (container, registration) = (container.clone(), registration.clone());
        Closure::<dyn Fn()>::new(move || {
            let Some(installing) = registration.installing() else { return };
            let (container, registration) = (container.clone(), registration.clone());
            let offer = Closure::<dyn Fn()>::new(move || offer_waiting(offline, &container, &registration));
            installing.set_onstatechange(Some(offer.as_ref().unchecked_ref()));
            offer.forget();
        })
    };
    registration.set_onupdatefound(Some(found.as_ref().unchecked_ref()));
    found.forget();
    let ready: ServiceWorkerRegistration = JsFuture::from(container.ready()?).await?.unchecked_into();
    if offline.kept.get_untracked() == Kept::Nothing {
        offline.kept.set(Kept::Site);
    }
    match ready.active() {
        Some(active) => active.post_message(&"keep-weights".into()),
        None => Ok(()),
    }
}

/// Reload the page when the worker of another version takes over. The first worker to come is no news.
fn reload_for_new_version(container: &ServiceWorkerContainer) {
    let controlled = StoredValue::new(container.controller().is_some());
    let changed = Closure::<dyn Fn()>::new(move || {
        if controlled.get_value() {
            let _ = window().location().reload();
        }
        controlled.set_value(true);
    });
    let target: &EventTarget = container;
    let _ = target.add_event_listener_with_callback("controllerchange", changed.as_ref().unchecked_ref());
    changed.forget();
}

fn offer_waiting(offline: Offline, container: &ServiceWorkerContainer, registration: &ServiceWorkerRegistration) {
    if let (Some(waiting), Some(_)) = (registration.waiting(), container.controller()) {
        offline.waiting.set(Some(waiting));
    }
}

/// The offer of a new version.
#[component]
pub fn NewVersion() -> impl IntoView {
    let offline = expect_context::<Offline>();
    let take_over = move |_| {
        if let Some(waiting) = offline.waiting.get_untracked() {
            let _ = waiting.post_message(&"take-over".into());
        }
    };
    let message = move || if offline.others.get() { "version-others" } else { "version-new" };
    view! {
        <Show when=move || offline.waiting.with(Option::is_some)>
            <p id="new-version" role="status">
                <span data-message=message></span>
                <button data-message="version-use" on:click=take_over></button>
            </p>
        </Show>
    }
}
