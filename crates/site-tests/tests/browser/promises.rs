//! Promises that other tests check only in part. These tests check them as a whole in the browser.

use camscope::checkpoint::{decode, read_manifest};
use camscope::device::{DeviceKind, open};
use serde_json::json;

use crate::browser::{Browser, project, sample};
use crate::site::Site;

const NETWORK: &str = "vgg16-gap-cifar10";

/// Assert that the mean of every class's map in the page plus the checkpoint's bias is the class's logit.
async fn check_logits(device: &str) {
    let models = project("www/models");
    let card = read_manifest(&models).unwrap().models.into_iter().find(|card| card.name == NETWORK).unwrap();
    let (card, network) =
        decode(std::fs::read(models.join(&card.file)).unwrap(), &open(DeviceKind::Cpu).await.unwrap()).unwrap();
    let bias = network.linear.bias.unwrap().val().into_data().convert::<f32>().try_into_vec::<f32>().unwrap();

    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device={device}&model={NETWORK}", site.url)).await;
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 1).await;
    assert_eq!(browser.attributes("[data-testid=device-label]", "data-device").await, [device]);
    for (class, name) in card.classes.iter().enumerate() {
        browser.set("[data-testid=class-search]", name).await;
        let chosen = format!("[data-testid=prediction][data-index='{class}'][aria-pressed=true]");
        browser.wait(&chosen).await;
        let logit: f64 = browser.attributes(&chosen, "data-logit").await[0].parse().unwrap();
        let map = browser.attributes(&format!("{chosen} canvas"), "data-values").await.swap_remove(0);
        let map: Vec<f64> = serde_json::from_str(&map).unwrap();
        let actual = map.iter().sum::<f64>() / map.len() as f64 + f64::from(bias[class]);
        assert!((actual - logit).abs() < 1e-4 * logit.abs().max(1.0), "{device}, {name}: {actual} instead of {logit}");
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mean_of_every_map_and_its_bias_are_the_logit_on_the_cpu() {
    check_logits("cpu").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mean_of_every_map_and_its_bias_are_the_logit_on_webgpu() {
    check_logits("webgpu").await;
}

/// The files are a truncated JPEG, a panorama of 200 megapixels, a PDF and half of a checkpoint.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_dropped_gives_a_sentence_and_costs_nothing_that_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let models = project("www/models");
    let card = read_manifest(&models).unwrap().models.into_iter().find(|card| card.name == NETWORK).unwrap();
    let checkpoint = std::fs::read(models.join(&card.file)).unwrap();
    let mut rocket = std::fs::read(sample("rocket.jpg")).unwrap();
    rocket.truncate(rocket.len() / 3);
    let mut panorama = b"BM".to_vec();
    panorama.extend([54u32, 0, 54, 40, 20_000, 10_000].iter().flat_map(|v| v.to_le_bytes()));
    panorama.extend([1u16, 24].iter().flat_map(|v| v.to_le_bytes()));
    panorama.extend([0; 24]);
    let half = put("half.bpk", &checkpoint[..checkpoint.len() / 2]);
    let dropped = [
        (put("broken.jpg", &rocket), "cut short"),
        (put("panorama.bmp", &panorama), "200 megapixels"),
        (put("paper.pdf", b"%PDF-1.7\n1 0 obj"), "a PDF document"),
        (half.clone(), "of an unknown kind"),
    ];

    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model={NETWORK}", site.url)).await;
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 1).await;
    let maps = browser.attributes("[data-testid=map-canvas]", "data-values").await;
    browser.add_photos(&dropped.each_ref().map(|(path, _)| path.as_path())).await;
    browser.wait_for("[data-testid=photo-card][data-state=failed]", dropped.len()).await;
    let messages = browser.messages().await;
    for (path, reason) in &dropped {
        let name = path.file_name().unwrap().to_string_lossy();
        assert!(
            messages.iter().any(|m| m.starts_with(&*name) && m.contains(reason) && m.ends_with('.')),
            "{name}: {messages:?}"
        );
    }
    assert_eq!(
        browser.attributes("[data-testid=map-canvas]", "data-values").await,
        maps,
        "the earlier maps are still shown"
    );

    // In Teach the half checkpoint is imported as a network, while a class has a photo.
    browser.click("[data-testid=tab-teach]").await;
    let photos = "[data-testid=class-card]:nth-of-type(1) [data-testid=class-photos]";
    browser.wait(photos).await.send_keys(&sample("cat.png").to_string_lossy()).await.unwrap();
    browser.wait_for(".thumb", 1).await;
    browser.wait("[data-testid=project-import]").await.send_keys(&half.to_string_lossy()).await.unwrap();
    let told = "return [...document.querySelectorAll('[data-testid=error] span')].some((e) => e.textContent.startsWith('half.bpk: The file cannot be opened'))";
    browser.until("the half checkpoint is told of", told).await;
    assert_eq!(browser.count(".thumb").await, 1);
    assert_eq!(
        browser.run("return document.querySelectorAll('[data-testid=train-start]').length", vec![]).await,
        json!(1)
    );
    browser.close().await;
}
