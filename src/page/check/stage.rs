//! The chosen photo: the engine makes what it lacks, one thing after the other. First the photo itself, large, then its map by the
//! chosen method, the map that it is compared with, and what is measured of it. What is not wanted any more ends.

use std::sync::Arc;

use leptos::prelude::*;

use super::folder;
use super::running::{CompareWith, PhotoTask, Step};
use super::state::{FILES, PICTURE, ShownMap, State};
use crate::core::batch::BatchItemState;
use crate::core::inference::Prediction;
use crate::core::message::{Arg, Message};
use crate::core::method::{CamOptions, Method};
use crate::core::metrics::{Metric, MetricResult};
use crate::page::engine::{Engine, Fault, Network, When};
use crate::page::task;
use crate::protocol::{Reply, Request};

/// Longest side of the picture.
const LARGE: u32 = 720;

/// After any change of what is wanted: end what is no longer, begin what is.
pub fn serve(state: State) {
    let stage = state.stage;
    if !matches!(state.compare_with.get_untracked(), Some(CompareWith::Model(_))) {
        stage.beside.set_value(None);
    }
    let wanted = wanted(state);
    if stage.at.get_value() == wanted {
        return;
    }
    stage.at.set_value(wanted.clone());
    stage.task.set_value(None);
    state.working.set(None);
    let Some((photo, step)) = wanted else { return };
    stage.task.set_value(Some(task::begin(async move {
        let goes_on = match step {
            Step::Open(network) => open(state, photo, network).await,
            Step::Task(task) => perform(state, photo, task).await,
        };
        state.working.set(None);
        // Without an engine it is not asked for again before the visitor tries again.
        if goes_on {
            stage.at.set_value(None);
            serve(state);
        }
    })));
}

fn wanted(state: State) -> Option<(u32, Step)> {
    let photo = state.chosen.get_untracked()?;
    let network = state.network()?;
    let item = state.items.with_untracked(|items| items.iter().find(|item| item.id == photo).cloned())?;
    if matches!(item.state, BatchItemState::Failed(_)) {
        return None;
    }
    let is_open =
        state.stage.open.with_value(|open| matches!(open, Some((id, with)) if *id == photo && *with == network));
    match is_open {
        false => Some((photo, Step::Open(network))),
        true => state.needs().map(|task| (photo, Step::Task(task))),
    }
}

async fn open(state: State, photo: u32, network: Network) -> bool {
    match folder::infer(state, &state.engine(), photo, LARGE, When::Now).await {
        Ok((inference, picture)) => {
            folder::keep(state, photo, inference, &picture);
            if let Some((before, _)) = state.stage.open.get_value().filter(|(before, _)| *before != photo) {
                state.engine().forget(before);
            }
            state.stage.open.set_value(Some((photo, network)));
            PICTURE.set(Some((photo, Arc::new(picture))));
            state.pictures.update(|n| *n += 1);
        }
        Err(Fault::Failed(why)) => state.item(photo, |item| item.state = BatchItemState::Failed(why)),
        Err(Fault::Lost(_)) => {
            state.item(photo, |item| item.state = BatchItemState::Failed("check-photo-stopped".into()));
        }
        Err(Fault::Network(_) | Fault::FellBack(_) | Fault::NoEngine(_) | Fault::Stopped) => return false,
    }
    true
}

async fn perform(state: State, photo: u32, task: PhotoTask) -> bool {
    let what: Arg = match &task {
        PhotoTask::Main(options, _) | PhotoTask::Other(CompareWith::Class(_), options, _) => {
            options.method.info().title.into()
        }
        PhotoTask::Other(CompareWith::Method(method), ..) => method.info().title.into(),
        PhotoTask::Other(CompareWith::Model(_), ..) => Message::new("check-other").into(),
        PhotoTask::Metric(_, _, Metric::Faithfulness) => Message::new("check-measuring").into(),
        PhotoTask::Metric(_, _, Metric::Sanity) => Message::new("check-randomising").into(),
    };
    state.working.set(Some((what, 0, 0)));
    let done = match task.clone() {
        PhotoTask::Main(options, class) => {
            let found = map(state, photo, options, class).await;
            found.map(|found| state.explained.set(found.map(|prediction| (task.clone(), prediction))))
        }
        PhotoTask::Other(CompareWith::Model(name), ..) => other_network(state, photo, &task, &name).await,
        PhotoTask::Other(with, options, class) => other_map(state, photo, &task, with, options, class).await,
        PhotoTask::Metric(options, class, metric) => measure(state, photo, options, class, metric).await,
    };
    match done {
        Ok(()) => {}
        Err(Fault::Failed(why)) => {
            state.say("error", why);
            give_up(state, &task);
        }
        Err(Fault::Network(why)) => {
            state.say("error", Message::new("check-other-lost").with("why", why));
            give_up(state, &task);
        }
        Err(Fault::Lost(_) | Fault::FellBack(_) | Fault::NoEngine(_) | Fault::Stopped) => give_up(state, &task),
    }
    true
}

