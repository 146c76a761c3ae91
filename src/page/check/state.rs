//! State of the checking part: the photos and their results, what is shown, what runs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::core::batch::{BatchItem, Filter, Order, visible};
use crate::core::geometry::Rect;
use crate::core::inference::{Inference, Picture, Prediction};
use crate::core::message::{Arg, Message};
use crate::core::method::{CamOptions, Method};
use crate::core::metrics::{Faithfulness, Metric, Randomised};
use crate::core::names::same_name;
use crate::page::engine::{Engine, Network, Status};
use crate::page::manifest::Model;
use crate::page::notices::Notices;
use crate::page::shared::Shared;
use crate::page::task::TaskSlot;
use leptos::prelude::*;
use web_sys::File;

use super::running::{CompareWith, Folder, OnStage, PhotoTask};

/// A map that is shown, the inference that it comes from, and its method.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownMap {
    pub inference: Inference,
    pub prediction: Prediction,
    pub method: Method,
}

/// What is measured of the chosen photo's map.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measures {
    pub faithfulness: Option<Faithfulness>,
    pub sanity: Option<Vec<Randomised>>,
}

thread_local! {
    /// The dropped files, by photo; the browser reads them when they are asked for.
    pub static FILES: RefCell<HashMap<u32, File>> = RefCell::default();
    /// The chosen photo, large.
    pub static PICTURE: RefCell<Option<(u32, Arc<Picture>)>> = const { RefCell::new(None) };
}

/// The chosen photo, large, if it is that one and has come.
pub fn picture(photo: u32) -> Option<Arc<Picture>> {
    PICTURE.with_borrow(|kept| kept.as_ref().filter(|(id, _)| *id == photo).map(|(_, picture)| picture.clone()))
}

/// Kept in one place and copied freely: every field is a signal.
#[derive(Clone, Copy)]
pub struct State {
    pub items: RwSignal<Vec<BatchItem>>,
    /// Data addresses of small pictures with their maps, by photo.
    pub thumbnails: RwSignal<HashMap<u32, String>>,
    pub filter: RwSignal<Filter>,
    pub order: RwSignal<Order>,
    /// Positions in `items` of the photos that are shown, in order.
    pub shown: Memo<Vec<usize>>,
    /// Whether inference runs on photo after photo, or the visitor has stopped it.
    pub running: RwSignal<bool>,
    pub status: RwSignal<Status>,
    engine: StoredValue<Engine, LocalStorage>,
    /// Loads the network.
    pub loading: TaskSlot,
    pub folder: Folder,
    pub stage: OnStage,
    /// Milliseconds spent on the photos of this run, and how many they are.
    pub spent: RwSignal<(f64, usize)>,
    pub shared: Shared,
    pub models: RwSignal<Vec<Model>>,
    pub model: RwSignal<String>,
    pub chosen: RwSignal<Option<u32>>,
    /// Changes with it alone, however many others come in meanwhile.
    item: Memo<Option<BatchItem>>,
    /// Position among the chosen photo's classes.
    pub class: RwSignal<usize>,
    /// Grows whenever the chosen photo's picture arrives.
    pub pictures: RwSignal<u32>,
    pub method: RwSignal<Method>,
    /// The chosen photo's map by that method, if it is not CAM, and the task for it.
    pub explained: RwSignal<Option<(PhotoTask, Prediction)>>,
    pub measures: RwSignal<Measures>,
    pub compare_with: RwSignal<Option<CompareWith>>,
    /// The map that it is compared with, if the engine had to compute it, and the task for it.
    pub other: RwSignal<Option<(PhotoTask, ShownMap)>>,
    /// A measure that the person waits for.
    pub wanted: RwSignal<Option<Metric>>,
    shown_map: Memo<Option<ShownMap>>,
    compared_map: Memo<Option<ShownMap>>,
    /// Title of the running task for the chosen photo, with passes done and in total.
    pub working: RwSignal<Option<(Arg, usize, usize)>>,
    pub notices: Notices,
    next: StoredValue<u32>,
}

