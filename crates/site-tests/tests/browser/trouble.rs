//! Troubles of real visits: plain HTTP, devices that never answer, connections that stall, storage that is full, and faults that the page
//! had once.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::browser::{Browser, sample};
use crate::faults::with;
use crate::site::Site;
use crate::teach::{CPU, DONE, THUMB, stripes};

const PHOTO_DONE: &str = "[data-testid=photo-card][data-state=done]";

/// Script for the page: note every error and every rejected promise that nobody handles.
const NOTE_ERRORS: &str = "window.noted = []; addEventListener('error', (event) => noted.push(String(event.message))); \
    addEventListener('unhandledrejection', (event) => noted.push(String(event.reason)));";

/// Script for the page: store no files, as WebKit in private windows.
const STORE_NO_FILES: &str = "{ const put = IDBObjectStore.prototype.put; IDBObjectStore.prototype.put = function (value, ...key) { \
    if (value instanceof Blob || value?.file instanceof Blob) throw new DOMException('Error preparing Blob/File data', 'UnknownError'); \
    return put.call(this, value, ...key) } }";

/// Where the browser stores no files, it stores their bytes: photos stay over a reload, and a project with its network, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_stores_no_files_stores_their_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (site, browser) = (Site::changed(with("start.js", STORE_NO_FILES)).await, Browser::start().await);
    browser.open(&format!("{}/?{CPU}", site.url)).await;
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait_for(PHOTO_DONE, 1).await;
    browser.client.refresh().await.unwrap();
    browser.wait_for(PHOTO_DONE, 1).await;
    browser.with_stripes(&site, CPU, folder.path(), 3).await;
    browser.train().await;
    browser.client.refresh().await.unwrap();
    browser.wait_for(THUMB, 6).await;
    browser.click("[data-testid=use-model]").await;
    browser.wait_for("[data-testid=prediction]", 2).await;
    assert_eq!(browser.count("[data-testid=error][data-level=error]").await, 0);
    browser.close().await;
}

/// On a page without HTTPS the browser offers no cache, no locks and no storage estimate. Everything works without.
#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_enough() {
    let (site, browser) =
        (Site::built().await, Browser::start_with(&["--host-resolver-rules=MAP camscope.test 127.0.0.1"]).await);
    let folder = tempfile::tempdir().unwrap();
    let [down, across] = stripes(folder.path(), 3);
    let url = site.url.replace("127.0.0.1", "camscope.test");
    browser.open(&format!("{url}/?{CPU}")).await;
    assert_eq!(browser.run("return isSecureContext", vec![]).await, json!(false));
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait_for(PHOTO_DONE, 1).await;
    browser.click("[data-testid=tab-teach]").await;
    browser.wait("[data-testid=class-card]").await;
    browser.add_to_class(1, &down).await;
    browser.add_to_class(2, &across).await;
    browser.wait_for(THUMB, 6).await;
    browser.train().await;
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// An adapter whose device never opens is given up for the CPU.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_never_opens_is_given_up() {
    const MUTE: &str = "GPUAdapter.prototype.requestDevice = () => new Promise(() => {});";
    let (site, browser) = (Site::changed(with("engine_loader.js", MUTE)).await, Browser::start().await);
    browser.open(&format!("{}/?device=webgpu&model=resnet-20", site.url)).await;
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait_for(PHOTO_DONE, 1).await;
    assert_eq!(browser.attributes("[data-testid=device-label]", "data-device").await, ["cpu"]);
    let messages = browser.messages().await;
    assert!(messages.len() == 1 && messages[0].contains("the device did not open"), "{messages:?}");
    browser.close().await;
}

/// An engine that cannot start is said so on the stage, with a way to try again, which works once the cause is gone.
#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_cannot_start_is_tried_again() {
    let hide = |root: &Path| std::fs::rename(root.join("engine_loader.js"), root.join("hidden.js")).unwrap();
    let (site, browser) = (Site::changed(hide).await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait("[data-testid=engine-progress][data-state=failed]").await;
    let messages = browser.messages().await;
    assert!(messages.len() == 1 && messages[0].contains("its code could not be loaded"), "{messages:?}");
    browser.screenshot("engine-failed").await;
    site.release(|root| std::fs::rename(root.join("hidden.js"), root.join("engine_loader.js")).unwrap());
    browser.click("[data-testid=try-again]").await;
    browser.wait_for(PHOTO_DONE, 1).await;
    browser.close().await;
}

