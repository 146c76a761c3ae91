//! What the parts of the page share.

use leptos::prelude::*;
use web_sys::{File, Url};

use super::manifest::Model;
use super::offline::Offline;
use crate::core::message::Message;

/// A part of the page. The hash of the page's address names the one that is shown, so that Back, a reload and a copied link
/// bring it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// One photo.
    Look,
    /// Many photos.
    Check,
    /// Classes of the visitor's own.
    Teach,
    /// What this is, and measurements.
    About,
}

impl Part {
    /// All parts, in the order of their tabs.
    pub const ALL: [Self; 4] = [Self::Look, Self::Check, Self::Teach, Self::About];

    /// Return the part's name in the address, and the id of its element.
    pub fn name(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Check => "check",
            Self::Teach => "teach",
            Self::About => "about",
        }
    }

    /// Return the message with the part's title, which is also the test id of its tab.
    pub fn tab(self) -> &'static str {
        match self {
            Self::Look => "tab-look",
            Self::Check => "tab-check",
            Self::Teach => "tab-teach",
            Self::About => "tab-about",
        }
    }

    /// Return the part that an address's hash names; Look if it names none.
    pub fn from_hash(hash: &str) -> Self {
        let name = hash.trim_start_matches('#').split(['/', '?']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|part| part.name() == name).unwrap_or(Self::Look)
    }
}

/// The device that computes, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceLabel {
    /// `webgpu` or `cpu`; empty before it is chosen.
    pub device: &'static str,
    /// The same for people.
    pub message: Message,
}

/// A photo sent to Teach.
#[derive(Clone)]
pub struct SentPhoto {
    /// Name of the class that it is an example of.
    pub class: String,
    /// The photo.
    pub file: File,
}

/// State that the parts share, in context. Every field is a signal, so copies are the same state.
#[derive(Clone, Copy)]
pub struct Shared {
    /// The part that is shown.
    pub part: RwSignal<Part>,
    /// The models of the site and those taught here. Empty until the manifest has come.
    pub models: RwSignal<Vec<Model>>,
    /// Why there are no models.
    pub no_models: RwSignal<Option<Message>>,
    /// Name of the model that Look uses, with which the other parts begin.
    pub model: RwSignal<String>,
    /// Name of the model that Look is asked to use.
    pub wanted_model: RwSignal<Option<String>>,
    /// The device that Look uses, on which the other parts begin.
    pub device: RwSignal<DeviceLabel>,
    /// Whether Look's engine has its first network, or has failed. Two engines that start at once slow each other.
    pub settled: RwSignal<bool>,
    /// Photos that Teach has not taken yet.
    pub sent: RwSignal<Vec<SentPhoto>, LocalStorage>,
    /// What the service worker tells.
    pub offline: Offline,
}

impl Shared {
    /// Begin with the part that the address names.
    pub fn new(part: Part) -> Self {
        Self {
            part: RwSignal::new(part),
            models: RwSignal::default(),
            no_models: RwSignal::default(),
            model: RwSignal::default(),
            wanted_model: RwSignal::default(),
            device: RwSignal::new(DeviceLabel { device: "", message: "device-unknown".into() }),
            settled: RwSignal::new(false),
            sent: RwSignal::new_local(Vec::new()),
            offline: Offline::new(),
        }
    }

    /// Return the model of that name. Not tracked.
    pub fn model_named(&self, name: &str) -> Option<Model> {
        self.models.with_untracked(|models| models.iter().find(|model| model.name == name).cloned())
    }

    /// Add a model that was taught here, in place of one of the same name, and show Look with it.
    pub fn use_model(&self, model: Model) {
        let name = model.name.clone();
        self.models.update(|models| match models.iter_mut().find(|known| known.name == model.name) {
            Some(known) => {
                let _ = Url::revoke_object_url(&std::mem::replace(known, model).url);
            }
            None => models.push(model),
        });
        self.wanted_model.set(Some(name));
        self.open(Part::Look);
    }

    /// Show a part.
    pub fn open(&self, part: Part) {
        let _ = super::web::window().location().set_hash(part.name());
    }
}
