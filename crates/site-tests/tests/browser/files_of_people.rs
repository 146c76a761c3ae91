//! Files as people have them, on the page: in folders and archives, in every dialect, of kinds that only the browser knows.

use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::browser::{Browser, project, sample};
use crate::site::Site;
use crate::teach::{CPU, THUMB};

const CARD: &str = "[data-testid=check-card]";
const BOXED: &str = "[data-testid=check-card] .inside:not([hidden])";

fn write(root: &Path, files: &[(&str, &[u8])]) {
    for (name, bytes) in files {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

/// Pack a photo as an icon (ICO), which the engine does not read and browsers do.
fn icon(photo: &Path) -> Vec<u8> {
    let mut png = Cursor::new(Vec::new());
    image::open(photo).unwrap().thumbnail_exact(64, 64).write_to(&mut png, image::ImageFormat::Png).unwrap();
    let png = png.into_inner();
    let (length, start) = ((png.len() as u32).to_le_bytes(), 22u32.to_le_bytes());
    [&[0, 0, 1, 0, 1, 0, 64, 64, 0, 0, 1, 0, 32, 0][..], &length, &start, &png].concat()
}

/// An icon, and an AVIF photo where one is at hand: shown with a note, in Teach too. Without a decoder, the kind is told.
#[tokio::test(flavor = "multi_thread")]
async fn the_browser_decodes_what_the_engine_cannot() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("cat.ico", &icon(&sample("cat.png"))), ("broken.ico", &[0, 0, 1, 0, 1, 0, 9, 9])]);
    let at = |name: &str| folder.path().join(name);
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?{CPU}", site.url)).await;
    browser.add_photos(&[&at("cat.ico"), &at("broken.ico")]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 1).await;
    browser.wait_for("[data-testid=photo-card][data-state=failed]", 1).await;
    let messages = browser.messages().await;
    assert!(messages.iter().any(|m| m.starts_with("cat.ico: The browser decoded")), "{messages:?}");
    assert!(
        messages.iter().any(|m| m.starts_with("broken.ico: This is an icon. Save it as JPEG or PNG.")),
        "{messages:?}"
    );
    assert_eq!(
        browser.attributes("[data-testid=prediction]", "data-class").await.first().map(String::as_str),
        Some("cat")
    );
    browser.click("[data-testid=tab-teach]").await;
    browser.wait("[data-testid=class-card]").await;
    browser.add_to_class(1, &[at("cat.ico")]).await;
    browser.wait_for(THUMB, 1).await;
    browser.close().await;
}

/// A folder with what lies beside photos, boxes in several dialects, and photos under other names.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_sorted_out() {
    let folder = tempfile::tempdir().unwrap();
    let (cat, coffee) = (std::fs::read(sample("cat.png")).unwrap(), std::fs::read(sample("coffee.png")).unwrap());
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain("0 0.5 0.5 0.4 0.4".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let korean = [&b"<?xml version='1.0' encoding='EUC-KR'?><annotation><object><name>\xb0\xed\xbe\xe7\xc0\xcc</name><bndbox>"[..],
        b"<xmin>10</xmin><ymin>10</ymin><xmax>90</xmax><ymax>90</ymax></bndbox></object></annotation>"].concat();
    write(
        folder.path(),
        &[
            ("set/train/images/1.JPG", &cat),
            ("set/train/labels/1.TXT", &utf16),
            ("set/valid/images/1.jpg", &coffee),
            ("set/valid/labels/1.txt", b"0 0.2 0.2 0.6 0.2 0.6 0.6\n0 700 20 30 40\n"),
            ("set/valid/images/photo.jfif", &cat),
            ("set/valid/images/photo.xml", &korean),
            ("set/valid/images/._1.jpg", b"\0\x05\x16\x07"),
            ("set/__MACOSX/1.jpg", &cat),
            ("set/data.yaml", b"nc: 1\nnames: ['truck']\n"),
            ("set/history.json", b"{}"),
            ("set/README.txt", b"photos of cats"),
        ],
    );
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open_check(&site, CPU).await;
    let input = browser.wait("[data-testid=check-folder]").await;
    input.send_keys(&folder.path().join("set").to_string_lossy()).await.unwrap();
    browser.wait_for("[data-testid=check-card][data-state=done]", 3).await;
    browser.wait_for(BOXED, 3).await;
    assert_eq!(browser.count(CARD).await, 3);
    let messages = browser.messages().await;
    let has = |text: &str| messages.iter().any(|message| message.contains(text));
    assert!(has("1 file was passed over: 1 .json"), "{messages:?}");
    assert!(has("set/valid/labels/1.txt") && has("line 2 has numbers above 1"), "{messages:?}");
    assert!(has("Boxes for 3 photos"), "{messages:?}");
    // The boxes' class is the truth, by its name; neither photo is called a truck.
    assert_eq!(browser.text("[data-testid=group-wrong] small").await, "2");
    browser.close().await;
}