/// Weights that stall block nothing: another network can be chosen meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn weights_that_stall_block_nothing() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    let weights = "efficientnet-lite0-ff13dc688e2c.bpk";
    site.delay(weights, Duration::from_secs(120));
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.add_photos(&[&sample("cat.png")]).await;
    while site.requests_for(weights) == 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    browser.wait("[data-testid=error][data-level=note]").await;
    assert!(browser.messages().await[0].contains("No data of the network"), "{:?}", browser.messages().await);
    let start = Instant::now();
    browser.click(".picker summary").await;
    browser.click(".model-card:has([value=resnet-20])").await;
    browser.wait_for(PHOTO_DONE, 1).await;
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    assert_eq!(browser.count("[data-testid=error][data-level=error]").await, 0);
    browser.close().await;
}

/// A browser that takes every write and then aborts the whole, as Chromium does when its quota is used up, is told of.
#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_is_used_up_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open_teach(&site, CPU).await;
    let [down, _] = stripes(folder.path(), 2);
    browser.add_to_class(1, &down[..1]).await;
    browser.wait_for(THUMB, 1).await;
    // What Chromium does when the quota is used up: the write succeeds, then the whole is aborted.
    browser.run("IDBTransaction.prototype.commit = function () { this.abort() }", vec![]).await;
    browser.add_to_class(1, &down[1..]).await;
    browser.wait("[data-testid=error]").await;
    let messages = browser.messages().await;
    assert!(messages.len() == 1 && messages[0].contains("storage is full"), "{messages:?}");
    browser.wait_for(THUMB, 1).await;
    browser.close().await;
}

/// What was taught is in the menus of all parts after a reload, and "none of these" holds there, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_taught_network_stays_with_its_threshold() {
    let folder = tempfile::tempdir().unwrap();
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.with_stripes(&site, CPU, folder.path(), 4).await;
    browser.train().await;
    browser.set("[data-testid=threshold]", "0.99").await;
    tokio::time::sleep(Duration::from_millis(600)).await; // the project is saved when the changes pause
    browser.open(&format!("{}/?{CPU}", site.url)).await;
    let known = "return document.querySelectorAll('[data-testid=model-select] input').length === 8";
    browser.until("the taught network is in the menu", known).await;
    browser.click(".picker summary").await;
    browser.run("[...document.querySelectorAll('[data-testid=model-select] .model-card')].find((card) => card.textContent.includes('My classes')).click()", vec![]).await;
    // A photo of neither class.
    browser.add_photos(&[&sample("rocket.jpg")]).await;
    browser.wait_for(PHOTO_DONE, 1).await;
    let probability = browser.attributes("[data-testid=prediction]", "data-probability").await.remove(0);
    let caption = browser.text("[data-testid=caption]").await;
    let is_none = caption.starts_with("None of its classes");
    assert_eq!(is_none, probability.parse::<f64>().unwrap() < 0.99, "{probability}: {caption}");
    browser.click("[data-testid=tab-check]").await;
    browser.wait("[data-testid=check-photos]").await;
    let known = "return document.querySelectorAll('[data-testid=check-model] input').length === 8";
    browser.until("Check has the taught network, too", known).await;
    browser.close().await;
}

/// Clearing all photos in Check ends without an error in the program, and can be undone.
#[tokio::test(flavor = "multi_thread")]
async fn clearing_a_folder_is_quiet_and_undone() {
    let (site, browser) = (Site::changed(with("start.js", NOTE_ERRORS)).await, Browser::start().await);
    browser.open_check(&site, "device=cpu&model=resnet-20").await;
    let card = "[data-testid=check-card][data-state=done]";
    browser.give_files(&[sample("cat.png"), sample("coffee.png")]).await;
    browser.wait_for(card, 2).await;
    browser.click("[data-testid=check-clear]").await;
    browser.wait_for(card, 0).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    browser.click("[data-testid=undo]").await;
    browser.wait_for(card, 2).await;
    assert_eq!(browser.run("return window.noted", vec![]).await, json!([]));
    browser.close().await;
}

