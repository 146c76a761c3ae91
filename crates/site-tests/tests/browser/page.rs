//! The Look tab, as a visitor uses it: drop, paste, choose, compare, search, return.

use std::time::Duration;

use serde_json::json;

use crate::browser::{Browser, project, sample};
use crate::site::Site;

const DONE: &str = "[data-testid=photo-card][data-state=done]";

#[tokio::test(flavor = "multi_thread")]
async fn controls_act_on_the_canvas() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.wait("[data-testid=sample]").await;
    browser.screenshot("welcome").await;
    browser.add_photos(&[&sample("coffee.png")]).await;
    browser.wait_for(DONE, 1).await;
    browser.wait_for("[data-testid=prediction]", 5).await;
    browser.wait_for("[data-testid=map-canvas]", 5).await;

    let stage = "[data-testid=stage-canvas]";
    let mut pictures = vec![browser.pixels(stage).await];
    browser.set("[data-testid=opacity]", "0.8").await;
    pictures.push(browser.pixels(stage).await);
    browser.set("[data-testid=colormap]", "viridis").await;
    pictures.push(browser.pixels(stage).await);
    browser.click("[data-testid=appearance] summary").await;
    browser.wait("[data-testid=grid]").await.click().await.unwrap();
    pictures.push(browser.pixels(stage).await);
    browser.wait("[data-testid=box]").await.click().await.unwrap();
    pictures.push(browser.pixels(stage).await);
    browser.wait("[data-testid=prediction]:nth-child(3)").await.click().await.unwrap();
    pictures.push(browser.pixels(stage).await);
    browser.set("[data-testid=scale]", "map").await;
    pictures.push(browser.pixels(stage).await);
    let press = "document.querySelector('[data-testid=compare]').dispatchEvent(new PointerEvent('pointerdown', {bubbles: true}))";
    browser.run(press, vec![]).await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    pictures.push(browser.pixels(stage).await);
    for i in 1..pictures.len() {
        assert!(!pictures[..i].contains(&pictures[i]), "step {i} did not change the stage: {pictures:?}");
    }

    browser.set("[data-testid=class-search]", "teapot").await;
    browser.wait_for("[data-testid=prediction]", 6).await;
    assert_eq!(browser.attributes("[data-testid=prediction]", "data-class").await[5], "teapot");
    assert_eq!(browser.attributes("[data-testid=prediction]", "aria-pressed").await[5], "true");
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_photos_come_in_order_by_dialog_drop_paste_and_sample() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.add_photos(&[&sample("rocket.jpg"), &sample("coffee.png"), &sample("cat.png")]).await;
    for (event, transfer, name) in [("drop", "dataTransfer", "dropped.png"), ("paste", "clipboardData", "pasted.png")] {
        let script = "return (async (event, transfer, name) => { \
            const blob = await (await fetch('photos/motorcycle.png')).blob(); \
            const data = new DataTransfer(); data.items.add(new File([blob], name, {type: 'image/png'})); \
            const e = new Event(event, {bubbles: true, cancelable: true}); \
            Object.defineProperty(e, transfer, {value: data}); \
            document.body.dispatchEvent(e) })(...arguments)";
        browser.run(script, vec![json!(event), json!(transfer), json!(name)]).await;
    }
    browser.wait_for(DONE, 5).await;
    let titles = browser.attributes("[data-testid=photo-card] .open", "title").await;
    assert_eq!(titles, ["rocket.jpg", "coffee.png", "cat.png", "dropped.png", "pasted.png"]);
    browser.wait("[data-testid=photo-card]:nth-of-type(2) .open").await.click().await.unwrap();
    browser.wait("[data-testid=prediction][data-class=espresso]").await;
    browser.screenshot("several").await;
    browser.close().await;
}

