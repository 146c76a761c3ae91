//! What the checking part knows: the photos of the survey and what was found in them, what is shown, what runs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use camscope::core::batch::{BatchItem, Filter, Order, shown};
use camscope::core::geometry::Rect;
use camscope::core::inference::{Inference, Picture, Prediction};
use camscope::core::message::{Arg, Message};
use camscope::core::method::{CamOptions, Method};
use camscope::core::metrics::Metric;
use camscope::core::metrics::{Faithfulness, Randomised};
use camscope::page::manifest::Model;
use camscope::page::notices::Notices;
use leptos::prelude::*;
use web_sys::File;

/// Where the work stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// The engine or the network is on its way, in words.
    Loading(Message),
    /// Looking at photos; `false` where the person has stopped it.
    Running(bool),
    Failed,
}

/// What the chosen photo's map is held against.
#[derive(Debug, Clone, PartialEq)]
pub enum Against {
    /// Another of its classes, by position.
    Class(usize),
    /// The same class's map made in another way.
    Method(Method),
    /// What another network has of the same class, or of its best one.
    Model(String),
}

/// A map, how the photo was looked at for it, and by which method it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    pub inference: Inference,
    pub prediction: Prediction,
    pub method: Method,
}

/// What the engine can be asked for, beyond looking at the chosen photo: of a class, by number.
#[derive(Debug, Clone, PartialEq)]
pub enum Job {
    /// The map by the method chosen.
    Main(CamOptions, usize),
    /// The map that it is held against.
    Other(Against, CamOptions, usize),
    Metric(CamOptions, usize, Metric),
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
    pub static PICTURE: RefCell<Option<(u32, Rc<Picture>)>> = const { RefCell::new(None) };
}

/// The chosen photo, large, if it is that one and has come.
pub fn picture(photo: u32) -> Option<Rc<Picture>> {
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
    pub phase: RwSignal<Phase>,
    /// Milliseconds spent on the photos of this run, and how many they are.
    pub spent: RwSignal<(f64, usize)>,
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
    /// The chosen photo's map by that method, where it is not CAM, and what was asked for it.
    pub explained: RwSignal<Option<(Job, Prediction)>>,
    pub measures: RwSignal<Measures>,
    pub against: RwSignal<Option<Against>>,
    /// The map that it is held against, where that takes the engine, and what was asked for it.
    pub other: RwSignal<Option<(Job, Drawn)>>,
    /// A measure that the person waits for.
    pub wanted: RwSignal<Option<Metric>>,
    drawn: Memo<Option<Drawn>>,
    held: Memo<Option<Drawn>>,
    /// What the engine does for the chosen photo beyond looking, and how much of it is done.
    pub working: RwSignal<Option<(Arg, usize, usize)>>,
    pub notices: Notices,
    next: StoredValue<u32>,
}

impl State {
    pub fn new() -> Self {
        let items = RwSignal::new(Vec::new());
        let (filter, order) = (RwSignal::new(Filter::default()), RwSignal::new(Order::Added));
        let (chosen, class, method) = (RwSignal::new(None), RwSignal::new(0), RwSignal::new(Method::default()));
        let (explained, against, other) = (RwSignal::new(None), RwSignal::new(None), RwSignal::new(None));
        let item = Memo::new(move |_| {
            let id: u32 = chosen.get()?;
            items.with(|items: &Vec<BatchItem>| items.iter().find(|item| item.id == id).cloned())
        });
        let drawn = Memo::new(move |_| {
            let item = item.get()?;
            let inference = item.inference()?.clone();
            let cam = inference.predictions.get(class.get()).or(inference.predictions.first())?.clone();
            let job = Job::Main(explanation(method.get()), cam.index);
            let by_method = explained.with(|explained: &Option<(Job, Prediction)>| {
                explained.as_ref().filter(|(of, _)| *of == job).map(|(_, prediction)| prediction.clone())
            });
            let method = if by_method.is_some() { method.get() } else { Method::Cam };
            Some(Drawn { inference, prediction: by_method.unwrap_or(cam), method })
        });
        let held = Memo::new(move |_| {
            let (against, drawn): (Against, Drawn) = (against.get()?, drawn.get()?);
            if let (Against::Class(at), Method::Cam) = (&against, method.get()) {
                return Some(Drawn { prediction: drawn.inference.predictions.get(*at)?.clone(), ..drawn });
            }
            let job = Job::Other(against, explanation(method.get()), drawn.prediction.index);
            other.with(|other: &Option<(Job, Drawn)>| {
                other.as_ref().filter(|(of, _)| *of == job).map(|(_, map)| map.clone())
            })
        });
        Self {
            items,
            thumbnails: RwSignal::default(),
            filter,
            order,
            shown: Memo::new(move |_| items.with(|items| shown(items, &filter.get(), order.get()))),
            phase: RwSignal::new(Phase::Loading("engine-waiting".into())),
            spent: RwSignal::default(),
            models: RwSignal::default(),
            model: RwSignal::default(),
            chosen,
            item,
            class,
            pictures: RwSignal::new(0),
            method,
            explained,
            measures: RwSignal::default(),
            against,
            other,
            wanted: RwSignal::new(None),
            drawn,
            held,
            working: RwSignal::new(None),
            notices: Notices::new(),
            next: StoredValue::new(0),
        }
    }

    pub fn say(&self, level: &'static str, said: Message) {
        self.notices.say(level, said);
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

    /// What is drawn of the chosen photo, tracked: the class's map by the method chosen, or CAM until that has come.
    pub fn drawn(&self) -> Option<Drawn> {
        self.drawn.get()
    }

    /// The map that it is held against, tracked.
    pub fn held_against(&self) -> Option<Drawn> {
        self.held.get()
    }

    /// What the engine is to make of the chosen photo now, the first of what lacks.
    pub fn needs(&self) -> Option<Job> {
        let Drawn { prediction, method, .. } = self.drawn.get_untracked()?;
        let explanation = explanation(self.method.get_untracked());
        if method != explanation.method {
            return Some(Job::Main(explanation, prediction.index));
        }
        if let (Some(against), None) = (self.against.get_untracked(), self.held.get_untracked())
            && !matches!((&against, method), (Against::Class(_), Method::Cam))
        {
            return Some(Job::Other(against, explanation, prediction.index));
        }
        self.wanted.get_untracked().map(|what| Job::Metric(explanation, prediction.index, what))
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

fn explanation(method: Method) -> CamOptions {
    CamOptions { method, ..CamOptions::default() }
}