/// The camera records as long as the mouse holds the button, though thumbnails move it away from under the pointer.
#[tokio::test(flavor = "multi_thread")]
async fn a_burst_lasts_as_long_as_the_mouse_holds() {
    let camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
    let (site, browser) = (Site::built().await, Browser::start_with(&camera).await);
    browser.open_teach(&site, CPU).await;
    browser.click("[data-testid=class-camera]").await;
    browser.until("the camera runs", "return document.querySelector('[data-testid=camera]')?.videoWidth > 0").await;
    let place = "const b = document.querySelector('[data-testid=camera-record]'); b.scrollIntoView({block: 'center'}); \
        const r = b.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]";
    let [x, y]: [f64; 2] = serde_json::from_value(browser.run(place, vec![]).await).unwrap();
    let mouse = async |kind: &str| {
        let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1 });
        browser.chromium("Input.dispatchMouseEvent", event).await;
    };
    mouse("mousePressed").await;
    browser.until("three photos are taken", "return document.querySelectorAll('.thumb').length >= 3").await;
    mouse("mouseReleased").await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    let taken = browser.count(THUMB).await;
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(browser.count(THUMB).await, taken, "it ends when the button is let go");
    browser.close().await;
}

/// A photo is dragged from one class to another, and what no engine can decode is not admitted to any.
#[tokio::test(flavor = "multi_thread")]
async fn photos_move_between_classes_and_bad_ones_do_not_come() {
    let folder = tempfile::tempdir().unwrap();
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.with_stripes(&site, CPU, folder.path(), 2).await;
    let drag = "const data = new DataTransfer(), fire = (css, kind) => document.querySelector(css) \
        .dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data })); \
        fire('[data-testid=class-card]:nth-of-type(1) .thumb', 'dragstart'); fire('[data-testid=class-card]:nth-of-type(2)', 'drop')";
    browser.run(drag, vec![]).await;
    browser.wait_for("[data-testid=class-card]:nth-of-type(1) .thumb", 1).await;
    browser.wait_for("[data-testid=class-card]:nth-of-type(2) .thumb", 3).await;
    // AVIF, which the browser would show and the network could not be shown.
    let avif = folder.path().join("photo.jpg");
    std::fs::write(&avif, b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf").unwrap();
    browser.add_to_class(1, &[avif]).await;
    browser.wait("[data-testid=error]").await;
    assert!(browser.messages().await[0].contains("an AVIF picture"), "{:?}", browser.messages().await);
    assert_eq!(browser.count(THUMB).await, 4);
    browser.close().await;
}

/// Class folders are the truth: photos that are called by another name are counted as wrong, and shown alone.
#[tokio::test(flavor = "multi_thread")]
async fn class_folders_are_the_truth() {
    let folder = tempfile::tempdir().unwrap();
    for (class, photo) in [("cat", "cat.png"), ("truck", "coffee.png")] {
        let into = folder.path().join("photos").join(class);
        std::fs::create_dir_all(&into).unwrap();
        std::fs::copy(sample(photo), into.join(photo)).unwrap();
    }
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open_check(&site, CPU).await;
    let input = browser.wait("[data-testid=check-folder]").await;
    input.send_keys(&folder.path().join("photos").to_string_lossy()).await.unwrap();
    browser.wait_for("[data-testid=check-card][data-state=done]", 2).await;
    assert_eq!(browser.text("[data-testid=check-headline]").await, "1 of 2 is wrong");
    browser.click("[data-testid=group-wrong]").await;
    browser.wait_for("[data-testid=check-card]", 1).await;
    assert!(browser.text("[data-testid=check-card]").await.contains("truck/coffee.png"));
    browser.screenshot("check-wrong").await;
    browser.close().await;
}

/// A new photo is tried on the taught network, and so is the camera, live.
#[tokio::test(flavor = "multi_thread")]
async fn a_taught_network_is_tried_on_a_photo_and_on_the_camera() {
    let folder = tempfile::tempdir().unwrap();
    let camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
    let (site, browser) = (Site::built().await, Browser::start_with(&camera).await);
    let [down, _] = browser.with_stripes(&site, CPU, folder.path(), 5).await;
    browser.train().await;
    browser.wait(DONE).await;
    browser.wait("[data-testid=try-photo]").await.send_keys(&down[0].to_string_lossy()).await.unwrap();
    browser.wait_for("[data-testid=try-answer]", 2).await;
    assert_eq!(browser.attributes("[data-testid=try-answer]", "data-class").await[0], "Class 1");
    assert!(browser.text("[data-testid=try-caption]").await.starts_with("This is “Class 1”"));
    browser.click("[data-testid=try-camera]").await;
    let pictures = "window.pictures ??= new Set(); const c = document.querySelector('[data-testid=try-canvas]'); \
        if (c.width) window.pictures.add(c.toDataURL()); return window.pictures.size >= 4";
    browser.until("the camera's pictures follow each other", pictures).await;
    browser.click("[data-testid=try-camera]").await;
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}
