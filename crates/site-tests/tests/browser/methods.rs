//! The maps that the page shows by every method, compared with those of the native engine for the same photo.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use camscope::checkpoint::read_manifest;
use camscope::core::method::{CamOptions, Method};
use camscope::device::{DeviceKind, open};
use camscope::engine::Session;
use camscope::photo::Photo;
use serde_json::json;

use crate::browser::{Browser, project, sample};
use crate::site::Site;

const SMALL: &str = "vgg16-gap-cifar10";
const DONE: &str = "[data-testid=photo-card][data-state=done]";

/// Return a native session of the small network that has run inference on the photo, with id 0.
pub fn native(photo: &Path) -> Session {
    let models = project("www/models");
    let card = read_manifest(&models).unwrap().models.into_iter().find(|card| card.name == SMALL).unwrap();
    let mut session = Session::new(pollster::block_on(open(DeviceKind::Cpu)).unwrap(), || 0.0);
    session.load(card.clone(), std::fs::read(models.join(&card.file)).unwrap()).unwrap();
    let photo = Photo::decode(&std::fs::read(photo).unwrap()).unwrap();
    pollster::block_on(session.infer(0, &photo, 5)).unwrap();
    session
}

impl Browser {
    /// Choose a method, and wait until its maps are shown.
    async fn choose_method(&self, method: Method) {
        self.set("[data-testid=method-select]", method.info().name).await;
        self.until_drawn_by(method).await;
    }

