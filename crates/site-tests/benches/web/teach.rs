//! Training a head on the page, beside TensorFlow.js in the same browser on features of the same shape.
//!
//! There are twenty photos of two classes, EfficientNet-Lite0 on the CPU engine, and the page's default settings. Every
//! round trains once with each library. The benchmark prints medians and their ratio.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::median;
use crate::site::Site;

const ROUNDS: usize = 5;

/// Script: train a dense layer as the page trains its head. The weights start at zero; Adam minimises the cross-entropy
/// of the logits, in shuffled batches of 16.
const TENSORFLOW: &str = "return (async (backend, examples) => { \
    await tf.setBackend(backend); await tf.ready(); \
    const features = tf.randomNormal([examples, 1280], 0, 1, 'float32', 1).relu(); \
    const labels = tf.oneHot(tf.range(0, examples, 1, 'int32').mod(tf.scalar(2, 'int32')), 2).toFloat(); \
    const validation = [features.slice([0, 0], [4, 1280]), labels.slice([0, 0], [4, 2])]; \
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [1280], kernelInitializer: 'zeros' })] }); \
    model.compile({ optimizer: tf.train.adam(0.003), loss: (y, x) => tf.losses.softmaxCrossEntropy(y, x), metrics: [] }); \
    const start = performance.now(); \
    const history = await model.fit(features, labels, { epochs: 20, batchSize: 16, shuffle: true, validationData: validation, yieldEvery: 'never' }); \
    const took = performance.now() - start; \
    if (!(history.history.loss.at(-1) < history.history.loss[0])) throw new Error('the loss does not decrease'); \
    tf.dispose([features, labels, validation]); model.dispose(); return took })(...arguments)";

/// Script: record when the state of the training changes, and when its last epoch is shown.
const WATCH: &str = "window.changes = []; new MutationObserver(() => { \
    const state = document.querySelector('[data-testid=train-state]').dataset.state; \
    const epoch = document.querySelector('[data-testid=train-epoch]').textContent; \
    const now = state === 'training' && epoch === '20/20' ? 'last' : state; \
    if (window.changes.at(-1)?.[0] !== now) window.changes.push([now, performance.now()]) \
    }).observe(document.querySelector('.training'), { attributes: true, characterData: true, childList: true, subtree: true })";

/// Write ten photos of each of two classes.
fn photos(folder: &Path) -> [Vec<PathBuf>; 2] {
    [false, true].map(|across| {
        let photo = |i: u32| {
            let pixel = |x: u32, y: u32| {
                image::Rgb([
                    if (if across { y } else { x }) / 16 % 2 == 0 { 220 } else { 30 },
                    (i * 25) as u8,
                    (x ^ y) as u8,
                ])
            };
            let path = folder.join(format!("{across}-{i}.jpg"));
            image::RgbImage::from_fn(1024, 768, pixel).save(&path).unwrap();
            path
        };
        (0..10).map(photo).collect()
    })
}

/// Train once on the page. Return the milliseconds for the photos' features, for the epochs in the engine, for the
/// epochs as the page draws them, and for saving the network.
async fn train(browser: &Browser) -> [f64; 4] {
    browser.run("window.changes = []", vec![]).await;
    browser.wait("[data-testid=train-start]").await.click().await.unwrap();
    browser.wait("[data-testid=train-state][data-state=done]").await;
    let changes = browser.run("return window.changes", vec![]).await;
    let at = |state: &str| {
        let changes = changes.as_array().unwrap();
        changes.iter().find(|change| change[0] == state).unwrap_or_else(|| panic!("{state}: {changes:?}"))[1]
            .as_f64()
            .unwrap()
    };
    let engine = browser.attributes("[data-testid=train-epoch]", "data-milliseconds").await[0].parse().unwrap();
    [at("training") - at("features"), engine, at("last") - at("training"), at("done") - at("last")]
}

pub async fn run(browser: &Browser, site: &Site) {
    let folder = tempfile::tempdir().unwrap();

    let page = browser.client.window().await.unwrap();
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    browser.wait("[data-testid=tab-teach]").await.click().await.unwrap();
    for (n, photos) in photos(folder.path()).iter().enumerate() {
        let css = format!("[data-testid=class-card]:nth-of-type({}) [data-testid=class-photos]", n + 1);
        let paths: Vec<_> = photos.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        browser.wait(&css).await.send_keys(&paths.join("\n")).await.unwrap();
        browser.wait_for(".thumb", (n + 1) * 10).await;
    }
    browser.run(WATCH, vec![]).await;

    // Features are computed once per photo: first plain, then with four augmented copies each.
    browser.wait(".choices summary").await.click().await.unwrap();
    browser.wait("[data-testid=augment]").await.click().await.unwrap();
    let plain = train(browser).await;
    browser.wait("[data-testid=augment]").await.click().await.unwrap();
    let copies = train(browser).await;
    println!("twenty photos of 1024x768, EfficientNet-Lite0, CPU engine, one thread:");
    println!(
        "  network started and features: {:.1} s plain, {:.1} s with four augmented copies each",
        plain[0] / 1e3,
        copies[0] / 1e3
    );

    let other = browser.client.new_window(true).await.unwrap().handle;
    browser.client.switch_to_window(other.clone()).await.unwrap();
    browser.open(&format!("{}/peers/peers.html", site.url)).await;
    // The page trains on 16 photos and their four copies each. The others are held out.
    const EXAMPLES: usize = 80;
    let theirs = async |backend: &str| -> Result<f64, String> {
        let took = browser.client.execute(TENSORFLOW, vec![json!(backend), json!(EXAMPLES)]).await;
        took.map_err(|e| e.to_string()).and_then(|took: Value| took.as_f64().ok_or_else(|| took.to_string()))
    };
    let mut backends = Vec::new();
    for backend in ["cpu", "wasm", "webgl"] {
        match theirs(backend).await {
            Ok(_) => backends.push((backend, Vec::new())),
            Err(error) => println!("  TensorFlow.js on {backend} fails: {}", error.lines().next().unwrap_or_default()),
        }
    }
    let (mut ours, mut drawn, mut saving) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        browser.client.switch_to_window(page.clone()).await.unwrap();
        let [_, epochs, on_the_page, after] = train(browser).await;
        ours.push(epochs);
        drawn.push(on_the_page);
        saving.push(after);
        browser.client.switch_to_window(other.clone()).await.unwrap();
        for (backend, times) in &mut backends {
            times.push(theirs(backend).await.unwrap());
        }
    }
    let ours = median(ours);
    println!(
        "twenty epochs of the head on {EXAMPLES} examples, batch 16, held-out photos evaluated and a map drawn every epoch (medians of {ROUNDS}):"
    );
    println!(
        "  camscope               {ours:7.0} ms   in the engine; {:.0} ms until the page has drawn every epoch, {:.0} ms more to evaluate every photo and save the network",
        median(drawn),
        median(saving)
    );
    for (backend, times) in backends {
        let theirs = median(times);
        println!(
            "  TensorFlow.js, {backend:6} {theirs:8.0} ms   ratio {:.2} (above 1: camscope is faster)",
            theirs / ours
        );
    }
}
