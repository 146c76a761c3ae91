//! A long day of use in a quarter of an hour (`make soak`): a thousand large photos, five hundred trainings, eight
//! hours of clicks without the pauses. Nothing may fail or be lost, and memory must not grow. The tests print their
//! measurements; docs/reliability.md has those of the last run. `SOAK=0.1` does a tenth.

#[path = "../browser/browser.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod browser;
#[path = "../browser/site.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod site;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use browser::{Browser, sample};
use site::Site;

/// Return `full` times the value of SOAK, but at least `min`.
fn scaled(full: usize, min: usize) -> usize {
    let share = std::env::var("SOAK").ok().and_then(|share| share.parse::<f64>().ok()).unwrap_or(1.0);
    ((full as f64 * share) as usize).max(min)
}

/// Memory in bytes.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    /// Memory of the page's scripts after garbage collection.
    scripts: u64,
    /// Memory of all of the browser's processes.
    processes: u64,
}

/// Measure the memory.
async fn sizes(browser: &Browser) -> Sizes {
    browser.chromium("HeapProfiler.enable", json!({})).await;
    browser.chromium("HeapProfiler.collectGarbage", json!({})).await;
    let scripts = browser.run("return performance.memory.usedJSHeapSize", vec![]).await.as_u64().unwrap();
    // Sum the resident pages of all descendants of this process. Shared pages count for each process, at every
    // measurement alike.
    let (mut pending, mut processes) = (children(std::process::id()), 0);
    while let Some(process) = pending.pop() {
        pending.extend(children(process));
        let pages = std::fs::read_to_string(format!("/proc/{process}/statm")).unwrap_or_default();
        processes += pages.split(' ').nth(1).map_or(0, |pages| pages.parse::<u64>().unwrap()) * 4096;
    }
    Sizes { scripts, processes }
}

/// Return the ids of a process's children.
fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let of = |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
    let lists: Vec<String> = threads.flatten().map(of).collect();
    lists.iter().flat_map(|list| list.split_whitespace()).map(|child| child.parse().unwrap()).collect()
}

/// Log of memory over a test.
struct MemoryLog {
    unit: &'static str,
    start: Instant,
    entries: Vec<(usize, Sizes)>,
}

impl MemoryLog {
    fn new(unit: &'static str) -> Self {
        Self { unit, start: Instant::now(), entries: Vec::new() }
    }

    /// Measure the memory after `done` units, print it and keep it.
    async fn record(&mut self, browser: &Browser, done: usize) {
        let sizes = sizes(browser).await;
        let mega = |bytes: u64| bytes / 1_000_000;
        let (minutes, scripts, processes) =
            (self.start.elapsed().as_secs() / 60, mega(sizes.scripts), mega(sizes.processes));
        println!("{done:>5} {}: {minutes} min, scripts {scripts} MB, all processes {processes} MB", self.unit);
        self.entries.push((done, sizes));
    }

    /// Assert that memory does not grow: from a quarter of the test to its end, by no more than garbage collection
    /// varies.
    fn assert_flat(&self) {
        let (done, first) = self.entries[self.entries.len() / 4];
        let (_, last) = self.entries[self.entries.len() - 1];
        let sizes = format!("{:?} after {done}, {:?} at the end", first, last);
        assert!(last.scripts < first.scripts + 24_000_000, "scripts: {sizes}");
        assert!(last.processes < first.processes + first.processes / 4, "processes: {sizes}");
    }
}

