//! Teaching in numbers: on both devices the losses are those of the native engine, and memory does not grow.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use camscope::checkpoint::read_manifest;
use camscope::core::lesson::{Lesson, LessonEvent, LessonSettings, TrainablePart};
use camscope::device::{DeviceKind, open};
use camscope::engine::Session;
use camscope::photo::Photo;
use serde_json::json;

use crate::browser::{Browser, project};
use crate::site::Site;
use crate::teach::{CPU, SMALL, THUMB};

/// Fraction by which a loss in the browser may differ from the native one, because the order of summation differs.
const LOSS_TOLERANCE: f64 = 0.02;

/// Return the training loss of every epoch of the native engine with the same photos and settings.
async fn native_losses(photos: [&[PathBuf]; 2], settings: LessonSettings) -> Vec<f64> {
    let models = project("www/models");
    let card = read_manifest(&models).unwrap().models.into_iter().find(|card| card.name == SMALL).unwrap();
    let mut session = Session::new(open(DeviceKind::Cpu).await.unwrap(), || 0.0);
    session.load(card.clone(), std::fs::read(models.join(&card.file)).unwrap()).unwrap();
    let mut lesson = Lesson {
        name: "mine".into(),
        title: "Mine".into(),
        classes: vec!["Class 1".into(), "Class 2".into()],
        photos: Vec::new(),
        settings,
        watched: None,
    };
    for (class, photos) in photos.iter().enumerate() {
        for path in *photos {
            let id = lesson.photos.len() as u32;
            session.extract_features(id, &Photo::decode(&std::fs::read(path).unwrap()).unwrap(), false).unwrap();
            lesson.photos.push((id, class));
        }
    }
    let mut losses = Vec::new();
    let taught = session.teach(&lesson, async |event| {
        if let LessonEvent::Epoch { train_loss, .. } = event {
            losses.push(train_loss);
        }
        ControlFlow::Continue(())
    });
    taught.await.unwrap();
    losses
}

/// Script: make storing weights slow. Other data that is stored meanwhile must not refer to the network before.
const SLOW_WEIGHTS: &str = "const commit = IDBTransaction.prototype.commit; \
    IDBTransaction.prototype.commit = function () { \
        if (this.mode !== 'readwrite' || !this.objectStoreNames.contains('weights')) return commit.call(this); \
        const store = this.objectStore('weights'), end = performance.now() + 800; \
        const wait = () => { if (performance.now() < end) store.count().onsuccess = wait; else commit.call(this) }; \
        wait() }";

