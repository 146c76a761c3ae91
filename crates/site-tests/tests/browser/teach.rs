//! The Teach tab, as a visitor uses it: classes, photos, training, results, saved projects and exports.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::{Browser, downloaded, project, sample};
use crate::site::Site;

/// The small network that is in the repository.
pub const SMALL: &str = "vgg16-gap-cifar10";
/// Query for this network on the CPU, which every machine has.
pub const CPU: &str = "device=cpu&model=vgg16-gap-cifar10";
pub const THUMB: &str = ".thumb";
pub const STATE: &str = "[data-testid=train-state]";
pub const DONE: &str = "[data-testid=train-state][data-state=done]";

/// Return a command that runs the native binary. Cargo builds it first if it is not up to date.
fn camscope() -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "--quiet", "--bin", "camscope", "--manifest-path"]).arg(project("Cargo.toml")).arg("--");
    command
}

/// Write ten real photos of each of two classes to `folder`. If the data set is missing, print the reason and return
/// `None`.
fn cats_and_trucks(folder: &Path) -> Option<[Vec<PathBuf>; 2]> {
    let data = project("../shared/data/tiny-imagenet-stl.zip");
    let Ok(file) = std::fs::File::open(&data) else {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: {} is missing, and its licence does not allow us to ship it",
            data.display()
        );
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

/// Write PNG files with vertical and with horizontal stripes, which even a random network can tell apart.
pub fn stripes(folder: &Path, count: u32) -> [Vec<PathBuf>; 2] {
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
    /// Open the page and its Teach tab.
    pub async fn open_teach(&self, site: &Site, query: &str) {
        self.open(&format!("{}/?{query}", site.url)).await;
        // When the engine is ready, the device is chosen and the network is the base of the training.
        self.wait("[data-testid=engine-progress][data-state=ready]").await;
        self.click("[data-testid=tab-teach]").await;
        self.wait("[data-testid=class-card]").await;
    }

    /// Open the tab and add `count` photos of stripes to each of the two classes.
    pub async fn with_stripes(&self, site: &Site, query: &str, folder: &Path, count: u32) -> [Vec<PathBuf>; 2] {
        let photos = stripes(folder, count);
        self.open_teach(site, query).await;
        for (n, photos) in (1..).zip(&photos) {
            self.add_to_class(n, photos).await;
            self.wait_for(THUMB, n * photos.len()).await;
        }
        photos
    }

    /// Add files to the `n`th class, counted from 1.
    pub async fn add_to_class(&self, n: usize, photos: &[PathBuf]) {
        let paths: Vec<_> = photos.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        let css = format!("[data-testid=class-card]:nth-of-type({n}) [data-testid=class-photos]");
        self.wait(&css).await.send_keys(&paths.join("\n")).await.unwrap();
    }

    /// Set one of the training's settings.
    pub async fn setting(&self, name: &str, value: &str) {
        self.set(&format!("[data-testid={name}]"), value).await;
    }

    /// Train until the end.
    pub async fn train(&self) {
        self.click("[data-testid=train-start]").await;
        self.wait(DONE).await;
    }

    /// Start training, and wait for the end of the first epoch.
    pub async fn start_training(&self) {
        self.click("[data-testid=train-start]").await;
        self.wait_for_epoch().await;
    }

    /// Wait for the end of the training's first epoch.
    pub async fn wait_for_epoch(&self) {
        self.wait("[data-testid=train-state][data-state=training]").await;
        let start = Instant::now();
        while self.text("[data-testid=train-epoch]").await.is_empty() {
            assert!(start.elapsed() < Duration::from_secs(60), "no epoch has ended within a minute");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Return the training loss of every epoch.
    pub async fn losses(&self) -> Vec<f64> {
        let losses = self.attributes("[data-testid=curves]", "data-losses").await.remove(0);
        losses.split(',').map(|loss| loss.parse().unwrap()).collect()
    }
}

/// Return the files of a zip archive by name.
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

/// Runs the whole workflow on the CPU with the page's default network: train, view results, use, export, read natively,
/// reload, import.
#[tokio::test(flavor = "multi_thread")]
async fn two_classes_of_ten_photos_are_trained_saved_and_exported() {
    let folder = tempfile::tempdir().unwrap();
    let Some([cats, trucks]) = cats_and_trucks(folder.path()) else { return };
    let downloads = tempfile::tempdir().unwrap();
    let (site, browser) = (Site::built().await, Browser::start_with_downloads(downloads.path()).await);
    browser.open_teach(&site, "device=cpu").await;
    assert_eq!(browser.attributes(STATE, "data-state").await, ["idle"]);
    assert!(browser.text(STATE).await.contains("Add a few photos"), "the state says what is missing");
    for (n, name, photos) in [(1, "my cat", &cats), (2, "a truck", &trucks)] {
        browser.set(&format!("[data-testid=class-card]:nth-of-type({n}) [data-testid=class-name]"), name).await;
        browser.add_to_class(n, photos).await;
        browser.wait_for(THUMB, n * 10).await;
    }
    assert_eq!(browser.attributes("[data-testid=class-card]", "data-class").await, ["my cat", "a truck"]);

    // Record every picture of the watched map during training.
    browser.click(".thumb .open").await;
    browser.wait("[data-testid=before-canvas]").await;
    let recorder = "window.maps = new Set(); window.longest = 0; let before = performance.now(); \
        const frame = now => { window.longest = Math.max(window.longest, now - before); before = now; requestAnimationFrame(frame) }; \
        requestAnimationFrame(frame); \
        setInterval(() => { const c = document.querySelector('[data-testid=after-canvas]'); if (!c.width) return; \
        const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let h = 7; \
        for (let i = 0; i < d.length; i += 16) h = (h * 31 + d[i]) % 1000000007; window.maps.add(h) }, 30)";
    browser.run(recorder, vec![]).await;
    browser.train().await;
    assert_eq!(browser.text("[data-testid=train-epoch]").await, "20/20");
    let accuracy: f64 = browser.text("[data-testid=held-out-accuracy]").await.trim_end_matches(" %").parse().unwrap();
    assert!(accuracy >= 90.0, "{accuracy} % of the held-out photos");
    let maps = browser.run("return window.maps.size", vec![]).await.as_u64().unwrap();
    assert!(maps >= 4, "the watched map had {maps} pictures");
    let longest = browser.run("return window.longest", vec![]).await;
    let losses = browser.losses().await;
    let _ =
        writeln!(std::io::stderr(), "held-out accuracy {accuracy} %, losses {losses:?}, longest frame {longest} ms");
    assert!(losses[19] < 0.5 * losses[0]);

    // Check the confusion matrix, its cells and the threshold.
    assert_eq!(browser.count("[data-testid=confusion-cell]").await, 4);
    browser.click("[data-testid=confusion-cell][data-truth='my cat'][data-answer='my cat']").await;
    browser.wait("[data-testid=judged]").await;
    browser.set("[data-testid=threshold]", "0.99").await;
    assert_eq!(
        browser.count("[data-testid=confusion-cell]").await,
        6,
        "there is a column for answers below the threshold"
    );
    browser.screenshot("teach-results").await;
    browser.set("[data-testid=threshold]", "0").await;

    // Look uses the trained network at once.
    browser.click("[data-testid=use-model]").await;
    browser.wait("[data-testid=tab-look][aria-current=page]").await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait("[data-testid=prediction][data-class='my cat']").await;
    let shown = browser.attributes("[data-testid=prediction]", "data-class").await;
    let probability = browser.attributes("[data-testid=prediction]", "data-probability").await;
    assert_eq!(shown.len(), 2);

    // The project is exported as one file, and the native binary reads its network.
    browser.click("[data-testid=tab-teach]").await;
    browser.click("[data-testid=project-export]").await;
    let archive = downloaded(downloads.path(), "zip").await;
    let files = unzip(&archive);
    assert_eq!(files.keys().filter(|name| name.starts_with("photos/")).count(), 20);
    let weights = folder.path().join("model.bpk");
    std::fs::write(&weights, &files["model.bpk"]).unwrap();
    let native = camscope().args(["cam", "--json", "--model"]).args([&weights, &sample("cat.png")]).output().unwrap();
    let line: Value = serde_json::from_slice(&native.stdout).unwrap_or_else(|e| panic!("{e}: {native:?}"));
    let best = &line["predictions"][0];
    assert_eq!(best["class"], shown[0].as_str());
    let (actual, expected) = (probability[0].parse::<f64>().unwrap(), best["probability"].as_f64().unwrap());
    assert!((actual - expected).abs() < 0.01, "{actual} in the browser, {expected} natively");

    for name in files.keys().filter(|name| name.starts_with("photos/")) {
        let path = folder.path().join("export").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &files[name]).unwrap();
    }
    let data = format!("folder:{}", folder.path().join("export/photos").display());
    let output = camscope().args(["eval", "--json", "--data", &data, "--model"]).arg(&weights).output();
    let output = output.unwrap();
    let evaluation: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"));
    assert_eq!(evaluation["accuracy"], json!(1.0));

    // After a reload the project is unchanged.
    browser.open_teach(&site, "device=cpu").await;
    browser.wait_for(THUMB, 20).await;
    assert_eq!(browser.attributes("[data-testid=class-card]", "data-class").await, ["my cat", "a truck"]);
    assert_eq!(browser.text("[data-testid=train-epoch]").await, "20/20");
    browser.click(".thumb .open").await;
    let after = "return document.querySelector('.sides span:last-child').textContent";
    let start = Instant::now();
    while !browser.run(after, vec![]).await.as_str().unwrap().contains("my cat") {
        assert!(start.elapsed() < Duration::from_secs(60), "the saved network draws no map");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    // The exported project is imported as a second one, with photos and network.
    browser.wait("[data-testid=project-import]").await.send_keys(&archive.to_string_lossy()).await.unwrap();
    browser.wait_for("[data-testid=project-select] option", 2).await;
    browser.wait_for(THUMB, 20).await;
    assert_eq!(browser.count("[data-testid=confusion-cell]").await, 4);
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// Photos are dropped on a class and pasted into one. Projects have their own photos and classes, and deleting one
/// keeps the other.
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
    assert_eq!(browser.count("[data-testid=photo-card]").await, 0, "Look does not add these photos too");
    browser.set("[data-testid=project-name]", "Motorcycles").await;
    browser.set("[data-testid=class-card]:nth-of-type(1) [type=color]", "#123456").await;

    browser.click("[data-testid=project-new]").await;
    browser.wait_for(THUMB, 0).await;
    browser.click("[data-testid=class-add]").await;
    browser.wait_for("[data-testid=class-card]", 3).await;
    browser.wait_for("[data-testid=project-select] option", 2).await;
    tokio::time::sleep(Duration::from_millis(600)).await; // the project is saved when the changes pause
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

/// Changes after training take effect: Look shows a class's new name, and the photo of a deleted class is not watched.
#[tokio::test(flavor = "multi_thread")]
async fn changes_after_training_take_effect() {
    let folder = tempfile::tempdir().unwrap();
    let (site, browser) = (Site::built().await, Browser::start().await);
    let [down, _] = browser.with_stripes(&site, CPU, folder.path(), 3).await;
    browser.train().await;
    let focused = browser.run("return document.activeElement.id", vec![]).await;
    assert_eq!(focused, json!("train-start"), "the start button has the focus again");
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
    assert_eq!(browser.run(hidden, vec![]).await, json!(true), "the photo of the deleted class is not watched");
    browser.click("[data-testid=undo]").await;
    browser.wait_for("[data-testid=class-card]", 2).await;
    browser.wait_for(THUMB, 6).await;
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// Errors give a message, deletions can be undone, and the keyboard and the camera work, all on a phone in the dark
/// theme.
#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_reported_and_undone_on_a_phone_in_the_dark() {
    let folder = tempfile::tempdir().unwrap();
    let [down, across] = stripes(folder.path(), 8);
    let camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
    let (site, browser) = (Site::built().await, Browser::start_phone(&camera).await);
    browser.open_teach(&site, CPU).await;
    let text = folder.path().join("notes.jpg");
    std::fs::write(&text, b"Dear diary").unwrap();
    browser.add_to_class(1, std::slice::from_ref(&text)).await;
    browser.wait("[data-testid=error]").await;
    assert!(browser.messages().await[0].contains("notes.jpg: This is a text file"), "{:?}", browser.messages().await);
    browser.click("[aria-label=Dismiss]").await;
    browser.wait("[data-testid=project-import]").await.send_keys(&text.to_string_lossy()).await.unwrap();
    browser.wait("[data-testid=error]").await;
    assert!(browser.messages().await[0].contains("not a zip file"), "{:?}", browser.messages().await);
    browser.click("[aria-label=Dismiss]").await;

    // One photo beside eight gives two remarks, but does not prevent training.
    browser.add_to_class(1, &down).await;
    browser.add_to_class(2, &across[..1]).await;
    browser.wait_for(THUMB, 9).await;
    assert_eq!(browser.count(".remark").await, 2, "one remark about a single photo, one about the imbalance");

    // A class with its photos is deleted and restored by keyboard alone.
    let delete = "document.querySelector('[data-testid=class-card] [aria-label^=\"Delete class\"]').focus()";
    browser.run(delete, vec![]).await;
    let key = async |key: &str| browser.client.active_element().await.unwrap().send_keys(key).await.unwrap();
    key("\u{e007}").await;
    browser.wait_for("[data-testid=class-card]", 1).await;
    browser.run("document.querySelector('[data-testid=undo]').focus()", vec![]).await;
    key("\u{e007}").await;
    browser.wait_for(THUMB, 9).await;
    assert_eq!(browser.count("[data-testid=class-card]").await, 2);

    // The camera takes photos as long as the button is pressed.
    browser.click("[data-testid=class-card]:nth-of-type(2) [data-testid=class-camera]").await;
    browser.wait("[data-testid=camera]").await;
    let button = "document.querySelector('[data-testid=camera-record]').dispatchEvent(new PointerEvent(arguments[0], {bubbles: true}))";
    browser.run(button, vec![json!("pointerdown")]).await;
    let start = Instant::now();
    while browser.count("[data-testid=class-card]:nth-of-type(2) .thumb").await < 3 {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "the camera takes no photos: {:?}",
            browser.messages().await
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    browser.run(button, vec![json!("pointerup")]).await;
    browser.screenshot("teach-camera").await;
    browser.click("[data-testid=class-card]:nth-of-type(2) [data-testid=class-camera]").await;
    browser.wait_for("[data-testid=camera]", 0).await;

    browser.run("document.querySelector('[data-testid=train-start]').focus()", vec![]).await;
    key(" ").await;
    browser.wait(DONE).await;
    let overflow = "const width = document.documentElement.clientWidth, over = document.documentElement.scrollWidth - width; \
        const range = document.createRange(), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ALL), names = []; \
        for (let n; (n = walker.nextNode());) { range.selectNodeContents(n); \
            const right = Math.max(range.getBoundingClientRect().right, n.getBoundingClientRect?.().right ?? 0); \
            if (right > width + 1) names.push(n.nodeName + '.' + n.className + ':' + n.textContent.slice(0, 20)) } \
        return over > 0 ? [over, ...names] : []";
    assert_eq!(browser.run(overflow, vec![]).await, json!([]), "the page scrolls sideways");
    browser.wait("[data-testid=before-canvas]").await;
    browser.screenshot("teach-phone").await;
    browser.run("document.querySelector('.watching').scrollIntoView()", vec![]).await;
    browser.screenshot("teach-phone-maps").await;
    assert_eq!(browser.messages().await, [""; 0]);

    // Deleting everything deletes all photos, also in the browser's storage.
    browser.run("window.confirm = () => true", vec![]).await;
    browser.run("document.querySelector('[data-testid=delete-everything]').click()", vec![]).await;
    browser.wait_for(THUMB, 0).await;
    browser.open_teach(&site, CPU).await;
    assert_eq!(browser.count(THUMB).await, 0);
    browser.close().await;
}