/// Wait until `condition` holds. `work` describes it for the error message.
async fn until(work: &str, limit: Duration, mut condition: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !condition().await {
        assert!(start.elapsed() < limit, "{work} took more than {limit:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Write `count` files of twelve megapixels to `folder`: hard links to ten different photos.
fn twelve_megapixels(folder: &Path, count: usize) -> Vec<PathBuf> {
    let samples = ["cat.png", "coffee.png", "motorcycle.png", "astronaut.png", "rocket.jpg"];
    let bases: Vec<PathBuf> = (0..10u32)
        .map(|i| {
            let photo = image::open(sample(samples[i as usize % 5])).unwrap().into_rgb8();
            let photo = if i < 5 { photo } else { image::imageops::flip_horizontal(&photo) };
            let large = image::imageops::resize(&photo, 4000, 3000, image::imageops::FilterType::CatmullRom);
            let path = folder.join(format!("base-{i}.jpg"));
            large.save(&path).unwrap();
            path
        })
        .collect();
    let link = |i: usize| {
        let path = folder.join(format!("photo-{i:04}.jpg"));
        std::fs::hard_link(&bases[i % 10], &path).unwrap();
        path
    };
    (0..count).map(link).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_photos_of_twelve_megapixels() {
    let folder = tempfile::tempdir().unwrap();
    let photos = twelve_megapixels(folder.path(), scaled(1000, 50));
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=efficientnet-lite0", site.url)).await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    browser.click("[data-testid=tab-check]").await;
    let mut log = MemoryLog::new("photos");
    let mut added = 0;
    for part in photos.chunks(photos.len().div_ceil(10)) {
        let paths: Vec<_> = part.iter().map(|path| path.to_string_lossy()).collect();
        browser.wait("[data-testid=check-photos]").await.send_keys(&paths.join("\n")).await.unwrap();
        added += part.len();
        until("a tenth of the photos", Duration::from_secs(1200), async || {
            browser.attributes("[data-testid=check-progress]", "data-done").await.first() == Some(&added.to_string())
        })
        .await;
        log.record(&browser, added).await;
    }
    assert_eq!(browser.messages().await, [""; 0]);
    assert_eq!(browser.text("[data-testid=shown-count]").await, format!("{added} of {added} photos"));
    assert_eq!(browser.count("[data-testid=check-card][data-state=failed]").await, 0);
    log.assert_flat();
    browser.close().await;
}

/// Open Teach, and add two classes of three photos each.
async fn add_two_classes(site: &Site, browser: &Browser) {
    browser.open(&format!("{}/?device=cpu&model=vgg16-gap-cifar10", site.url)).await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    browser.click("[data-testid=tab-teach]").await;
    for (n, names) in
        [["cat.png", "astronaut.png", "rocket.jpg"], ["coffee.png", "motorcycle.png", "cat.png"]].iter().enumerate()
    {
        let input = format!("[data-testid=class-card]:nth-of-type({}) [data-testid=class-photos]", n + 1);
        let paths = names.map(|name| sample(name).to_string_lossy().into_owned());
        browser.wait(&input).await.send_keys(&paths.join("\n")).await.unwrap();
        browser.wait_for(".thumb", 3 * (n + 1)).await;
    }
    browser.set("[data-testid=epochs]", "5").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_trainings() {
    let trainings = scaled(500, 20);
    let (site, browser) = (Site::built().await, Browser::start().await);
    add_two_classes(&site, &browser).await;
    let count = "window.trained = 0; const state = document.querySelector('[data-testid=train-state]'); \
        new MutationObserver(() => { if (state.dataset.state === 'done') window.trained += 1 }) \
            .observe(state, { attributes: true, attributeFilter: ['data-state'] })";
    browser.run(count, vec![]).await;
    let mut log = MemoryLog::new("trainings");
    for n in 1..=trainings {
        browser.click("[data-testid=train-start]").await;
        until("a training", Duration::from_secs(120), async || {
            browser.run("return window.trained", vec![]).await == json!(n)
        })
        .await;
        if n % (trainings / 10) == 0 {
            log.record(&browser, n).await;
        }
    }
    assert_eq!(browser.messages().await, [""; 0]);
    log.assert_flat();
    // After a reload the project is unchanged.
    browser.client.refresh().await.unwrap();
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    browser.click("[data-testid=tab-teach]").await;
    browser.wait("[data-testid=tally]").await;
    browser.wait_for(".thumb", 6).await;
    browser.close().await;
}

/// Eight hours with a click every twenty seconds are 1,440 clicks, here without the pauses.
#[tokio::test(flavor = "multi_thread")]
async fn eight_hours_of_use() {
    let actions = scaled(1440, 100);
    let (site, browser) = (Site::built().await, Browser::start().await);
    add_two_classes(&site, &browser).await;
    browser.click("[data-testid=tab-check]").await;
    let paths = ["cat.png", "coffee.png", "rocket.jpg"].map(|name| sample(name).to_string_lossy().into_owned());
    browser.wait("[data-testid=check-photos]").await.send_keys(&paths.join("\n")).await.unwrap();
    browser.wait_for("[data-testid=check-card][data-state=done]", 3).await;
    browser.click("[data-testid=tab-look]").await;
    let mut random = StdRng::seed_from_u64(1);
    let mut log = MemoryLog::new("clicks");
    let (mut photos, mut trained) = (0usize, false);
    for n in 1..=actions {
        let tab = |name: &str| format!("[data-testid=tab-{name}]");
        match random.random_range(0..16) {
            0 | 1 if photos < 30 => {
                let name = ["cat.png", "coffee.png", "motorcycle.png", "astronaut.png", "rocket.jpg"]
                    [random.random_range(0..5)];
                browser.click(&tab("look")).await;
                browser.add_photos(&[&sample(name)]).await;
                photos += 1;
            }
            0 | 1 => {
                browser.click(&tab("look")).await;
                browser.run("document.querySelector('[data-testid=photo-card] .remove').click()", vec![]).await;
                photos -= 1;
            }
            2..=4 if photos > 0 => {
                browser.click(&tab("look")).await;
                click_one(&browser, "[data-testid=photo-card] .open", random.random_range(0..photos)).await;
            }
            5 | 6 => {
                browser.click(&tab("look")).await;
                click_one(&browser, "[data-testid=prediction]", random.random_range(0..5)).await;
            }
            7 => choose_one(&browser, "[data-testid=colormap]", random.random_range(0..5)).await,
            8 => choose_one(&browser, "[data-testid=method-select]", random.random_range(0..7)).await,
            9 => choose_one(&browser, "[data-testid=model-select]", random.random_range(0..3)).await,
            10 => choose_one(&browser, "[data-testid=language-select]", random.random_range(0..2)).await,
            11 | 12 => {
                browser.click(&tab("check")).await;
                click_one(&browser, "[data-testid=check-card]", random.random_range(0..3)).await;
                click_one(&browser, "[data-testid=box-evidence]", 0).await;
            }
            13 => {
                browser.click(&tab("check")).await;
                click_one(&browser, "[data-testid=box-undo]", 0).await;
                choose_one(&browser, "[data-testid=against]", random.random_range(0..4)).await;
            }
            14 => {
                browser.click(&tab("teach")).await;
                browser
                    .run(
                        "document.querySelector('[data-testid=train-start]:not([hidden]):not([disabled])')?.click()",
                        vec![],
                    )
                    .await;
                browser.wait("[data-testid=train-state][data-state=done]").await;
                trained = true;
            }
            _ => {
                browser.click(&tab("about")).await;
                browser.wait("[data-testid=bytes-sent]").await;
            }
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
        if n % (actions / 10) == 0 {
            browser.click(&tab("look")).await;
            until("inference on the photos", Duration::from_secs(180), async || {
                browser.count("[data-testid=photo-card][data-state=working]").await == 0
            })
            .await;
            assert_eq!(browser.count("[data-testid=photo-card]").await, photos, "photos after {n} clicks");
            assert_eq!(browser.count("[data-testid=photo-card][data-state=failed]").await, 0);
            assert_eq!(
                browser.run("return document.querySelectorAll('[data-level=error]').length", vec![]).await,
                json!(0)
            );
            log.record(&browser, n).await;
        }
    }
    assert!(trained);
    browser.click("[data-testid=tab-about]").await;
    assert_eq!(browser.text("[data-testid=bytes-sent]").await, "0");
    assert_eq!(browser.text("[data-testid=requests-stopped]").await, "0");
    log.assert_flat();
    browser.client.refresh().await.unwrap();
    browser.click("[data-testid=tab-teach]").await;
    browser.wait_for(".thumb", 6).await;
    browser.wait("[data-testid=tally]").await;
    browser.close().await;
}

/// Click the element with index `n`, modulo their number, if there is any.
async fn click_one(browser: &Browser, css: &str, n: usize) {
    let script = "const all = document.querySelectorAll(arguments[0]); all[arguments[1] % (all.length || 1)]?.click()";
    browser.run(script, vec![json!(css), json!(n)]).await;
}

/// Choose the option with index `n`, modulo their number, if the menu exists.
async fn choose_one(browser: &Browser, css: &str, n: usize) {
    let script = "const menu = document.querySelector(arguments[0]); if (!menu?.options.length) return; \
        menu.selectedIndex = arguments[1] % menu.options.length; menu.dispatchEvent(new Event('change', { bubbles: true }))";
    let _: Value = browser.run(script, vec![json!(css), json!(n)]).await;
}
