//! Accessibility. axe-core finds no violation of WCAG 2.2 A and AA on any part of the page, in both themes and on a
//! narrow screen. The keyboard reaches everything. Nothing moves if the visitor prefers reduced motion.

use serde_json::{Value, json};

use crate::browser::{Browser, project, sample};
use crate::site::Site;

const RULES: &str = "const done = arguments[arguments.length - 1]; \
    axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] }) \
        .then(({ violations }) => done(violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? n.all[0]?.message ?? '')).join(' | ')}`)))";

/// Return the violations that axe-core finds on the page as it is now.
async fn violations(browser: &Browser) -> Vec<String> {
    let axe = project(".tools/axe/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(axe).expect("axe-core is in .tools/: `make setup` fetches it");
    browser.run(&axe, vec![]).await;
    let violations = browser.client.execute_async(RULES, vec![]).await.unwrap();
    serde_json::from_value(violations).unwrap()
}

/// Check every part of the page for violations and sideways scrolling.
async fn every_part(browser: &Browser, site: &Site, name: &str, width: u32) {
    let mut all = Vec::new();
    let mut check = async |browser: &Browser, part: &str| {
        all.extend(violations(browser).await.into_iter().map(|violation| format!("{part}: {violation}")));
        let overflow =
            browser.run("return document.documentElement.scrollWidth - arguments[0]", vec![json!(width)]).await;
        if overflow.as_f64().unwrap() > 0.0 {
            all.push(format!("{part}: the page scrolls sideways by {overflow} pixels"));
        }
        browser.screenshot(&format!("access-{name}-{part}")).await;
    };
    browser.open(&format!("{}/?device=cpu&model=efficientnet-lite0", site.url)).await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    check(browser, "welcome").await;
    browser.add_photos(&[&sample("cat.png"), &sample("coffee.png")]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 2).await;
    check(browser, "look").await;
    browser.click("[data-testid=tab-check]").await;
    browser.wait("[data-testid=check-photos]").await.send_keys(&sample("cat.png").to_string_lossy()).await.unwrap();
    browser.wait("[data-testid=check-card]").await.click().await.unwrap();
    browser.wait("[data-testid=detail] canvas").await;
    with_box_and_comparison(browser).await;
    check(browser, "check").await;
    browser.click("[data-testid=tab-teach]").await;
    browser.wait_for("[data-testid=class-card]", 2).await;
    check(browser, "teach").await;
    train_two_classes(browser).await;
    check(browser, "taught").await;
    browser.click("[data-testid=tab-about]").await;
    browser.wait("[data-testid=privacy]").await;
    check(browser, "about").await;
    assert!(all.is_empty(), "{}", all.join("\n"));
}

/// In Check, add a box with its numbers, and show the map beside that of another class.
async fn with_box_and_comparison(browser: &Browser) {
    browser.wait("[data-testid=check-class]").await;
    browser.click("[data-testid=show-boxes]").await;
    browser.click("[data-testid=box-add]").await;
    browser.wait("[data-testid=inside][data-share]").await;
    browser.click("[data-testid=show-compare]").await;
    browser.set("[data-testid=against]", "class:1").await;
    browser.until("both maps are shown", "return !document.querySelector('.views').hidden").await;
}

/// In Teach, train two classes of one photo each for a short time, and show the photos of a cell of the confusion
/// matrix.
async fn train_two_classes(browser: &Browser) {
    for (n, photo) in [(1, "cat.png"), (2, "coffee.png")] {
        let input = format!("[data-testid=class-card]:nth-of-type({n}) [data-testid=class-photos]");
        browser.wait(&input).await.send_keys(&sample(photo).to_string_lossy()).await.unwrap();
        browser.wait_for(".thumb", n).await;
    }
    browser.click(".choices summary").await;
    browser.set("[data-testid=epochs]", "2").await;
    browser.click("[data-testid=train-start]").await;
    browser.wait("[data-testid=train-state][data-state=done]").await;
    // On a narrow screen this canvas is above the cell that is clicked next.
    browser.wait("[data-testid=before-canvas]").await;
    // A script clicks, because content above may still move the cell away from a pointer.
    browser.wait("[data-testid=confusion-cell]:not([disabled])").await;
    browser.run("document.querySelector('[data-testid=confusion-cell]:not([disabled])').click()", vec![]).await;
    browser
        .until("the cell's photos are shown", "return !!document.querySelector('[data-testid=judged] canvas')")
        .await;
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

/// Assert that the Tab key reaches every control of the part that is shown, and that the focus is visible.
async fn tab_reaches_all(browser: &Browser, part: &str) {
    // Tab reaches one of a group of radio buttons or tabs. The arrow keys reach the others.
    let controls = "document.querySelectorAll('[data-stop]').forEach((e) => delete e.dataset.stop); \
        return [...document.querySelectorAll('button, select, input, a[href], [tabindex], summary')] \
        .filter((e) => e.checkVisibility() && !e.disabled && e.tabIndex >= 0 && !(e.type === 'radio' && !e.checked)) \
        .map((e, i) => { e.dataset.stop = i; return i; }).length";
    let controls = browser.run(controls, vec![]).await.as_u64().unwrap();
    assert!(controls > 8, "{part}: {controls} controls");
    browser.run("document.activeElement?.blur(); window.reached = new Set(); window.unseen = []", vec![]).await;
    let record_focus = "const e = document.activeElement; if (e?.dataset.stop) { window.reached.add(e.dataset.stop); \
        const shown = [e, e.parentElement, e.parentElement?.parentElement].some((e) => { \
            const { outlineStyle, boxShadow } = getComputedStyle(e); return outlineStyle !== 'none' || boxShadow !== 'none'; }) || e.classList.contains('unseen'); \
        if (!shown) window.unseen.push(e.outerHTML.slice(0, 120)); } return window.reached.size";
    for _ in 0..controls * 2 {
        press(browser, "Tab", 9).await;
        if browser.run(record_focus, vec![]).await.as_u64().unwrap() == controls {
            break;
        }
    }
    let missed = "return [...document.querySelectorAll('[data-stop]')].filter((e) => !window.reached.has(e.dataset.stop)).map((e) => e.outerHTML.slice(0, 120))";
    assert_eq!(browser.run(missed, vec![]).await, json!([]), "{part}: Tab does not reach these controls");
    assert_eq!(
        browser.run("return window.unseen", vec![]).await,
        json!([]),
        "{part}: the focus of these controls is not visible"
    );
}

/// Press and release a key.
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
    train_two_classes(&browser).await;
    tab_reaches_all(&browser, "teach").await;
    browser.click("[data-testid=tab-about]").await;
    browser.wait("[data-testid=privacy]").await;
    tab_reaches_all(&browser, "about").await;
    browser.close().await;
}

/// Everything that a pointer can read off a map or draw can also be done with keys and number inputs, without dragging
/// (WCAG 2.2, 2.5.7).
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
    // The map is shown without smoothing, so that a cell's centre has the value of that cell alone.
    browser.run("document.querySelector('[data-testid=grid]').click()", vec![]).await;
    focus("[data-testid=stage-canvas]").await;
    assert_eq!(arrow("ArrowRight", 39).await, expected(side / 2, side / 2), "reading starts at the centre");
    assert_eq!(arrow("ArrowRight", 39).await, expected(side / 2 + 1, side / 2));
    assert_eq!(arrow("ArrowUp", 38).await, expected(side / 2 + 1, side / 2 - 1));
    assert_ne!(browser.pixels("[data-testid=stage-canvas]").await, plain, "the position is marked");
    browser.screenshot("access-read-by-keys").await;
    assert_eq!(arrow("Escape", 27).await, "");

    browser.click("[data-testid=tab-check]").await;
    browser.wait("[data-testid=check-photos]").await.send_keys(&sample("cat.png").to_string_lossy()).await.unwrap();
    browser.wait("[data-testid=check-card][data-state=done]").await;
    with_box_and_comparison(&browser).await;
    let share = async || browser.attributes("[data-testid=inside]", "data-share").await[0].parse::<f64>().unwrap();
    let initial = share().await;
    for (edge, percent) in [("left", "0"), ("top", "0"), ("right", "100"), ("bottom", "100")] {
        browser.set(&format!("[data-testid=edge-{edge}]"), percent).await;
    }
    assert!(initial < 0.99 && (share().await - 1.0).abs() < 1e-6, "{initial}, {}", share().await);
    browser.set("[data-testid=edge-right]", "40").await;
    browser.set("[data-testid=edge-left]", "90").await;
    let left = browser.run("return document.querySelector('[data-testid=edge-left]').value", vec![]).await;
    assert_eq!(left, json!("39"), "an edge stops at the opposite edge");
    browser.click("[data-testid=compare-maps] [data-testid=zoom-in]").await;
    focus("[data-testid=compare-first]").await;
    press(&browser, "ArrowLeft", 37).await;
    let transform = "return document.querySelector('[data-testid=compare-first]').closest('.sheet').style.transform";
    let before = browser.run(transform, vec![]).await;
    press(&browser, "ArrowLeft", 37).await;
    assert!(browser.text("[data-testid=compare-values]").await.starts_with("here "));
    assert_ne!(browser.run(transform, vec![]).await, before, "the view moves to the position that is read");
    browser.screenshot("access-compare-by-keys").await;

    // A box itself is moved by arrow keys, resized with Shift, and deleted.
    let place = async || {
        browser
            .run(
                "const s = document.querySelector('[data-testid=drawn-box]')?.style; return s && [s.left, s.width]",
                vec![],
            )
            .await
    };
    focus("[data-testid=drawn-box]").await;
    assert_eq!(place().await, json!(["39%", "1%"]));
    press(&browser, "ArrowLeft", 37).await;
    assert_eq!(place().await, json!(["38%", "1%"]));
    let shifted = json!({ "type": "rawKeyDown", "key": "ArrowRight", "code": "ArrowRight", "windowsVirtualKeyCode": 39, "modifiers": 8 });
    browser.chromium("Input.dispatchKeyEvent", shifted).await;
    assert_eq!(place().await, json!(["38%", "2%"]));
    press(&browser, "Delete", 46).await;
    assert_eq!(place().await, Value::Null);
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
    let moving: Vec<Value> = serde_json::from_value(browser.run(moving, vec![]).await).unwrap();
    assert!(moving.is_empty(), "{moving:?}");
    assert_eq!(browser.run("return matchMedia('(prefers-reduced-motion: reduce)').matches", vec![]).await, json!(true));
    browser.close().await;
}

