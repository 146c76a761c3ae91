//! The Check tab, as a visitor uses it: a folder, boxes, the evidence inside, metrics and exports.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use camscope::core::method::CamOptions;
use serde_json::json;

use crate::browser::{Browser, downloaded, sample};
use crate::methods::native;
use crate::site::Site;

const CPU: &str = "device=cpu&model=vgg16-gap-cifar10";
const CARD_DONE: &str = "[data-testid=check-card][data-state=done]";
const INSIDE: &str = "[data-testid=inside]";

impl Browser {
    /// Open the page and its Check tab.
    pub async fn open_check(&self, site: &Site, query: &str) {
        self.open(&format!("{}/?{query}", site.url)).await;
        self.wait("[data-testid=engine-progress][data-state=ready]").await;
        self.click("[data-testid=tab-check]").await;
        self.wait("[data-testid=check-photos]").await;
    }

    /// Choose files in Check's file input.
    pub async fn give_files(&self, files: &[PathBuf]) {
        let paths: Vec<_> = files.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        self.wait("[data-testid=check-photos]").await.send_keys(&paths.join("\n")).await.unwrap();
    }

    /// Return the evidence inside that the page shows for the chosen photo, or `None` if it shows none.
    async fn inside(&self) -> Option<f64> {
        self.attributes(INSIDE, "data-share").await.first().and_then(|share| share.parse().ok())
    }

    /// Draw a box on the chosen photo. `from` and `to` are its corners in fractions of the photo.
    async fn drag(&self, from: [f64; 2], to: [f64; 2]) {
        let script = "const c = document.querySelector('[data-testid=check-canvas]'); c.scrollIntoView({block: 'center'}); \
            const r = c.getBoundingClientRect(); \
            const s = Math.min(r.width / c.width, r.height / c.height); \
            const at = ([x, y]) => ({clientX: r.left + (r.width - c.width * s) / 2 + x * c.width * s, \
                clientY: r.top + (r.height - c.height * s) / 2 + y * c.height * s, bubbles: true, pointerId: 1}); \
            const go = (kind, place) => c.dispatchEvent(new PointerEvent(kind, at(place))); \
            go('pointerdown', arguments[0]); go('pointermove', arguments[1]); go('pointerup', arguments[1])";
        self.run(script, vec![json!(from), json!(to)]).await;
    }
}

/// Compute the evidence inside by its definition: each cell of the raw map counts by the fraction of it that the box
/// covers. `crop` and `place` are x, y, width, height in fractions of the photo.
fn inside_by_definition(values: &[f32], side: usize, crop: [f64; 4], place: [f64; 4]) -> f64 {
    let (mut all, mut inside) = (0.0, 0.0);
    for (i, value) in values.iter().enumerate() {
        let covered = |axis: usize, cell: usize| {
            let size = crop[axis + 2] / side as f64;
            let from = crop[axis] + cell as f64 * size;
            ((from + size).min(place[axis] + place[axis + 2]) - from.max(place[axis])).max(0.0) / size
        };
        let positive = f64::from(value.max(0.0));
        all += positive;
        inside += positive * covered(0, i % side) * covered(1, i / side);
    }
    inside / all
}

