//! For everyone: no violation of WCAG 2.2 A and AA that axe-core can find, on any part of the page, in both themes and on a narrow
//! screen; nothing is out of reach of a keyboard; nothing moves for those who asked for stillness.

use std::path::Path;

use serde_json::{Value, json};

use crate::browser::{Browser, sample};
use crate::site::Site;

const RULES: &str = "const done = arguments[arguments.length - 1]; \
    axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] }) \
        .then(({ violations }) => done(violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? n.all[0]?.message ?? '')).join(' | ')}`)))";

/// What axe finds wrong with the page as it stands.
async fn violations(browser: &Browser) -> Vec<String> {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/axe/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(axe).expect("axe-core is in .tools/: `make setup` fetches it");
    browser.run(&axe, vec![]).await;
    let found = browser.client.execute_async(RULES, vec![]).await.unwrap();
    serde_json::from_value(found).unwrap()
}

async fn every_part(browser: &Browser, site: &Site, name: &str, width: u32) {
    let mut all = Vec::new();
    let mut note = async |browser: &Browser, part: &str| {
        all.extend(violations(browser).await.into_iter().map(|violation| format!("{part}: {violation}")));
        let wide = browser.run("return document.documentElement.scrollWidth - arguments[0]", vec![json!(width)]).await;
        if wide.as_f64().unwrap() > 0.0 {
            all.push(format!("{part}: it scrolls sideways by {wide} pixels"));
        }
        browser.screenshot(&format!("access-{name}-{part}")).await;
    };
    browser.open(&format!("{}/?device=cpu&model=efficientnet-lite0", site.url)).await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    note(browser, "welcome").await;
    browser.add_photos(&[&sample("cat.png"), &sample("coffee.png")]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 2).await;
    note(browser, "look").await;
    browser.click("[data-testid=tab-check]").await;
    browser.wait("[data-testid=check-photos]").await.send_keys(&sample("cat.png").to_string_lossy()).await.unwrap();
    browser.wait("[data-testid=check-card]").await.click().await.unwrap();
    browser.wait("[data-testid=detail] canvas").await;
    note(browser, "check").await;
    browser.click("[data-testid=tab-teach]").await;
    browser.wait_for("[data-testid=class-add]", 1).await;
    browser.click("[data-testid=class-add]").await;
    browser.wait("[data-testid=class-card]").await;
    note(browser, "teach").await;
    browser.click("[data-testid=tab-about]").await;
    browser.wait("[data-testid=privacy]").await;
    note(browser, "about").await;
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_part_is_for_everyone() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    every_part(&browser, &site, "light", 1280).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_part_is_for_everyone_in_the_dark_on_a_narrow_screen() {
    let (site, browser) = (Site::built().await, Browser::start_narrow(320, &[]).await);
    every_part(&browser, &site, "dark", 320).await;
    browser.close().await;
}

/// Tab reaches everything that can be clicked, and what has the keyboard can be seen to have it.
#[tokio::test(flavor = "multi_thread")]
async fn a_keyboard_reaches_everything() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=efficientnet-lite0", site.url)).await;
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 1).await;
    browser.wait_for("[data-testid=map-canvas]", 5).await;
    // One of a group of radio buttons or tabs is reached by Tab, its neighbours by arrows.
    let wanted = "return [...document.querySelectorAll('main button, main select, main input, main a[href], header button, header select, main summary')] \
        .filter((e) => e.checkVisibility() && !e.disabled && e.tabIndex >= 0 && !(e.type === 'radio' && !e.checked)) \
        .map((e, i) => { e.dataset.stop = i; return i; }).length";
    let wanted = browser.run(wanted, vec![]).await.as_u64().unwrap();
    assert!(wanted > 20, "{wanted} controls");
    browser.run("document.activeElement?.blur(); window.reached = new Set(); window.unseen = []", vec![]).await;
    let look = "const e = document.activeElement; if (e?.dataset.stop) { window.reached.add(e.dataset.stop); \
        const { outlineStyle, boxShadow } = getComputedStyle(e); \
        const shown = outlineStyle !== 'none' || boxShadow !== 'none' || e.classList.contains('unseen'); \
        if (!shown) window.unseen.push(e.outerHTML.slice(0, 120)); } return window.reached.size";
    for _ in 0..wanted * 2 {
        for kind in ["rawKeyDown", "keyUp"] {
            let key = json!({ "type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9 });
            browser.chromium("Input.dispatchKeyEvent", key).await;
        }
        if browser.run(look, vec![]).await.as_u64().unwrap() == wanted {
            break;
        }
    }
    let missed = "return [...document.querySelectorAll('[data-stop]')].filter((e) => !window.reached.has(e.dataset.stop)).map((e) => e.outerHTML.slice(0, 120))";
    assert_eq!(browser.run(missed, vec![]).await, json!([]), "out of reach");
    assert_eq!(browser.run("return window.unseen", vec![]).await, json!([]), "nothing shows where the keyboard is");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_moves_for_those_who_asked_for_stillness() {
    let (site, browser) = (Site::built().await, Browser::start_with(&["--force-prefers-reduced-motion"]).await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 1).await;
    let moving = "return [...document.querySelectorAll('*')].flatMap((e) => { const s = getComputedStyle(e); \
        const long = (times) => times.split(',').some((t) => parseFloat(t) > 0.01); \
        return (s.transitionDuration && long(s.transitionDuration)) || (s.animationName !== 'none' && long(s.animationDuration)) ? [e.outerHTML.slice(0, 100)] : []; })";
    let found: Vec<Value> = serde_json::from_value(browser.run(moving, vec![]).await).unwrap();
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(browser.run("return matchMedia('(prefers-reduced-motion: reduce)').matches", vec![]).await, json!(true));
    browser.close().await;
}

/// What a screen reader says by itself: what appears in live regions.
#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_read_out() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=vgg16-gap-cifar10", site.url)).await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    let listen = "window.heard = []; new MutationObserver((records) => { for (const record of records) { \
        const element = record.target.nodeType === 1 ? record.target : record.target.parentElement; \
        const region = element?.closest('[aria-live], [role=alert], [role=status]') ?? \
            [...record.addedNodes].find((node) => node.nodeType === 1 && node.matches('[role=alert], [role=status]')); \
        if (region?.checkVisibility()) window.heard.push(region.textContent) } }) \
        .observe(document.body, { subtree: true, childList: true, characterData: true })";
    browser.run(listen, vec![]).await;
    let heard = async |what: &str| {
        let said = format!("return window.heard.some((text) => text.includes({}))", json!(what));
        browser.until(what, &said).await;
    };
    browser.add_photos(&[&sample("cat.png"), Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"))]).await;
    heard("Looking at cat.png").await;
    heard("Evidence for “cat” in cat.png").await;
    heard("README.md: This is a text file").await;

    browser.click("[data-testid=tab-teach]").await;
    heard("Add a few photos to every class").await;
    for (n, name) in [(1, "cat.png"), (2, "coffee.png")] {
        let input = format!("[data-testid=class-card]:nth-of-type({n}) [data-testid=class-photos]");
        browser.wait(&input).await.send_keys(&sample(name).to_string_lossy()).await.unwrap();
        browser.wait_for(".thumb", n).await;
    }
    browser.click("[data-testid=train-start]").await;
    heard("Done. The best weights are kept.").await;
    browser.click("[data-testid=class-card] .quiet").await;
    heard("is deleted").await;

    browser.click("[data-testid=tab-check]").await;
    browser.wait("[data-testid=check-photos]").await.send_keys(&sample("cat.png").to_string_lossy()).await.unwrap();
    heard("The photo is looked at.").await;
    browser.click("[data-testid=box-evidence]").await;
    heard("of the evidence for “cat” lies inside").await;
    browser.close().await;
}
