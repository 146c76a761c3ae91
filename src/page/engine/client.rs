//! An engine that is asked. It starts a worker when it is first needed, has it load the network that a request is about, gives it one
//! request at a time, those that somebody waits for first, and replaces it when it stops: WebGPU by the CPU, the CPU by a new
//! worker. A request that a lost adapter was at is asked again; one that ended the CPU's worker would end the next one, too.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use futures::channel::mpsc::unbounded;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

use super::answer::{Answer, Fault, Steering};
use super::job::{Event, Job, Network, Status, When};
use super::thread::Thread;
use super::watchdog::{BEAT, Phase, Silence};
use crate::core::message::{Arg, Message};
use crate::page::web::sleep;
use crate::protocol::{Control, FromEngine, Reply, Request, ToEngine};

/// A client of one worker. Clones share it.
#[derive(Clone)]
pub struct Engine(Rc<Inner>);

struct Inner {
    /// The device to use, `cpu` or `webgpu`; empty as long as it is not chosen.
    device: Box<dyn Fn() -> &'static str>,
    on_event: RefCell<Box<dyn Fn(Event)>>,
    status: RwSignal<Status>,
    core: RefCell<Core>,
}

#[derive(Default)]
struct Core {
    worker: Option<Worker>,
    /// WebGPU failed.
    is_cpu_only: bool,
    queue: VecDeque<Job>,
    last_id: u32,
    /// Number of times that caches began anew.
    generation: u32,
}

struct Worker {
    thread: Thread,
    /// Who gets its messages. Another engine may take it over.
    owner: Rc<RefCell<Weak<Inner>>>,
    device: &'static str,
    phase: Phase,
    loaded: Option<Network>,
    at: Option<At>,
    silence: Silence,
}

/// What a worker is at.
enum At {
    Load(u32, Network),
    Job(Job),
    /// A request that was cancelled, until the worker says that it has stopped.
    Cancelled(u32),
}

impl Engine {
    /// Make an engine. Nothing starts before it is asked. `device` returns `cpu`, `webgpu`, or nothing while it is not chosen;
    /// [`Engine::advance`] asks again.
    pub fn new(device: impl Fn() -> &'static str + 'static) -> Self {
        let (device, on_event) = (Box::new(device), RefCell::new(Box::new(|_| ()) as Box<_>));
        Self(Rc::new(Inner { device, on_event, status: RwSignal::new(Status::Starting), core: RefCell::default() }))
    }

    /// Call `on_event` for what happens beside the answers.
    pub fn listen(&self, on_event: impl Fn(Event) + 'static) {
        *self.0.on_event.borrow_mut() = Box::new(on_event);
    }

    /// Return where the engine stands. A signal.
    pub fn status(&self) -> RwSignal<Status> {
        self.0.status
    }

