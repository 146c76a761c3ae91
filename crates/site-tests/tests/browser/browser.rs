//! A headless browser for each test, and the actions of a visitor. The browser is Chromium, or Firefox or WebKit's engine with
//! `BROWSER=firefox` or `webkit` (`make test-firefox test-webkit`) for tests that need neither WebGPU nor Chromium's own tools.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

/// Longest time that anything may take. It is long because software WebGPU is slow, and the machine may be busy.
const TIMEOUT: Duration = Duration::from_secs(150);
const FLAGS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--enable-unsafe-webgpu",
    "--force-color-profile=srgb",
];

/// Return the flags that choose Chromium's WebGPU adapter: those in `CAMSCOPE_ADAPTER_FLAGS`, separated by spaces, or else
/// SwiftShader, a software adapter.
fn adapter_flags() -> Vec<String> {
    match std::env::var("CAMSCOPE_ADAPTER_FLAGS") {
        Ok(flags) => flags.split_whitespace().map(str::to_owned).collect(),
        Err(_) => vec!["--use-webgpu-adapter=swiftshader".into()],
    }
}

pub struct Browser {
    pub client: Client,
    driver: Child,
    /// The browser's profile, 100 MB. Dropped after the driver, which is killed and does not tidy up.
    _profile: tempfile::TempDir,
}

impl Browser {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Start Chromium with additional flags.
    pub async fn start_with(more: &[&str]) -> Self {
        Self::launch(more, json!({})).await
    }

    /// Start a browser whose preferred languages are `language`.
    pub async fn start_in(language: &str) -> Self {
        match wanted().as_deref() {
            Some("firefox") => Self::launch_firefox(json!({ "intl.accept_languages": language })).await,
            _ => Self::start_with(&[&format!("--accept-lang={language}")]).await,
        }
    }

    /// Start Chromium so that it saves downloads in `folder`.
    pub async fn start_with_downloads(folder: &Path) -> Self {
        Self::launch(&[], json!({ "prefs": { "download.default_directory": folder } })).await
    }

    /// Start Chromium with a phone's screen: 390 pixels wide, in the dark theme.
    pub async fn start_phone(more: &[&str]) -> Self {
        Self::start_narrow(390, more).await
    }

    /// Start Chromium with a touch screen of this width, in the dark theme.
    pub async fn start_narrow(width: u32, more: &[&str]) -> Self {
        let more = [&["--blink-settings=preferredColorScheme=0"], more].concat();
        let screen = json!({ "width": width, "height": 844, "pixelRatio": 2.0, "touch": true });
        Self::launch(&more, json!({ "mobileEmulation": { "deviceMetrics": screen } })).await
    }

