//! The About tab: a measurement by hand and by address; and by what is measured, both engines' operations against the native ones.

use camscope::checkpoint::{decode, read_manifest};
use camscope::core::preprocessing::Preprocessing;
use camscope::device::{DeviceKind, open};
use camscope::engine::noise;
use camscope::model::Network;
use serde_json::Value;

use crate::browser::{Browser, project};
use crate::site::Site;

/// What `?bench=` says.
async fn measured(browser: &Browser, site: &Site, query: &str) -> Value {
    browser.open(&format!("{}/?{query}", site.url)).await;
    browser.wait_for("[data-testid=bench-row]", 1).await;
    assert_eq!(browser.messages().await, [""; 0], "{query}");
    serde_json::from_str(&browser.text("[data-testid=bench-json]").await).unwrap()
}

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
async fn a_measurement_by_address_says_what_it_found() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    let found = measured(&browser, &site, "bench=resnet-20&size=32&runs=5&device=cpu").await;
    assert_eq!(
        (&found["model"], &found["device"], &found["adapter"]),
        (&"resnet-20".into(), &"cpu".into(), &"CPU".into())
    );
    assert_eq!(found["size"], 32);
    let mut runs = numbers(&found["runs_ms"]);
    assert_eq!(runs.len(), 5);
    runs.sort_by(f64::total_cmp);
    let median = found["median_ms"].as_f64().unwrap();
    assert_eq!(median, runs[2]);
    assert!(runs[0] > 0.0 && found["first_ms"].as_f64().unwrap() > 0.0 && found["maps_ms"].as_f64().unwrap() >= 0.0);
    let work: u64 = native("resnet-20").await.cost(32, 32).iter().map(|stage| stage.multiply_adds).sum();
    let gflops = 2.0 * work as f64 / median / 1e6;
    assert!((found["gflops"].as_f64().unwrap() / gflops - 1.0).abs() < 1e-6, "{found}");

    // A network that the site has no weights of gets random ones.
    let random = measured(&browser, &site, "bench=squeezenet1.1&size=64&runs=1&device=cpu").await;
    assert_eq!((numbers(&random["runs_ms"]).len(), numbers(&random["logits"]).len()), (1, 10));
    browser.open(&format!("{}/?bench=no-such-net&device=cpu", site.url)).await;
    browser.wait("[data-testid=error]").await;
    assert!(browser.messages().await[0].contains("no network \"no-such-net\""), "{:?}", browser.messages().await);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn this_device_is_measured_by_hand() {
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
    // The newest is on top.
    assert!(browser.text("[data-testid=bench-row]").await.contains("resnet-20 · 64 pixels"));
    browser.screenshot("about").await;

    // What takes long can be ended.
    browser.set("[data-testid=bench-model]", "resnet-50").await;
    browser.set("[data-testid=bench-size]", "320").await;
    browser.click("[data-testid=bench-start]").await;
    browser.wait("[data-testid=bench-stop]:not([hidden])").await;
    browser.click("[data-testid=bench-stop]").await;
    browser.wait("[data-testid=bench-start]:not([hidden])").await;
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// Every kind of operation, on both engines and with burn's own, gives the native engine's answer to the same noise.
#[tokio::test(flavor = "multi_thread")]
async fn operations_in_the_browser_answer_as_native_ones() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    for (model, size) in [("resnet-20", 32), ("vgg16-gap-cifar10", 40), ("efficientnet-lite0", 64)] {
        let network = native(model).await;
        let preprocessing = Preprocessing { resize: size, size, mean: [127.5; 3], std: [127.5; 3] };
        let rgb = noise(2 * 3 * (size * size) as usize);
        let x = preprocessing.normalise(&rgb, &open(DeviceKind::Cpu).await.unwrap());
        let expected = network.forward(x).logits.into_data().try_into_vec_as::<f32>().unwrap();
        let largest = expected.iter().fold(0f64, |largest, &value| largest.max(f64::from(value).abs()));
        for way in ["device=cpu", "device=cpu&kernels=plain", "device=webgpu", "device=webgpu&kernels=plain"] {
            let query = format!("bench={model}&size={size}&runs=1&batch=2&{way}");
            let found = numbers(&measured(&browser, &site, &query).await["logits"]);
            assert_eq!(found.len(), expected.len(), "{query}");
            for (found, &expected) in found.iter().zip(&expected) {
                assert!((found - f64::from(expected)).abs() < 1e-3 * largest, "{query}: {found} for {expected}");
            }
        }
    }
    browser.close().await;
}

/// Training steps take the same way on both engines, with our operations and burn's own.
#[tokio::test(flavor = "multi_thread")]
async fn training_steps_are_the_same_on_both_engines() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    let mut all = Vec::new();
    for way in ["device=cpu", "device=cpu&kernels=plain", "device=webgpu", "device=webgpu&kernels=plain"] {
        let query = format!("bench=resnet-20&size=32&runs=2&batch=3&training=1&{way}");
        let losses = numbers(&measured(&browser, &site, &query).await["losses"]);
        assert!(losses.len() == 3 && losses[2] < losses[0], "{query}: {losses:?}");
        all.push((query, losses));
    }
    for (query, losses) in &all[1..] {
        for (found, expected) in losses.iter().zip(&all[0].1) {
            assert!((found / expected - 1.0).abs() < 1e-3, "{query}: {losses:?} for {:?}", all[0].1);
        }
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_site_is_made_of_is_listed_with_its_licences() {
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
        assert!(text.contains(&listed), "{listed} is not on the page of licences");
    }
    assert!(text.contains("MIT License") && text.contains("Permission is hereby granted"), "no terms");
    let worker = std::fs::read_to_string(project("dist/sw.js")).unwrap();
    assert!(worker.contains("\"licences.html\""), "it is not kept for offline");
    browser.close().await;
}