    /// Return the device that the worker runs on; empty without a worker.
    pub fn device(&self) -> &'static str {
        self.0.core.borrow().worker.as_ref().map_or("", |worker| worker.device)
    }

    /// Return a number that changes whenever the worker or its network does, with which all is gone that they had cached.
    pub fn generation(&self) -> u32 {
        self.0.core.borrow().generation
    }

    /// Ask for the network alone. The last reply is [`Reply::Loaded`].
    pub fn prepare(&self, network: impl Into<Network>) -> Answer {
        self.push(Some(network.into()), None, None, When::Now)
    }

    /// Ask about `network`, if the request is about one, and about `file`.
    pub fn ask(&self, network: Option<Network>, request: Request, file: Option<Blob>, when: When) -> Answer {
        self.push(network, Some(request), file, when)
    }

    /// Drop everything cached for a photo.
    pub fn forget(&self, photo: u32) {
        if let Some(worker) = &self.0.core.borrow().worker {
            worker.thread.send(&ToEngine::Forget { photo }, None);
        }
    }

    fn push(&self, network: Option<Network>, request: Option<Request>, file: Option<Blob>, when: When) -> Answer {
        let (replies, receiver) = unbounded();
        let id = {
            let core = &mut *self.0.core.borrow_mut();
            core.last_id += 1;
            let id = core.last_id;
            core.queue.push_back(Job { id, network, request, file, when, replies });
            id
        };
        self.advance();
        let engine = self.clone();
        Answer::new(Steering::new(move |control| engine.control(id, control)), receiver)
    }

    /// Steer a request. A cancelled one that waits is forgotten; the worker is told of one that it is at.
    fn control(&self, id: u32, control: Control) {
        {
            let core = &mut *self.0.core.borrow_mut();
            if control == Control::Cancel {
                core.queue.retain(|job| job.id != id);
            }
            let Some(worker) = &mut core.worker else { return };
            let needed = |network: &Network| core.queue.iter().any(|job| job.network.as_ref() == Some(network));
            match &worker.at {
                Some(At::Job(job)) if job.id == id => {
                    worker.thread.send(&ToEngine::Control { id, control }, None);
                    if control == Control::Cancel {
                        worker.at = Some(At::Cancelled(id));
                    }
                }
                // Nobody needs the network any more that is on its way.
                Some(At::Load(load, network)) if control == Control::Cancel && !needed(network) => {
                    worker.thread.send(&ToEngine::Control { id: *load, control }, None);
                    worker.at = Some(At::Cancelled(*load));
                }
                _ => {}
            }
        }
        self.advance();
    }

    /// Give the worker its next request, and start a worker if there is none and something waits.
    pub fn advance(&self) {
        let device = (self.0.device)();
        let core = &mut *self.0.core.borrow_mut();
        let wanted = if core.is_cpu_only { "cpu" } else { device };
        let Some(next) =
            core.queue.iter().position(|job| job.when == When::Now).or((!core.queue.is_empty()).then_some(0))
        else {
            return;
        };
        let Some(worker) = core.worker.as_mut().filter(|worker| worker.device == wanted || worker.at.is_some()) else {
            return if !device.is_empty() {
                self.start(core, wanted)
            };
        };
        if worker.at.is_some() || worker.phase != Phase::Started {
            return;
        }
        let needed = core.queue[next].network.as_ref().filter(|needed| worker.loaded.as_ref() != Some(needed));
        if let Some(network) = needed.cloned() {
            core.last_id += 1;
            core.generation += 1;
            let (id, Network { card, url }) = (core.last_id, network.clone());
            (worker.loaded, worker.at, worker.silence) = (None, Some(At::Load(id, network)), Silence::default());
            self.0.status.set(Status::Loading { received: 0, total: 0 });
            return worker.thread.send(&ToEngine::Ask { id, request: Request::Load { card, url } }, None);
        }
        let Some(job) = core.queue.remove(next) else { return };
        match job.request.clone() {
            Some(request) => {
                worker.thread.send(&ToEngine::Ask { id: job.id, request }, job.file.as_ref());
                (worker.at, worker.silence) = (Some(At::Job(job)), Silence::default());
            }
            // The network that it asked for was there already.
            None => {
                if let Status::Ready { milliseconds, from_cache, stages } = self.0.status.get_untracked() {
                    job.reply(Ok(Reply::Loaded { stages, from_cache, milliseconds }));
                }
                let again = self.clone();
                spawn_local(async move { again.advance() });
            }
        }
    }

    fn start(&self, core: &mut Core, device: &'static str) {
        core.worker = None;
        core.generation += 1;
        self.0.status.set(Status::Starting);
        let owner = Rc::new(RefCell::new(Rc::downgrade(&self.0)));
        let engine = |owner: &Rc<RefCell<Weak<Inner>>>| {
            let owner = owner.clone();
            move || {
                let engine = owner.borrow().upgrade().map(Engine)?;
                let is_its = |worker: &Worker| Rc::ptr_eq(&worker.owner, &owner);
                let current = engine.0.core.borrow().worker.as_ref().is_some_and(is_its);
                current.then_some(engine)
            }
        };
        let (taking, failing, watching) = (engine(&owner), engine(&owner), engine(&owner));
        let on_reply = move |message| {
            if let Some(engine) = taking() {
                engine.take(message);
            }
        };
        let on_failure = move |why| {
            if let Some(engine) = failing() {
                engine.fail(why);
            }
        };
        match Thread::start(device, on_reply, on_failure) {
            Ok(thread) => {
                let (phase, loaded, at, silence) = (Phase::Fetching, None, None, Silence::default());
                core.worker = Some(Worker { thread, owner, device, phase, loaded, at, silence });
                spawn_local(async move {
                    loop {
                        sleep(BEAT).await;
                        match watching() {
                            Some(engine) => engine.beat(),
                            None => return,
                        }
                    }
                });
            }
            Err(why) => {
                let engine = self.clone();
                spawn_local(async move { engine.fail(why) });
            }
        }
    }

    /// Return whether a network's data stopped coming that many beats ago.
    fn stalls(&self) -> bool {
        let Status::Loading { received, total } = self.0.status.get_untracked() else { return false };
        let core = self.0.core.borrow();
        let waits = |worker: &Worker| worker.silence.stalls() && matches!(worker.at, Some(At::Load(..)));
        (received < total || received == 0) && core.worker.as_ref().is_some_and(waits)
    }

    /// Give up a worker that does not answer any more.
    fn beat(&self) {
        if self.stalls() {
            self.0.on_event.borrow()(Event::Stalled);
        }
        let why = {
            let core = &mut *self.0.core.borrow_mut();
            let Some(worker) = &mut core.worker else { return };
            let computes = worker.device == "webgpu" && matches!(worker.at, Some(At::Job(_) | At::Cancelled(_)));
            match worker.silence.beat(worker.phase, computes) {
                Some(why) => why,
                None => return,
            }
        };
        self.fail(Message::new(why).into());
    }

    fn take(&self, message: Option<FromEngine>) {
        let Some(FromEngine { id, reply }) = message else { return self.fail(Message::new("engine-unfit").into()) };
        {
            let core = &mut *self.0.core.borrow_mut();
            let Some(worker) = &mut core.worker else { return };
            worker.silence = Silence::default();
            match (reply, worker.at.take()) {
                (Reply::Running, at) => (worker.phase, worker.at) = (Phase::Opening, at),
                (Reply::Started, at) => (worker.phase, worker.at) = (Phase::Started, at),
                (Reply::Unusable { reason }, at) => {
                    worker.at = at;
                    let engine = self.clone();
                    spawn_local(async move { engine.fail(reason.into()) });
                }
                (reply, Some(At::Load(load, network))) if id == Some(load) => {
                    self.take_loading(core, load, network, reply);
                }
                (reply, Some(At::Job(job))) if id == Some(job.id) => {
                    let is_last = reply.is_last();
                    job.reply(match reply {
                        Reply::Failed(why) => Err(Fault::Failed(why)),
                        Reply::Stopped => Err(Fault::Stopped),
                        reply => Ok(reply),
                    });
                    if !is_last {
                        worker.at = Some(At::Job(job));
                    }
                }
                (reply, Some(At::Cancelled(cancelled))) if id == Some(cancelled) => {
                    if !reply.is_last() {
                        worker.at = Some(At::Cancelled(cancelled));
                    }
                }
                (_, at) => worker.at = at,
            }
        }
        self.advance();
    }

    fn take_loading(&self, core: &mut Core, id: u32, network: Network, reply: Reply) {
        let Some(worker) = &mut core.worker else { return };
        match reply {
            Reply::Progress { received, total } => {
                self.0.status.set(Status::Loading { received, total });
                for job in core.queue.iter().filter(|job| job.network.as_ref() == Some(&network)) {
                    job.reply(Ok(Reply::Progress { received, total }));
                }
                worker.at = Some(At::Load(id, network));
            }
            Reply::Loaded { stages, from_cache, milliseconds } => {
                worker.loaded = Some(network);
                self.0.status.set(Status::Ready { milliseconds, from_cache, stages });
            }
            Reply::Failed(why) => {
                self.0.status.set(Status::Failed);
                let is_lost = |job: &Job| job.network.as_ref() == Some(&network);
                let (lost, others): (VecDeque<Job>, _) = core.queue.drain(..).partition(is_lost);
                core.queue = others;
                lost.iter().for_each(|job| job.reply(Err(Fault::Network(why.clone()))));
            }
            _ => {}
        }
    }

    /// The worker is gone.
    fn fail(&self, why: Arg) {
        let (event, failed) = {
            let core = &mut *self.0.core.borrow_mut();
            let worker = core.worker.take();
            core.generation += 1;
            let device = worker.as_ref().map_or("cpu", |worker| worker.device);
            let had_network = worker.as_ref().is_some_and(|worker| worker.loaded.is_some());
            let at = match worker.and_then(|worker| worker.at) {
                Some(At::Job(job)) => Some(job),
                _ => None,
            };
            let mut failed = Vec::new();
            let event = if device == "webgpu" {
                core.is_cpu_only = true;
                match at {
                    Some(job) if job.can_be_repeated() => core.queue.push_front(job),
                    at => failed.extend(at),
                }
                Event::FellBack(why)
            } else if had_network {
                // What it was at would stop the next one, too.
                failed.extend(at);
                Event::Restarted(why)
            } else {
                failed.extend(at);
                failed.extend(core.queue.drain(..));
                Event::Stopped(why)
            };
            (event, failed)
        };
        let (status, fault) = match &event {
            Event::Stopped(why) => (Status::Failed, Fault::NoEngine(why.clone())),
            Event::FellBack(why) => (Status::Starting, Fault::FellBack(why.clone())),
            Event::Restarted(why) => (Status::Starting, Fault::Lost(why.clone())),
            Event::Stalled => return,
        };
        self.0.status.set(status);
        self.0.on_event.borrow()(event);
        failed.iter().for_each(|job| job.reply(Err(fault.clone())));
        self.advance();
    }

    /// Take the worker of another engine, with the network that it has, in place of this one's.
    pub fn take_over(&self, other: &Engine) {
        let Some(worker) = other.0.core.borrow_mut().worker.take() else { return };
        *worker.owner.borrow_mut() = Rc::downgrade(&self.0);
        {
            let core = &mut *self.0.core.borrow_mut();
            if let Some(Worker { at: Some(At::Job(job)), .. }) = core.worker.replace(worker) {
                core.queue.push_front(job);
            }
            core.generation += 1;
        }
        self.0.status.set(other.0.status.get_untracked());
        self.advance();
    }
}
