//! Teaching in the browser, as a visitor does it: classes, photos, training, results, and nothing lost.

use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use camscope::checkpoint::read_manifest;
use camscope::device::{DeviceKind, open};
use camscope::engine::Session;
use camscope::photo::Photo;
use camscope::protocol::{Lesson, LessonEvent, Part, Settings};
use serde_json::{Value, json};

use crate::browser::{Browser, downloaded, sample};
use crate::site::Site;

/// The small network of the repository.
const SMALL: &str = "vgg16-gap-cifar10";
/// It, on the engine that every machine has.
const CPU: &str = "device=cpu&model=vgg16-gap-cifar10";
const THUMB: &str = ".thumb";
const STATE: &str = "[data-testid=train-state]";
const DONE: &str = "[data-testid=train-state][data-state=done]";

/// Ten real photos of each of two things, in `folder`; `None`, and a word why, where the data is not here.
fn cats_and_trucks(folder: &Path) -> Option<[Vec<PathBuf>; 2]> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/tiny-imagenet-stl.zip");
    let Ok(file) = std::fs::File::open(&data) else {
        let _ =
            writeln!(std::io::stderr(), "skipped: {} is not here, and its photos may not be handed on", data.display());
        return None;
    };
    let mut archive = zip::ZipArchive::new(file).unwrap();
    Some(["n02123045", "n03796401"].map(|synset| {
        let photo = |i: u32| {
            let mut bytes = Vec::new();
            let name = format!("{synset}_{i}.JPEG");
            let entry = format!("tiny-imagenet-200/train/{synset}/images/{name}");
            archive.by_name(&entry).unwrap().read_to_end(&mut bytes).unwrap();
            let path = folder.join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        (0..10).map(photo).collect()
    }))
}

/// Stripes down and stripes across, as PNG files: even a network of noise tells them apart.
fn stripes(folder: &Path, count: u32) -> [Vec<PathBuf>; 2] {
    [false, true].map(|across| {
        let photo = |i: u32| {
            let colour =
                |on: bool| if on { [200 + (i * 7 % 50) as u8, 90, 60] } else { [20, (i * 13 % 90) as u8, 120] };
            let pixel = |x: u32, y: u32| image::Rgb(colour((if across { y } else { x }) / 4 % 2 == 0));
            let path = folder.join(format!("{}-{i}.png", if across { "across" } else { "down" }));
            image::RgbImage::from_fn(64, 48, pixel).save(&path).unwrap();
            path
        };
        (0..count).map(photo).collect()
    })
}

impl Browser {
    async fn open_teach(&self, site: &Site, query: &str) {
        self.open(&format!("{}/?{query}", site.url)).await;
        // The device is chosen by then, and the network that is looked with is the one to begin from.
        self.wait("[data-testid=engine-progress][data-state=ready]").await;
        self.click("[data-testid=tab-teach]").await;
        self.wait("[data-testid=class-card]").await;
    }

    /// Opens the tab and gives each of the two classes `count` photos of stripes.
    async fn with_stripes(&self, site: &Site, query: &str, folder: &Path, count: u32) -> [Vec<PathBuf>; 2] {
        let photos = stripes(folder, count);
        self.open_teach(site, query).await;
        for (n, photos) in (1..).zip(&photos) {
            self.add_to_class(n, photos).await;
            self.wait_for(THUMB, n * photos.len()).await;
        }
        photos
    }

    /// Gives files to the `n`th class, from 1.
    async fn add_to_class(&self, n: usize, photos: &[PathBuf]) {
        let paths: Vec<_> = photos.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        let css = format!("[data-testid=class-card]:nth-of-type({n}) [data-testid=class-photos]");
        self.wait(&css).await.send_keys(&paths.join("\n")).await.unwrap();
    }

    async fn setting(&self, name: &str, value: &str) {
        self.set(&format!("[data-testid={name}]"), value).await;
    }

    async fn train(&self) {
        self.click("[data-testid=train-start]").await;
        self.wait(DONE).await;
    }

