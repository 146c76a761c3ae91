//! A server of a site folder that counts what is asked of it and can hold answers back.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tower_http::services::ServeDir;

use crate::browser::project;

#[derive(Clone, Default)]
struct Log {
    paths: Arc<Mutex<Vec<String>>>,
    /// Paths that end like this are answered late.
    slow: Arc<Mutex<Option<(&'static str, Duration)>>>,
}

pub struct Site {
    pub url: String,
    log: Log,
    /// Its own, so that with the server all connections end.
    server: Option<tokio::runtime::Runtime>,
    /// A changed copy of the site lives as long as its server.
    copy: Option<tempfile::TempDir>,
}

impl Site {
    /// The built site as it is.
    pub async fn built() -> Self {
        Self::serve(dist(), None).await
    }

    /// A copy of the built site after `change` has been made to it.
    pub async fn changed(change: impl FnOnce(&Path)) -> Self {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(&dist(), copy.path());
        change(copy.path());
        Self::serve(copy.path().to_owned(), Some(copy)).await
    }

    async fn serve(root: PathBuf, copy: Option<tempfile::TempDir>) -> Self {
        let log = Log::default();
        let app = Router::new().fallback_service(ServeDir::new(root)).layer(from_fn_with_state(log.clone(), note));
        let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let bind = async { tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap() };
        let listener = server.spawn(bind).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        server.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, log, server: Some(server), copy }
    }

    /// Another version under the same address; the service worker's list of files is made anew.
    pub fn release(&self, change: impl FnOnce(&Path)) {
        let root = self.copy.as_ref().expect("a changed site").path();
        change(root);
        let tool = project("tools/offline.sh");
        assert!(std::process::Command::new(tool).arg(root).status().unwrap().success());
    }

    /// Puts the site in `folder` in the place of this one.
    pub fn replace(&self, folder: &Path) {
        let root = self.copy.as_ref().expect("a changed site").path();
        for entry in std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap()) {
            match entry.file_type().unwrap().is_dir() {
                true => std::fs::remove_dir_all(entry.path()).unwrap(),
                false => std::fs::remove_file(entry.path()).unwrap(),
            }
        }
        copy_folder(folder, root);
    }

    /// Paths asked for, in order.
    pub fn asked(&self) -> Vec<String> {
        self.log.paths.lock().unwrap().clone()
    }

    /// Answers requests for paths that end in `ending` only after `delay`.
    pub fn hold(&self, ending: &'static str, delay: Duration) {
        *self.log.slow.lock().unwrap() = Some((ending, delay));
    }

    /// How many requests so far were for paths that end in `ending`.
    pub fn asked_for(&self, ending: &str) -> usize {
        self.log.paths.lock().unwrap().iter().filter(|path| path.ends_with(ending)).count()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown_background();
        }
    }
}

async fn note(State(log): State<Log>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    log.paths.lock().unwrap().push(path.clone());
    let slow = *log.slow.lock().unwrap();
    if let Some((_, delay)) = slow.filter(|(ending, _)| path.ends_with(ending)) {
        tokio::time::sleep(delay).await;
    }
    next.run(request).await
}

pub fn dist() -> PathBuf {
    let dist = project("dist");
    assert!(dist.join("index.html").is_file(), "the browser tests need the built site: run `make site`");
    dist
}

pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_folder(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}
