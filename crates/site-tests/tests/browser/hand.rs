//! Photos in hand, and the hands on them: they come by every way, stay over a reload, go and come back, are read, zoomed and taken
//! along.

use std::time::Duration;

use serde_json::json;

use crate::browser::{Browser, downloaded, sample};
use crate::site::Site;

const DONE: &str = "[data-testid=photo-card][data-state=done]";
const CHOSEN: &str = ".card.chosen .open";

/// Open Look on the CPU with a small network and photos, and wait for their results.
async fn with_photos(browser: &Browser, site: &Site, query: &str, photos: &[&str]) {
    browser.open(&format!("{}/?device=cpu&{query}", site.url)).await;
    let paths: Vec<_> = photos.iter().map(|name| sample(name)).collect();
    browser.add_photos(&paths.iter().map(|path| path.as_path()).collect::<Vec<_>>()).await;
    browser.wait_for(DONE, photos.len()).await;
}

async fn titles(browser: &Browser) -> Vec<String> {
    browser.attributes("[data-testid=photo-card] .open", "title").await
}

/// Photos are there again after a reload, in their order. One that is taken away, or all of them, come back by Undo.
#[tokio::test(flavor = "multi_thread")]
async fn photos_stay_until_they_are_cleared() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    with_photos(&browser, &site, "model=resnet-20", &["rocket.jpg", "coffee.png", "cat.png"]).await;
    browser.reload().await;
    browser.wait_for(DONE, 3).await;
    assert_eq!(titles(&browser).await, ["rocket.jpg", "coffee.png", "cat.png"]);

    browser.run("document.querySelector('[data-testid=photo-card]:nth-of-type(2) .remove').click()", vec![]).await;
    browser.wait_for(DONE, 2).await;
    browser.click("[data-testid=undo]").await;
    browser.wait_for(DONE, 3).await;
    assert_eq!(titles(&browser).await, ["rocket.jpg", "coffee.png", "cat.png"]);
    assert_eq!(browser.attributes(CHOSEN, "title").await, ["coffee.png"]);

    browser.click("[data-testid=clear-photos]").await;
    browser.wait("[data-testid=sample]").await;
    browser.click("[data-testid=undo]").await;
    browser.wait_for(DONE, 3).await;
    browser.click("[data-testid=clear-photos]").await;
    browser.wait("[data-testid=sample]").await;
    tokio::time::sleep(Duration::from_millis(300)).await; // the store is written
    browser.reload().await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    browser.wait("[data-testid=sample]").await;
    assert_eq!(browser.count("[data-testid=photo-card]").await, 0);
    browser.close().await;
}

/// The photos in hand are offered in Check.
#[tokio::test(flavor = "multi_thread")]
async fn photos_are_shared_by_the_parts() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    with_photos(&browser, &site, "model=resnet-20", &["rocket.jpg", "cat.png"]).await;
    browser.click("[data-testid=tab-check]").await;
    browser.click("[data-testid=check-in-hand]").await;
    browser.wait_for("[data-testid=check-card][data-state=done]", 2).await;
    browser.close().await;
}

/// What is added last comes to the stage, whose attribute names the photo's card. The keyboard stays with the photos.
#[tokio::test(flavor = "multi_thread")]
async fn new_photos_come_to_the_stage() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    with_photos(&browser, &site, "model=resnet-20", &["rocket.jpg"]).await;
    browser.add_photos(&[&sample("coffee.png"), &sample("cat.png")]).await;
    browser.wait_for(DONE, 3).await;
    assert_eq!(browser.attributes(CHOSEN, "title").await, ["coffee.png"]);
    let card = browser.attributes(".card.chosen", "data-id").await;
    assert_eq!(browser.attributes("[data-testid=stage]", "data-photo").await, card);
    let remove = "document.querySelector('.card.chosen .remove').focus(); document.activeElement.click()";
    browser.run(remove, vec![]).await;
    browser.wait(".card.chosen .open:focus").await;
    browser.close().await;

    let browser = Browser::start().await;
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    browser.click("[data-testid=sample]").await;
    browser.wait(".card.chosen .open:focus").await;
    browser.close().await;
}