/// Boxes from files and a drawn box have the evidence inside that the definition gives. A photo can then be sent to
/// Teach.
#[tokio::test(flavor = "multi_thread")]
async fn evidence_inside_known_boxes_agrees_with_the_definition() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let boxes = [
        put("rocket.txt", "0 0.55 0.5 0.3 0.6\n"),
        put(
            "cat.xml",
            "<annotation><size><width>451</width><height>300</height></size><object><name>cat</name>\
             <bndbox><xmin>46</xmin><ymin>31</ymin><xmax>226</xmax><ymax>270</ymax></bndbox></object></annotation>",
        ),
        put("coffee.txt", "what is this"),
    ];
    let photos = [sample("rocket.jpg"), sample("cat.png"), sample("coffee.png")];
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open_check(&site, CPU).await;
    browser.screenshot("check-empty").await;
    browser.give_files(&[&boxes[..], &photos[..]].concat()).await;
    browser.wait_for(CARD_DONE, 3).await;
    let messages = browser.messages().await;
    assert!(messages.iter().any(|m| m.contains("coffee.txt") && m.contains("what is this")), "{messages:?}");
    assert!(messages.iter().any(|m| m.contains("Boxes for 2 photos")), "{messages:?}");

    // cat.png is first by name, so it is chosen at the start.
    let reference = async |photo: &Path, place: [f64; 4]| {
        let session = native(photo);
        let decoded = camscope::photo::Photo::decode(&std::fs::read(photo).unwrap()).unwrap();
        let (w, h) = (f64::from(decoded.width), f64::from(decoded.height));
        let crop = session.card().unwrap().preprocessing.crop(decoded.width, decoded.height);
        let crop = [crop.x / w, crop.y / h, crop.width / w, crop.height / h];
        let best = browser.text("[data-testid=check-class][aria-pressed=true]").await;
        let classes = &session.card().unwrap().classes;
        let class = classes.iter().position(|class| best.starts_with(&**class)).unwrap();
        let (options, goes_on) = (CamOptions::default(), async |_, _| ControlFlow::Continue(()));
        let map = session.explain(0, &options, &[class], goes_on).await.unwrap().remove(0).map;
        inside_by_definition(&map.values, map.width, crop, place)
    };
    browser
        .until(
            "the evidence inside the cat's box is shown",
            "return !!document.querySelector('[data-testid=inside][data-share]')",
        )
        .await;
    let cat = [45.0 / 451.0, 30.0 / 300.0, 181.0 / 451.0, 240.0 / 300.0];
    let (actual, expected) = (browser.inside().await.unwrap(), reference(&photos[1], cat).await);
    assert!((actual - expected).abs() < 1e-3, "cat: actual {actual}, expected {expected}");
    browser.screenshot("check-cat").await;

    browser.click("[data-testid=check-card]:nth-of-type(3)").await;
    let chosen = "return document.querySelector('.detail figcaption').textContent.includes('in rocket.jpg')";
    browser.until("the rocket is chosen", chosen).await;
    let (actual, expected) = (browser.inside().await.unwrap(), reference(&photos[0], [0.4, 0.2, 0.3, 0.6]).await);
    assert!((actual - expected).abs() < 1e-3, "rocket: actual {actual}, expected {expected}");

    // Without boxes no evidence inside is shown. A drawn box has its own.
    browser.click("[data-testid=show-boxes]").await;
    browser.click("[data-testid=box-undo]").await;
    browser
        .until("no evidence inside is shown", "return !document.querySelector('[data-testid=inside][data-share]')")
        .await;
    browser.until("the photo is drawn", "return !document.querySelector('[data-testid=check-canvas]').hidden").await;
    browser.drag([0.3, 0.1], [0.9, 0.75]).await;
    browser.until("a box is drawn", "return !!document.querySelector('[data-testid=inside][data-share]')").await;
    let (actual, expected) = (browser.inside().await.unwrap(), reference(&photos[0], [0.3, 0.1, 0.6, 0.65]).await);
    // A drawn box may differ by a pixel.
    assert!((actual - expected).abs() < 0.02, "drawn: actual {actual}, expected {expected}");
    browser.screenshot("check-rocket").await;

    // Order and filter by the evidence inside, and its means by class.
    browser.set("[data-testid=order]", "inside").await;
    let order = "return [...document.querySelectorAll('[data-testid=check-card]')].sort((a, b) => \
        a.getBoundingClientRect().left - b.getBoundingClientRect().left).map(c => parseInt(c.querySelector('.inside').textContent) || 999)";
    let order: Vec<u32> = serde_json::from_value(browser.run(order, vec![]).await).unwrap();
    assert!(order.is_sorted() && order[2] == 999, "{order:?}");
    assert!(browser.count("[data-testid=class-summary][data-inside]").await >= 1);
    browser.set("[data-testid=filter-inside]", "0.0").await;
    assert_eq!(browser.text("[data-testid=shown-count]").await, "0 of 3 photos");
    browser.set("[data-testid=filter-inside]", "1").await;
    assert_eq!(browser.text("[data-testid=shown-count]").await, "3 of 3 photos");

    // The photo becomes a training photo in Teach.
    browser.set("[data-testid=lend-class]", "my rocket").await;
    browser.click("[data-testid=show-why]").await;
    browser.click("[data-testid=lend]").await;
    assert!(browser.text("[data-testid=lent]").await.contains("my rocket"));
    browser.click("[data-testid=tab-teach]").await;
    browser.wait_for(".thumb", 1).await;
    assert_eq!(browser.attributes("[data-testid=class-card]", "data-class").await[0], "my rocket");
    browser.close().await;
}