    async fn launch(more: &[&str], options: Value) -> Self {
        if let Some(other) = wanted() {
            assert!(more.is_empty() && options == json!({}), "this test needs Chromium");
            return match other.as_str() {
                "firefox" => Self::launch_firefox(json!({})).await,
                "webkit" => Self::launch_webkit().await,
                other => panic!("BROWSER={other} is neither firefox nor webkit"),
            };
        }
        let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path);
        let adapter = adapter_flags();
        let flags = [&FLAGS, &adapter.iter().map(String::as_str).collect::<Vec<_>>()[..], more].concat();
        let chromium = chromium.expect("Chromium is on the PATH");
        let mut options = options;
        (options["args"], options["binary"]) = (json!(flags), json!(chromium));
        Self::connect("chromedriver", "goog:chromeOptions", options).await
    }

    async fn launch_firefox(preferences: Value) -> Self {
        let firefox = ["firefox-esr", "firefox"].into_iter().find_map(on_path).expect("Firefox is on the PATH");
        let options = json!({ "args": ["-headless"], "binary": firefox, "prefs": preferences });
        Self::connect("geckodriver", "moz:firefoxOptions", options).await
    }

    /// Start WebKit's own browser for tests.
    async fn launch_webkit() -> Self {
        assert!(std::env::var_os("DISPLAY").is_some(), "WebKit needs a screen: run `make test-webkit`");
        let folders = std::fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
        let mut browsers = folders.map(|folder| folder.join("webkit2gtk-4.1/MiniBrowser"));
        let browser = browsers.find(|path| path.is_file()).expect("MiniBrowser is below /usr/lib");
        let options = json!({ "binary": browser, "args": ["--automation"] });
        Self::connect("WebKitWebDriver", "webkitgtk:browserOptions", options).await
    }

    async fn connect(driver: &str, key: &str, options: Value) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let profile = tempfile::tempdir().unwrap();
        let driver = Command::new(driver)
            .env("TMPDIR", profile.path())
            // WebKit paints nothing into screenshots of elements without this.
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|_| panic!("{driver} is not on the PATH: `make setup SYSTEM=1` installs it"));
        let capabilities = serde_json::Map::from_iter([(key.to_owned(), options)]);
        let start = Instant::now();
        loop {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            match builder.capabilities(capabilities.clone()).connect(&format!("http://127.0.0.1:{port}")).await {
                Ok(client) => {
                    client.set_window_size(1280, 900).await.unwrap();
                    return Self { client, driver, _profile: profile };
                }
                Err(error) if start.elapsed() > Duration::from_secs(30) => {
                    panic!("the browser does not start: {error}")
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Load the page anew. WebKit's driver loses a command that comes while the new page begins.
    pub async fn reload(&self) {
        self.client.refresh().await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }

    pub async fn close(mut self) {
        let _ = self.client.close().await;
        let _ = self.driver.kill().await;
    }

    /// Crash the page's process, then continue in a new window.
    pub async fn kill_renderer(&self) {
        let window = self.client.new_window(true).await.unwrap();
        let result = self.client.goto("chrome://crash").await;
        assert!(result.is_err(), "the page did not crash");
        self.client.switch_to_window(window.handle).await.unwrap();
    }

    /// Choose files in the file input.
    pub async fn add_photos(&self, photos: &[&Path]) {
        let paths: Vec<_> = photos.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        self.wait("[data-testid=photo-input]").await.send_keys(&paths.join("\n")).await.unwrap();
    }

    /// Wait for an element that matches `css`, and return the first one.
    pub async fn wait(&self, css: &str) -> Element {
        let start = Instant::now();
        loop {
            match self.client.find(Locator::Css(css)).await {
                Ok(element) => return element,
                Err(error) if start.elapsed() > TIMEOUT => {
                    let name = format!("failed-{}", std::process::id());
                    self.screenshot(&name).await;
                    panic!("{css}: {error}; messages: {:?}; see {name}.png", self.messages().await);
                }
                // It is not there, or the page was drawing it anew.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Wait until exactly `count` elements match `css`.
    pub async fn wait_for(&self, css: &str, count: usize) {
        let start = Instant::now();
        loop {
            let actual = self.count(css).await;
            if actual == count {
                return;
            }
            if start.elapsed() > TIMEOUT {
                let name = format!("failed-{}", std::process::id());
                self.screenshot(&name).await;
                panic!(
                    "{actual} instead of {count} elements match {css}; messages: {:?}; see {name}.png",
                    self.messages().await
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Wait until a script returns `true`. `condition` describes it for the error message.
    pub async fn until(&self, condition: &str, script: &str) {
        let start = Instant::now();
        while self.run(script, vec![]).await != json!(true) {
            if start.elapsed() > TIMEOUT {
                self.screenshot("failed").await;
                panic!("timeout: {condition}; messages: {:?}; see failed.png", self.messages().await);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn click(&self, css: &str) {
        self.wait(css).await.click().await.unwrap();
    }

    /// Return the text of the first element that matches `css`, or an empty string if there is none.
    pub async fn text(&self, css: &str) -> String {
        self.run("return document.querySelector(arguments[0])?.textContent ?? ''", vec![json!(css)])
            .await
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.unwrap().len()
    }

    /// Return `attribute` of every element that matches `css`, in order.
    pub async fn attributes(&self, css: &str, attribute: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])].map(e => e.getAttribute(arguments[1]) ?? '')";
        serde_json::from_value(self.run(script, vec![json!(css), json!(attribute)]).await).unwrap()
    }

    /// Return the texts of the alerts on the page.
    pub async fn messages(&self) -> Vec<String> {
        let script =
            "return [...document.querySelectorAll('[data-testid=error][role=alert] span')].map(e => e.textContent)";
        serde_json::from_value(self.run(script, vec![]).await).unwrap()
    }

    /// Return a hash of all pixels of a canvas.
    pub async fn pixels(&self, css: &str) -> f64 {
        let script = "const c = document.querySelector(arguments[0]); \
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; \
            let h = 7; for (let i = 0; i < d.length; i++) h = (h * 31 + d[i]) % 1000000007; return h";
        self.run(script, vec![json!(css)]).await.as_f64().unwrap()
    }

    /// Set the value of an input or a select, with the events that a user's change causes.
    pub async fn set(&self, css: &str, value: &str) {
        let script = "const e = document.querySelector(arguments[0]); e.value = arguments[1]; \
            e.dispatchEvent(new Event('input', {bubbles: true})); e.dispatchEvent(new Event('change', {bubbles: true}))";
        self.run(script, vec![json!(css), json!(value)]).await;
        tokio::time::sleep(Duration::from_millis(150)).await;
    }

    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap()
    }

    /// Send a command of the Chrome DevTools Protocol, and return its result.
    pub async fn chromium(&self, command: &str, parameters: Value) -> Value {
        self.client.issue_cmd(Chromium { command: command.into(), parameters }).await.unwrap()
    }

    /// Save a screenshot of the page in the target folder, for people to look at.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        save_screenshot(name, &self.client.screenshot().await.unwrap())
    }

    /// Save a screenshot of one element.
    pub async fn element_screenshot(&self, name: &str, css: &str) -> PathBuf {
        save_screenshot(name, &self.wait(css).await.screenshot().await.unwrap())
    }
}

/// Return the browser that is asked for in place of Chromium.
fn wanted() -> Option<String> {
    std::env::var("BROWSER").ok()
}

fn save_screenshot(name: &str, picture: &[u8]) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let folder = project(target).join("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{name}.png"));
    std::fs::write(&file, picture).unwrap();
    file
}

/// A command of the Chrome DevTools Protocol.
#[derive(Debug)]
struct Chromium {
    command: String,
    parameters: Value,
}

impl WebDriverCompatibleCommand for Chromium {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "cmd": self.command, "params": self.parameters }).to_string()))
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Wait until a file with this extension is downloaded as a whole, and return its path.
///
/// The browser may put an empty file there first, and keeps what has arrived so far in a `.crdownload` file.
pub async fn downloaded(folder: &Path, extension: &str) -> PathBuf {
    let start = Instant::now();
    let ends_in = |path: &Path, extension: &str| path.extension().is_some_and(|e| e == extension);
    loop {
        let files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        let arriving = files.iter().any(|path| ends_in(path, "crdownload"));
        let file = files.into_iter().find(|path| ends_in(path, extension));
        if let Some(file) = file.filter(|file| !arriving && file.metadata().is_ok_and(|data| data.len() > 0)) {
            return file;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "no .{extension} file was downloaded");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Return a path below the project's folder, or below `CAMSCOPE_ROOT` on a machine that only runs what was built elsewhere.
pub fn project(path: impl AsRef<Path>) -> PathBuf {
    if let Some(root) = std::env::var_os("CAMSCOPE_ROOT") {
        return PathBuf::from(root).join(path);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    root.join(path)
}

/// Return the path of a sample photo of the site.
pub fn sample(name: &str) -> PathBuf {
    let path = project("www/photos").join(name);
    assert!(path.is_file(), "{} is missing: `make photos` fetches the sample photos", path.display());
    path
}
