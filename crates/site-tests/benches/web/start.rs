//! The time of a first visit, and the sizes of the files that it downloads. Each visit uses a new browser, without
//! cached or compiled files.

use std::path::Path;

use crate::browser::Browser;
use crate::median;
use crate::project;
use crate::site::Site;

const VISITS: usize = 5;
/// Script: record when photos are accepted, and when the network is ready.
const RECORDER: &str = "<script>new MutationObserver(() => { \
    if (document.querySelector('[data-testid=photo-input]')) window.accepts ??= performance.now(); \
    if (document.querySelector('[data-testid=engine-progress][data-state=ready]')) window.ready ??= performance.now(); \
    }).observe(document, { childList: true, subtree: true, attributes: true })</script>";

pub async fn run() {
    let add_recorder = |root: &Path| {
        let index = root.join("index.html");
        let page = std::fs::read_to_string(&index).unwrap();
        std::fs::write(index, page.replacen("<head>", &format!("<head>{RECORDER}"), 1)).unwrap();
    };
    let site = Site::changed(add_recorder).await;
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..VISITS {
        let browser = Browser::start().await;
        browser.open(&format!("{}/?device=cpu", site.url)).await;
        browser.wait("[data-testid=engine-progress][data-state=ready]").await;
        let painted = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
        for (times, event) in times.iter_mut().zip([painted, "window.accepts", "window.ready"]) {
            times.push(browser.run(&format!("return {event}"), vec![]).await.as_f64().unwrap_or(f64::NAN));
        }
        browser.close().await;
    }
    let [painted, accepts, ready] = times.map(median);
    println!(
        "a first visit, local server, CPU engine (medians of {VISITS}): painted after {painted:.0} ms, photos accepted after {accepts:.0} ms, network ready after {ready:.0} ms"
    );
    let mut files: Vec<_> = std::fs::read_dir(project("dist")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".wasm"));
    files.sort();
    println!("{:<36} {:>12} {:>12} {:>12}", "file", "bytes", "as .br", "as .gz");
    for file in files {
        let size = |ending: &str| {
            let packed = format!("{}{ending}", file.display());
            std::fs::metadata(packed).map_or("–".into(), |file| file.len().to_string())
        };
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        println!("{name:<36} {:>12} {:>12} {:>12}", size(""), size(".br"), size(".gz"));
    }
}