/// Three hundred photos are dropped. The page stays responsive, and only the visible part of the gallery exists.
#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_photos_leave_the_page_responsive() {
    const PHOTOS: usize = 300;
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open_check(&site, CPU).await;
    let make = "return (async count => { \
        const canvas = new OffscreenCanvas(800, 600), pen = canvas.getContext('2d'); window.files = []; \
        for (let i = 0; i < count; i++) { \
            pen.fillStyle = `hsl(${i * 7} 80% 50%)`; pen.fillRect(0, 0, 800, 600); \
            pen.fillStyle = `hsl(${i * 31} 60% 30%)`; pen.fillRect(i, i, 300, 200); \
            const file = new File([await canvas.convertToBlob({type: 'image/jpeg'})], String(i).padStart(3, '0') + '.jpg', {type: 'image/jpeg'}); \
            window.files.push(file) } return window.files.length })(...arguments)";
    assert_eq!(browser.run(make, vec![json!(PHOTOS)]).await, json!(PHOTOS));
    let drop = "window.long = []; new PerformanceObserver(list => list.getEntries().forEach(e => window.long.push(e.duration))) \
            .observe({entryTypes: ['longtask']}); \
        const data = new DataTransfer(); window.files.forEach(file => data.items.add(file)); window.files = null; \
        window.dispatchEvent(new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: data}))";
    browser.run(drop, vec![]).await;

    // Inference is stopped, then continued.
    let done = "return Number(document.querySelector('[data-testid=check-progress]')?.dataset.done ?? 0)";
    browser.until("twenty photos are done", &format!("{done} >= 20")).await;
    browser.click("[data-testid=check-stop]").await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    let stopped = browser.run(done, vec![]).await.as_u64().unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(browser.run(done, vec![]).await.as_u64().unwrap(), stopped, "no photo is processed while it is stopped");
    assert!(browser.text("[data-testid=check-progress]").await.starts_with("Stopped at"));
    browser.click("[data-testid=check-stop]").await;

    // The keyboard moves through the gallery and scrolls it during inference.
    browser.click("[data-testid=check-card]").await;
    let key = "document.querySelector('[data-testid=gallery]').dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true}))";
    for name in ["ArrowRight", "ArrowDown", "End"] {
        browser.run(key, vec![json!(name)]).await;
    }
    browser
        .until(
            "the last photo is chosen",
            "return document.querySelector('.detail figcaption').textContent.includes('299.jpg')",
        )
        .await;
    let all = format!("{done} === {PHOTOS}");
    browser.until("all photos are done", &all).await;
    let cards = browser.count("[data-testid=check-card]").await;
    assert!((1..=80).contains(&cards), "{cards} cards exist at once");
    let bytes: usize = browser.attributes("[data-testid=check-progress]", "data-page-bytes").await[0].parse().unwrap();
    let heap = browser.run("return performance.memory.usedJSHeapSize", vec![]).await.as_u64().unwrap();
    let long: Vec<f64> = serde_json::from_value(browser.run("return window.long", vec![]).await).unwrap();
    let longest = long.iter().copied().fold(0.0, f64::max);
    let _ =
        writeln!(std::io::stderr(), "{PHOTOS} photos: page {bytes} bytes, scripts {heap}, longest task {longest} ms");
    assert!(longest <= 100.0, "tasks of {long:?} ms");
    assert!(bytes < 64 << 20 && heap < 96 << 20, "{bytes} and {heap} bytes");
    browser.screenshot("check-many").await;
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// The metrics are those of the native engine, and their curves are drawn. The sanity check shows a similarity for each
/// layer.
#[tokio::test(flavor = "multi_thread")]
async fn metrics_agree_with_native_and_the_sanity_check_runs() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open_check(&site, CPU).await;
    browser.give_files(&[sample("coffee.png")]).await;
    browser.wait("[data-testid=measure]:not([disabled])").await;
    browser.click("[data-testid=show-trust]").await;
    browser.click("[data-testid=measure]").await;
    browser.wait("[data-testid=faithfulness]").await;
    let session = native(&sample("coffee.png"));
    let best = browser.text("[data-testid=check-class][aria-pressed=true]").await;
    let class = session.card().unwrap().classes.iter().position(|class| best.starts_with(&**class)).unwrap();
    let progress = async |_, _| ControlFlow::Continue(());
    let expected = session.faithfulness(0, &CamOptions::default(), class, progress).await.unwrap();
    for (id, expected) in [
        ("drop", expected.drop() * 100.0),
        ("deletion", expected.deletion_area()),
        ("insertion", expected.insertion_area()),
        ("road", expected.road()),
    ] {
        let actual: f32 = browser.text(&format!("[data-testid={id}]")).await.trim_end_matches(" %").parse().unwrap();
        let tolerance = if id == "drop" { 0.2 } else { 0.004 };
        assert!((actual - expected).abs() <= tolerance, "{id}: actual {actual}, natively {expected}");
    }
    let points = browser.attributes(".numbers polyline.deletion", "points").await;
    assert_eq!(points[0].split(' ').count(), 29);
    browser.click("[data-testid=sanity]").await;
    browser.wait("[data-testid=sanity-result]").await;
    assert_eq!(browser.count("[data-testid=similarity]").await, session.stages() + 1);
    // Each with its map, which differ.
    let maps = "return new Set([...document.querySelectorAll('[data-testid=random-map]')].map((c) => c.width && c.toDataURL())).size";
    assert_eq!(browser.run(maps, vec![]).await, serde_json::json!(session.stages() + 1));
    browser.run("document.querySelector('.numbers').scrollIntoView({block: 'center'})", vec![]).await;
    browser.screenshot("check-numbers").await;

    // The metrics of one method disappear when another one is chosen.
    browser.set("[data-testid=check-method]", "layer-cam").await;
    browser
        .until(
            "the metrics are gone",
            "return !document.querySelector('[data-testid=faithfulness], [data-testid=sanity-result]')",
        )
        .await;
    browser
        .until(
            "the map is drawn",
            "return document.querySelector('.detail figcaption').textContent.startsWith('Layer-CAM')",
        )
        .await;
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// A long measurement shows its progress and stops on a click.
#[tokio::test(flavor = "multi_thread")]
async fn measuring_shows_progress_and_can_be_stopped() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open_check(&site, "device=cpu&model=efficientnet-lite0").await;
    browser.give_files(&[sample("coffee.png")]).await;
    browser.wait("[data-testid=measure]:not([disabled])").await;
    browser.click("[data-testid=show-trust]").await;
    browser.click("[data-testid=measure]").await;
    let progress = "return /Measuring: [1-9]\\d* of 76 passes/.test(document.querySelector('[data-testid=measure-progress]').textContent)";
    browser.until("the number of passes is shown", progress).await;
    browser.click("[data-testid=measure-stop]").await;
    browser.wait("[data-testid=measure]:not([disabled])").await;
    assert_eq!(browser.count("[data-testid=faithfulness]").await, 0);
    // The engine is free for the next photo.
    browser.give_files(&[sample("rocket.jpg")]).await;
    browser.wait_for(CARD_DONE, 2).await;
    browser.close().await;
}

