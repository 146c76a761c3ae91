//! After one visit the site works without a network, and a new version does not break a page that is open.

use std::path::Path;

use serde_json::{Value, json};

use crate::browser::{Browser, project, sample};
use crate::site::Site;

const UPDATE: &str = "return navigator.serviceWorker.getRegistration().then((r) => r.update()).then(() => true)";

#[tokio::test(flavor = "multi_thread")]
async fn after_one_visit_everything_works_without_a_network() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    let url = site.url.clone();
    browser.open(&url).await;
    browser.wait("[data-kept=all]").await;
    drop(site);

    // The photos of the visits before are there again.
    for (visit, model) in (1..).zip(["efficientnet-lite0", "vgg16-gap-everyday"]) {
        browser.open(&format!("{url}/?model={model}")).await;
        browser.add_photos(&[&sample("cat.png")]).await;
        browser.wait_for("[data-testid=photo-card][data-state=done]", visit).await;
        browser.wait_for("[data-testid=map-canvas]", 5).await;
        assert_eq!(browser.messages().await, [""; 0], "{model}");
    }
    for (tab, content) in [
        ("check", "#check [data-testid=check-photos]"),
        ("teach", "[data-testid=class-add]"),
        ("about", "[data-testid=privacy]"),
    ] {
        browser.click(&format!("[data-testid=tab-{tab}]")).await;
        browser.wait(content).await;
    }
    assert_eq!(browser.text("[data-testid=offline]").await, "yes, with every network");
    browser.screenshot("offline").await;
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// The files of a version belong together. An open page gets those of its own version, although the server has newer
/// ones.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_waits_until_it_is_asked_for() {
    let (site, browser) = (Site::changed(|_| ()).await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    browser.wait("[data-kept=all]").await;
    site.release(|root| {
        std::fs::write(root.join("check.js"), "throw new Error('of the new version')").unwrap();
        let index = std::fs::read_to_string(root.join("index.html")).unwrap();
        std::fs::write(root.join("index.html"), index.replacen("<html", "<html data-newer", 1)).unwrap();
    });
    browser.run(UPDATE, vec![]).await;
    browser.wait("#new-version").await;
    browser.screenshot("new-version").await;
    browser.click("[data-testid=tab-check]").await;
    browser.wait("#check [data-testid=check-photos]").await;

    // A second tab uses the old files too, so the new version still waits.
    let first = browser.client.window().await.unwrap();
    let second = browser.client.new_window(true).await.unwrap();
    browser.client.switch_to_window(second.handle).await.unwrap();
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    browser.wait("#new-version").await;
    browser.client.switch_to_window(first).await.unwrap();
    browser.click("#new-version button").await;
    browser.wait_for("#new-version", 1).await;
    let others = "return document.querySelector('#new-version span').textContent.includes('other tabs')";
    browser.until("the notice asks to close the other tabs", others).await;
    let second = browser.client.windows().await.unwrap().pop().unwrap();
    browser.client.switch_to_window(second).await.unwrap();
    browser.client.close_window().await.unwrap();
    let first = browser.client.windows().await.unwrap().pop().unwrap();
    browser.client.switch_to_window(first).await.unwrap();
    browser.click("#new-version button").await;
    browser.wait("html[data-newer]").await;
    browser.close().await;
}

/// During an upload the server has files of two versions. None of them is cached.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_version_is_not_kept() {
    let half = |root: &Path| std::fs::write(root.join("licences.css"), "/* of another version */").unwrap();
    let (site, browser) = (Site::changed(half).await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    let state = "return navigator.serviceWorker.register('./sw.js').then((r) => new Promise((done) => { \
        const worker = r.installing ?? r.waiting ?? r.active; const check = () => ['redundant', 'activated'].includes(worker.state) && done(worker.state); \
        worker.addEventListener('statechange', check); check(); }))";
    assert_eq!(browser.run(state, vec![]).await, json!("redundant"));
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 1).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_installed() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    browser.wait("[data-kept=site], [data-kept=all]").await;
    let errors = browser.chromium("Page.getInstallabilityErrors", json!({})).await;
    let errors: Vec<&Value> = errors["installabilityErrors"].as_array().unwrap().iter().collect();
    // The browser of a test stores nothing permanently, as in a private window. This error is expected.
    let unexpected = errors.iter().filter(|error| error["errorId"] != "in-incognito");
    assert_eq!(unexpected.count(), 0, "{errors:?}");
    let manifest = browser.chromium("Page.getAppManifest", json!({})).await;
    assert_eq!(manifest["errors"], json!([]), "{manifest}");

    let root = project("dist");
    let manifest: Value = serde_json::from_slice(&std::fs::read(root.join("camscope.webmanifest")).unwrap()).unwrap();
    for icon in manifest["icons"].as_array().unwrap() {
        let (file, sizes) = (icon["src"].as_str().unwrap(), icon["sizes"].as_str().unwrap());
        let (width, height) = image::image_dimensions(root.join(file)).unwrap();
        assert_eq!(format!("{width}x{height}"), sizes, "{file}");
    }
    browser.close().await;
}
