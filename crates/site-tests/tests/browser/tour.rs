//! Screenshots of the tour, compared with the pictures in docs/tour that docs/tour.md and docs/how-cam-works.md show.
//! `make tour` retakes these pictures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::browser::{Browser, project, sample};
use crate::site::Site;

/// Largest mean difference of a picture in the docs from the page, in grey levels of 255 over cells of 8 × 8 pixels.
/// Other font files and times give about 2. A page that is 20 pixels lower gives 10 or more, and another language 17.
const TOLERANCE: f64 = 8.0;
/// Smallest standard deviation of a picture's grey levels. A blank picture has 0, the plainest of the tour 33.
const CONTRAST: f64 = 10.0;

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_is_as_the_page_is() {
    let site = Site::built().await;
    let browser = Browser::start().await;
    browser.client.set_window_size(1280, 1180).await.unwrap();
    let (mut pages, mut details) = (Vec::new(), Vec::new());
    let mut take = async |name: &str| {
        browser.run("window.scrollTo(0, 0); document.activeElement?.blur()", vec![]).await;
        let taken = browser.screenshot(&format!("tour-{name}")).await;
        pages.push((format!("tour/{name}.png"), taken));
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
    take("1-welcome").await;

    browser.add_photos(&[&sample("cat.png"), &sample("coffee.png"), &sample("rocket.jpg")]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 3).await;
    take("2-look").await;
    for (name, css) in [
        ("cam-smooth", "[data-testid=stage-canvas]"),
        ("cam-classes", ".predictions .list"),
        ("cam-cells", "[data-testid=stage-canvas]"),
    ] {
        if name == "cam-cells" {
            browser.run("document.querySelector('[data-testid=grid]').click()", vec![]).await;
        }
        let taken = browser.element_screenshot(&format!("tour-{name}"), css).await;
        details.push((format!("tour/{name}.png"), taken));
    }
    browser.run("document.querySelector('[data-testid=grid]').click()", vec![]).await;

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
    // Choose the cat's photo, the second by name.
    browser.click("[data-testid=check-card]:nth-of-type(2)").await;
    browser.wait("[data-testid=check-class][aria-pressed=true]").await;
    browser
        .until(
            "the cat's map is shown",
            "return document.querySelector('.detail figcaption').textContent.includes('in cat.png')",
        )
        .await;
    browser.click("[data-testid=show-boxes]").await;
    browser.click("[data-testid=box-add]").await;
    browser.wait("[data-testid=inside][data-share]").await;
    take("3-check").await;

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
    browser.wait("[data-testid=watching] > div:not([hidden])").await;
    take("4-teach").await;

    browser.click("[data-testid=tab-about]").await;
    browser.wait("[data-testid=bench-start]").await;
    take("5-about").await;

    browser.click("[data-testid=tab-look]").await;
    browser.set("[data-testid=language-select]", "ko").await;
    browser.wait("html[lang=ko]").await;
    take("6-korean").await;
    browser.close().await;

    let docs = project("docs");
    let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(pictures_of(&docs.join("tour.md")), names, "docs/tour.md shows the pages of this tour, in this order");
    let taken: BTreeMap<String, PathBuf> = pages.into_iter().chain(details).collect();
    for name in pictures_of(&docs.join("how-cam-works.md")) {
        assert!(taken.contains_key(&name), "docs/how-cam-works.md shows {name}, which the tour does not take");
    }
    let stale: Vec<String> = taken.iter().filter_map(|(name, taken)| compare(&docs.join(name), taken).err()).collect();
    assert!(stale.is_empty(), "{}\n`make tour` retakes the pictures", stale.join("\n"));
}

/// Check that a picture in the docs agrees with the one just taken. The error says how they differ.
fn compare(documented: &Path, taken: &Path) -> Result<(), String> {
    let read = |path: &Path| {
        image::open(path).map(|picture| picture.to_luma8()).map_err(|e| format!("{}: {e}", path.display()))
    };
    let (old, new) = (read(documented)?, read(taken)?);
    if old.dimensions() != new.dimensions() {
        return Err(format!(
            "{} is {:?} pixels, the page {:?}",
            documented.display(),
            old.dimensions(),
            new.dimensions()
        ));
    }
    for (path, picture) in [(documented, &old), (taken, &new)] {
        let levels = || picture.iter().map(|&level| f64::from(level));
        let mean = levels().sum::<f64>() / picture.len() as f64;
        let deviation = (levels().map(|level| (level - mean).powi(2)).sum::<f64>() / picture.len() as f64).sqrt();
        if deviation < CONTRAST {
            return Err(format!(
                "{} is blank: the standard deviation of its grey levels is {deviation:.1}",
                path.display()
            ));
        }
    }
    let cells = |picture| image::imageops::thumbnail(picture, old.width() / 8, old.height() / 8);
    let (before, after) = (cells(&old), cells(&new));
    let sum: f64 = before.iter().zip(after.iter()).map(|(&a, &b)| f64::from(a.abs_diff(b))).sum();
    let mean = sum / before.len() as f64;
    match mean <= TOLERANCE {
        true => Ok(()),
        false => Err(format!(
            "{} differs from the page by {mean:.1} grey levels, more than {TOLERANCE}",
            documented.display()
        )),
    }
}

/// Return the pictures that a page of the documentation shows.
fn pictures_of(page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(page).unwrap();
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| target.ends_with(".png")).map(str::to_owned).collect()
}
