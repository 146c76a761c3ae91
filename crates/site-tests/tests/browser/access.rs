//! For everyone: no violation of WCAG 2.2 A and AA that axe-core can find, on any part of the page, in both themes and on a narrow
//! screen; nothing is out of reach of a keyboard; nothing moves for those who asked for stillness.

use serde_json::{Value, json};

use crate::browser::{Browser, project, sample};
use crate::site::Site;

const RULES: &str = "const done = arguments[arguments.length - 1]; \
    axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] }) \
        .then(({ violations }) => done(violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? n.all[0]?.message ?? '')).join(' | ')}`)))";

/// What axe finds wrong with the page as it stands.
async fn violations(browser: &Browser) -> Vec<String> {
    let axe = project(".tools/axe/node_modules/axe-core/axe.min.js");
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
    with_box_and_comparison(browser).await;
    note(browser, "check").await;
    browser.click("[data-testid=tab-teach]").await;
    browser.wait_for("[data-testid=class-card]", 2).await;
    note(browser, "teach").await;
    taught(browser).await;
    note(browser, "taught").await;
    browser.click("[data-testid=tab-about]").await;
    browser.wait("[data-testid=privacy]").await;
    note(browser, "about").await;
    assert!(all.is_empty(), "{}", all.join("\n"));
}

/// In Check: a box with its numbers, and the map beside another class's.
async fn with_box_and_comparison(browser: &Browser) {
    browser.wait("[data-testid=check-class]").await;
    browser.click("[data-testid=box-add]").await;
    browser.wait("[data-testid=inside][data-share]").await;
    browser.set("[data-testid=against]", "class:1").await;
    browser.until("both are shown", "return !document.querySelector('.views').hidden").await;
}