/// A folder is dropped on Look: its photos come, and what is none is counted. While it is dragged, the page shows where to drop it.
#[tokio::test(flavor = "multi_thread")]
async fn folders_can_be_dropped_anywhere() {
    // A folder as the browser hands it to a page.
    const FOLDER: &str = "return (async (target) => { \
        const blob = await (await fetch('photos/rocket.jpg')).blob(); \
        const file = (name) => ({ name, isFile: true, fullPath: '/trip/' + name, \
            file: (done) => done(new File([name.endsWith('.txt') ? 'sunny' : blob], name)) }); \
        const folder = { isFile: false, isDirectory: true, createReader: () => { let all = [file('a.jpg'), file('notes.txt'), file('._a.jpg'), file('b')]; \
            return { readEntries: (done) => done(all.splice(0)) } } }; \
        const data = { types: ['Files'], files: [], items: { length: 1, 0: { webkitGetAsEntry: () => folder } } }; \
        const fire = (kind) => { const e = new Event(kind, { bubbles: true, cancelable: true }); \
            Object.defineProperty(e, 'dataTransfer', { value: data }); document.querySelector(target).dispatchEvent(e) }; \
        fire('dragover'); await new Promise((done) => setTimeout(done, 100)); \
        window.marked = document.querySelector('.drop-here').checkVisibility(); fire('drop') })(...arguments)";
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20#about", site.url)).await;
    browser.wait("#about [data-testid=privacy]").await;
    browser.run(FOLDER, vec![json!("#about")]).await;
    assert_eq!(browser.run("return window.marked", vec![]).await, json!(true));
    browser.wait("[data-testid=tab-look][aria-current=page]").await;
    browser.wait_for(DONE, 2).await;
    assert_eq!(titles(&browser).await, ["a.jpg", "b"]);
    assert!(browser.messages().await[0].starts_with("1 file was passed over: 1 .txt"));
    assert_eq!(
        browser.run("return document.querySelector('.drop-here').checkVisibility()", vec![]).await,
        json!(false)
    );
    browser.close().await;
}

/// Many bad files are one notice, which can be dismissed.
#[tokio::test(flavor = "multi_thread")]
async fn notices_group_what_is_alike() {
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<_> = (0..6)
        .map(|i| {
            let path = folder.path().join(format!("{i}.pdf"));
            std::fs::write(&path, b"%PDF-1.4 nothing").unwrap();
            path
        })
        .collect();
    let (site, browser) = (Site::built().await, Browser::start_phone(&[]).await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    browser.add_photos(&files.iter().map(|path| path.as_path()).collect::<Vec<_>>()).await;
    browser.wait_for("[data-testid=photo-card][data-state=failed]", 6).await;
    let messages = browser.messages().await;
    assert!(messages.len() == 1 && messages[0].starts_with("6 files: This is a PDF"), "{messages:?}");
    browser.screenshot("notices-phone").await;
    browser.click(".toast .icon").await;
    browser.wait_for("[data-testid=error]", 0).await;
    browser.close().await;
}

/// A word that names several classes is asked about, not guessed at.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_does_not_guess() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    with_photos(&browser, &site, "", &["cat.png"]).await;
    browser.set("[data-testid=class-search]", "house").await;
    browser.wait("[data-testid=error]").await;
    let message = &browser.messages().await[0];
    assert!(message.starts_with("No class is called “house”. Similar: house finch"), "{message}");
    assert_eq!(browser.count("[data-testid=prediction]").await, 5);
    browser.set("[data-testid=class-search]", "house finch").await;
    browser.wait("[data-testid=prediction][data-class='house finch'][aria-pressed=true]").await;
    browser.close().await;
}

/// The address brings network, method and class back, from a copied link and by a reload.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_brings_the_view_back() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu#look?model=vgg16-gap-cifar10&method=layer-cam&class=dog", site.url)).await;
    browser.wait("[data-testid=model-select][data-value=vgg16-gap-cifar10]").await;
    browser.add_photos(&[&sample("cat.png")]).await;
    let dog = "[data-testid=prediction][data-class=dog][aria-pressed=true]";
    browser.wait(dog).await;
    browser.wait("[data-testid=caption][data-method=layer-cam]").await;
    browser.reload().await;
    browser.wait(dog).await;
    browser.wait("[data-testid=caption][data-method=layer-cam]").await;
    browser.run("document.querySelectorAll('[data-testid=prediction]')[0].click()", vec![]).await;
    let plain = "return !location.hash.includes('class=') && location.hash.includes('method=layer-cam')";
    browser.until("the address follows", plain).await;
    browser.close().await;
}

