//! Bad files on the page and missing files on the server. Each is reported in one sentence, and everything else
//! continues.

use std::path::{Path, PathBuf};

use crate::browser::{Browser, sample};
use crate::site::Site;

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_files_get_a_sentence_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let rocket = std::fs::read(sample("rocket.jpg")).unwrap();
    let text = write(folder.path(), "notes.jpg", b"Dear diary, today I renamed you.");
    let cut = write(folder.path(), "cut.jpg", &rocket[..rocket.len() / 2]);
    let empty = write(folder.path(), "empty.jpg", b"");
    let deep = folder.path().join("deep.png");
    image::ImageBuffer::from_fn(64, 64, |x, y| image::Rgb([x as u16 * 1000, y as u16 * 1000, 0])).save(&deep).unwrap();

    let moving = folder.path().join("moving.gif");
    let frames = [[255, 0, 0, 255], [0, 0, 255, 255]]
        .map(|c| image::Frame::new(image::RgbaImage::from_pixel(64, 64, image::Rgba(c))));
    image::codecs::gif::GifEncoder::new(std::fs::File::create(&moving).unwrap()).encode_frames(frames).unwrap();

    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.add_photos(&[&text, &cut, &empty, &deep, &moving, &sample("coffee.png")]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 3).await;
    browser.wait_for("[data-testid=photo-card][data-state=failed]", 3).await;
    let messages = browser.messages().await;
    let expected = [
        ("notes.jpg", "a text file"),
        ("cut.jpg", "cut short"),
        ("empty.jpg", "empty"),
        ("deep.png", "16 bits"),
        ("moving.gif", "animated"),
    ];
    for (name, reason) in expected {
        let of_file = messages.iter().filter(|m| m.starts_with(name)).collect::<Vec<_>>();
        assert!(of_file.len() == 1 && of_file[0].contains(reason), "{name}: {messages:?}");
    }
    assert_eq!(messages.len(), 5, "{messages:?}");
    browser.screenshot("bad-files").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_and_altered_weights_and_a_missing_engine_are_told() {
    fn weights(root: &Path) -> PathBuf {
        let models = std::fs::read_dir(root.join("models")).unwrap().map(|entry| entry.unwrap().path());
        models.into_iter().find(|p| p.to_string_lossy().contains("efficientnet-lite0-")).unwrap()
    }
    let missing = |root: &Path| std::fs::remove_file(weights(root)).unwrap();
    let altered = |root: &Path| {
        let mut bytes = std::fs::read(weights(root)).unwrap();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        std::fs::write(weights(root), bytes).unwrap();
    };
    let engine = |root: &Path| {
        for engine in ["cpu", "cpu-relaxed"] {
            std::fs::write(root.join(format!("engine-{engine}_bg.wasm")), b"not wasm").unwrap();
        }
    };
    let manifest = |root: &Path| std::fs::remove_file(root.join("models/manifest.json")).unwrap();
    type Change<'a> = &'a dyn Fn(&Path);
    let cases: [(&str, Change<'_>); 4] =
        [("404", &missing), ("SHA-256", &altered), ("engine stopped", &engine), ("list of models", &manifest)];
    for (reason, change) in cases {
        let (site, browser) = (Site::changed(change).await, Browser::start().await);
        browser.open(&format!("{}/?device=cpu", site.url)).await;
        browser.wait("[data-testid=engine-progress][data-state=failed]").await;
        let messages = browser.messages().await;
        assert!(messages.len() == 1 && messages[0].contains(reason), "{reason}: {messages:?}");
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_start_says_so() {
    let cut = |root: &Path| {
        let files = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
        let page = files
            .into_iter()
            .find(|p| p.to_string_lossy().ends_with("_bg.wasm") && p.to_string_lossy().contains("/page-"));
        std::fs::write(page.unwrap(), b"\0asm\x01\0\0\0\x02").unwrap();
    };
    let (site, browser) = (Site::changed(cut).await, Browser::start().await);
    browser.open(&site.url).await;
    let text = browser.wait("#loading[role=alert]").await.text().await.unwrap();
    assert!(text.starts_with("camscope cannot start"), "{text}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_megapixels_are_fine() {
    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large.jpg");
    let small = image::open(sample("cat.png")).unwrap().into_rgb8();
    image::imageops::resize(&small, 8660, 5774, image::imageops::FilterType::Nearest).save(&large).unwrap();
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu", site.url)).await;
    browser.add_photos(&[&large]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 1).await;
    let classes = browser.attributes("[data-testid=prediction]", "data-class").await;
    assert!(classes[..3].iter().any(|class| class.contains("cat")), "{classes:?}");
    browser.close().await;
}

/// Two hundred photos of all formats have random changes or a missing end. Each is shown or gets a message. The engine
/// that read them all reads the next photo too.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_damaged_photos_stop_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = 7u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let picture = image::RgbImage::from_fn(48, 32, |x, y| image::Rgb([x as u8 * 5, y as u8 * 7, 90]));
    let mut photos = Vec::new();
    for ending in ["jpg", "png", "gif", "webp", "bmp"] {
        let mut whole = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut whole, image::ImageFormat::from_extension(ending).unwrap()).unwrap();
        for i in 0..40 {
            let mut bytes = whole.get_ref().clone();
            for _ in 0..1 + random(6) {
                let at = random(bytes.len());
                bytes[at] = random(256) as u8;
            }
            if i % 4 == 0 {
                bytes.truncate(random(bytes.len()));
            }
            photos.push(write(folder.path(), &format!("{i}.{ending}"), &bytes));
        }
    }
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    browser.add_photos(&photos.iter().map(PathBuf::as_path).collect::<Vec<_>>()).await;
    browser.wait_for("[data-testid=photo-card]", photos.len()).await;
    browser
        .wait_for("[data-testid=photo-card][data-state=waiting], [data-testid=photo-card][data-state=working]", 0)
        .await;
    let failed = browser.count("[data-testid=photo-card][data-state=failed]").await;
    let done = browser.count("[data-testid=photo-card][data-state=done]").await;
    assert!(failed > 20 && done > 20 && failed + done == photos.len(), "{failed} failed, {done} are shown");
    let messages = browser.messages().await;
    let engine: Vec<_> = messages.iter().filter(|message| message.contains("engine")).collect();
    assert!(engine.is_empty(), "{engine:?}");
    browser.add_photos(&[&sample("coffee.png")]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", done + 1).await;
    browser.close().await;
}