impl State {
    pub fn new(shared: Shared) -> Self {
        let engine = Engine::new(move || shared.device.get_untracked().device);
        let items = RwSignal::new(Vec::new());
        let (filter, order) = (RwSignal::new(Filter::default()), RwSignal::new(Order::Added));
        let (chosen, class, method) = (RwSignal::new(None), RwSignal::new(0), RwSignal::new(Method::default()));
        let (explained, compare_with, other) = (RwSignal::new(None), RwSignal::new(None), RwSignal::new(None));
        let item = Memo::new(move |_| {
            let id: u32 = chosen.get()?;
            items.with(|items: &Vec<BatchItem>| items.iter().find(|item| item.id == id).cloned())
        });
        let shown_map = Memo::new(move |_| {
            let item = item.get()?;
            let inference = item.inference()?.clone();
            let cam = inference.predictions.get(class.get()).or(inference.predictions.first())?.clone();
            let photo_task = PhotoTask::Main(cam_options(method.get()), cam.index);
            let by_method = explained.with(|explained: &Option<(PhotoTask, Prediction)>| {
                explained.as_ref().filter(|(of, _)| *of == photo_task).map(|(_, prediction)| prediction.clone())
            });
            let method = if by_method.is_some() { method.get() } else { Method::Cam };
            Some(ShownMap { inference, prediction: by_method.unwrap_or(cam), method })
        });
        let compared_map = Memo::new(move |_| {
            let (compare_with, shown_map): (CompareWith, ShownMap) = (compare_with.get()?, shown_map.get()?);
            if let (CompareWith::Class(at), Method::Cam) = (&compare_with, method.get()) {
                return Some(ShownMap { prediction: shown_map.inference.predictions.get(*at)?.clone(), ..shown_map });
            }
            let photo_task = PhotoTask::Other(compare_with, cam_options(method.get()), shown_map.prediction.index);
            other.with(|other: &Option<(PhotoTask, ShownMap)>| {
                other.as_ref().filter(|(of, _)| *of == photo_task).map(|(_, map)| map.clone())
            })
        });
        Self {
            items,
            thumbnails: RwSignal::default(),
            filter,
            order,
            shown: Memo::new(move |_| items.with(|items| visible(items, &filter.get(), order.get()))),
            running: RwSignal::new(true),
            status: engine.status(),
            engine: StoredValue::new_local(engine),
            loading: StoredValue::new_local(None),
            folder: Folder::new(),
            stage: OnStage::new(),
            spent: RwSignal::default(),
            shared,
            models: shared.models,
            model: RwSignal::default(),
            chosen,
            item,
            class,
            pictures: RwSignal::new(0),
            method,
            explained,
            measures: RwSignal::default(),
            compare_with,
            other,
            wanted: RwSignal::new(None),
            shown_map,
            compared_map,
            working: RwSignal::new(None),
            notices: shared.notices,
            next: StoredValue::new(0),
        }
    }

    pub fn engine(&self) -> Engine {
        self.engine.get_value()
    }

    /// The chosen network.
    pub fn network(&self) -> Option<Network> {
        self.shared.model_named(&self.model.get_untracked()).as_ref().map(Network::from)
    }

    /// Return the network's class of that name, in any spelling.
    pub fn truth(&self, folder: &str) -> Option<String> {
        let model = self.shared.model_named(&self.model.get_untracked())?;
        model.classes.into_iter().find(|class| same_name(&class.replace(' ', "-"), &folder.replace(' ', "-")))
    }

    pub fn say(&self, level: &'static str, message: Message) {
        self.notices.say(level, message);
    }

    /// A number not given before, for photos.
    pub fn fresh_id(&self) -> u32 {
        self.next.update_value(|id| *id += 1);
        self.next.get_value()
    }

    /// Changes one photo, if it is still there.
    pub fn item(&self, id: u32, change: impl FnOnce(&mut BatchItem)) {
        self.items.update(|items| {
            if let Some(item) = items.iter_mut().find(|item| item.id == id) {
                change(item);
            }
        });
    }

    /// The chosen photo, tracked.
    pub fn chosen_item(&self) -> Option<BatchItem> {
        self.item.get()
    }

    /// Return the map that is shown of the chosen photo, tracked: by the chosen method, or CAM until that has come.
    pub fn shown_map(&self) -> Option<ShownMap> {
        self.shown_map.get()
    }

    /// Return the map that it is compared with, tracked.
    pub fn compared_map(&self) -> Option<ShownMap> {
        self.compared_map.get()
    }

    /// Return the next task for the chosen photo, or `None` if it lacks nothing.
    pub fn needs(&self) -> Option<PhotoTask> {
        let ShownMap { prediction, method, .. } = self.shown_map.get_untracked()?;
        let cam_options = cam_options(self.method.get_untracked());
        if method != cam_options.method {
            return Some(PhotoTask::Main(cam_options, prediction.index));
        }
        if let (Some(compare_with), None) = (self.compare_with.get_untracked(), self.compared_map.get_untracked())
            && !matches!((&compare_with, method), (CompareWith::Class(_), Method::Cam))
        {
            return Some(PhotoTask::Other(compare_with, cam_options, prediction.index));
        }
        self.wanted.get_untracked().map(|what| PhotoTask::Metric(cam_options, prediction.index, what))
    }

    /// Another photo, class or method: what was found out of the one before is not this one's.
    pub fn forget_findings(&self) {
        self.explained.set(None);
        self.other.set(None);
        self.measures.set(Measures::default());
        self.wanted.set(None);
    }

    /// The chosen photo's boxes.
    pub fn change_boxes(&self, change: impl FnOnce(&mut Vec<Rect>)) {
        if let Some(id) = self.chosen.get_untracked() {
            self.item(id, |item| change(&mut item.boxes));
        }
    }
}

fn cam_options(method: Method) -> CamOptions {
    CamOptions { method, ..CamOptions::default() }
}
