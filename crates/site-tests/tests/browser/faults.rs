//! Injected faults below the page. Each ends in a message, the page continues, and earlier photos are kept.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::browser::{Browser, sample};
use crate::site::Site;

/// Return a change that inserts a script at the start of a file of the site.
pub fn with(file: &'static str, script: &'static str) -> impl FnOnce(&Path) {
    move |root| {
        let path = root.join(file);
        let code = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, format!("{script}\n{code}")).unwrap();
    }
}

/// Add a sample photo, and wait until `done` photos have their results.
async fn add_sample(browser: &Browser, photo: &str, done: usize) {
    browser.add_photos(&[&sample(photo)]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", done).await;
}

/// Script: a message on the channel `fault` destroys the device, as if the adapter were lost.
pub const LOSE: &str = "const ask = GPUAdapter.prototype.requestDevice; let lent; \
    GPUAdapter.prototype.requestDevice = async function (...all) { return lent = await ask.apply(this, all); }; \
    new BroadcastChannel('fault').onmessage = () => lent?.destroy();";

/// Script: after a message on the channel `fault`, the device is destroyed while it works.
const LOSE_AT_WORK: &str = "const ask = GPUAdapter.prototype.requestDevice; let lent, lose = false; \
    GPUAdapter.prototype.requestDevice = async function (...all) { return lent = await ask.apply(this, all); }; \
    new BroadcastChannel('fault').onmessage = () => { lose = true; }; const submit = GPUQueue.prototype.submit; \
    GPUQueue.prototype.submit = function (all) { submit.call(this, all); if (lose) lent.destroy(); };";

/// Script: after a message on the channel `fault`, the next request makes the worker throw.
pub const DIE: &str = "let dying = false; new BroadcastChannel('fault').onmessage = () => { dying = true; }; \
    self.addEventListener('message', () => { if (dying) throw new Error('it died'); });";

/// Trigger the fault in all workers of the page, which listen on the channel `fault`.
pub async fn trigger_fault(browser: &Browser) {
    browser.run("new BroadcastChannel('fault').postMessage('now'); return true", vec![]).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
}

/// The adapter is lost during the work, as by a driver update, a sleeping laptop or an unplugged card.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_device_is_replaced_by_the_cpu() {
    for script in [LOSE, LOSE_AT_WORK] {
        let (site, browser) = (Site::changed(with("engine_loader.js", script)).await, Browser::start().await);
        browser.open(&format!("{}/?device=webgpu&model=resnet-20", site.url)).await;
        add_sample(&browser, "cat.png", 1).await;
        trigger_fault(&browser).await;
        add_sample(&browser, "coffee.png", 2).await;
        assert_eq!(browser.attributes("[data-testid=device-label]", "data-device").await, ["cpu"]);
        let messages = browser.messages().await;
        assert!(messages.len() == 1 && messages[0].contains("The CPU goes on"), "{messages:?}");
        browser.close().await;
    }
}

/// The adapter is lost while Check processes a folder. Inference on the current photo is repeated.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_lost_while_it_checks_is_replaced_by_the_cpu() {
    let (site, browser) = (Site::changed(with("engine_loader.js", LOSE_AT_WORK)).await, Browser::start().await);
    browser.open_check(&site, "device=webgpu&model=resnet-20").await;
    let done = "[data-testid=check-card][data-state=done]";
    browser.give_files(&[sample("cat.png")]).await;
    browser.wait(done).await;
    browser.wait("[data-testid=check-canvas]:not([hidden])").await;
    trigger_fault(&browser).await;
    browser.give_files(&[sample("coffee.png"), sample("rocket.jpg")]).await;
    browser.wait_for(done, 3).await;
    let messages = browser.messages().await;
    assert!(messages.len() == 1 && messages[0].contains("The CPU goes on"), "{messages:?}");
    browser.close().await;
}

/// The browser refuses a shader.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_shader_is_replaced_by_the_cpu() {
    const REFUSE: &str = "const make = GPUDevice.prototype.createShaderModule; \
        GPUDevice.prototype.createShaderModule = function (all) { return make.call(this, { ...all, code: all.code + '\\nfn broken( {' }); };";
    let (site, browser) = (Site::changed(with("engine_loader.js", REFUSE)).await, Browser::start().await);
    browser.open(&format!("{}/?device=webgpu&model=resnet-20", site.url)).await;
    add_sample(&browser, "cat.png", 1).await;
    assert_eq!(browser.attributes("[data-testid=device-label]", "data-device").await, ["cpu"]);
    let messages = browser.messages().await;
    assert!(messages.len() == 1 && messages[0].contains("The CPU goes on"), "{messages:?}");
    browser.close().await;
}

/// The adapter's memory is full. A photo needs no new memory, because its pass is replayed; a map by another method does.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_adapter_is_replaced_by_the_cpu() {
    const FULL: &str = "let full = false; const make = GPUDevice.prototype.createBuffer; \
        new BroadcastChannel('fault').onmessage = () => { full = true; }; \
        GPUDevice.prototype.createBuffer = function (all) { if (full) throw new RangeError('out of memory'); return make.call(this, all); };";
    let (site, browser) = (Site::changed(with("engine_loader.js", FULL)).await, Browser::start().await);
    browser.open(&format!("{}/?device=webgpu&model=resnet-20", site.url)).await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    trigger_fault(&browser).await;
    add_sample(&browser, "cat.png", 1).await;
    assert_eq!(browser.attributes("[data-testid=device-label]", "data-device").await, ["webgpu"]);
    assert_eq!(browser.messages().await, [""; 0]);
    browser.set("[data-testid=method-select]", "layer-cam").await;
    browser.wait("[data-testid=device-label][data-device=cpu]").await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 1).await;
    let shown = "return document.querySelector('main').textContent.includes('Layer-CAM')";
    browser.until("the CPU makes the map", shown).await;
    assert_eq!(browser.messages().await.len(), 1);
    browser.close().await;
}

