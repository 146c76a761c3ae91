//! What can break under a page, broken on purpose: each ends in a sentence and a way on, and costs no photo that was there.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::browser::{Browser, sample};
use crate::site::Site;

/// The site with a script before the engine's own, or before the page's.
pub fn with(file: &'static str, script: &'static str) -> impl FnOnce(&Path) {
    move |root| {
        let path = root.join(file);
        let code = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, format!("{script}\n{code}")).unwrap();
    }
}

async fn look(browser: &Browser, photo: &str, done: usize) {
    browser.add_photos(&[&sample(photo)]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", done).await;
}

/// The adapter can be taken away.
pub const LOSE: &str = "const ask = GPUAdapter.prototype.requestDevice; let lent; \
    GPUAdapter.prototype.requestDevice = async function (...all) { return lent = await ask.apply(this, all); }; \
    new BroadcastChannel('fault').onmessage = () => lent?.destroy();";

/// The adapter can be taken away while it works.
const LOSE_AT_WORK: &str = "const ask = GPUAdapter.prototype.requestDevice; let lent, lose = false; \
    GPUAdapter.prototype.requestDevice = async function (...all) { return lent = await ask.apply(this, all); }; \
    new BroadcastChannel('fault').onmessage = () => { lose = true; }; const submit = GPUQueue.prototype.submit; \
    GPUQueue.prototype.submit = function (all) { submit.call(this, all); if (lose) lent.destroy(); };";

/// The worker dies of the next message.
pub const DIE: &str = "let dying = false; new BroadcastChannel('fault').onmessage = () => { dying = true; }; \
    self.addEventListener('message', () => { if (dying) throw new Error('it died'); });";

/// Tells all workers of the page; they listen on the channel `fault`.
pub async fn break_it(browser: &Browser) {
    browser.run("new BroadcastChannel('fault').postMessage('now'); return true", vec![]).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
}

/// The adapter is taken away in the middle of the work (a driver's update, a sleeping laptop, an unplugged card).
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_device_is_replaced_by_the_cpu() {
    for script in [LOSE, LOSE_AT_WORK] {
        let (site, browser) = (Site::changed(with("engine_loader.js", script)).await, Browser::start().await);
        browser.open(&format!("{}/?device=webgpu&model=resnet-20", site.url)).await;
        look(&browser, "cat.png", 1).await;
        break_it(&browser).await;
        look(&browser, "coffee.png", 2).await;
        assert_eq!(browser.attributes("[data-testid=device-label]", "data-device").await, ["cpu"]);
        let messages = browser.messages().await;
        assert!(messages.len() == 1 && messages[0].contains("The CPU goes on"), "{messages:?}");
        browser.close().await;
    }
}

/// The same while a folder is checked: the photo that it was at is looked at again.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_lost_while_it_checks_is_replaced_by_the_cpu() {
    let (site, browser) = (Site::changed(with("engine_loader.js", LOSE_AT_WORK)).await, Browser::start().await);
    browser.open_check(&site, "device=webgpu&model=resnet-20").await;
    let done = "[data-testid=check-card][data-state=done]";
    browser.give_files(&[sample("cat.png")]).await;
    browser.wait(done).await;
    browser.wait("[data-testid=check-canvas]:not([hidden])").await;
    break_it(&browser).await;
    browser.give_files(&[sample("coffee.png"), sample("rocket.jpg")]).await;
    browser.wait_for(done, 3).await;
    let messages = browser.messages().await;
    assert!(messages.len() == 1 && messages[0].contains("The CPU goes on"), "{messages:?}");
    browser.close().await;
}

/// A shader that the browser refuses.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_shader_is_replaced_by_the_cpu() {
    const REFUSE: &str = "const make = GPUDevice.prototype.createShaderModule; \
        GPUDevice.prototype.createShaderModule = function (all) { return make.call(this, { ...all, code: all.code + '\\nfn broken( {' }); };";
    let (site, browser) = (Site::changed(with("engine_loader.js", REFUSE)).await, Browser::start().await);
    browser.open(&format!("{}/?device=webgpu&model=resnet-20", site.url)).await;
    look(&browser, "cat.png", 1).await;
    assert_eq!(browser.attributes("[data-testid=device-label]", "data-device").await, ["cpu"]);
    let messages = browser.messages().await;
    assert!(messages.len() == 1 && messages[0].contains("The CPU goes on"), "{messages:?}");
    browser.close().await;
}

