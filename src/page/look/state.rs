//! What Look knows: plain signals, changed by the person's hands and the engine's events.

use std::sync::Arc;

use crate::core::inference::{Inference, Prediction};
use crate::core::message::Message;
use crate::core::method::CamOptions;
use crate::page::canvas;
use crate::page::manifest::Model;
use crate::page::notices::Notices;
use crate::page::shared::{DeviceLabel, Shared};
use crate::render::{Colormap, OverlayOptions, Range};
use leptos::prelude::*;

#[derive(Debug, Clone, PartialEq)]
pub enum EngineState {
    Starting,
    Loading { received: u64, total: u64 },
    Ready { milliseconds: f64, from_cache: bool },
    Failed,
}

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
    pub engine: RwSignal<EngineState>,
    pub device: RwSignal<DeviceLabel>,
    pub photos: RwSignal<Vec<Photo>>,
    pub chosen: RwSignal<Option<u32>>,
    /// Position among the chosen photo's shown classes.
    pub class: RwSignal<usize>,
    /// Grows whenever a picture arrives, so that canvases redraw.
    pub pictures: RwSignal<u32>,
    pub notices: Notices,
    /// How maps are made, and of how many stages the network is.
    pub cam_options: RwSignal<CamOptions>,
    pub stages: RwSignal<usize>,
    /// The photo whose maps are being made, and how many passes of how many are done; of 0 where that is unknown.
    pub explaining: RwSignal<Option<(u32, usize, usize)>>,
    pub opacity: RwSignal<f32>,
    pub colormap: RwSignal<Colormap>,
    pub shared_scale: RwSignal<bool>,
    pub smooth: RwSignal<bool>,
    pub boxed: RwSignal<bool>,
    /// The plain photo is being held up for comparison.
    pub plain: RwSignal<bool>,
    next: StoredValue<u32>,
}

impl State {
    pub fn new(shared: Shared) -> Self {
        Self {
            shared,
            models: shared.models,
            model: shared.model,
            engine: RwSignal::new(EngineState::Starting),
            device: shared.device,
            photos: RwSignal::new(Vec::new()),
            chosen: RwSignal::new(None),
            class: RwSignal::new(0),
            pictures: RwSignal::new(0),
            notices: Notices::new(),
            cam_options: RwSignal::default(),
            stages: RwSignal::new(0),
            explaining: RwSignal::new(None),
            opacity: RwSignal::new(canvas::OPACITY),
            colormap: RwSignal::new(canvas::colours()),
            shared_scale: RwSignal::new(true),
            smooth: RwSignal::new(true),
            boxed: RwSignal::new(false),
            plain: RwSignal::new(false),
            next: StoredValue::new(0),
        }
    }

    /// A number not given before, for photos.
    pub fn fresh_id(&self) -> u32 {
        self.next.update_value(|id| *id += 1);
        self.next.get_value()
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

    /// How the person wants maps drawn; tracks every control.
    pub fn options(&self) -> OverlayOptions {
        let opacity = if self.plain.get() { 0.0 } else { self.opacity.get() };
        OverlayOptions {
            opacity,
            colormap: self.colormap.get(),
            smooth: self.smooth.get(),
            stands_out: true,
            dims: false,
        }
    }

    /// The values at the ends of the colour map for `prediction`: its own, or those of all shown classes.
    pub fn range(&self, photo: &Photo, prediction: &Prediction) -> Range {
        let colormap = self.colormap.get();
        match self.shared_scale.get() {
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