/// A folder is chosen in its dialog. Its table, raw maps, sheet and archive are exported.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_classified_and_exported() {
    let (folder, downloads) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let deep = folder.path().join("trip/day, one");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::copy(sample("cat.png"), deep.join("cat.png")).unwrap();
    std::fs::copy(sample("rocket.jpg"), folder.path().join("trip/rocket.jpg")).unwrap();
    std::fs::write(folder.path().join("trip/broken.jpg"), "no photo").unwrap();
    std::fs::write(folder.path().join("trip/notes.md"), "not wanted").unwrap();
    let (site, browser) = (Site::built().await, Browser::start_with_downloads(downloads.path()).await);
    browser.open_check(&site, CPU).await;
    let input = browser.wait("[data-testid=check-folder]").await;
    input.send_keys(&folder.path().join("trip").to_string_lossy()).await.unwrap();
    browser.wait_for(CARD_DONE, 2).await;
    browser.wait_for("[data-testid=check-card][data-state=failed]", 1).await;
    assert!(browser.text("[data-testid=check-progress]").await.starts_with("2 of 3 photos are looked at"));

    browser.click("[data-testid=exports]").await;
    browser.click("[data-testid=export-csv]").await;
    let table = std::fs::read_to_string(downloaded(downloads.path(), "csv").await).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("photo,rank,class,index,probability,logit,evidence_inside,"), "{table}");
    assert_eq!(lines.len(), 1 + 1 + 5 + 5, "{table}");
    assert!(table.contains("\"trip/day, one/cat.png\",1,") && table.contains("trip/broken.jpg,,,"), "{table}");

    browser.click("[data-testid=export-npy]").await;
    let maps = std::fs::read(downloaded(downloads.path(), "npy").await).unwrap();
    let header = String::from_utf8_lossy(&maps[10..128]);
    assert!(header.contains("'descr': '<f4'") && header.contains("'shape': (2, 5, "), "{header}");

    browser.click("[data-testid=export-sheet]").await;
    let sheet = image::open(downloaded(downloads.path(), "png").await).unwrap();
    assert_eq!((sheet.width(), sheet.height()), (2 * 192, 232));

    browser.click("[data-testid=export-zip]").await;
    let archive = std::fs::File::open(downloaded(downloads.path(), "zip").await).unwrap();
    let mut archive = zip::ZipArchive::new(archive).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    for name in ["predictions.csv", "overlays/trip/day, one/cat.png.jpg", "overlays/trip/rocket.jpg.jpg"] {
        assert!(names.iter().any(|actual| actual == name), "{name} is not in {names:?}");
    }
    let mut overlay = Vec::new();
    std::io::copy(&mut archive.by_name("overlays/trip/rocket.jpg.jpg").unwrap(), &mut overlay).unwrap();
    assert_eq!(image::load_from_memory(&overlay).unwrap().width(), 640);
    browser.close().await;
}