/// The CPU engine dies on a photo. This photo is marked, a new engine takes the next one, and earlier results stay.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_worker_is_started_anew() {
    let (site, browser) = (Site::changed(with("engine_loader.js", DIE)).await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    add_sample(&browser, "cat.png", 1).await;
    trigger_fault(&browser).await;
    browser.add_photos(&[&sample("coffee.png")]).await;
    browser.wait("[data-testid=error]").await;
    let messages = browser.messages().await;
    assert!(messages.len() == 1 && messages[0].contains("A new one goes on"), "{messages:?}");
    add_sample(&browser, "rocket.jpg", 2).await;
    assert_eq!(browser.attributes("[data-testid=photo-card]", "data-state").await, ["done", "failed", "done"]);
    browser.screenshot("dead-worker").await;
    browser.close().await;
}

/// The worker dies in Check on a photo, then on a map, which CAM replaces.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_while_it_checks_is_started_anew() {
    let (site, browser) = (Site::changed(with("engine_loader.js", DIE)).await, Browser::start().await);
    browser.open_check(&site, "device=cpu&model=resnet-20").await;
    let done = "[data-testid=check-card][data-state=done]";
    browser.give_files(&[sample("cat.png")]).await;
    browser.wait(done).await;
    browser.wait("[data-testid=check-canvas]:not([hidden])").await;
    trigger_fault(&browser).await;
    browser.give_files(&[sample("coffee.png")]).await;
    browser.wait("[data-testid=check-card][data-state=failed]").await;
    let messages = browser.messages().await;
    assert!(messages.len() == 1 && messages[0].contains("A new one goes on"), "{messages:?}");
    browser.give_files(&[sample("rocket.jpg")]).await;
    browser.wait_for(done, 2).await;

    trigger_fault(&browser).await;
    browser.set("[data-testid=check-method]", "layer-cam").await;
    let method = "return document.querySelector('[data-testid=check-method]').value";
    browser.until("the method is CAM again", &format!("{method} === 'cam'")).await;
    browser.set("[data-testid=check-method]", "layer-cam").await;
    let drawn = "return document.querySelector('.detail figcaption').textContent.startsWith('Layer-CAM')";
    browser.until("the map of the new worker is shown", drawn).await;
    assert_eq!(browser.count(done).await, 2);
    browser.screenshot("check-dead-worker").await;
    browser.close().await;
}

/// Storage is refused, as by a strict privacy setting, or full. Then nothing is cached for the next visit, but this one
/// works.
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
        add_sample(&browser, "cat.png", 1).await;
        assert_eq!(browser.messages().await, [""; 0], "{script}");
        browser.close().await;
    }
}

/// The browser returns to a page that it had suspended.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_comes_back_goes_on() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    add_sample(&browser, "cat.png", 1).await;
    browser.open(&format!("{}/models/manifest.json", site.url)).await;
    browser.client.back().await.unwrap();
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    let photos = browser.count("[data-testid=photo-card]").await;
    add_sample(&browser, "coffee.png", photos + 1).await;
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// The clock goes back by an hour at every reading.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_goes_back_stops_nothing() {
    const BACK: &str = "{ const now = Date.now(); let readings = 0; Date.now = () => now - 3600000 * ++readings; }";
    let both = |root: &Path| ["engine_loader.js", "start.js"].into_iter().for_each(|file| with(file, BACK)(root));
    let (site, browser) = (Site::changed(both).await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    add_sample(&browser, "cat.png", 1).await;
    browser.click("[data-testid=tab-about]").await;
    browser.wait("[data-testid=privacy]").await;
    assert_eq!(browser.run("return Date.now() < Date.now()", vec![]).await, json!(false));
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// An adapter that never answers, as in a browser whose graphics process is broken, is given up after three seconds,
/// whether the page waits for it or the engine.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_adapter_is_replaced_by_the_cpu() {
    const SILENT: &str = "GPU.prototype.requestAdapter = () => new Promise(() => {});";
    for (file, device, expected) in [("start.js", "", ""), ("engine_loader.js", "device=webgpu&", "The CPU goes on")] {
        let (site, browser) = (Site::changed(with(file, SILENT)).await, Browser::start().await);
        browser.open(&format!("{}/?{device}model=resnet-20", site.url)).await;
        add_sample(&browser, "cat.png", 1).await;
        let label = browser.text("[data-testid=device-label][data-device=cpu]").await;
        assert!(file != "start.js" || label.contains("no graphics adapter answered within 3 seconds"), "{label}");
        let messages = browser.messages().await;
        assert!(messages.iter().all(|message| message.contains(expected)), "{messages:?}");
        assert_eq!(messages.len(), usize::from(!expected.is_empty()), "{messages:?}");
        browser.close().await;
    }
}
