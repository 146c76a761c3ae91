//! What the teaching half knows: the open project, kept as it changes, and what runs.

use std::collections::HashMap;
use std::sync::Arc;

use crate::core::inference::{Inference, Picture, Prediction};
use crate::core::message::Message;
use crate::core::project::Project;
use crate::page::engine::{Engine, Steering};
use crate::page::manifest::Model;
use crate::page::notices::Notices;
use crate::page::shared::Shared;
use crate::page::task::TaskSlot;
use crate::page::web::{sleep, window};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

use super::project_lock::ProjectLock;
use super::store::Store;

/// Milliseconds from a change until the project is written, with all that has changed until then.
const PAUSE: i32 = 250;

/// The message for weights that are not there any more.
pub const GONE: &str = "teach-gone";

#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    Idle,
    /// The engine and the network are on their way; what is done of it.
    Loading(Message),
    /// Photos whose features the frozen stages have extracted.
    Features {
        done: usize,
        of: usize,
    },
    Training {
        done: usize,
        of: usize,
        since: f64,
    },
    Done,
    Failed,
}

impl Phase {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Loading(_) | Self::Features { .. } => "features",
            Self::Training { .. } => "training",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    pub fn busy(&self) -> bool {
        matches!(self, Self::Loading(_) | Self::Features { .. } | Self::Training { .. })
    }
}

/// A photo as the network saw it before and after.
pub struct View {
    pub picture: Arc<Picture>,
    pub before: Inference,
    /// `None` before the first training.
    pub after: Option<Inference>,
}

/// Kept in one place and copied freely: every field is a signal.
#[derive(Clone, Copy)]
pub struct State {
    pub project: RwSignal<Project>,
    /// Photos that are on their way into the project.
    pub arriving: RwSignal<usize>,
    /// What was kept has been opened.
    pub ready: RwSignal<bool>,
    /// Id and name of every kept project.
    pub projects: RwSignal<Vec<(String, String)>>,
    pub shared: Shared,
    pub models: RwSignal<Vec<Model>>,
    /// Data addresses by photo.
    pub thumbnails: RwSignal<HashMap<u32, String>>,
    pub phase: RwSignal<Phase>,
    /// Since when.
    pub paused: RwSignal<Option<f64>>,
    /// Milliseconds that the engine has spent on the epochs so far.
    pub took: RwSignal<f64>,
    /// The photo whose map is watched and compared, and the class of which; the photo's own where `None`.
    pub watched: RwSignal<Option<u32>>,
    pub watched_class: RwSignal<Option<u32>>,
    /// The watched photo's map in the epoch just passed.
    pub live: RwSignal<Option<Prediction>>,
    pub views: RwSignal<HashMap<u32, Arc<View>>>,
    pub notices: Notices,
    engine: StoredValue<Engine, LocalStorage>,
    /// The training that runs, and what steers it in the engine.
    pub training: TaskSlot,
    pub steering: StoredValue<Option<Steering>, LocalStorage>,
    /// The project as it was before what was taken away, last at the end.
    undo: RwSignal<Vec<Project>>,
    store: StoredValue<Option<Store>, LocalStorage>,
    /// Lock of the open project.
    lock: StoredValue<Option<ProjectLock>, LocalStorage>,
    /// The project is about to be written.
    waiting: StoredValue<bool>,
}

impl State {
    pub fn new(shared: Shared) -> Self {
        Self {
            project: RwSignal::new(Project::new(new_id(), Message::new("teach-my-classes").text(), &unnamed())),
            arriving: RwSignal::new(0),
            ready: RwSignal::new(false),
            projects: RwSignal::default(),
            shared,
            models: shared.models,
            thumbnails: RwSignal::default(),
            phase: RwSignal::new(Phase::Idle),
            paused: RwSignal::new(None),
            took: RwSignal::new(0.0),
            watched: RwSignal::new(None),
            watched_class: RwSignal::new(None),
            live: RwSignal::new(None),
            views: RwSignal::default(),
            notices: shared.notices,
            engine: StoredValue::new_local(Engine::new(move || shared.device.get_untracked().device)),
            training: StoredValue::new_local(None),
            steering: StoredValue::new_local(None),
            undo: RwSignal::default(),
            store: StoredValue::new_local(None),
            lock: StoredValue::new_local(None),
            waiting: StoredValue::new(false),
        }
    }

    /// Wait until all photos that are on their way have come.
    pub async fn arrived(&self) {
        while self.arriving.get_untracked() > 0 {
            sleep(30).await;
        }
    }

    pub fn engine(&self) -> Engine {
        self.engine.get_value()
    }

