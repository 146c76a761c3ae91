//! Projects: which is open, its name, new ones, out and in as one file, and away.

use crate::core::message::Message;
use crate::core::project::Project;
use crate::page::canvas::save;
use crate::page::manifest::model_at;
use crate::page::web::{bytes_of, keep, kept, live, window};
use js_sys::{Array, Uint8Array};
use leptos::prelude::*;
use leptos::tachys::html::event::Targeted;
use web_sys::{Blob, Event, HtmlInputElement, HtmlSelectElement};

use super::address::wanted;
use super::photos;
use super::project_lock::ProjectLock;
use super::state::{Phase, State, new_id, unnamed};
use super::store::StoreError;
use super::teacher::{self, base};
use super::unpack::unpack;
use crate::core::archive::Archive;

/// Opens what was kept: the project used last, or an empty one where there is none or another tab has it.
pub async fn restore(state: State) -> Result<(), StoreError> {
    let Some(store) = state.store() else { return Ok(()) };
    let projects = store.projects().await?;
    state.projects.set(projects.iter().map(|project| (project.id.clone(), project.name.clone())).collect());
    let (asked, last) = (wanted(), kept(LAST));
    let is_asked = |project: &&Project| Some(&project.name) == asked.as_ref();
    let is_last = |project: &&Project| Some(&project.id) == last.as_ref();
    // Two projects can have one name.
    let asked =
        projects.iter().find(|project| is_asked(project) && is_last(project)).or(projects.iter().find(is_asked));
    let last = asked.or(projects.iter().find(is_last)).or(projects.last());
    let opened = match last {
        Some(project) => open(state, project.clone()).await?,
        None => false,
    };
    if !opened {
        open(state, empty(state)).await?;
    }
    Ok(())
}

/// Where the browser keeps which project was open.
const LAST: &str = "camscope-teach-project";

/// Return the name, with a number after it if another project has it.
fn free_name(state: State, first: &str) -> String {
    let names =
        state.projects.with_untracked(|projects| projects.iter().map(|(_, name)| name.clone()).collect::<Vec<_>>());
    let numbered = |n: usize| if n == 1 { first.to_owned() } else { format!("{first} {n}") };
    (1..).map(numbered).find(|name| !names.contains(name)).unwrap_or_default()
}

/// A project with a name that no other has.
fn empty(state: State) -> Project {
    let name = free_name(state, &Message::new("teach-my-classes").text());
    let mut project = Project::new(new_id(), name, &unnamed());
    project.base = state.project.with_untracked(|project| project.base.clone());
    project
}

/// Open a project with its thumbnails. Return `false`, with a notice, if another tab has it open.
async fn open(state: State, mut project: Project) -> Result<bool, StoreError> {
    let Some(store) = state.store() else { return Ok(false) };
    let Some(lock) = ProjectLock::take(&project.id).await else {
        let name = project.name;
        state.say("note", Message::new("teach-elsewhere").with("name", name));
        return Ok(false);
    };
    store.purge_deleted(&project).await?;
    project.base = base(state, &project.base);
    let (id, photos) = (project.id.clone(), project.photos.clone());
    keep(LAST, &id);
    state.open(project, lock);
    for photo in photos {
        let kept = store.photo(&id, photo.id).await?;
        if state.project.with_untracked(|project| project.id != id) {
            break; // another one was opened meanwhile
        }
        if let Some(kept) = kept {
            state.thumbnails.update(|thumbnails| drop(thumbnails.insert(photo.id, kept.thumbnail)));
        }
    }
    Ok(true)
}

/// Runs what may fail to be kept, and says so.
fn attempt(state: State, task: impl Future<Output = Result<(), StoreError>> + 'static) {
    leptos::task::spawn_local(async move {
        state.arrived().await; // what is being added belongs to the project that is open
        if let Err(error) = task.await {
            state.say("error", Message::new("teach-fault").with("why", error.message()));
        }
    });
}

fn fresh(state: State) {
    attempt(state, async move {
        state.keep_now().await;
        open(state, empty(state)).await?;
        state.keep_now().await;
        Ok(())
    });
}

