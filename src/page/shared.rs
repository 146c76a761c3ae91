//! What the parts of the page share.

use leptos::prelude::*;
use web_sys::{Blob, File, Url};

use super::engine::device::DeviceLabel;
use super::engine::{Engine, Fault, When};
use super::manifest::Model;
use super::notices::Notices;
use super::offline::Offline;
use crate::core::inference::Picture;
use crate::core::message::Message;
use crate::protocol::{Reply, Request};

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
    /// Look's engine, which also decodes photos for the other parts.
    engine: StoredValue<Engine, LocalStorage>,
    /// Whether Look's engine has its first network, or has failed. Two engines that start at once slow each other.
    pub settled: RwSignal<bool>,
    /// Whether files are dragged over the page.
    pub dragging: RwSignal<bool>,
    /// Files that were dropped or pasted, until the part that is shown takes them.
    pub arrived: RwSignal<Vec<(String, File)>, LocalStorage>,
    /// Photos that Teach has not taken yet.
    pub sent: RwSignal<Vec<SentPhoto>, LocalStorage>,
    /// What the service worker tells.
    pub offline: Offline,
    /// What there is to say.
    pub notices: Notices,
}

impl Shared {
    /// Begin with the part that the address names.
    pub fn new(part: Part) -> Self {
        let device = RwSignal::new(DeviceLabel::unknown());
        Self {
            part: RwSignal::new(part),
            models: RwSignal::default(),
            no_models: RwSignal::default(),
            model: RwSignal::default(),
            wanted_model: RwSignal::default(),
            device,
            engine: StoredValue::new_local(Engine::new(move || device.get_untracked().device)),
            settled: RwSignal::new(false),
            dragging: RwSignal::new(false),
            arrived: RwSignal::new_local(Vec::new()),
            sent: RwSignal::new_local(Vec::new()),
            offline: Offline::new(),
            notices: Notices::new(),
        }
    }

    /// Return Look's engine.
    pub fn engine(&self) -> Engine {
        self.engine.get_value()
    }

    /// Have a photo decoded, as every part shows it, with at most `side` pixels per side.
    ///
    /// # Errors
    /// Why it cannot be.
    pub async fn decode(&self, file: Blob, side: u32) -> Result<Picture, Message> {
        match self.engine().ask(None, Request::Decode { side }, Some(file), When::Now).last(drop).await {
            Ok(Reply::Decoded(picture)) => Ok(picture),
            Err(Fault::Failed(why)) => Err(why),
            _ => Err("engine-failed".into()),
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