/// A map is compared with that of another class, method and network. The page shows both maps, their difference and the
/// values of both, with one zoom for all.
#[tokio::test(flavor = "multi_thread")]
async fn a_map_is_compared_with_another() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open_check(&site, CPU).await;
    browser.give_files(&[sample("coffee.png")]).await;
    browser.wait("[data-testid=measure]:not([disabled])").await;
    let values = async |id: &str| -> Vec<f32> {
        let values = browser.attributes(&format!("[data-testid=compare-{id}]"), "data-values").await.remove(0);
        values.split(',').map(|value| value.parse().unwrap()).collect()
    };
    let shown = "return document.querySelector('[data-testid=compare-second]').checkVisibility()";
    let caption = |words: &str| {
        format!("return document.querySelector('.views figure:nth-child(2)').textContent.includes('{words}')")
    };

    // Maps of one network are compared in the units of the scores.
    browser.click("[data-testid=show-compare]").await;
    browser.set("[data-testid=against]", "class:1").await;
    browser.until("both maps are shown", shown).await;
    let (a, b, both) = (values("first").await, values("second").await, values("difference").await);
    assert_eq!((a.len(), both.len()), (16, 16));
    for ((a, b), both) in a.iter().zip(&b).zip(&both) {
        assert!((a - b - both).abs() < 1e-4, "{a} − {b} is not {both}");
    }
    assert!(a != b);
    browser.run("document.querySelector('.compare-maps').scrollIntoView({block: 'center'})", vec![]).await;
    browser.screenshot("check-compare").await;

    // The values of both maps are shown at the pointer. All views are zoomed and moved together.
    let point = "const c = document.querySelector('[data-testid=compare-second]'), r = c.getBoundingClientRect(); \
        c.dispatchEvent(new PointerEvent('pointermove', {clientX: r.left + r.width / 2, clientY: r.top + r.height / 2, bubbles: true}))";
    browser.run(point, vec![]).await;
    let text = browser.text("[data-testid=compare-values]").await;
    let numbers: Vec<f32> = text.split(' ').filter_map(|word| word.parse().ok()).collect();
    let centre = |map: &[f32]| (map[5] + map[6] + map[9] + map[10]) / 4.0;
    assert_eq!(numbers.len(), 2, "{text}");
    // The pointer may be a pixel away from the centre.
    let tolerance = 0.03 * a.iter().chain(&b).fold(0.0, |most: f32, value| most.max(value.abs()));
    assert!((numbers[0] - centre(&a)).abs() < tolerance && (numbers[1] - centre(&b)).abs() < tolerance, "{text}");
    browser.click(".views [data-testid=zoom-in]").await;
    let transforms = "return [...document.querySelectorAll('.views .sheet')].map(s => s.style.transform)";
    let larger: Vec<String> = serde_json::from_value(browser.run(transforms, vec![]).await).unwrap();
    assert!(larger.iter().all(|one| one.contains("scale(1.5)") && *one == larger[0]), "{larger:?}");
    let drag = "const c = document.querySelector('[data-testid=compare-first]'); \
        const go = (kind, x) => c.dispatchEvent(new PointerEvent(kind, {clientX: x, clientY: 400, bubbles: true})); \
        go('pointerdown', 300); go('pointermove', 320); go('pointerup', 320)";
    browser.run(drag, vec![]).await;
    let moved: Vec<String> = serde_json::from_value(browser.run(transforms, vec![]).await).unwrap();
    assert!(moved.iter().all(|one| *one != larger[0] && *one == moved[0]), "{moved:?}");
    browser.click(".views [data-testid=zoom-reset]").await;

    // With another method, the other class has a map of that method too. The values are then no scores any more.
    browser.set("[data-testid=check-method]", "layer-cam").await;
    browser.until("the other class's map is by Layer-CAM", &caption("Layer-CAM")).await;
    browser.until("both maps are shown", shown).await;
    assert!(values("second").await.iter().all(|value| *value >= 0.0), "Layer-CAM has no negative evidence");
    assert!(browser.text(".compare-maps > .hint").await.starts_with("Each in shares"));
    browser.set("[data-testid=check-method]", "cam").await;

    // When a slow method is replaced by another one, only the last one is shown.
    browser.set("[data-testid=check-method]", "score-cam").await;
    browser.set("[data-testid=check-method]", "cam").await;
    browser.wait("[data-testid=measure]:not([disabled])").await;
    assert!(browser.text(".detail figcaption").await.starts_with("CAM for"));

    // Another method, then another network with a grid of its own.
    browser.set("[data-testid=against]", "method:eigen-cam").await;
    browser.until("the map by Eigen-CAM is shown", &caption("Eigen-CAM")).await;
    assert_ne!(values("second").await, b);
    browser.set("[data-testid=against]", "model:resnet-20").await;
    browser.until("the other network's map is shown", &caption("ResNet-20")).await;
    browser.until("both maps are shown", shown).await;
    assert_eq!((values("second").await.len(), values("difference").await.len()), (64, 64));
    assert!(
        values("difference").await.iter().all(|share| share.abs() <= 2.0),
        "each map is divided by its largest absolute value"
    );
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// On a phone in the dark theme, nothing is wider than the screen. A swipe over the photo scrolls the page, and draws a box only after
/// that was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn checking_fits_a_phone_in_the_dark() {
    let (site, browser) = (Site::built().await, Browser::start_phone(&[]).await);
    browser.open_check(&site, CPU).await;
    browser.give_files(&[sample("coffee.png"), sample("cat.png")]).await;
    browser.wait_for(CARD_DONE, 2).await;
    browser.until("the photo is drawn", "return !document.querySelector('[data-testid=check-canvas]').hidden").await;
    let place = "const c = document.querySelector('[data-testid=check-canvas]'); c.scrollIntoView({block: 'center'}); \
        const r = c.getBoundingClientRect(); return arguments[0].map(share => [r.left + r.width * share, r.top + r.height * share])";
    let places: [[f64; 2]; 2] = serde_json::from_value(browser.run(place, vec![json!([0.3, 0.7])]).await).unwrap();
    let touch = async |kind: &str, at: Option<[f64; 2]>| {
        let points: Vec<_> = at.into_iter().map(|[x, y]| json!({ "x": x, "y": y })).collect();
        browser.chromium("Input.dispatchTouchEvent", json!({ "type": kind, "touchPoints": points })).await;
    };
    touch("touchStart", Some(places[0])).await;
    touch("touchMove", Some(places[1])).await;
    touch("touchEnd", None).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(browser.count("[data-testid=drawn-box]").await, 0, "a swipe draws nothing");
    browser.click("[data-testid=show-boxes]").await;
    browser.click("[data-testid=box-draw]").await;
    let places: [[f64; 2]; 2] = serde_json::from_value(browser.run(place, vec![json!([0.3, 0.7])]).await).unwrap();
    touch("touchStart", Some(places[0])).await;
    touch("touchMove", Some(places[1])).await;
    touch("touchEnd", None).await;
    browser.until("a box is drawn", "return !!document.querySelector('[data-testid=inside][data-share]')").await;
    browser.set("[data-testid=against]", "class:1").await;
    browser.screenshot("check-phone").await;
    let wide = "const width = document.documentElement.clientWidth; if (document.documentElement.scrollWidth <= width) return []; \
        return [...document.querySelectorAll('#check *')].filter(e => !e.closest('.gallery') && !e.closest('.pane') && \
            e.getBoundingClientRect().right > width + 1).map(e => e.tagName + '.' + e.className)";
    assert_eq!(browser.run(wide, vec![]).await, json!([]), "the page scrolls sideways");
    browser.close().await;
}

