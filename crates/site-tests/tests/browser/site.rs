//! A server of a site folder. It logs its requests and can delay responses.

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
    /// Ending of the paths whose responses are delayed, and the delay.
    slow: Arc<Mutex<Option<(&'static str, Duration)>>>,
}

pub struct Site {
    pub url: String,
    log: Log,
    /// The server has its own runtime, so that all connections end with it.
    server: Option<tokio::runtime::Runtime>,
    /// The changed copy of the site; it is deleted after the server has ended.
    copy: Option<tempfile::TempDir>,
}

impl Site {
    /// Serve the built site as it is.
    pub async fn built() -> Self {
        Self::serve(dist(), None).await
    }

    /// Serve a copy of the built site to which `change` was applied.
    pub async fn changed(change: impl FnOnce(&Path)) -> Self {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(&dist(), copy.path());
        change(copy.path());
        Self::serve(copy.path().to_owned(), Some(copy)).await
    }

    async fn serve(root: PathBuf, copy: Option<tempfile::TempDir>) -> Self {
        let log = Log::default();
        let app = Router::new().fallback_service(ServeDir::new(root)).layer(from_fn_with_state(log.clone(), record));
        let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let bind = async { tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap() };
        let listener = server.spawn(bind).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        server.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, log, server: Some(server), copy }
    }

    /// Apply `change` to the served copy, and regenerate the service worker's list of files: a new version at the same
    /// address.
    pub fn release(&self, change: impl FnOnce(&Path)) {
        let root = self.copy.as_ref().expect("a changed site").path();
        change(root);
        let tool = project("tools/offline.sh");
        assert!(std::process::Command::new(tool).arg(root).status().unwrap().success());
    }

    /// Replace the served site with the one in `folder`.
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

    /// Return the paths of all requests so far, in order.
    pub fn requests(&self) -> Vec<String> {
        self.log.paths.lock().unwrap().clone()
    }

    /// Delay the responses to requests for paths that end in `ending`.
    pub fn delay(&self, ending: &'static str, delay: Duration) {
        *self.log.slow.lock().unwrap() = Some((ending, delay));
    }

    /// Return the number of requests so far for paths that end in `ending`.
    pub fn requests_for(&self, ending: &str) -> usize {
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

/// Log a request, and delay its response if it is one of the slow ones.
async fn record(State(log): State<Log>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    log.paths.lock().unwrap().push(path.clone());
    let slow = *log.slow.lock().unwrap();
    if let Some((_, delay)) = slow.filter(|(ending, _)| path.ends_with(ending)) {
        tokio::time::sleep(delay).await;
    }
    next.run(request).await
}

/// Return the folder of the built site.
pub fn dist() -> PathBuf {
    let dist = project("dist");
    assert!(dist.join("index.html").is_file(), "the browser tests need the built site: run `make site`");
    dist
}

/// Copy a folder with everything in it.
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
