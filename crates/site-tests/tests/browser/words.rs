//! English and Korean. All texts of the page are in the browser's language or in the chosen one, and a change of
//! language loses nothing.

use serde_json::{Value, json};

use crate::browser::{Browser, project, sample};
use crate::site::Site;

/// Script: return the texts of the elements with a message, and those of their attributes. It skips messages with
/// arguments, whose texts contain names.
const TEXTS: &str = "return [...document.querySelectorAll('[data-message]')].filter((e) => !e.dataset.message.includes(' ')).flatMap((e) => \
    [e.children.length ? '' : e.textContent, e.title ?? '', e.ariaLabel ?? '', e.placeholder ?? ''].filter((text) => /\\p{L}/u.test(text)).map((text) => e.dataset.message + ': ' + text))";
/// Script: return the messages of elements that should have a text but have none.
const WITHOUT_TEXT: &str = "return [...document.querySelectorAll('[data-message]')].filter((e) => !e.children.length && !e.textContent && !e.title && !e.ariaLabel && !e.placeholder) \
    .map((e) => e.dataset.message).filter((message) => message !== 'device-unknown')";

async fn list(browser: &Browser, script: &str) -> Vec<String> {
    serde_json::from_value(browser.run(script, vec![]).await).unwrap()
}

fn is_korean(text: &str) -> bool {
    text.chars().any(|c| ('가'..='힣').contains(&c))
}

async fn choose(browser: &Browser, language: &str) {
    browser.set("[data-testid=language-select]", language).await;
    browser.wait(&format!("html[lang={language}]")).await;
}