/// Return a project with two classes and their photos, as the page exports it, as entries.
async fn exported(browser: &Browser, downloads: &Path) -> Vec<(String, Vec<u8>)> {
    browser.click("[data-testid=project-export]").await;
    let zip = crate::browser::downloaded(downloads, "zip").await;
    let mut zip = zip::ZipArchive::new(std::fs::File::open(zip).unwrap()).unwrap();
    let count = zip.len();
    (0..count)
        .map(|at| {
            let mut entry = zip.by_index(at).unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.name().unwrap().to_string(), content)
        })
        .collect()
}

fn packed(path: PathBuf, entries: &[(String, Vec<u8>)], method: zip::CompressionMethod) -> PathBuf {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(content).unwrap();
    }
    std::fs::write(&path, zip.finish().unwrap().into_inner()).unwrap();
    path
}

/// An exported project that was packed again, compressed, by the Finder and by PowerShell, without a photo.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_was_packed_again_comes_in() {
    let (folder, downloads) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (site, browser) = (Site::built().await, Browser::start_with_downloads(downloads.path()).await);
    browser.with_stripes(&site, CPU, folder.path(), 2).await;
    let entries = exported(&browser, downloads.path()).await;
    let renamed = |change: &dyn Fn(&str) -> String| -> Vec<(String, Vec<u8>)> {
        entries.iter().map(|(name, content)| (change(name), content.clone())).collect()
    };
    let mut finder = renamed(&|name| format!("My classes/{name}"));
    finder.push(("__MACOSX/My classes/._project.json".into(), vec![0, 5, 22, 7]));
    let at = |name: &str| folder.path().join(name);
    use zip::CompressionMethod as Method;
    let all = [
        (packed(at("finder.zip"), &finder, Method::DEFLATE), 4, None),
        (packed(at("powershell.zip"), &renamed(&|name| name.replace('/', "\\")), Method::DEFLATE), 4, None),
        (packed(at("short.zip"), &entries[..entries.len() - 1], Method::STORE), 3, Some("not in it")),
    ];
    for (number, (path, photos, told)) in all.iter().enumerate() {
        browser.wait("[data-testid=project-import]").await.send_keys(&path.to_string_lossy()).await.unwrap();
        let name = format!(
            "return document.querySelector('[data-testid=project-name]').value === 'My classes {}'",
            number + 2
        );
        browser.until("the project is open", &name).await;
        browser.wait_for(THUMB, *photos).await;
        let messages = browser.messages().await;
        assert_eq!(messages.is_empty(), told.is_none(), "{}: {messages:?}", path.display());
    }
    browser.close().await;
}

/// The inputs made after public bug reports: an AVIF photo that browsers show, and projects for the import.
#[tokio::test(flavor = "multi_thread")]
async fn inputs_of_bug_reports_come_in() {
    let cases = project("../shared/data/cases.tar.xz");
    if !cases.exists() {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: {} is missing; it exists only beside the project's own checkout",
            cases.display()
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let unpacked = std::process::Command::new("tar")
        .arg("-xf")
        .arg(&cases)
        .arg("-C")
        .arg(folder.path())
        .args(["52-page-photos", "51-teach-import"])
        .status();
    assert!(unpacked.unwrap().success());
    let avif: Vec<PathBuf> = std::fs::read_dir(folder.path().join("52-page-photos/avif"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .take(2)
        .collect();
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?{CPU}", site.url)).await;
    browser.add_photos(&avif.iter().map(PathBuf::as_path).collect::<Vec<_>>()).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 2).await;
    browser.click("[data-testid=tab-teach]").await;
    for (name, photos) in [
        ("good.zip", 10),
        ("deflated.zip", 10),
        ("repacked-by-powershell5.zip", 10),
        ("repacked-root-only.zip", 10),
        ("three-photos-missing.zip", 7),
    ] {
        browser
            .wait("[data-testid=project-import]")
            .await
            .send_keys(&folder.path().join("51-teach-import").join(name).to_string_lossy())
            .await
            .unwrap();
        browser.wait_for(THUMB, photos).await;
        browser.run("document.querySelectorAll('.toast .icon').forEach((b) => b.click())", vec![]).await;
        browser.click("[data-testid=project-new]").await;
        browser.wait_for(THUMB, 0).await;
    }
    assert_eq!(browser.run("return document.querySelectorAll('[data-level=error]').length", vec![]).await, json!(0));
    browser.close().await;
}