/// Checks the texts that appear in live regions, which screen readers read out by themselves.
#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_read_out() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=vgg16-gap-cifar10", site.url)).await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    let observe = "window.announced = []; new MutationObserver((records) => { for (const record of records) { \
        const element = record.target.nodeType === 1 ? record.target : record.target.parentElement; \
        const region = element?.closest('[aria-live], [role=alert], [role=status]') ?? \
            [...record.addedNodes].find((node) => node.nodeType === 1 && node.matches('[role=alert], [role=status]')); \
        if (region?.checkVisibility()) window.announced.push(region.textContent) } }) \
        .observe(document.body, { subtree: true, childList: true, characterData: true })";
    browser.run(observe, vec![]).await;
    let announced = async |text: &str| {
        let script = format!("return window.announced.some((text) => text.includes({}))", json!(text));
        browser.until(&format!("“{text}” is announced"), &script).await;
    };
    browser.add_photos(&[&sample("cat.png"), &project("README.md")]).await;
    announced("Looking at cat.png").await;
    announced("This looks like “cat”").await;
    announced("README.md: This is a text file").await;

    browser.click("[data-testid=tab-teach]").await;
    announced("Add a few photos to every class").await;
    for (n, name) in [(1, "cat.png"), (2, "coffee.png")] {
        let input = format!("[data-testid=class-card]:nth-of-type({n}) [data-testid=class-photos]");
        browser.wait(&input).await.send_keys(&sample(name).to_string_lossy()).await.unwrap();
        browser.wait_for(".thumb", n).await;
    }
    browser.click("[data-testid=train-start]").await;
    announced("Done. The best weights are kept.").await;
    browser.click("[data-testid=class-card] .quiet").await;
    announced("is deleted").await;

    browser.click("[data-testid=tab-check]").await;
    browser.wait("[data-testid=check-photos]").await.send_keys(&sample("cat.png").to_string_lossy()).await.unwrap();
    announced("The photo is looked at.").await;
    browser.click("[data-testid=show-boxes]").await;
    browser.click("[data-testid=box-evidence]").await;
    announced("of the evidence for “cat” lies inside").await;
    browser.close().await;
}
