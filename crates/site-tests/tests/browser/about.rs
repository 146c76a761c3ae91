//! The About tab: benchmarks started by a click and by the address. Their results also compare both engines' operations
//! with native ones.

use camscope::checkpoint::{decode, read_manifest};
use camscope::core::preprocessing::Preprocessing;
use camscope::device::{DeviceKind, open};
use camscope::engine::noise;
use camscope::model::Network;
use serde_json::Value;

use crate::browser::{Browser, project};
use crate::site::Site;

/// Run a benchmark by its address, and return its result.
async fn benchmark(browser: &Browser, site: &Site, query: &str) -> Value {
    browser.open(&format!("{}/?{query}", site.url)).await;
    browser.wait_for("[data-testid=bench-row]", 1).await;
    assert_eq!(browser.messages().await, [""; 0], "{query}");
    serde_json::from_str(&browser.text("[data-testid=bench-json]").await).unwrap()
}

/// Return a network of the site on the native CPU.
async fn native(model: &str) -> Network {
    let models = project("www/models");
    let card = read_manifest(&models).unwrap().models.into_iter().find(|card| card.name == model).unwrap();
    let device = open(DeviceKind::Cpu).await.unwrap();
    decode(std::fs::read(models.join(&card.file)).unwrap(), &device).unwrap().1
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_benchmark_by_address_shows_its_result() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    let result = benchmark(&browser, &site, "bench=ResNet20&runs=5&device=cpu").await;
    assert_eq!(
        (&result["model"], &result["device"], &result["adapter"]),
        (&"resnet-20".into(), &"cpu".into(), &"CPU".into())
    );
    assert_eq!(result["size"], 32);
    let mut runs = numbers(&result["runs_ms"]);
    assert_eq!(runs.len(), 5);
    runs.sort_by(f64::total_cmp);
    let median = result["median_ms"].as_f64().unwrap();
    assert_eq!(median, runs[2]);
    assert!(runs[0] > 0.0 && result["first_ms"].as_f64().unwrap() > 0.0 && result["maps_ms"].as_f64().unwrap() >= 0.0);
    let work: u64 = native("resnet-20").await.cost(32, 32).iter().map(|stage| stage.multiply_adds).sum();
    let gflops = 2.0 * work as f64 / median / 1e6;
    assert!((result["gflops"].as_f64().unwrap() / gflops - 1.0).abs() < 1e-6, "{result}");

    // A network whose weights the site does not have gets random ones.
    let random = benchmark(&browser, &site, "bench=squeezenet1.1&size=64&runs=1&device=cpu").await;
    assert_eq!((numbers(&random["runs_ms"]).len(), numbers(&random["logits"]).len()), (1, 10));
    browser.open(&format!("{}/?bench=no-such-net&device=cpu", site.url)).await;
    browser.wait("[data-testid=error]").await;
    assert!(browser.messages().await[0].contains("no network \"no-such-net\""), "{:?}", browser.messages().await);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_benchmark_starts_and_stops_by_click() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.click("[data-testid=tab-about]").await;
    browser.wait("[data-testid=bench-model]").await;
    browser.wait("[data-testid=bench-cpu][aria-pressed=true]").await;
    browser.set("[data-testid=bench-model]", "resnet-20").await;
    browser.click("[data-testid=bench-start]").await;
    browser.wait_for("[data-testid=bench-row]", 1).await;
    browser.set("[data-testid=bench-size]", "64").await;
    browser.click("[data-testid=bench-start]").await;
    browser.wait_for("[data-testid=bench-row]", 2).await;
    // The newest result is at the top.
    assert!(browser.text("[data-testid=bench-row]").await.contains("resnet-20 · 64 pixels"));
    browser.screenshot("about").await;

    // A long benchmark can be stopped.
    browser.set("[data-testid=bench-model]", "resnet-50").await;
    browser.set("[data-testid=bench-size]", "320").await;
    browser.click("[data-testid=bench-start]").await;
    browser.wait("[data-testid=bench-stop]:not([hidden])").await;
    browser.click("[data-testid=bench-stop]").await;
    browser.wait("[data-testid=bench-start]:not([hidden])").await;
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// On both engines, with our operations and with burn's, networks of every kind of operation give the native engine's
/// logits for the same noise.
#[tokio::test(flavor = "multi_thread")]
async fn operations_in_the_browser_agree_with_native_ones() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    for (model, size) in [("resnet-20", 32), ("vgg16-gap-cifar10", 40), ("efficientnet-lite0", 64)] {
        let network = native(model).await;
        let preprocessing = Preprocessing { resize: size, size, mean: [127.5; 3], std: [127.5; 3] };
        let rgb = noise(2 * 3 * (size * size) as usize);
        let x = preprocessing.normalise(&rgb, &open(DeviceKind::Cpu).await.unwrap());
        let expected = network.forward(x).logits.into_data().try_into_vec_as::<f32>().unwrap();
        let largest = expected.iter().fold(0f64, |largest, &value| largest.max(f64::from(value).abs()));
        for engine in ["device=cpu", "device=cpu&kernels=plain", "device=webgpu", "device=webgpu&kernels=plain"] {
            let query = format!("bench={model}&size={size}&runs=1&batch=2&{engine}");
            let actual = numbers(&benchmark(&browser, &site, &query).await["logits"]);
            assert_eq!(actual.len(), expected.len(), "{query}");
            for (actual, &expected) in actual.iter().zip(&expected) {
                assert!(
                    (actual - f64::from(expected)).abs() < 1e-3 * largest,
                    "{query}: {actual} instead of {expected}"
                );
            }
        }
    }
    browser.close().await;
}

/// The losses of training steps are the same on both engines, with our operations and with burn's.
#[tokio::test(flavor = "multi_thread")]
async fn training_steps_are_the_same_on_both_engines() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    let mut all = Vec::new();
    for engine in ["device=cpu", "device=cpu&kernels=plain", "device=webgpu", "device=webgpu&kernels=plain"] {
        let query = format!("bench=resnet-20&size=32&runs=2&batch=3&training=1&{engine}");
        let losses = numbers(&benchmark(&browser, &site, &query).await["losses"]);
        assert!(losses.len() == 3 && losses[2] < losses[0], "{query}: {losses:?}");
        all.push((query, losses));
    }
    for (query, losses) in &all[1..] {
        for (actual, expected) in losses.iter().zip(&all[0].1) {
            assert!((actual / expected - 1.0).abs() < 1e-3, "{query}: {losses:?} instead of {:?}", all[0].1);
        }
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dependencies_are_listed_with_their_licences() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    browser.click("[data-testid=tab-about]").await;
    browser.click("#about a[href='./licences.html']").await;
    browser.wait("body pre").await;
    let text = browser.text("body").await;
    let lock = std::fs::read_to_string(project("Cargo.lock")).unwrap();
    for name in ["burn", "burn-flex", "wgpu", "leptos", "image", "fluent-bundle", "idb"] {
        let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \"")).unwrap();
        let listed = format!("{name} {}", rest.split('"').next().unwrap());
        assert!(text.contains(&listed), "{listed} is not on the licence page");
    }
    assert!(
        text.contains("MIT License") && text.contains("Permission is hereby granted"),
        "the licence texts are missing"
    );
    let worker = std::fs::read_to_string(project("dist/sw.js")).unwrap();
    assert!(worker.contains("\"licences.html\""), "the licence page is not cached for offline use");
    browser.close().await;
}