/// Train the small network on a device: first the head alone, then with the last stage. Assert that the losses are
/// those of the native engine, and that the weights are saved and loaded again.
async fn check_training(device: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (site, browser) = (Site::built().await, Browser::start().await);
    let query = format!("device={device}&model={SMALL}");
    let [down, across] = browser.with_stripes(&site, &query, folder.path(), 5).await;
    browser.run(SLOW_WEIGHTS, vec![]).await;
    browser.click(".choices summary").await;
    browser.click("[data-testid=augment]").await;
    browser.setting("rate", "0.01").await;
    browser.setting("epochs", "8").await;
    for (choice, part) in [("head", TrainablePart::Head), ("stage", TrainablePart::LastStage)] {
        browser.setting("part-select", choice).await;
        browser.train().await;
        let losses = browser.losses().await;
        assert_eq!(browser.text("[data-testid=train-epoch]").await, "8/8");
        assert!(losses[7] < 0.8 * losses[0], "{device}, {choice}: {losses:?}");
        let settings = LessonSettings { part, epochs: 8, lr: 0.01, augment: false, ..LessonSettings::default() };
        let expected = native_losses([&down, &across], settings).await;
        for (loss, expected) in losses.iter().zip(&expected) {
            let close = (loss - expected).abs() <= LOSS_TOLERANCE * expected.max(0.05);
            assert!(close, "{device}, {choice}: {losses:?}, natively {expected:?}");
        }
        assert_eq!(losses.len(), expected.len());
    }
    assert_eq!(browser.messages().await, [""; 0]);
    browser.open_teach(&site, &query).await;
    browser.wait_for(THUMB, 10).await;
    browser.click("[data-testid=use-model]").await;
    browser.add_photos(&[&across[0]]).await;
    browser.wait_for("[data-testid=prediction]", 2).await;
    browser.click("[data-testid=tab-check]").await;
    let listed = "return [...document.querySelectorAll('[data-testid=check-model] .model-card b')].some(b => b.textContent === 'My classes')";
    let start = Instant::now();
    while browser.run(listed, vec![]).await != json!(true) {
        assert!(start.elapsed() < Duration::from_secs(60), "Check does not list the trained network");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webgpu_trains_as_native() {
    check_training("webgpu").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cpu_trains_as_native() {
    check_training("cpu").await;
}

/// Training frees its memory: after two hundred more epochs, the engine and the page use no more memory.
#[tokio::test(flavor = "multi_thread")]
async fn memory_is_steady_over_two_hundred_epochs() {
    const TOLERANCE: i64 = 4 << 20;
    let folder = tempfile::tempdir().unwrap();
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.with_stripes(&site, CPU, folder.path(), 8).await;
    browser.click(".choices summary").await;
    let mut sizes = Vec::new();
    for epochs in ["20", "200", "200"] {
        browser.setting("epochs", epochs).await;
        browser.train().await;
        assert_eq!(browser.text("[data-testid=train-epoch]").await, format!("{epochs}/{epochs}"));
        let size = async |side: &str| -> i64 {
            let css = "[data-testid=watching][data-engine-bytes]";
            browser.wait(css).await;
            browser.attributes(css, &format!("data-{side}-bytes")).await[0].parse().unwrap()
        };
        sizes.push([size("engine").await, size("page").await]);
    }
    let _ = writeln!(std::io::stderr(), "bytes of engine and page after 20, 220, 420 epochs: {sizes:?}");
    assert!(sizes[2][0] - sizes[1][0] <= TOLERANCE && sizes[2][1] - sizes[1][1] <= TOLERANCE, "{sizes:?}");
    browser.close().await;
}

/// With three hundred photos of a megapixel each, the page has only thumbnails in memory. The files are in the
/// browser's storage.
#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_photos_use_little_memory() {
    const PHOTOS: usize = 300;
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open_teach(&site, CPU).await;
    let drop = "return (async count => { \
        const canvas = new OffscreenCanvas(1200, 900), pen = canvas.getContext('2d'), files = []; \
        for (let i = 0; i < count; i++) { \
            pen.fillStyle = `hsl(${i * 7} 80% 50%)`; pen.fillRect(0, 0, 1200, 900); pen.clearRect(i, i, 300, 200); \
            files.push(new File([await canvas.convertToBlob({type: 'image/jpeg'})], i + '.jpg', {type: 'image/jpeg'})) } \
        const data = new DataTransfer(); files.forEach(file => data.items.add(file)); \
        document.querySelector('[data-testid=class-card]').dispatchEvent( \
            new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: data})); return data.files.length })(...arguments)";
    assert_eq!(browser.run(drop, vec![json!(PHOTOS)]).await, json!(PHOTOS));
    browser.wait_for(THUMB, PHOTOS).await;
    let bytes: usize = browser.attributes("[data-testid=watching]", "data-page-bytes").await[0].parse().unwrap();
    let heap = browser.run("return performance.memory.usedJSHeapSize", vec![]).await.as_u64().unwrap();
    let _ = writeln!(std::io::stderr(), "{PHOTOS} photos: page {bytes} bytes, scripts {heap}");
    // The decoded photos would be a gigabyte.
    assert!(bytes < 32 << 20 && heap < 64 << 20, "{bytes} and {heap} bytes");
    // The page still responds to a click at once.
    let start = Instant::now();
    browser.click(".thumb:nth-child(5) .open").await;
    browser.wait("[data-testid=before-canvas]").await;
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    browser.open_teach(&site, CPU).await;
    browser.wait_for(THUMB, PHOTOS).await;
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}
