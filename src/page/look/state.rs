//! What Look knows: plain signals, changed by the person's hands and the engine's events.

use std::sync::Arc;

use crate::core::inference::{Inference, Prediction};
use crate::core::message::Message;
use crate::core::method::CamOptions;
use crate::page::engine::device::DeviceLabel;
use crate::page::engine::{Engine, Status};
use crate::page::manifest::Model;
use crate::page::notices::Notices;
use crate::page::shared::Shared;
use crate::page::task::TaskSlot;
use crate::page::widgets::appearance::Appearance;
use crate::render::Range;
use leptos::prelude::*;
use web_sys::File;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhotoState {
    /// Not sent to the engine yet.
    Waiting,
    /// With the engine.
    Running,
    Done,
    Failed,
}

impl PhotoState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting | Self::Running => "working",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Photo {
    pub id: u32,
    pub name: String,
    /// Its number among the kept ones; none if it is not kept for the next visit.
    pub kept: Option<f64>,
    /// Bytes of its file.
    pub bytes: f64,
    /// Address of a small picture of it.
    pub thumbnail: String,
    pub state: PhotoState,
    pub inference: Option<Arc<Inference>>,
    /// The class the person searched for, beside the most probable ones.
    pub searched: Option<Arc<Prediction>>,
    /// The shown classes' maps by the method chosen, where that is not CAM.
    pub explained: Option<(CamOptions, Arc<Vec<Prediction>>)>,
}

impl Photo {
    /// The shown classes in order: the most probable ones, then the one searched for.
    pub fn shown(&self) -> Vec<Prediction> {
        let found = self.inference.iter().flat_map(|inference| inference.predictions.iter());
        let explained = |p: &Prediction| self.explained.as_ref()?.1.iter().find(|e| e.index == p.index).cloned();
        found.chain(self.searched.as_deref()).map(|p| explained(p).unwrap_or_else(|| p.clone())).collect()
    }

    /// How the maps that are shown were made.
    pub fn method(&self) -> CamOptions {
        self.explained.as_ref().map(|(options, _)| *options).unwrap_or_default()
    }
}

#[derive(Clone, Copy)]
pub struct State {
    pub shared: Shared,
    pub models: RwSignal<Vec<Model>>,
    pub model: RwSignal<String>,
    /// Where the engine stands.
    pub status: RwSignal<Status>,
    pub device: RwSignal<DeviceLabel>,
    pub photos: RwSignal<Vec<Photo>>,
    pub chosen: RwSignal<Option<u32>>,
    /// Position among the chosen photo's shown classes.
    pub class: RwSignal<usize>,
    /// Grows whenever a picture arrives, so that canvases redraw.
    pub pictures: RwSignal<u32>,
    pub notices: Notices,
    pub appearance: Appearance,
    /// How maps are made.
    pub cam_options: RwSignal<CamOptions>,
    /// The photo whose maps are being made, and how many passes of how many are done; of 0 where that is unknown.
    pub explaining: RwSignal<Option<(u32, usize, usize)>>,
    /// The photo that was on the stage before the last ones came.
    pub before: StoredValue<Option<u32>>,
    /// The class that an address asks for, until there is a photo.
    pub wanted_class: StoredValue<Option<String>>,
    pub tasks: Tasks,
    next: StoredValue<u32>,
}

/// The work that runs.
#[derive(Clone, Copy)]
pub struct Tasks {
    /// Loads the chosen network.
    pub loading: TaskSlot,
    /// Runs inference on photo after photo.
    pub inference: TaskSlot,
    /// Makes the chosen photo's maps by the chosen method.
    pub explaining: TaskSlot,
    /// Finds out which device is faster.
    pub comparison: TaskSlot,
}

impl State {
    pub fn new(shared: Shared, appearance: Appearance) -> Self {
        let slot = || StoredValue::new_local(None);
        Self {
            shared,
            models: shared.models,
            model: shared.model,
            status: shared.engine().status(),
            device: shared.device,
            photos: RwSignal::new(Vec::new()),
            chosen: RwSignal::new(None),
            class: RwSignal::new(0),
            pictures: RwSignal::new(0),
            notices: shared.notices,
            appearance,
            cam_options: RwSignal::default(),
            explaining: RwSignal::new(None),
            before: StoredValue::default(),
            wanted_class: StoredValue::default(),
            tasks: Tasks { loading: slot(), inference: slot(), explaining: slot(), comparison: slot() },
            next: StoredValue::new(0),
        }
    }

    /// Return the files of all photos, or of one alone, with their names.
    pub fn files_in_hand(&self, only: Option<u32>) -> Vec<(String, File)> {
        let file = |photo: &Photo| {
            let parts = js_sys::Array::of1(super::photos::file(photo.id)?.as_ref());
            Some((photo.name.clone(), File::new_with_blob_sequence(&parts, &photo.name).ok()?))
        };
        let is_wanted = |photo: &&Photo| only.is_none_or(|id| id == photo.id);
        self.photos.with_untracked(|photos| photos.iter().filter(is_wanted).filter_map(file).collect())
    }

    pub fn engine(&self) -> Engine {
        self.shared.engine()
    }

    /// A number not given before, for photos.
    pub fn fresh_id(&self) -> u32 {
        self.next.update_value(|id| *id += 1);
        self.next.get_value()
    }

    /// How many stages the network has, tracked; 0 while there is none.
    pub fn stages(&self) -> usize {
        if let Status::Ready { stages, .. } = self.status.get() { stages } else { 0 }
    }

    pub fn say(&self, level: &'static str, message: Message) {
        self.notices.say(level, message);
    }

    /// Changes one photo, if it is still there.
    pub fn photo(&self, id: u32, change: impl FnOnce(&mut Photo)) {
        self.photos.update(|photos| {
            if let Some(photo) = photos.iter_mut().find(|photo| photo.id == id) {
                change(photo);
            }
        });
    }

    pub fn name_of(&self, id: u32) -> String {
        self.photos.with_untracked(|photos| {
            photos.iter().find(|photo| photo.id == id).map_or_else(String::new, |photo| photo.name.clone())
        })
    }

    /// The chosen photo, tracked.
    pub fn chosen_photo(&self) -> Option<Photo> {
        let id = self.chosen.get()?;
        self.photos.with(|photos| photos.iter().find(|photo| photo.id == id).cloned())
    }

    /// Return the photo's class that is shown. Tracked.
    pub fn shown_class(&self, photo: &Photo) -> Option<Prediction> {
        let mut shown = photo.shown();
        let at = self.class.get();
        let at = if at < shown.len() { at } else { 0 };
        (!shown.is_empty()).then(|| shown.swap_remove(at))
    }

    /// The values at the ends of the colour map for `prediction`: its own, or those of all shown classes.
    pub fn range(&self, photo: &Photo, prediction: &Prediction) -> Range {
        let colormap = self.appearance.colormap.get();
        match self.appearance.shared_scale.get() {
            true => Range::for_colors(
                colormap,
                photo.shown().iter().flat_map(|shown| &shown.map.values).collect::<Vec<_>>(),
            ),
            false => Range::for_colors(colormap, &prediction.map.values),
        }
    }

    /// The chosen model, tracked.
    pub fn chosen_model(&self) -> Option<Model> {
        let name = self.model.get();
        self.models.with(|models| models.iter().find(|model| model.name == name).cloned())
    }
}