    pub fn say(&self, level: &'static str, message: Message) {
        self.notices.say(level, message);
    }

    pub fn store(&self) -> Option<Store> {
        self.store.get_value()
    }

    pub fn set_store(&self, store: Store) {
        self.store.set_value(Some(store));
    }

    /// Open a project whose lock this tab has. The lock of the one before is released.
    pub fn open(&self, project: Project, lock: ProjectLock) {
        self.clear_run();
        self.thumbnails.update(HashMap::clear);
        self.lock.set_value(Some(lock));
        self.project.set(project);
    }

    /// The kept file of a project's taught network, or why there is none.
    pub async fn weights(&self, project: &str) -> Result<Blob, Message> {
        let Some(store) = self.store() else { return Err(GONE.into()) };
        let found = store.weights(project).await;
        found
            .map_err(|error| Message::new("teach-network-unread").with("why", error.message()))?
            .ok_or_else(|| GONE.into())
    }

    /// Changes the project; it is written soon.
    pub fn change(&self, change: impl FnOnce(&mut Project)) {
        self.project.update(change);
        if self.waiting.get_value() {
            return;
        }
        self.waiting.set_value(true);
        let state = *self;
        let write = Closure::once_into_js(move || {
            state.waiting.set_value(false);
            spawn_local(async move { state.keep_now().await });
        });
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(write.unchecked_ref(), PAUSE);
    }

    /// The open project is among those that can be opened, under its name.
    pub fn list(&self) {
        let (id, name) = self.project.with_untracked(|project| (project.id.clone(), project.name.clone()));
        self.projects.update(|projects| match projects.iter_mut().find(|(known, _)| *known == id) {
            Some(known) => known.1 = name,
            None => projects.push((id, name)),
        });
    }

    /// Writes at once what would be written soon.
    pub fn keep_waiting(self) {
        if self.waiting.get_value() {
            spawn_local(async move { self.keep_now().await });
        }
    }

    /// Writes the project at once.
    pub async fn keep_now(&self) {
        self.list();
        let project = self.project.get_untracked();
        if let Some(store) = self.store()
            && let Err(error) = store.keep_project(&project).await
        {
            self.say("error", Message::new("teach-not-kept").with("why", error.message()));
        }
    }

    /// Changes the project so that it can be undone; `what` says what is gone.
    pub fn take_away(&self, what: Message, change: impl FnOnce(&mut Project)) {
        let before = self.project.get_untracked();
        self.undo.update(|undo| undo.push(before.clone()));
        let state = *self;
        self.notices.say_undoable(what, move || state.bring_back(before.clone()));
        self.change(change);
        let gone = |photo: u32| self.project.with_untracked(|project| project.photos.iter().all(|p| p.id != photo));
        if self.watched.get_untracked().is_some_and(gone) {
            self.watched.set(None);
            self.live.set(None);
        }
    }

    /// Whether something can be undone.
    pub fn is_undoable(&self) -> bool {
        self.undo.with_untracked(|undo| !undo.is_empty())
    }

    /// Brings back what was taken away last; what was added since stays.
    pub fn undo(&self) {
        let mut last = None;
        self.undo.update(|undo| last = undo.pop());
        if let Some(before) = last {
            self.bring_back(before);
        }
    }

    /// Brings back what a project had before, unless another one is open.
    fn bring_back(&self, before: Project) {
        if self.project.with_untracked(|project| project.id != before.id) {
            return;
        }
        self.change(|project| {
            let lost = before.classes.into_iter().enumerate();
            for (at, class) in lost {
                if project.class(class.id).is_none() {
                    project.classes.insert(at.min(project.classes.len()), class);
                }
            }
            for photo in before.photos {
                if project.photos.iter().all(|known| known.id != photo.id) {
                    project.photos.push(photo);
                }
            }
            project.photos.sort_by_key(|photo| photo.id);
        });
    }

    pub fn forget_undo(&self) {
        self.undo.update(Vec::clear);
    }

    /// Lets go of everything that belongs to one project.
    fn clear_run(&self) {
        self.phase.set(Phase::Idle);
        self.paused.set(None);
        self.watched.set(None);
        self.watched_class.set(None);
        self.live.set(None);
        self.views.update(HashMap::clear);
        self.forget_undo();
    }
}

/// What a class is called before it has a name, in the language of the moment; a number follows.
pub fn unnamed() -> String {
    Message::new("teach-unnamed").text()
}

/// Unique on this device.
pub fn new_id() -> String {
    format!("{:x}", js_sys::Date::now() as u64)
}