    /// Starts a training, and returns when its first epoch is over.
    async fn train_an_epoch(&self) {
        self.click("[data-testid=train-start]").await;
        self.wait("[data-testid=train-state][data-state=training]").await;
        let start = Instant::now();
        while self.text("[data-testid=train-epoch]").await.is_empty() {
            assert!(start.elapsed() < Duration::from_secs(60), "no epoch in a minute");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The training loss of every epoch.
    async fn losses(&self) -> Vec<f64> {
        let losses = self.attributes("[data-testid=curves]", "data-losses").await.remove(0);
        losses.split(',').map(|loss| loss.parse().unwrap()).collect()
    }
}

fn unzip(archive: &Path) -> std::collections::HashMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(archive).unwrap()).unwrap();
    let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    let mut read = |name: String| {
        let mut bytes = Vec::new();
        zip.by_name(&name).unwrap().read_to_end(&mut bytes).unwrap();
        (name, bytes)
    };
    names.into_iter().map(&mut read).collect()
}

/// The whole way on the CPU with the network that the page begins with: taught, shown, used, kept, exported, read natively.
#[tokio::test(flavor = "multi_thread")]
async fn two_classes_of_ten_photos_are_taught_kept_and_taken_along() {
    let folder = tempfile::tempdir().unwrap();
    let Some([cats, trucks]) = cats_and_trucks(folder.path()) else { return };
    let downloads = tempfile::tempdir().unwrap();
    let (site, browser) = (Site::built().await, Browser::start_with_downloads(downloads.path()).await);
    browser.open_teach(&site, "device=cpu").await;
    assert_eq!(browser.attributes(STATE, "data-state").await, ["idle"]);
    assert!(browser.text(STATE).await.contains("Add a few photos"), "says what is missing");
    for (n, name, photos) in [(1, "my cat", &cats), (2, "a truck", &trucks)] {
        browser.set(&format!("[data-testid=class-card]:nth-of-type({n}) [data-testid=class-name]"), name).await;
        browser.add_to_class(n, photos).await;
        browser.wait_for(THUMB, n * 10).await;
    }
    assert_eq!(browser.attributes("[data-testid=class-card]", "data-class").await, ["my cat", "a truck"]);

    // Every picture that the watched map goes through while it learns.
    browser.click(".thumb .open").await;
    browser.wait("[data-testid=before-canvas]").await;
    let sampler = "window.maps = new Set(); window.longest = 0; let before = performance.now(); \
        const frame = now => { window.longest = Math.max(window.longest, now - before); before = now; requestAnimationFrame(frame) }; \
        requestAnimationFrame(frame); \
        setInterval(() => { const c = document.querySelector('[data-testid=after-canvas]'); if (!c.width) return; \
        const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let h = 7; \
        for (let i = 0; i < d.length; i += 16) h = (h * 31 + d[i]) % 1000000007; window.maps.add(h) }, 30)";
    browser.run(sampler, vec![]).await;
    browser.train().await;
    assert_eq!(browser.text("[data-testid=train-epoch]").await, "20/20");
    let right: f64 = browser.text("[data-testid=held-out-accuracy]").await.trim_end_matches(" %").parse().unwrap();
    assert!(right >= 90.0, "{right} % of the held-out photos");
    let maps = browser.run("return window.maps.size", vec![]).await.as_u64().unwrap();
    assert!(maps >= 4, "the watched map was drawn {maps} times anew");
    let longest = browser.run("return window.longest", vec![]).await;
    let losses = browser.losses().await;
    let _ = writeln!(std::io::stderr(), "taught: {right} % held out, losses {losses:?}, longest frame {longest} ms");
    assert!(losses[19] < 0.5 * losses[0]);

    // The matrix, its cells, the threshold.
    assert_eq!(browser.count("[data-testid=confusion-cell]").await, 4);
    browser.click("[data-testid=confusion-cell][data-truth='my cat'][data-answer='my cat']").await;
    browser.wait("[data-testid=judged]").await;
    browser.set("[data-testid=threshold]", "0.99").await;
    assert_eq!(browser.count("[data-testid=confusion-cell]").await, 6, "a column for none of these");
    browser.screenshot("teach-results").await;
    browser.set("[data-testid=threshold]", "0").await;

    // The other half of the page has it at once.
    browser.click("[data-testid=use-model]").await;
    browser.wait("[data-testid=tab-look][aria-current=page]").await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait("[data-testid=prediction][data-class='my cat']").await;
    let shown = browser.attributes("[data-testid=prediction]", "data-class").await;
    let probability = browser.attributes("[data-testid=prediction]", "data-probability").await;
    assert_eq!(shown.len(), 2);

    // Out as one file, whose network the native binary reads.
    browser.click("[data-testid=tab-teach]").await;
    browser.click("[data-testid=project-export]").await;
    let archive = downloaded(downloads.path(), "zip").await;
    let files = unzip(&archive);
    assert_eq!(files.keys().filter(|name| name.starts_with("photos/")).count(), 20);
    let weights = folder.path().join("model.bpk");
    std::fs::write(&weights, &files["model.bpk"]).unwrap();
    let native = Command::new(env!("CARGO_BIN_EXE_camscope"))
        .args(["cam", "--json", "--model"])
        .args([&weights, &sample("cat.png")])
        .output()
        .unwrap();
    let line: Value = serde_json::from_slice(&native.stdout).unwrap_or_else(|e| panic!("{e}: {native:?}"));
    let best = &line["predictions"][0];
    assert_eq!(best["class"], shown[0].as_str());
    let (here, there) = (probability[0].parse::<f64>().unwrap(), best["probability"].as_f64().unwrap());
    assert!((here - there).abs() < 0.01, "{here} in the browser, {there} natively");

    for name in files.keys().filter(|name| name.starts_with("photos/")) {
        let path = folder.path().join("export").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &files[name]).unwrap();
    }
    let data = format!("folder:{}", folder.path().join("export/photos").display());
    let evaluated = Command::new(env!("CARGO_BIN_EXE_camscope"))
        .args(["eval", "--json", "--data", &data, "--model"])
        .arg(&weights)
        .output();
    let evaluated = evaluated.unwrap();
    let figures: Value = serde_json::from_slice(&evaluated.stdout).unwrap_or_else(|e| panic!("{e}: {evaluated:?}"));
    assert_eq!(figures["accuracy"], json!(1.0));

    // Everything is there after a reload.
    browser.open_teach(&site, "device=cpu").await;
    browser.wait_for(THUMB, 20).await;
    assert_eq!(browser.attributes("[data-testid=class-card]", "data-class").await, ["my cat", "a truck"]);
    assert_eq!(browser.text("[data-testid=train-epoch]").await, "20/20");
    browser.click(".thumb .open").await;
    let after = "return document.querySelector('.sides span:last-child').textContent";
    let start = Instant::now();
    while !browser.run(after, vec![]).await.as_str().unwrap().contains("my cat") {
        assert!(start.elapsed() < Duration::from_secs(60), "the kept network draws no map");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    // In again beside what is there, photos and network.
    browser.wait("[data-testid=project-import]").await.send_keys(&archive.to_string_lossy()).await.unwrap();
    browser.wait_for("[data-testid=project-select] option", 2).await;
    browser.wait_for(THUMB, 20).await;
    assert_eq!(browser.count("[data-testid=confusion-cell]").await, 4);
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// Share by which a loss in the browser may differ from the same one natively: other orders of summation.
const LOSS_TOLERANCE: f64 = 0.02;

/// What the native engine makes of the same photos with the same settings: the training loss of every epoch.
async fn native_losses(photos: [&[PathBuf]; 2], settings: Settings) -> Vec<f64> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/models");
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
            session.study(id, &Photo::decode(&std::fs::read(path).unwrap()).unwrap(), false).unwrap();
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

/// Writing a taught network takes long: what else is written meanwhile must not name the network before.
const SLOW_WEIGHTS: &str = "const commit = IDBTransaction.prototype.commit; \
    IDBTransaction.prototype.commit = function () { \
        if (this.mode !== 'readwrite' || !this.objectStoreNames.contains('weights')) return commit.call(this); \
        const store = this.objectStore('weights'), end = performance.now() + 800; \
        const wait = () => { if (performance.now() < end) store.count().onsuccess = wait; else commit.call(this) }; \
        wait() }";

/// The small network on either device: the head alone, then the last stage too, with the losses that the native engine
/// has; the weights are kept and come back.
async fn learns_as_natively(device: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (site, browser) = (Site::built().await, Browser::start().await);
    let query = format!("device={device}&model={SMALL}");
    let [down, across] = browser.with_stripes(&site, &query, folder.path(), 5).await;
    browser.run(SLOW_WEIGHTS, vec![]).await;
    browser.click(".choices summary").await;
    browser.click("[data-testid=augment]").await;
    browser.setting("rate", "0.01").await;
    browser.setting("epochs", "8").await;
    for (choice, part) in [("head", Part::Head), ("stage", Part::LastStage)] {
        browser.setting("part-select", choice).await;
        browser.train().await;
        let losses = browser.losses().await;
        assert_eq!(browser.text("[data-testid=train-epoch]").await, "8/8");
        assert!(losses[7] < 0.8 * losses[0], "{device}, {choice}: {losses:?}");
        let settings = Settings { part, epochs: 8, lr: 0.01, augment: false, ..Settings::default() };
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
    let listed = "return [...document.querySelectorAll('[data-testid=check-model] option')].some(o => o.textContent === 'My classes')";
    let start = Instant::now();
    while browser.run(listed, vec![]).await != json!(true) {
        assert!(start.elapsed() < Duration::from_secs(60), "the checking part does not list the taught network");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webgpu_learns_as_natively() {
    learns_as_natively("webgpu").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cpu_learns_as_natively() {
    learns_as_natively("cpu").await;
}

/// What a training takes it gives back: two hundred epochs leave the engine and the page no larger than twenty did.
#[tokio::test(flavor = "multi_thread")]
async fn memory_is_steady_over_two_hundred_epochs() {
    const SLACK: i64 = 4 << 20;
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
    assert!(sizes[2][0] - sizes[1][0] <= SLACK && sizes[2][1] - sizes[1][1] <= SLACK, "{sizes:?}");
    browser.close().await;
}

/// Three hundred photos of a megapixel each: thumbnails on the page, the files in the browser's storage, not in memory.
#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_photos_weigh_little() {
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
    let _ = writeln!(std::io::stderr(), "{PHOTOS} photos: {bytes} bytes of the page's own, {heap} of scripts");
    // Decoded they would be a gigabyte.
    assert!(bytes < 32 << 20 && heap < 64 << 20, "{bytes} and {heap} bytes");
    // A click is answered at once.
    let start = Instant::now();
    browser.click(".thumb:nth-child(5) .open").await;
    browser.wait("[data-testid=before-canvas]").await;
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    browser.open_teach(&site, CPU).await;
    browser.wait_for(THUMB, PHOTOS).await;
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// Photos dropped on a class and pasted into one; several projects, each with its own; one goes, the other stays.
#[tokio::test(flavor = "multi_thread")]
async fn photos_are_dropped_and_pasted_and_projects_stay_apart() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open_teach(&site, CPU).await;
    for (n, event, transfer) in [(1, "drop", "dataTransfer"), (2, "paste", "clipboardData")] {
        let script = "return (async (n, event, transfer) => { \
            const blob = await (await fetch('photos/motorcycle.png')).blob(); \
            const data = new DataTransfer(); data.items.add(new File([blob], event + '.png', {type: 'image/png'})); \
            const card = document.querySelector(`[data-testid=class-card]:nth-of-type(${n})`); \
            card.querySelector('[data-testid=class-name]').focus(); \
            const e = event === 'drop' ? new DragEvent(event, {bubbles: true, cancelable: true, dataTransfer: data}) \
                : new ClipboardEvent(event, {bubbles: true, cancelable: true, clipboardData: data}); \
            card.dispatchEvent(e); })(...arguments)";
        browser.run(script, vec![json!(n), json!(event), json!(transfer)]).await;
        browser.wait_for(&format!("[data-testid=class-card]:nth-of-type({n}) .thumb"), 1).await;
    }
    assert_eq!(browser.count("[data-testid=photo-card]").await, 0, "the other half takes none of them");
    browser.set("[data-testid=project-name]", "Motorcycles").await;
    browser.set("[data-testid=class-card]:nth-of-type(1) [type=color]", "#123456").await;

    browser.click("[data-testid=project-new]").await;
    browser.wait_for(THUMB, 0).await;
    browser.click("[data-testid=class-add]").await;
    browser.wait_for("[data-testid=class-card]", 3).await;
    browser.wait_for("[data-testid=project-select] option", 2).await;
    tokio::time::sleep(Duration::from_millis(600)).await; // it is kept when the changes pause
    browser.open_teach(&site, CPU).await;
    browser.wait_for("[data-testid=class-card]", 3).await;

    let first = browser.attributes("[data-testid=project-select] option", "value").await.remove(0);
    browser.set("[data-testid=project-select]", &first).await;
    browser.wait_for(THUMB, 2).await;
    let value = async |css: &str| {
        browser
            .run("return document.querySelector(arguments[0]).value", vec![json!(css)])
            .await
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(value("[data-testid=project-name]").await, "Motorcycles");
    assert_eq!(value("[data-testid=class-card] [type=color]").await, "#123456");

    browser
        .run("window.confirm = () => true; document.querySelector('[data-testid=project-delete]').click()", vec![])
        .await;
    browser.wait_for("[data-testid=class-card]", 3).await;
    browser.open_teach(&site, CPU).await;
    browser.wait_for("[data-testid=class-card]", 3).await;
    assert_eq!(browser.count("[data-testid=project-select] option").await, 1);
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// A project that one tab has open another one does not touch; when the first is closed, it opens there.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_is_open_in_one_tab_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.with_stripes(&site, CPU, folder.path(), 2).await;
    let chosen = "return document.querySelector('[data-testid=project-select]').value";
    let first = browser.run(chosen, vec![]).await;

    let window = browser.client.new_window(true).await.unwrap();
    let before = browser.client.window().await.unwrap();
    browser.client.switch_to_window(window.handle.clone()).await.unwrap();
    browser.open_teach(&site, CPU).await;
    let told = browser.messages().await;
    assert!(told.len() == 1 && told[0].contains("“My classes” is open in another tab"), "{told:?}");
    assert_eq!(browser.count(THUMB).await, 0, "an empty project");
    browser.wait_for("[data-testid=project-select] option", 1).await;
    browser.click("[data-testid=class-add]").await;
    browser.wait_for("[data-testid=project-select] option", 2).await;
    let second = browser.run(chosen, vec![]).await;
    assert_ne!(first, second);
    browser.set("[data-testid=project-select]", first.as_str().unwrap()).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(browser.run(chosen, vec![]).await, second, "what is open is what is chosen");

    browser.client.switch_to_window(before).await.unwrap();
    browser.wait_for(THUMB, 4).await;
    browser.client.close_window().await.unwrap();
    browser.client.switch_to_window(window.handle).await.unwrap();
    browser.set("[data-testid=project-select]", first.as_str().unwrap()).await;
    browser.wait_for(THUMB, 4).await;
    browser.close().await;
}

/// What is changed after a training shows: a new name goes along to the other half, a deleted class is not watched.
#[tokio::test(flavor = "multi_thread")]
async fn changes_after_a_training_are_taken_along() {
    let folder = tempfile::tempdir().unwrap();
    let (site, browser) = (Site::built().await, Browser::start().await);
    let [down, _] = browser.with_stripes(&site, CPU, folder.path(), 3).await;
    browser.train().await;
    let focused = browser.run("return document.activeElement.id", vec![]).await;
    assert_eq!(focused, json!("train-start"), "the button that comes back has the keyboard");
    browser.wait("[data-testid=before-canvas]").await;
    browser.set("[data-testid=class-card]:nth-of-type(1) [data-testid=class-name]", "bars").await;
    browser.click("[data-testid=use-model]").await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    browser.add_photos(&[&down[0]]).await;
    browser.wait("[data-testid=prediction][data-class=bars]").await;

    browser.click("[data-testid=tab-teach]").await;
    browser.click("[data-testid=class-card]:nth-of-type(1) .thumb:nth-child(1) .open").await;
    browser.wait(".thumb.chosen").await;
    browser.click("[data-testid=class-card]:nth-of-type(1) > .row .quiet").await;
    browser.wait_for("[data-testid=class-card]", 1).await;
    let hidden = "return document.querySelector('.watching > div').hidden";
    assert_eq!(browser.run(hidden, vec![]).await, json!(true), "its photo is not watched any more");
    browser.click("[data-testid=undo]").await;
    browser.wait_for("[data-testid=class-card]", 2).await;
    browser.wait_for(THUMB, 6).await;
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// The renderer dies in the middle of a training: the project is there when the page is opened again.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_renderer_costs_nothing_but_the_training() {
    let folder = tempfile::tempdir().unwrap();
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.with_stripes(&site, CPU, folder.path(), 4).await;
    browser.click(".choices summary").await;
    browser.setting("epochs", "1000").await;
    browser.setting("part-select", "stage").await;
    browser.train_an_epoch().await;
    // A training can wait and go on.
    browser.click("[data-testid=train-pause]").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let waiting = browser.text("[data-testid=train-epoch]").await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(browser.text("[data-testid=train-epoch]").await, waiting, "paused");
    browser.click("[data-testid=train-pause]").await;
    tokio::time::sleep(Duration::from_millis(500)).await;

    browser.kill_renderer().await;
    browser.open_teach(&site, CPU).await;
    browser.wait_for(THUMB, 8).await;
    assert_eq!(browser.attributes(STATE, "data-state").await, ["idle"]);
    let epochs = browser.run("return document.querySelector('[data-testid=epochs]').value", vec![]).await;
    assert_eq!(epochs, json!("1000"), "the settings are kept");
    assert!(browser.text("[data-testid=train-epoch]").await.ends_with("/1000"), "the curve as far as it came");

    // A training that is stopped keeps its best weights.
    browser.train_an_epoch().await;
    browser.click("[data-testid=train-stop]").await;
    browser.wait(DONE).await;
    browser.wait("[data-testid=use-model]").await;
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// What goes wrong gets a sentence; what was taken away comes back; with the keyboard, in the dark, on a phone.
#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_and_undone_on_a_phone_in_the_dark() {
    let folder = tempfile::tempdir().unwrap();
    let [down, across] = stripes(folder.path(), 8);
    let camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
    let (site, browser) = (Site::built().await, Browser::start_phone(&camera).await);
    browser.open_teach(&site, CPU).await;
    let text = folder.path().join("notes.jpg");
    std::fs::write(&text, b"Dear diary").unwrap();
    browser.add_to_class(1, std::slice::from_ref(&text)).await;
    browser.wait("[data-testid=error]").await;
    assert!(browser.messages().await[0].contains("notes.jpg cannot be read"), "{:?}", browser.messages().await);
    browser.click(".teach [aria-label=Dismiss]").await;
    browser.wait("[data-testid=project-import]").await.send_keys(&text.to_string_lossy()).await.unwrap();
    browser.wait("[data-testid=error]").await;
    assert!(browser.messages().await[0].contains("not a zip file"), "{:?}", browser.messages().await);
    browser.click(".teach [aria-label=Dismiss]").await;

    // One photo against eight: pointed out, and can be trained all the same.
    browser.add_to_class(1, &down).await;
    browser.add_to_class(2, &across[..1]).await;
    browser.wait_for(THUMB, 9).await;
    assert_eq!(browser.count(".remark").await, 2, "a single photo, and an imbalance");

    // A class with its photos goes and comes back, by keyboard alone.
    let delete = "document.querySelector('[data-testid=class-card] [aria-label^=\"Delete class\"]').focus()";
    browser.run(delete, vec![]).await;
    let key = async |key: &str| browser.client.active_element().await.unwrap().send_keys(key).await.unwrap();
    key("\u{e007}").await;
    browser.wait_for("[data-testid=class-card]", 1).await;
    browser.run("document.querySelector('[data-testid=undo]').focus()", vec![]).await;
    key("\u{e007}").await;
    browser.wait_for(THUMB, 9).await;
    assert_eq!(browser.count("[data-testid=class-card]").await, 2);

    // The camera, as long as the button is held.
    browser.click("[data-testid=class-card]:nth-of-type(2) [data-testid=class-camera]").await;
    browser.wait("[data-testid=camera]").await;
    let hold = "document.querySelector('[data-testid=camera-record]').dispatchEvent(new PointerEvent(arguments[0], {bubbles: true}))";
    browser.run(hold, vec![json!("pointerdown")]).await;
    let start = Instant::now();
    while browser.count("[data-testid=class-card]:nth-of-type(2) .thumb").await < 3 {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "the camera gives no photos: {:?}",
            browser.messages().await
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    browser.run(hold, vec![json!("pointerup")]).await;
    browser.screenshot("teach-camera").await;
    browser.click("[data-testid=class-card]:nth-of-type(2) [data-testid=class-camera]").await;
    browser.wait_for("[data-testid=camera]", 0).await;

    browser.run("document.querySelector('[data-testid=train-start]').focus()", vec![]).await;
    key(" ").await;
    browser.wait(DONE).await;
    let beyond = "const width = document.documentElement.clientWidth, over = document.documentElement.scrollWidth - width; \
        const range = document.createRange(), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ALL), names = []; \
        for (let n; (n = walker.nextNode());) { range.selectNodeContents(n); \
            const right = Math.max(range.getBoundingClientRect().right, n.getBoundingClientRect?.().right ?? 0); \
            if (right > width + 1) names.push(n.nodeName + '.' + n.className + ':' + n.textContent.slice(0, 20)) } \
        return over > 0 ? [over, ...names] : []";
    assert_eq!(browser.run(beyond, vec![]).await, json!([]), "the page scrolls sideways");
    browser.wait("[data-testid=before-canvas]").await;
    browser.screenshot("teach-phone").await;
    browser.run("document.querySelector('.watching').scrollIntoView()", vec![]).await;
    browser.screenshot("teach-phone-maps").await;
    assert_eq!(browser.messages().await, [""; 0]);

    // Everything goes when everything is deleted.
    browser.run("window.confirm = () => true", vec![]).await;
    browser.run("document.querySelector('[data-testid=delete-everything]').click()", vec![]).await;
    browser.wait_for(THUMB, 0).await;
    browser.open_teach(&site, CPU).await;
    assert_eq!(browser.count(THUMB).await, 0);
    browser.close().await;
}

/// Without a camera, without room, and without the code of this half, there is a sentence each.
#[tokio::test(flavor = "multi_thread")]
async fn no_camera_no_room_and_no_code_are_told() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open_teach(&site, CPU).await;
    browser.click("[data-testid=class-camera]").await;
    browser.wait("[data-testid=error]").await;
    let messages = browser.messages().await;
    assert!(messages.len() == 1 && messages[0].to_lowercase().contains("camera"), "{messages:?}");
    browser.click(".teach [aria-label=Dismiss]").await;
    // A full disk takes no photo, and costs none.
    let folder = tempfile::tempdir().unwrap();
    let [down, _] = stripes(folder.path(), 2);
    browser.add_to_class(1, &down[..1]).await;
    browser.wait_for(THUMB, 1).await;
    let full = "window.put = IDBObjectStore.prototype.put; \
        IDBObjectStore.prototype.put = () => { throw new DOMException('no room', 'QuotaExceededError') }";
    browser.run(full, vec![]).await;
    browser.add_to_class(1, &down[1..]).await;
    browser.wait("[data-testid=error]").await;
    assert!(browser.messages().await[0].contains("storage is full"), "{:?}", browser.messages().await);
    assert_eq!(browser.count(THUMB).await, 1);
    browser.run("IDBObjectStore.prototype.put = window.put", vec![]).await;
    // A network trained elsewhere opens here and is looked with.
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/models");
    let mut files = std::fs::read_dir(models).unwrap().map(|entry| entry.unwrap().path());
    let network = files.find(|path| path.to_string_lossy().ends_with(".bpk")).unwrap();
    browser.wait("[data-testid=project-import]").await.send_keys(&network.to_string_lossy()).await.unwrap();
    browser.wait("[data-testid=tab-look][aria-current=page]").await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    browser.close().await;

    let missing = |root: &Path| std::fs::remove_file(root.join("teach_bg.wasm")).unwrap();
    let (site, browser) = (Site::changed(missing).await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.click("[data-testid=tab-teach]").await;
    browser.wait("#teach > .waiting[role=alert]").await;
    assert!(browser.text("#teach > .waiting").await.starts_with("This part of the page cannot start"));
    browser.close().await;
}