/// In Teach: two classes of a photo each, and what a short training made of them, mistakes included.
async fn taught(browser: &Browser) {
    for (n, photo) in [(1, "cat.png"), (2, "coffee.png")] {
        let input = format!("[data-testid=class-card]:nth-of-type({n}) [data-testid=class-photos]");
        browser.wait(&input).await.send_keys(&sample(photo).to_string_lossy()).await.unwrap();
        browser.wait_for(".thumb", n).await;
    }
    browser.click(".choices summary").await;
    browser.set("[data-testid=epochs]", "2").await;
    browser.click("[data-testid=train-start]").await;
    browser.wait("[data-testid=train-state][data-state=done]").await;
    // Above what is clicked next, on a narrow screen.
    browser.wait("[data-testid=before-canvas]").await;
    // What comes above may still move the cell from under a pointer.
    browser.wait("[data-testid=confusion-cell]:not([disabled])").await;
    browser.run("document.querySelector('[data-testid=confusion-cell]:not([disabled])').click()", vec![]).await;
    browser.until("photos of the cell", "return !!document.querySelector('[data-testid=judged] canvas')").await;
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

/// Tab reaches everything that can be clicked in the part that is shown, and what has the keyboard can be seen to have it.
async fn tab_reaches_all(browser: &Browser, part: &str) {
    // One of a group of radio buttons or tabs is reached by Tab, its neighbours by arrows.
    let wanted = "document.querySelectorAll('[data-stop]').forEach((e) => delete e.dataset.stop); \
        return [...document.querySelectorAll('button, select, input, a[href], [tabindex], summary')] \
        .filter((e) => e.checkVisibility() && !e.disabled && e.tabIndex >= 0 && !(e.type === 'radio' && !e.checked)) \
        .map((e, i) => { e.dataset.stop = i; return i; }).length";
    let wanted = browser.run(wanted, vec![]).await.as_u64().unwrap();
    assert!(wanted > 8, "{part}: {wanted} controls");
    browser.run("document.activeElement?.blur(); window.reached = new Set(); window.unseen = []", vec![]).await;
    let look = "const e = document.activeElement; if (e?.dataset.stop) { window.reached.add(e.dataset.stop); \
        const shown = [e, e.parentElement, e.parentElement?.parentElement].some((e) => { \
            const { outlineStyle, boxShadow } = getComputedStyle(e); return outlineStyle !== 'none' || boxShadow !== 'none'; }) || e.classList.contains('unseen'); \
        if (!shown) window.unseen.push(e.outerHTML.slice(0, 120)); } return window.reached.size";
    for _ in 0..wanted * 2 {
        press(browser, "Tab", 9).await;
        if browser.run(look, vec![]).await.as_u64().unwrap() == wanted {
            break;
        }
    }
    let missed = "return [...document.querySelectorAll('[data-stop]')].filter((e) => !window.reached.has(e.dataset.stop)).map((e) => e.outerHTML.slice(0, 120))";
    assert_eq!(browser.run(missed, vec![]).await, json!([]), "{part}: out of reach");
    assert_eq!(
        browser.run("return window.unseen", vec![]).await,
        json!([]),
        "{part}: nothing shows where the keyboard is"
    );
}

async fn press(browser: &Browser, key: &str, code: u32) {
    for kind in ["rawKeyDown", "keyUp"] {
        let key = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
        browser.chromium("Input.dispatchKeyEvent", key).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyboard_reaches_everything() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=efficientnet-lite0", site.url)).await;
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 1).await;
    browser.wait_for("[data-testid=map-canvas]", 5).await;
    tab_reaches_all(&browser, "look").await;
    browser.click("[data-testid=tab-check]").await;
    browser.wait("[data-testid=check-photos]").await.send_keys(&sample("cat.png").to_string_lossy()).await.unwrap();
    browser.wait("[data-testid=check-card][data-state=done]").await;
    with_box_and_comparison(&browser).await;
    tab_reaches_all(&browser, "check").await;
    browser.click("[data-testid=tab-teach]").await;
    browser.wait_for("[data-testid=class-card]", 2).await;
    taught(&browser).await;
    tab_reaches_all(&browser, "teach").await;
    browser.click("[data-testid=tab-about]").await;
    browser.wait("[data-testid=privacy]").await;
    tab_reaches_all(&browser, "about").await;
    browser.close().await;
}

/// What a pointer reads off a map, and what it draws, can be had by keys and numbers: without a drag (WCAG 2.2, 2.5.7).
#[tokio::test(flavor = "multi_thread")]
async fn maps_are_read_and_boxes_placed_without_a_pointer() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=vgg16-gap-cifar10", site.url)).await;
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait_for("[data-testid=map-canvas]", 5).await;
    let focus =
        async |css: &str| drop(browser.run("document.querySelector(arguments[0]).focus()", vec![json!(css)]).await);
    let arrow = async |key: &str, code: u32| {
        press(&browser, key, code).await;
        browser.text("[data-testid=legend] output").await
    };
    let plain = browser.pixels("[data-testid=stage-canvas]").await;
    focus("[data-testid=stage-canvas]").await;
    let values = browser.attributes("[data-testid=map-canvas]", "data-values").await.swap_remove(0);
    let values: Vec<f64> = serde_json::from_str(&values).unwrap();
    let side = values.len().isqrt();
    let expected = |x: usize, y: usize| format!("here {:.1}", values[y * side + x]);
    // Raw cells, so that a cell's middle has its value alone.
    browser.run("document.querySelector('[data-testid=grid]').click()", vec![]).await;
    focus("[data-testid=stage-canvas]").await;
    assert_eq!(arrow("ArrowRight", 39).await, expected(side / 2, side / 2), "it begins in the middle");
    assert_eq!(arrow("ArrowRight", 39).await, expected(side / 2 + 1, side / 2));
    assert_eq!(arrow("ArrowUp", 38).await, expected(side / 2 + 1, side / 2 - 1));
    assert_ne!(browser.pixels("[data-testid=stage-canvas]").await, plain, "the place is marked");
    browser.screenshot("access-read-by-keys").await;
    assert_eq!(arrow("Escape", 27).await, "");

    browser.click("[data-testid=tab-check]").await;
    browser.wait("[data-testid=check-photos]").await.send_keys(&sample("cat.png").to_string_lossy()).await.unwrap();
    browser.wait("[data-testid=check-card][data-state=done]").await;
    with_box_and_comparison(&browser).await;
    let share = async || browser.attributes("[data-testid=inside]", "data-share").await[0].parse::<f64>().unwrap();
    let middle = share().await;
    for (edge, percent) in [("left", "0"), ("top", "0"), ("right", "100"), ("bottom", "100")] {
        browser.set(&format!("[data-testid=edge-{edge}]"), percent).await;
    }
    assert!(middle < 0.99 && (share().await - 1.0).abs() < 1e-6, "{middle}, {}", share().await);
    browser.set("[data-testid=edge-right]", "40").await;
    browser.set("[data-testid=edge-left]", "90").await;
    let left = browser.run("return document.querySelector('[data-testid=edge-left]').value", vec![]).await;
    assert_eq!(left, json!("39"), "not beyond the other edge");
    browser.click("[data-testid=zoom-in]").await;
    focus("[data-testid=compare-first]").await;
    press(&browser, "ArrowLeft", 37).await;
    let moved = "return document.querySelector('[data-testid=compare-first]').style.transform";
    let before = browser.run(moved, vec![]).await;
    press(&browser, "ArrowLeft", 37).await;
    assert!(browser.text("[data-testid=compare-values]").await.starts_with("here "));
    assert_ne!(browser.run(moved, vec![]).await, before, "what is read comes to the middle");
    browser.screenshot("access-compare-by-keys").await;
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
    browser.add_photos(&[&sample("cat.png"), &project("README.md")]).await;
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