/// Photos that are dropped while the engine starts wait for it, because the worker receives no messages before.
#[tokio::test(flavor = "multi_thread")]
async fn photos_are_accepted_before_the_engine_is_ready() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?{CPU}", site.url)).await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    let early = "return (async () => { \
        const canvas = new OffscreenCanvas(90, 60); canvas.getContext('2d').fillRect(20, 20, 30, 30); \
        const file = new File([await canvas.convertToBlob()], 'early.png', {type: 'image/png'}); \
        window.Worker = class extends Worker { constructor(...all) { super(...all); setTimeout(() => { \
            const data = new DataTransfer(); data.items.add(file); window.early = true; \
            window.dispatchEvent(new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: data})) }) } } })()";
    browser.run(early, vec![]).await;
    browser.click("[data-testid=tab-check]").await;
    browser.wait_for(CARD_DONE, 1).await;
    assert_eq!(browser.run("return window.early", vec![]).await, json!(true));
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// Script for the page: four cores, a count of the engines that run, and one engine that fails while it helps.
const FOUR_CORES: &str = "Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', { get: () => 4 }); \
    window.started = 0; window.running = 0; window.Worker = class extends Worker { \
        constructor(...all) { super(...all); window.started++; window.running++; \
            if (window.started === 4) setTimeout(() => this.dispatchEvent(new ErrorEvent('error', { message: 'gone' })), 2500); } \
        terminate() { window.running--; super.terminate(); } };";