/// Keys choose answers, hold the plain photo, and open the sheet of shortcuts. Buttons magnify the map.
#[tokio::test(flavor = "multi_thread")]
async fn keys_and_buttons_act_on_the_map() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    with_photos(&browser, &site, "model=vgg16-gap-cifar10", &["cat.png"]).await;
    let key = async |kind: &str, key: &str| {
        let script = "document.activeElement?.blur(); window.dispatchEvent(new KeyboardEvent(arguments[0], { key: arguments[1], bubbles: true }))";
        browser.run(script, vec![json!(kind), json!(key)]).await;
        tokio::time::sleep(Duration::from_millis(150)).await;
    };
    let stage = "[data-testid=stage-canvas]";
    key("keydown", "3").await;
    browser.wait("[data-testid=prediction]:nth-of-type(3)[aria-pressed=true]").await;
    let map = browser.pixels(stage).await;
    key("keydown", "c").await;
    assert_ne!(browser.pixels(stage).await, map, "the plain photo is shown while C is held");
    key("keyup", "c").await;
    assert_eq!(browser.pixels(stage).await, map);
    key("keydown", "?").await;
    browser.wait("[data-testid=shortcut-sheet][open]").await;
    browser.screenshot("shortcuts").await;
    browser.click("[data-testid=shortcut-sheet] .primary").await;
    browser.wait("[data-testid=shortcut-sheet]:not([open])").await;

    browser.click(".stage [data-testid=zoom-in]").await;
    let scale = "return document.querySelector('.stage .sheet').style.transform.includes('scale(1.5)')";
    browser.until("the map is larger", scale).await;
    browser.click(".stage [data-testid=zoom-reset]").await;
    browser.click(".stage [data-testid=full-screen]").await;
    browser
        .until("the map fills the screen", "return document.fullscreenElement?.className.includes('map-view')")
        .await;
    browser.run("return document.exitFullscreen()", vec![]).await;
    browser.close().await;
}

/// The saved picture is as large as the photo, with a caption beneath it.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_saved_at_full_size_with_its_caption() {
    let (folder, downloads) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let large = folder.path().join("large.jpg");
    let coffee = image::open(sample("coffee.png")).unwrap().into_rgb8();
    image::imageops::resize(&coffee, 2400, 1600, image::imageops::FilterType::Triangle).save(&large).unwrap();
    let (site, browser) = (Site::built().await, Browser::start_with_downloads(downloads.path()).await);
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.add_photos(&[&large]).await;
    browser.wait_for(DONE, 1).await;
    browser.click("[data-testid=download]").await;
    let saved = downloaded(downloads.path(), "png").await;
    assert_eq!(saved.file_name().unwrap(), "large-espresso.png");
    let saved = image::open(saved).unwrap().into_rgb8();
    assert!(saved.width() == 2400 && saved.height() > 1700, "{:?}", saved.dimensions());
    let caption = image::imageops::crop_imm(&saved, 0, 1600, 2400, saved.height() - 1600).to_image();
    let dark = caption.pixels().filter(|pixel| pixel.0.iter().all(|&value| value < 100)).count();
    assert!(dark > 500, "{dark} dark pixels beneath the photo");
    browser.close().await;
}

/// A photo is taken by the camera, which is off afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_photo_is_taken_by_the_camera() {
    let camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
    let (site, browser) = (Site::built().await, Browser::start_with(&camera).await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    browser.click("[data-testid=look-camera]").await;
    let runs = "window.video = document.querySelector('.viewfinder video'); return video?.videoWidth > 0";
    browser.until("the camera runs", runs).await;
    browser.screenshot("look-camera").await;
    browser.click("[data-testid=look-camera-take]").await;
    browser.wait_for(DONE, 1).await;
    assert_eq!(browser.count(".viewfinder").await, 0);
    let is_off = "return window.video.srcObject.getTracks().every((track) => track.readyState === 'ended')";
    browser.until("the camera is off", is_off).await;
    assert!(titles(&browser).await[0].starts_with("Camera "), "{:?}", titles(&browser).await);
    browser.close().await;
}