/// The memory for photos is bounded. From the 20th to the 50th photo, neither the engine's nor the page's memory grows
/// by more than the allocator's variation; the pictures alone would be 98 MB. Inference runs on the first photo again
/// when it is chosen.
#[tokio::test(flavor = "multi_thread")]
async fn memory_does_not_grow_over_fifty_photos() {
    let folder = tempfile::tempdir().unwrap();
    let coffee = image::open(sample("coffee.png")).unwrap().into_rgb8();
    let large = image::imageops::resize(&coffee, 1800, 1200, image::imageops::FilterType::Triangle);
    let photos: Vec<_> = (0..50).map(|i| folder.path().join(format!("photo-{i:02}.jpg"))).collect();
    large.save(&photos[0]).unwrap();
    for photo in &photos[1..] {
        std::fs::copy(&photos[0], photo).unwrap();
    }

    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    let mut sizes = Vec::new();
    for part in [&photos[..20], &photos[20..]] {
        browser.add_photos(&part.iter().map(|photo| photo.as_path()).collect::<Vec<_>>()).await;
        let count = photos.iter().position(|photo| *photo == part[part.len() - 1]).unwrap() + 1;
        browser.wait_for(DONE, count).await;
        browser.wait(&format!("[data-testid=photo-card]:nth-of-type({count}) .open")).await.click().await.unwrap();
        browser.wait_for("[data-testid=map-canvas]", 5).await;
        let timing = "[data-testid=timing]";
        let bytes = ["data-engine-bytes", "data-page-bytes"].map(|name| browser.attributes(timing, name));
        let [engine, page] = bytes;
        sizes.push([engine.await[0].parse::<u64>().unwrap(), page.await[0].parse::<u64>().unwrap()]);
    }
    println!("bytes of engine and page after 20 and 50 photos: {sizes:?}");
    for (before, after) in sizes[0].iter().zip(sizes[1]) {
        assert!(after <= before + 8_000_000, "{sizes:?}");
    }

    browser.wait("[data-testid=photo-card]:nth-of-type(1) .open").await.click().await.unwrap();
    browser.wait_for(DONE, 50).await;
    browser.set("[data-testid=class-search]", "teapot").await;
    browser.wait_for("[data-testid=prediction]", 6).await;
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// Arrow keys move through the strip of photos, and the legend shows the map's value at the pointer.
#[tokio::test(flavor = "multi_thread")]
async fn arrows_move_through_photos_and_the_legend_shows_the_value_at_the_pointer() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.add_photos(&[&sample("rocket.jpg"), &sample("coffee.png")]).await;
    browser.wait_for(DONE, 2).await;
    let first = browser.wait("[data-testid=photo-card]:nth-of-type(1) .open").await;
    first.send_keys(&char::from(fantoccini::key::Key::Right).to_string()).await.unwrap();
    browser.wait("[data-testid=prediction][data-class=espresso]").await;
    browser.wait("[data-testid=photo-card]:nth-of-type(2) .open:focus").await;

    let script = "const c = document.querySelector('[data-testid=stage-canvas]'), r = c.getBoundingClientRect(); \
        c.dispatchEvent(new PointerEvent('pointermove', {bubbles: true, clientX: r.x + r.width / 2, clientY: r.y + r.height / 2}))";
    browser.run(script, vec![]).await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    let map = browser.attributes("[data-testid=map-canvas]", "data-values").await.swap_remove(0);
    let map: Vec<f32> = serde_json::from_str(&map).unwrap();
    let text = browser.wait("[data-testid=legend] output").await.text().await.unwrap();
    let shown: f32 =
        text.strip_prefix("here ").and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{text}"));
    // The pointer is at the centre of 7 × 7 cells, rounded to whole pixels.
    assert!((shown - map[24]).abs() <= 0.02 * (map[24] - map[0]).abs().max(1.0), "{shown} instead of {}", map[24]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn second_visit_fetches_no_weights() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    let ready = "[data-testid=engine-progress][data-state=ready]";
    let fetched = || site.requests().iter().filter(|path| path.ends_with(".bpk")).cloned().collect::<Vec<_>>();
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.wait(ready).await;
    // The service worker fetches the other networks for later.
    browser.wait("[data-kept=all]").await;
    let first = fetched();
    assert!(first.iter().enumerate().all(|(i, path)| !first[..i].contains(path)), "fetched twice: {first:?}");
    browser.open(&format!("{}/?device=cpu&again", site.url)).await;
    browser.wait(ready).await;
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait_for(DONE, 1).await;
    browser.wait("[data-kept=all]").await;
    assert_eq!(fetched(), first);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_are_accepted_before_the_engine_is_ready() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    site.delay(".bpk", Duration::from_secs(4));
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait_for("[data-testid=photo-card][data-state=working]", 1).await;
    browser.wait_for(DONE, 1).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_menu_changes_the_model() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait_for(DONE, 1).await;
    browser.click(".picker summary").await;
    browser.screenshot("picker").await;
    browser.click(".model-card:has([value=vgg16-gap-cifar10])").await;
    browser.wait("[data-testid=model-select][data-value=vgg16-gap-cifar10]").await;
    browser.wait("[data-testid=prediction][data-class=cat]").await;
    browser.wait_for(DONE, 1).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fits_a_phone_in_the_dark() {
    let (site, browser) = (Site::built().await, Browser::start_phone(&[]).await);
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.add_photos(&[&sample("motorcycle.png")]).await;
    browser.wait_for(DONE, 1).await;
    let script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(browser.run(script, vec![]).await, json!(0), "the page scrolls sideways");
    let background = "return getComputedStyle(document.documentElement).backgroundColor";
    assert_eq!(browser.run(background, vec![]).await, json!("rgb(20, 23, 26)"));
    browser.screenshot("phone").await;
    browser.close().await;
}

/// Bounds the sizes, compressed as they are served (Brotli at its highest quality, tools/compress.mjs), of the code that a visitor
/// downloads: that of the page and of the engines.
#[test]
fn the_site_is_small() {
    let dist = project("dist");
    let files = std::fs::read_dir(&dist).expect("the built site").map(|entry| entry.unwrap().path());
    let (mut pages, mut engines) = (Vec::new(), Vec::new());
    for file in files.filter(|file| file.extension().is_some_and(|e| e == "wasm")) {
        let is_engine = file.file_name().unwrap().to_string_lossy().starts_with("engine-");
        let code = std::fs::read(&file).unwrap();
        let mut packed = Vec::new();
        // The engines are far from their limit, and the highest quality would take half a minute for them.
        let quality = if is_engine { 9 } else { 11 };
        let parameters = brotli::enc::BrotliEncoderParams { quality, lgwin: 24, ..Default::default() };
        brotli::BrotliCompress(&mut code.as_slice(), &mut packed, &parameters).unwrap();
        if is_engine { &mut engines } else { &mut pages }.push(packed.len());
    }
    println!("after brotli: page {pages:?} bytes, engines {engines:?}");
    assert!(pages.len() == 1 && pages[0] <= 600_000, "the page's program has {pages:?} bytes");
    assert!(engines.len() == 3 && engines.iter().all(|&bytes| bytes <= 3_500_000), "engines: {engines:?} bytes");
}

/// Trunk has read `trunk.toml`, which alone makes all addresses relative.
#[tokio::test(flavor = "multi_thread")]
async fn trunk_toml_is_read() {
    let index = std::fs::read_to_string(project("dist/index.html")).unwrap();
    assert!(index.contains("./page-") && !index.contains("\"/page-"), "links in dist/index.html are not relative");
}

/// The address names the part that is shown: a link opens it, Back and Forward change it, and a reload keeps it.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_brings_its_part_back() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20#teach", site.url)).await;
    browser.wait("[data-testid=tab-teach][aria-current=page]").await;
    browser.wait("#teach [data-testid=train-start]").await;
    browser.click("[data-testid=tab-check]").await;
    browser.wait("#check:not([hidden]) [data-testid=check-photos]").await;
    assert!(browser.client.current_url().await.unwrap().as_str().ends_with("#check"));
    browser.client.back().await.unwrap();
    browser.wait("[data-testid=tab-teach][aria-current=page]").await;
    browser.wait("#teach:not([hidden])").await;
    browser.client.forward().await.unwrap();
    browser.wait("[data-testid=tab-check][aria-current=page]").await;
    browser.client.refresh().await.unwrap();
    browser.wait("#check:not([hidden]) [data-testid=check-photos]").await;
    // The parts meet in the program's own state: nothing of the page's is on the window or the body.
    let own = "return [...Object.keys(window).filter((name) => /camscope/i.test(name)), ...Object.keys(document.body.dataset)]";
    assert_eq!(browser.run(own, vec![]).await, json!([]));
    browser.close().await;
}

/// The header and the place for photos are there before the page's program is, in the visitor's language.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_paint_needs_no_program() {
    for (language, lead) in [("en", "See what an AI looks at"), ("ko-KR", "AI가 사진의 어디를")] {
        let (site, browser) = (Site::built().await, Browser::start_in(language).await);
        site.delay("_bg.wasm", Duration::from_secs(3));
        browser.open(&format!("{}/?device=cpu", site.url)).await;
        let shown = "return document.querySelector('#loading .lead')?.innerText ?? ''";
        assert!(browser.run(shown, vec![]).await.as_str().unwrap().starts_with(lead));
        assert_eq!(browser.count("#loading .tab").await, 4);
        browser.screenshot(&format!("first-paint-{language}")).await;
        browser.wait("[data-testid=photo-input]").await;
        assert_eq!(browser.count("#loading").await, 0);
        browser.close().await;
    }
}