/// A folder is checked by several engines. One of them fails, and every photo gets the same answer all the same. The
/// helping engines end with the folder.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_checked_on_all_cores() {
    const PHOTOS: usize = 60;
    let site = Site::changed(crate::faults::with("start.js", FOUR_CORES)).await;
    let browser = Browser::start().await;
    browser.open_check(&site, CPU).await;
    let folder = tempfile::tempdir().unwrap();
    let names = ["cat.png", "coffee.png"];
    let files: Vec<PathBuf> = (0..PHOTOS)
        .map(|i| {
            let path = folder.path().join(format!("{i:02}-{}", names[i % 2]));
            std::fs::copy(sample(names[i % 2]), &path).unwrap();
            path
        })
        .collect();
    browser.give_files(&files).await;
    let progress = "document.querySelector('[data-testid=check-progress]')?.dataset.done";
    browser.until("all photos are done", &format!("return {progress} === '{PHOTOS}'")).await;
    // The engines of Look and Check, and three helpers.
    assert_eq!(browser.run("return window.started", vec![]).await, json!(5));
    browser.until("the helpers have ended", "return window.running === 2").await;
    assert_eq!(browser.messages().await, [""; 0]);
    let answers = "return [...document.querySelectorAll('[data-testid=check-card]')].map(c => [c.dataset.state, c.textContent.replace(/\\d\\d-/, '')].join(' '))";
    let mut answers: Vec<String> = serde_json::from_value(browser.run(answers, vec![]).await).unwrap();
    answers.sort();
    answers.dedup();
    assert!(answers.len() == 2 && answers.iter().all(|answer| answer.starts_with("done")), "{answers:?}");
    browser.close().await;
}