/// The adapter's memory is full.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_adapter_is_replaced_by_the_cpu() {
    const FULL: &str = "let full = false; const make = GPUDevice.prototype.createBuffer; \
        new BroadcastChannel('fault').onmessage = () => { full = true; }; \
        GPUDevice.prototype.createBuffer = function (all) { if (full) throw new RangeError('out of memory'); return make.call(this, all); };";
    let (site, browser) = (Site::changed(with("engine_loader.js", FULL)).await, Browser::start().await);
    browser.open(&format!("{}/?device=webgpu&model=resnet-20", site.url)).await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    break_it(&browser).await;
    look(&browser, "cat.png", 1).await;
    assert_eq!(browser.attributes("[data-testid=device-label]", "data-device").await, ["cpu"]);
    assert_eq!(browser.messages().await.len(), 1);
    browser.close().await;
}

/// The CPU's engine dies of a photo: this one is marked, a new engine takes the next, and those before stay as they are.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_worker_is_started_anew() {
    let (site, browser) = (Site::changed(with("engine_loader.js", DIE)).await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    look(&browser, "cat.png", 1).await;
    break_it(&browser).await;
    browser.add_photos(&[&sample("coffee.png")]).await;
    browser.wait("[data-testid=error]").await;
    let messages = browser.messages().await;
    assert!(messages.len() == 1 && messages[0].contains("A new one goes on"), "{messages:?}");
    look(&browser, "rocket.jpg", 2).await;
    assert_eq!(browser.attributes("[data-testid=photo-card]", "data-state").await, ["done", "failed", "done"]);
    browser.screenshot("dead-worker").await;
    browser.close().await;
}

/// The same where a folder is checked; and of a map that is asked for, CAM stands in again.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_while_it_checks_is_started_anew() {
    let (site, browser) = (Site::changed(with("engine_loader.js", DIE)).await, Browser::start().await);
    browser.open_check(&site, "device=cpu&model=resnet-20").await;
    let done = "[data-testid=check-card][data-state=done]";
    browser.give_files(&[sample("cat.png")]).await;
    browser.wait(done).await;
    browser.wait("[data-testid=check-canvas]:not([hidden])").await;
    break_it(&browser).await;
    browser.give_files(&[sample("coffee.png")]).await;
    browser.wait("[data-testid=check-card][data-state=failed]").await;
    let messages = browser.messages().await;
    assert!(messages.len() == 1 && messages[0].contains("A new one goes on"), "{messages:?}");
    browser.give_files(&[sample("rocket.jpg")]).await;
    browser.wait_for(done, 2).await;

    break_it(&browser).await;
    browser.set("[data-testid=check-method]", "layer-cam").await;
    let method = "return document.querySelector('[data-testid=check-method]').value";
    browser.until("CAM stands in", &format!("{method} === 'cam'")).await;
    browser.set("[data-testid=check-method]", "layer-cam").await;
    let drawn = "return document.querySelector('.detail figcaption').textContent.startsWith('Layer-CAM')";
    browser.until("the new worker makes the map", drawn).await;
    assert_eq!(browser.count(done).await, 2);
    browser.screenshot("check-dead-worker").await;
    browser.close().await;
}

/// Storage that is refused (a strict privacy setting) or full costs the visit after this one its caches, and this one nothing.
#[tokio::test(flavor = "multi_thread")]
async fn refused_and_full_storage_cost_the_look_nothing() {
    const REFUSED: &str = "for (const name of ['open', 'match', 'keys', 'delete', 'has']) CacheStorage.prototype[name] = async () => { throw new DOMException('refused', 'SecurityError'); }; \
        IDBFactory.prototype.open = () => { throw new DOMException('refused', 'SecurityError'); };";
    const FULL: &str = "Cache.prototype.put = async () => { throw new DOMException('full', 'QuotaExceededError'); };";
    for script in [REFUSED, FULL] {
        let all = |root: &Path| {
            ["engine_loader.js", "start.js", "sw.js"].into_iter().for_each(|file| with(file, script)(root))
        };
        let (site, browser) = (Site::changed(all).await, Browser::start().await);
        browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
        look(&browser, "cat.png", 1).await;
        assert_eq!(browser.messages().await, [""; 0], "{script}");
        browser.close().await;
    }
}

/// The browser's way back to a page it had put aside.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_comes_back_goes_on() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    look(&browser, "cat.png", 1).await;
    browser.open(&format!("{}/models/manifest.json", site.url)).await;
    browser.client.back().await.unwrap();
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    let there = browser.count("[data-testid=photo-card]").await;
    look(&browser, "coffee.png", there + 1).await;
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// A clock that is set back by an hour at every look at it.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_goes_back_stops_nothing() {
    const BACK: &str = "{ const now = Date.now(); let looks = 0; Date.now = () => now - 3600000 * ++looks; }";
    let both = |root: &Path| ["engine_loader.js", "start.js"].into_iter().for_each(|file| with(file, BACK)(root));
    let (site, browser) = (Site::changed(both).await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    look(&browser, "cat.png", 1).await;
    browser.click("[data-testid=tab-about]").await;
    browser.wait("[data-testid=privacy]").await;
    assert_eq!(browser.run("return Date.now() < Date.now()", vec![]).await, json!(false));
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}
