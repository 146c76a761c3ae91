//! The pictures of docs/tour.md and docs/how-cam-works.md, made by walking through the tour; `make tour` takes them over into
//! docs/tour.

use std::path::Path;

use serde_json::json;

use crate::browser::{Browser, sample};
use crate::site::Site;

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_is_as_the_page_is() {
    let site = Site::built().await;
    let browser = Browser::start().await;
    browser.client.set_window_size(1280, 1180).await.unwrap();
    let mut made = Vec::new();
    let mut picture = async |name: &str| {
        browser.run("window.scrollTo(0, 0); document.activeElement?.blur()", vec![]).await;
        browser.screenshot(&format!("tour-{name}")).await;
        made.push(format!("tour/{name}.png"));
    };
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    browser.wait_for("[data-testid=sample]", 5).await;
    let loaded = "return [...document.images].every((image) => image.complete)";
    for _ in 0..100 {
        if browser.run(loaded, vec![]).await == json!(true) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    picture("1-welcome").await;

    browser.add_photos(&[&sample("cat.png"), &sample("coffee.png"), &sample("rocket.jpg")]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 3).await;
    picture("2-look").await;
    for (name, css) in [
        ("cam-smooth", "[data-testid=stage-canvas]"),
        ("cam-classes", ".predictions .list"),
        ("cam-cells", "[data-testid=stage-canvas]"),
    ] {
        if name == "cam-cells" {
            browser.click("[data-testid=grid]").await;
        }
        browser.part(&format!("tour-{name}"), css).await;
    }
    browser.click("[data-testid=grid]").await;

    browser.click("[data-testid=tab-check]").await;
    let files = [
        sample("cat.png"),
        sample("coffee.png"),
        sample("rocket.jpg"),
        sample("motorcycle.png"),
        sample("astronaut.png"),
    ];
    let files = files.map(|path| path.to_string_lossy().into_owned()).join("\n");
    browser.wait("[data-testid=check-photos]").await.send_keys(&files).await.unwrap();
    browser.wait_for("[data-testid=check-card][data-state=done]", 5).await;
    // The cat's, the second by name.
    browser.click("[data-testid=check-card]:nth-of-type(2)").await;
    browser.wait("[data-testid=check-class][aria-pressed=true]").await;
    browser
        .until(
            "the cat is drawn",
            "return document.querySelector('.detail figcaption').textContent.includes('in cat.png')",
        )
        .await;
    browser.click("[data-testid=box-add]").await;
    browser.wait("[data-testid=inside][data-share]").await;
    picture("3-check").await;

    browser.click("[data-testid=tab-teach]").await;
    for (at, photos) in [["cat.png", "astronaut.png"], ["coffee.png", "motorcycle.png"]].iter().enumerate() {
        let photos = photos.map(|name| sample(name).to_string_lossy().into_owned()).join("\n");
        browser.wait_for("[data-testid=class-photos]", 2).await;
        let inputs = browser.client.find_all(fantoccini::Locator::Css("[data-testid=class-photos]")).await.unwrap();
        inputs[at].send_keys(&photos).await.unwrap();
        browser.wait_for("#teach .thumb", 2 * (at + 1)).await;
    }
    browser.click("[data-testid=train-start]").await;
    browser.wait("[data-testid=train-state][data-state=done]").await;
    browser.wait("[data-testid=tally]").await;
    picture("4-teach").await;

    browser.click("[data-testid=tab-about]").await;
    browser.wait("[data-testid=bench-start]").await;
    picture("5-about").await;

    browser.click("[data-testid=tab-look]").await;
    browser.set("[data-testid=language-select]", "ko").await;
    browser.wait("html[lang=ko]").await;
    picture("6-korean").await;
    browser.close().await;

    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    assert_eq!(pictures_of(&docs.join("tour.md")), made, "docs/tour.md shows what was made here, in this order");
    for file in made.iter().chain(&pictures_of(&docs.join("how-cam-works.md"))) {
        assert!(docs.join(file).is_file(), "docs/{file} is missing: `make tour` takes it over");
    }
}

/// The pictures that a page of the book shows.
fn pictures_of(page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(page).unwrap();
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| target.ends_with(".png")).map(str::to_owned).collect()
}