/// Ask for what the chosen photo's engine alone has, with progress.
async fn ask(state: State, photo: u32, request: Request) -> Result<Reply, Fault> {
    let file = FILES.with_borrow(|files| files.get(&photo).cloned());
    let answer = state.engine().ask(state.network(), request, file.map(Into::into), When::Now);
    let answer = answer.last(|reply| {
        if let Reply::PassesDone { done, of } = reply {
            state.working.update(|working| {
                if let Some((_, at, all)) = working {
                    (*at, *all) = (done, of);
                }
            });
        }
    });
    answer.await
}

async fn map(state: State, photo: u32, options: CamOptions, class: usize) -> Result<Option<Prediction>, Fault> {
    match ask(state, photo, Request::Explain { photo, options, classes: vec![class] }).await? {
        Reply::Explained(mut predictions) => Ok(predictions.pop()),
        _ => Err(Fault::Stopped),
    }
}

/// The same photo by another method, or of another class.
async fn other_map(
    state: State,
    photo: u32,
    task: &PhotoTask,
    with: CompareWith,
    options: CamOptions,
    class: usize,
) -> Result<(), Fault> {
    let Some(ShownMap { inference, .. }) = untrack(|| state.shown_map()) else { return Err(Fault::Stopped) };
    let (options, class) = match with {
        CompareWith::Method(method) => (CamOptions { method, ..options }, class),
        CompareWith::Class(at) => {
            (options, inference.predictions.get(at).map(|other| other.index).ok_or(Fault::Stopped)?)
        }
        CompareWith::Model(_) => return Err(Fault::Stopped),
    };
    if let Some(prediction) = map(state, photo, options, class).await? {
        state.other.set(Some((task.clone(), ShownMap { inference, prediction, method: options.method })));
    }
    Ok(())
}

/// The same photo by another network: the class that is shown, or the best one of the other network.
async fn other_network(state: State, photo: u32, task: &PhotoTask, name: &str) -> Result<(), Fault> {
    let file = FILES.with_borrow(|files| files.get(&photo).cloned());
    let Some(model) = state.shared.model_named(name) else { return Err(Fault::Stopped) };
    let beside = state.stage.beside.get_value().unwrap_or_else(|| {
        let engine = Engine::new(move || state.shared.device.get_untracked().device);
        state.stage.beside.set_value(Some(engine.clone()));
        engine
    });
    let request = Request::Infer { photo, side: 1 };
    let answer = beside.ask(Some(Network::from(&model)), request, file.map(Into::into), When::Now);
    let Reply::Inferred(inference) = answer.last(drop).await? else { return Err(Fault::Stopped) };
    let class = untrack(|| state.shown_map()).map(|shown| shown.prediction.class);
    let same = inference.predictions.iter().find(|found| Some(&found.class) == class.as_ref());
    if let Some(prediction) = same.or(inference.predictions.first()).cloned() {
        state.other.set(Some((task.clone(), ShownMap { inference, prediction, method: Method::Cam })));
    }
    Ok(())
}

async fn measure(state: State, photo: u32, options: CamOptions, class: usize, metric: Metric) -> Result<(), Fault> {
    let Reply::Measured(result) = ask(state, photo, Request::Metric { photo, options, class, metric }).await? else {
        return Err(Fault::Stopped);
    };
    state.wanted.set(None);
    state.measures.update(|measures| match result {
        MetricResult::Faithfulness(found) => measures.faithfulness = Some(found),
        MetricResult::Sanity(found) => measures.sanity = Some(found),
    });
    Ok(())
}

/// The task has come to nothing: so that it is not begun anew, it is no longer wanted.
fn give_up(state: State, task: &PhotoTask) {
    match task {
        PhotoTask::Main(..) => state.method.set(Method::Cam),
        PhotoTask::Other(..) => state.compare_with.set(None),
        PhotoTask::Metric(..) => state.wanted.set(None),
    }
}

/// Give up what takes long: the measure, or the map, for which CAM stands in.
pub fn stop(state: State) {
    if let Some((_, Step::Task(task))) = state.stage.at.get_value() {
        give_up(state, &task);
    }
    state.wanted.set(None);
    serve(state);
}

/// Ask once more for what no engine could do.
pub fn retry(state: State) {
    state.stage.at.set_value(None);
    serve(state);
}

/// Forget which photo is shown large.
pub fn close(state: State) {
    state.stage.open.set_value(None);
    PICTURE.set(None);
}