async fn language(browser: &Browser) -> Value {
    browser.run("return document.documentElement.lang", vec![]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_part_speaks_korean() {
    let site = Site::built().await;
    let browser = Browser::start().await;
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    assert_eq!(language(&browser).await, "en");
    browser.add_photos(&[&sample("cat.png"), &project("README.md")]).await;
    browser.wait("[data-testid=photo-card][data-state=done]").await;
    let error = "README.md: This is a text file. Choose a JPEG, PNG, WebP, GIF or BMP file.";
    browser.wait("[data-testid=error]").await;
    assert_eq!(browser.messages().await, [error]);
    let values = browser.attributes("[data-testid=map-canvas]", "data-values").await;

    let stage = "[data-testid=stage-canvas]";
    let labelled = browser.pixels(stage).await;
    choose(&browser, "ko").await;
    assert_ne!(browser.pixels(stage).await, labelled, "the frame of the crop has its label in Korean");
    // The maps are unchanged, and the earlier message is in Korean now.
    assert_eq!(browser.attributes("[data-testid=map-canvas]", "data-values").await, values);
    let error =
        "README.md: 열 수 있는 사진이 아니라 텍스트 파일입니다. JPEG, PNG, WebP, GIF, BMP 파일을 선택해 주세요.";
    assert_eq!(browser.messages().await, [error]);
    assert_eq!(browser.text("[data-testid=tab-look]").await, "사진 한 장");
    assert!(is_korean(&browser.client.title().await.unwrap()));

    for (part, shown) in [
        ("look", "main"),
        ("check", "#check h2, #check button"),
        ("teach", "#teach [data-testid=train-start]"),
        ("about", "#about h2"),
    ] {
        browser.click(&format!("[data-testid=tab-{part}]")).await;
        browser.wait(shown).await;
        browser.screenshot(&format!("korean-{part}")).await;
        let foreign: Vec<_> = list(&browser, TEXTS).await.into_iter().filter(|text| !is_korean(text)).collect();
        assert!(foreign.is_empty(), "{part}: {foreign:?}");
        assert_eq!(list(&browser, WITHOUT_TEXT).await, Vec::<String>::new(), "{part}");
    }

    // After a change back to English, no text is Korean.
    choose(&browser, "en").await;
    browser.click("[data-testid=tab-look]").await;
    assert_eq!(browser.pixels(stage).await, labelled);
    let foreign: Vec<_> = list(&browser, TEXTS).await.into_iter().filter(|text| is_korean(text)).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_is_the_browsers_until_one_is_chosen_and_then_kept() {
    let site = Site::built().await;
    let browser = Browser::start_in("ko-KR,en-US").await;
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.wait("[data-testid=tab-look]").await;
    assert_eq!(
        (language(&browser).await, site.requests_for("en.ftl")),
        (json!("ko"), 0),
        "only the texts of the chosen language are fetched"
    );
    browser.wait("[data-testid=sample]").await;
    assert_eq!(browser.text("[data-testid=sample]").await, "고양이");
    choose(&browser, "en").await;
    assert_eq!(browser.text("[data-testid=tab-look]").await, "One photo");
    assert_eq!(browser.text("[data-testid=sample]").await, "Cat");
    browser.client.refresh().await.unwrap();
    browser.wait("[data-testid=tab-look]").await;
    assert_eq!(
        (language(&browser).await, browser.text("[data-testid=tab-look]").await),
        (json!("en"), "One photo".into())
    );
    browser.close().await;
}

/// The page falls back to English if the texts of a language are missing. If all are missing, it says in both languages
/// that it cannot start.
#[tokio::test(flavor = "multi_thread")]
async fn missing_texts_are_reported() {
    let site = Site::changed(|root| std::fs::remove_file(root.join("words/ko.ftl")).unwrap()).await;
    let browser = Browser::start().await;
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.wait("[data-testid=tab-look]").await;
    browser.set("[data-testid=language-select]", "ko").await;
    let menu = "[data-testid=language-select]";
    for _ in 0..100 {
        if browser.run("return document.querySelector(arguments[0]).value", vec![json!(menu)]).await == "en" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(
        (language(&browser).await, browser.text("[data-testid=tab-look]").await),
        (json!("en"), "One photo".into())
    );
    browser.close().await;

    let browser = Browser::start_in("ko").await;
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.wait("[data-testid=tab-look]").await;
    assert_eq!(
        (language(&browser).await, browser.text("[data-testid=tab-look]").await),
        (json!("en"), "One photo".into())
    );
    let site = Site::changed(|root| std::fs::remove_dir_all(root.join("words")).unwrap()).await;
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    let text = browser.wait("#loading[role=alert]").await.text().await.unwrap();
    assert!(text.starts_with("camscope cannot start") && is_korean(&text), "{text}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_colours_chosen_are_kept() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    let menu = "[data-testid=colormap]";
    for visit in 0..2 {
        browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
        browser.add_photos(&[&sample("cat.png")]).await;
        browser.wait("[data-testid=photo-card][data-state=done]").await;
        if visit == 0 {
            let options = browser.text(menu).await;
            assert!(
                options.contains("Violet to yellow · colour-blind safe") && !options.contains("Rainbow ·"),
                "{options}"
            );
            browser.set(menu, "viridis").await;
        }
        let chosen = browser.run("return document.querySelector(arguments[0]).value", vec![json!(menu)]).await;
        assert_eq!(chosen, json!("viridis"), "visit {visit}");
    }
    // The choice also applies to the other tabs.
    browser.click("[data-testid=tab-check]").await;
    browser.wait("[data-testid=check-photos]").await.send_keys(&sample("cat.png").to_string_lossy()).await.unwrap();
    browser.wait("[data-testid=check-card][data-state=done] img").await;
    browser.wait("[data-testid=check-canvas]:not([hidden])").await;
    // Count strongly red pixels, which jet has for large values and viridis never has.
    let red = "const c = document.querySelector('[data-testid=class-summary] canvas'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; \
        let n = 0; for (let i = 0; i < d.length; i += 4) n += d[i] > 200 && d[i + 1] < 60; return n";
    browser.wait("[data-testid=class-summary] canvas").await;
    assert_eq!(browser.run(red, vec![]).await, json!(0));
    browser.close().await;
}