    /// Wait until the caption says that the maps are by `method`.
    async fn until_drawn_by(&self, method: Method) {
        let caption = "const caption = document.querySelector('[data-testid=caption]'); return [caption.dataset.method, caption.textContent]";
        let start = Instant::now();
        loop {
            let (name, text): (String, String) = serde_json::from_value(self.run(caption, vec![]).await).unwrap();
            if name == method.info().name {
                assert!(method == Method::Cam || text.contains(method.info().title), "{text}");
                return;
            }
            assert!(
                start.elapsed() < Duration::from_secs(150),
                "“{text}” instead of {method:?}; {:?}",
                self.messages().await
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Return the values of all maps that are shown.
    async fn maps(&self) -> Vec<Vec<f32>> {
        let maps = self.attributes("[data-testid=map-canvas]", "data-values").await;
        maps.iter().map(|map| serde_json::from_str(map).unwrap()).collect()
    }

    /// Assert that the five maps are those of the native engine.
    async fn assert_native(&self, session: &Session, options: CamOptions, tolerance: f32) {
        let classes = self.attributes("[data-testid=prediction]", "data-index").await;
        let classes: Vec<usize> = classes.iter().map(|class| class.parse().unwrap()).collect();
        let expected = session.explain(0, &options, &classes, async |_, _| ControlFlow::Continue(()));
        let expected = pollster::block_on(expected).unwrap();
        let actual = self.maps().await;
        assert_eq!(actual.len(), expected.len());
        for (actual, expected) in actual.iter().zip(&expected) {
            let (expected, class) = (&expected.map.values, &expected.class);
            assert_eq!(actual.len(), expected.len(), "{options:?}");
            let range =
                expected.iter().fold(f32::MIN, |a, b| a.max(*b)) - expected.iter().fold(f32::MAX, |a, b| a.min(*b));
            let error = actual.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(error <= tolerance * range, "{options:?}, {class}: error {error}, range {range}");
        }
    }
}

/// Check the maps of `methods` against the native engine's.
async fn check_methods(device: &str, methods: &[Method], tolerance: f32) {
    let photo = sample("rocket.jpg");
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device={device}&model={SMALL}", site.url)).await;
    browser.add_photos(&[&photo]).await;
    browser.wait_for(DONE, 1).await;
    browser.wait_for("[data-testid=map-canvas]", 5).await;
    let session = native(&photo);
    let mut drawn = Vec::new();
    for &method in methods {
        browser.choose_method(method).await;
        browser.assert_native(&session, CamOptions { method, ..CamOptions::default() }, tolerance).await;
        drawn.push(browser.pixels("[data-testid=stage-canvas]").await);
        assert_eq!(browser.messages().await, [""; 0], "{method}");
    }
    // These methods give the same map at the last stage, so they may draw the same picture. Every other method has its
    // own.
    let equal = [Method::Cam, Method::GradCam, Method::HiResCam, Method::XGradCam];
    for (i, method) in methods.iter().enumerate().filter(|(_, method)| !equal.contains(method)) {
        let same = methods.iter().zip(&drawn).find(|(other, picture)| *other != method && **picture == drawn[i]);
        assert!(same.is_none(), "{method} and {same:?} draw the same");
    }

    // Check an earlier stage, and the mean over mirrored copies.
    browser.choose_method(Method::Cam).await;
    browser.choose_method(Method::LayerCam).await;
    let before = browser.maps().await;
    browser.set("[data-testid=stage-select]", "2").await;
    browser.until_drawn_by(Method::LayerCam).await;
    assert_ne!(browser.maps().await[0].len(), before[0].len(), "an earlier stage has a finer grid");
    let options = CamOptions { method: Method::LayerCam, stage: Some(2), ..CamOptions::default() };
    browser.assert_native(&session, options, tolerance).await;
    browser.click(".methods > summary").await;
    browser.click("[data-testid=flips]").await;
    browser.until_drawn_by(Method::LayerCam).await;
    browser.assert_native(&session, CamOptions { tta: true, ..options }, tolerance).await;
    browser.screenshot(&format!("methods-{device}")).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_is_drawn_on_the_cpu_as_natively() {
    check_methods("cpu", &Method::ALL, 2e-3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gradient_methods_are_drawn_on_webgpu_as_natively() {
    let methods = [Method::GradCam, Method::HiResCam, Method::GradCamPlusPlus, Method::XGradCam, Method::LayerCam];
    check_methods("webgpu", &methods, 1e-2).await;
}

/// A method of a thousand passes reports progress, stops on a click, and the next request works.
#[tokio::test(flavor = "multi_thread")]
async fn what_takes_long_shows_progress_and_can_be_stopped() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.add_photos(&[&sample("coffee.png")]).await;
    browser.wait_for(DONE, 1).await;
    browser.wait_for("[data-testid=map-canvas]", 5).await;
    let cam = browser.maps().await;
    browser.set("[data-testid=method-select]", "score-cam").await;
    let progress = "return document.querySelector('[data-testid=explaining]').textContent";
    let start = Instant::now();
    while !browser.run(progress, vec![]).await.as_str().unwrap().contains("of 1280 passes") {
        assert!(start.elapsed() < Duration::from_secs(90), "no progress is shown");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    browser.screenshot("methods-progress").await;
    browser.wait("[data-testid=explain-stop]").await.click().await.unwrap();
    browser.until_drawn_by(Method::Cam).await;
    assert_eq!(browser.maps().await, cam);
    // The next method starts at once, not after the thousand passes.
    let start = Instant::now();
    browser.choose_method(Method::GradCam).await;
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    let scaled = browser.maps().await;
    let factor = cam[0][0] / scaled[0][0];
    assert!((factor - 49.0).abs() < 0.5, "Grad-CAM is CAM divided by the 49 cells, not by {factor}");
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// Assert that the engine's memory does not grow over two hundred maps by each method.
async fn check_memory(device: &str, methods: &[Method]) {
    const ROUNDS: usize = 40; // of five classes each
    const TOLERANCE: i64 = 4 << 20;
    // Script: alternate between CAM and the method, as fast as the maps are shown.
    const ALTERNATE: &str = "const [name, rounds, done] = arguments; (async () => { \
        const select = document.querySelector('[data-testid=method-select]'); \
        const choose = value => { select.value = value; select.dispatchEvent(new Event('change', {bubbles: true})) }; \
        const until = async name => { while (document.querySelector('[data-testid=caption]').dataset.method !== name) await new Promise(go => setTimeout(go, 5)) }; \
        for (let i = 0; i < rounds; i++) { choose('cam'); await until('cam'); choose(name); await until(name) } \
        choose('cam'); await until('cam'); done() })()";
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device={device}&model={SMALL}", site.url)).await;
    browser
        .client
        .update_timeouts(fantoccini::wd::TimeoutConfiguration::new(Some(Duration::from_secs(300)), None, None))
        .await
        .unwrap();
    let mut photos = 0;
    // Return the engine's memory after inference on another photo.
    let mut size = async || -> i64 {
        browser.add_photos(&[&sample("rocket.jpg")]).await;
        photos += 1;
        browser.wait_for(DONE, photos).await;
        browser.wait_for("[data-testid=map-canvas]", 5).await;
        browser.wait(&format!("[data-testid=photo-card]:nth-of-type({photos}) .open")).await.click().await.unwrap();
        browser.attributes("[data-testid=timing]", "data-engine-bytes").await[0].parse().unwrap()
    };
    size().await;
    let rounds = async |rounds: usize| {
        for method in methods {
            let info = method.info();
            let arguments = vec![json!(info.name), json!(rounds)];
            browser.client.execute_async(ALTERNATE, arguments).await.unwrap();
        }
    };
    rounds(2).await;
    let before = size().await;
    rounds(ROUNDS).await;
    let after = size().await;
    let _ = writeln!(
        std::io::stderr(),
        "{device}: engine memory {before} bytes before, {after} after {ROUNDS} times five maps by {} methods",
        methods.len()
    );
    assert!(after - before <= TOLERANCE, "{before} bytes before, {after} after");
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_steady_over_two_hundred_maps_of_every_method() {
    check_memory("cpu", &Method::ALL[1..]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_steady_over_two_hundred_maps_on_webgpu() {
    check_memory("webgpu", &[Method::GradCam, Method::LayerCam]).await;
}
