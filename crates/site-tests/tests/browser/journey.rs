//! A first visit, by what a visitor sees alone: from an empty page to an explained photo, a suspicious photo found, two classes
//! taught and tried. Every step goes by a label on the screen.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fantoccini::Locator;
use fantoccini::elements::Element;
use serde_json::json;

use crate::browser::{Browser, sample};
use crate::site::Site;

impl Browser {
    /// Return what can be pressed and shows `label`, as soon as it is on the screen; the `nth` of several, counted from 0.
    async fn labelled(&self, label: &str, nth: usize) -> Element {
        let path = format!(
            "//*[self::button or self::a or self::label or self::summary][contains(normalize-space(.), \"{label}\")]"
        );
        let start = Instant::now();
        loop {
            let mut seen = Vec::new();
            for element in self.client.find_all(Locator::XPath(&path)).await.unwrap() {
                if element.is_displayed().await.unwrap_or(false) {
                    seen.push(element);
                }
            }
            if nth < seen.len() {
                return seen.swap_remove(nth);
            }
            assert!(start.elapsed() < Duration::from_secs(60), "nothing on the screen is labelled “{label}”");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn press(&self, label: &str) {
        self.labelled(label, 0).await.click().await.unwrap_or_else(|error| panic!("{label}: {error}"));
    }

    /// Choose files in the dialog that the `nth` label opens.
    async fn choose(&self, label: &str, nth: usize, files: &[PathBuf]) {
        let input = self.labelled(label, nth).await.attr("for").await.unwrap().unwrap();
        let paths: Vec<_> = files.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        self.wait(&format!("#{input}")).await.send_keys(&paths.join("\n")).await.unwrap();
    }

    /// Wait until the screen shows a text.
    async fn reads(&self, text: &str) {
        let script = format!("return document.body.innerText.includes({})", json!(text));
        self.until(&format!("the screen shows “{text}”"), &script).await;
    }
}

async fn first_visit(browser: Browser, name: &str) {
    let site = Site::built().await;
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.reads("See what an AI looks at in your photo").await;
    browser.press("Coffee").await;
    browser.reads("This looks like “espresso”").await;
    browser.reads("Red and amber places spoke for “espresso”, blue ones against it.").await;
    browser.reads("strongly for").await;
    browser.screenshot(&format!("journey-{name}-look")).await;

    browser.press("Many photos").await;
    browser.press("Try the samples").await;
    browser.reads("The network is unsure of 3 of 5").await;
    browser.press("Unsure").await;
    browser.reads("3 of 5 photos").await;
    browser.press("bobsled").await;
    browser.reads("CAM for “bobsled” in astronaut.png").await;
    browser.screenshot(&format!("journey-{name}-check")).await;

    browser.press("Train your own").await;
    browser.choose("Add photos", 0, &[sample("cat.png"), sample("astronaut.png")]).await;
    browser.choose("Add photos", 1, &[sample("coffee.png"), sample("motorcycle.png")]).await;
    browser.reads("Ready to learn.").await;
    browser.wait_for(".thumb", 4).await;
    browser.press("Train").await; // the tab, whose label begins so, too
    browser.wait("[data-testid=train-start]").await;
    browser.run("document.querySelector('[data-testid=train-start]').scrollIntoView({block: 'center'})", vec![]).await;
    let train = browser.labelled("Train", 1).await;
    train.click().await.unwrap();
    browser.reads("Done. The best weights are kept.").await;
    browser.choose("Choose a photo", 0, &[sample("rocket.jpg")]).await;
    browser.reads("This is “Class").await;
    browser.screenshot(&format!("journey-{name}-teach")).await;
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_visit_goes_by_what_is_seen() {
    first_visit(Browser::start().await, "desktop").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_visit_on_a_phone_goes_by_what_is_seen() {
    first_visit(Browser::start_phone(&[]).await, "phone").await;
}