fn delete(state: State, everything: bool) {
    let name = state.project.with_untracked(|project| project.name.clone());
    let question = match everything {
        true => Message::new("teach-delete-all-really"),
        false => Message::new("teach-delete-really").with("name", name),
    };
    if !window().confirm_with_message(&question.text()).unwrap_or(false) {
        return;
    }
    if everything {
        return attempt(state, delete_all(state));
    }
    attempt(state, async move {
        let Some(store) = state.store() else { return Ok(()) };
        let id = state.project.with_untracked(|project| project.id.clone());
        state.projects.update(|projects| projects.retain(|(known, _)| *known != id));
        let next = match state.projects.with_untracked(|projects| projects.last().map(|(id, _)| id.clone())) {
            Some(next) => store.project(&next).await?,
            None => None,
        };
        // Closed before it is deleted: photos that are on their way see that it is not open any more.
        let opened = match next {
            Some(next) => open(state, next).await?,
            None => false,
        };
        if !opened {
            open(state, empty(state)).await?;
        }
        store.delete(&id).await
    });
}

/// Delete all projects but those that other tabs have open.
async fn delete_all(state: State) -> Result<(), StoreError> {
    let Some(store) = state.store() else { return Ok(()) };
    state.projects.set(Vec::new());
    open(state, empty(state)).await?;
    let mut left = Vec::new();
    for project in store.projects().await? {
        match ProjectLock::take(&project.id).await {
            Some(_lock) => store.delete(&project.id).await?,
            None => left.push((project.id, project.name)),
        }
    }
    if left.is_empty() {
        // With what an earlier version or a broken deletion left.
        return store.delete_everything().await;
    }
    let names = left.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ");
    state.projects.set(left);
    let name = free_name(state, &state.project.with_untracked(|project| project.name.clone()));
    state.project.update(|project| project.name = name);
    state.say("note", Message::new("teach-left-open").with("names", names));
    Ok(())
}

/// List the projects anew: another tab may have made or deleted some.
pub fn list_anew(state: State) {
    let Some(store) = state.store() else { return };
    leptos::task::spawn_local(async move {
        let Ok(kept) = store.projects().await else { return };
        let open = state.project.with_untracked(|project| project.id.clone());
        let kept: Vec<_> = kept.into_iter().map(|project| (project.id, project.name)).collect();
        if kept != state.projects.get_untracked() {
            let is_new = kept.iter().all(|(id, _)| *id != open) && is_listed(state, &open);
            state.projects.set(kept);
            if is_new {
                state.list();
            }
        }
    });
}

fn is_listed(state: State, id: &str) -> bool {
    state.projects.with_untracked(|projects| projects.iter().any(|(known, _)| known == id))
}

/// Open the project of that name, if there is one.
pub fn open_named(state: State, name: String) {
    attempt(state, async move {
        state.keep_now().await;
        let Some(store) = state.store() else { return Ok(()) };
        let found = store.projects().await?.into_iter().find(|project| project.name == name);
        // A training may have begun meanwhile.
        if let Some(project) = found.filter(|_| !state.phase.with_untracked(Phase::busy)) {
            open(state, project).await?;
        }
        Ok(())
    });
}

fn export(state: State) {
    attempt(state, async move {
        let Some(store) = state.store() else { return Ok(()) };
        let project = state.project.get_untracked();
        let mut photos = Vec::new();
        for photo in &project.photos {
            if let Some(kept) = store.photo(&project.id, photo.id).await?
                && let Some(bytes) = bytes_of(&kept.file).await
            {
                photos.push((photo.id, bytes));
            }
        }
        let weights = match store.weights(&project.id).await? {
            Some(blob) => bytes_of(&blob).await,
            None => None,
        };
        let name = format!("{}.zip", project.name);
        match (Archive { project, photos, weights, missing: Vec::new() }).pack() {
            Ok(bytes) => {
                if let Ok(blob) = Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(bytes.as_slice()))) {
                    save(&blob, &name);
                }
            }
            Err(error) => state.say("error", Message::new("teach-not-exported").with("why", error.message())),
        }
        Ok(())
    });
}

fn import(state: State, file: web_sys::File) {
    attempt(state, async move {
        let name = file.name();
        // By its content: the name may say otherwise.
        let head = match file.slice_with_i32_and_i32(0, 4) {
            Ok(head) => bytes_of(&head).await.unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        if name.to_lowercase().ends_with(".bpk") && !head.starts_with(b"PK") {
            match teacher::open(state, file.clone().into()).await {
                Ok(card) => {
                    let url = web_sys::Url::create_object_url_with_blob(&file).ok();
                    url.and_then(|url| model_at(&card, url))
                        .into_iter()
                        .for_each(|model| state.shared.use_model(model));
                }
                Err(why) => state.say("error", Message::new("of-file").with("name", name).with("what", why)),
            }
            return Ok(());
        }
        let Some(bytes) = bytes_of(&file).await else {
            state.say("error", Message::new("of-file").with("name", name).with("what", Message::new("file-gone")));
            return Ok(());
        };
        let archive = match unpack(&bytes).await {
            Ok(archive) => archive,
            Err(error) => {
                state.say("error", Message::new("teach-not-imported").with("name", name).with("why", error.message()));
                return Ok(());
            }
        };
        let Some(store) = state.store() else { return Ok(()) };
        // Imported beside what is there, also where that is the same project.
        state.keep_now().await;
        let known = archive.project.photos.clone();
        let mut project = archive.project.without_photos(new_id());
        project.name = free_name(state, &project.name);
        if !archive.missing.is_empty() {
            let names = archive.missing.join(", ");
            let message = Message::new("teach-photos-missing").with("n", archive.missing.len()).with("names", names);
            state.say("error", message);
        }
        if let Some(weights) = &archive.weights {
            store.keep_taught(&project, weights).await?;
        }
        open(state, project).await?;
        let mut left = archive.photos.len();
        state.arriving.update(|arriving| *arriving += left);
        for (id, bytes) in archive.photos {
            let photo = known.iter().find(|photo| photo.id == id).cloned();
            let blob = Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(bytes.as_slice())));
            if let (Some(photo), Ok(blob)) = (photo, blob)
                && !photos::restore(state, photo, blob).await
            {
                break;
            }
            left -= 1;
            state.arriving.update(|arriving| *arriving -= 1);
        }
        state.arriving.update(|arriving| *arriving -= left);
        state.keep_now().await;
        Ok(())
    });
}

#[component]
pub fn Projects() -> impl IntoView {
    let state = expect_context::<State>();
    let busy = move || state.phase.with(|phase| phase.busy());
    // A property that is set anew takes away what is being typed.
    let name = Memo::new(move |_| state.project.with(|project| project.name.clone()));
    let options = move || {
        let chosen = state.project.with(|project| project.id.clone());
        let mut projects = state.projects.get();
        // One that nothing was done in yet is not kept.
        if projects.iter().all(|(id, _)| *id != chosen) {
            projects.push((chosen.clone(), name.get()));
        }
        let option = |(id, name): (String, String)| {
            let selected = id == chosen;
            view! { <option value=id prop:selected=selected>{name}</option> }
        };
        projects.into_iter().map(option).collect_view()
    };
    let alone = move || {
        let open = state.project.with(|project| project.id.clone());
        state.projects.with(|projects| projects.iter().all(|(id, _)| *id == open))
    };
    let choose = move |event: Targeted<Event, HtmlSelectElement>| {
        let select = event.target();
        let wanted = select.value(); // now: what is kept meanwhile draws the list anew
        attempt(state, async move {
            state.keep_now().await;
            let Some(store) = state.store() else { return Ok(()) };
            let opened = match store.project(&wanted).await? {
                Some(project) => open(state, project).await?,
                None => false,
            };
            if !opened {
                select.set_value(&state.project.with_untracked(|project| project.id.clone()));
            }
            Ok(())
        });
    };
    let imported = move |event: Targeted<Event, HtmlInputElement>| {
        let input = event.target();
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            import(state, file);
        }
        input.set_value("");
    };
    view! {
        <fieldset class="projects row" disabled=busy>
            <label>
                <span data-message="teach-project"></span>
                <input type="text" data-testid="project-name" data-message="teach-project-name" maxlength="60"
                    prop:value=live(move || name.get())
                    on:change:target=move |event| {
                        let name = event.target().value().trim().to_owned();
                        if !name.is_empty() { state.change(|project| project.name = name) }
                    }/>
            </label>
            <label hidden=live(alone)>
                <span data-message="teach-open-another"></span>
                <select data-testid="project-select" on:change:target=choose>{options}</select>
            </label>
            <button data-testid="project-new" on:click=move |_| fresh(state) data-message="teach-new"></button>
            <button data-testid="project-export" on:click=move |_| export(state) data-message="teach-export"></button>
            <label class="button" for="project-import" data-message="teach-import"></label>
            <input type="file" class="unseen" id="project-import" accept=".zip,.bpk" data-testid="project-import"
                data-message="teach-import-input" on:change:target=imported/>
            <details class="more">
                <summary data-message="teach-delete"></summary>
                <div>
                    <button data-testid="project-delete" on:click=move |_| delete(state, false) data-message="teach-delete-this"></button>
                    <button data-testid="delete-everything" on:click=move |_| delete(state, true) data-message="teach-delete-all"></button>
                </div>
            </details>
        </fieldset>
    }
}
