//! How time and memory grow with the photos of a pass, the photos of a folder, and the work of a training step.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::beside::result;
use crate::browser::Browser;
use crate::processor;
use crate::site::Site;

/// Photos in a pass.
const BATCHES: [usize; 6] = [1, 2, 4, 8, 16, 32];
/// Photos in a folder, of a megapixel each.
const FOLDERS: [usize; 3] = [10, 100, 1000];
/// Network as `networks::config` understands it, pixels per side, photos per step.
const STEPS: [(&str, u32, usize); 13] = [
    ("vgg16-gap-thin", 32, 4),
    ("vgg16-gap-thin", 32, 8),
    ("vgg16-gap-thin", 32, 16),
    ("vgg16-gap-thin", 32, 32),
    ("vgg16-gap-thin", 32, 64),
    ("vgg16-gap-thin", 48, 8),
    ("vgg16-gap-thin", 64, 8),
    ("vgg16-gap-thin", 96, 8),
    ("vgg16-gap-thinner", 32, 8),
    ("vgg16-gap-half", 32, 8),
    ("resnet-20", 32, 8),
    ("resnet-32", 32, 8),
    ("resnet-20", 32, 32),
];

/// Return the names of the networks in [`STEPS`].
pub fn networks() -> impl Iterator<Item = &'static str> {
    let mut names: Vec<_> = STEPS.iter().map(|(name, ..)| *name).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter()
}

pub async fn run(browser: &Browser, site: &Site) {
    println!("passes of EfficientNet-Lite0, 224 pixels, CPU engine, one thread:");
    println!("{:>8} {:>14} {:>14}", "photos", "ms per photo", "engine MB");
    for batch in BATCHES {
        let query = format!("bench=efficientnet-lite0&size=224&device=cpu&runs=3&batch={batch}");
        let result = benchmark(browser, site, &query).await;
        let [median, memory] = ["median_ms", "memory"].map(|key| result[key].as_f64().unwrap());
        println!("{batch:>8} {:>14.1} {:>14.0}", median / batch as f64, memory / 1e6);
    }

    println!("training steps, CPU engine, one thread:");
    println!("{:>24} {:>7} {:>7} {:>10} {:>12} {:>10}", "network", "pixels", "photos", "ms", "GFLOP", "engine MB");
    let mut points = Vec::new();
    for (network, size, batch) in STEPS {
        let query = format!("bench=bench-{network}&size={size}&device=cpu&runs=5&batch={batch}&training=1");
        let result = benchmark(browser, site, &query).await;
        let [median, gflops, memory] = ["median_ms", "gflops", "memory"].map(|key| result[key].as_f64().unwrap());
        let work = gflops * median / 1e3;
        println!("{network:>24} {size:>7} {batch:>7} {median:>10.1} {work:>12.2} {:>10.0}", memory / 1e6);
        points.push((work, median));
    }
    let (per_gflop, fixed, r_squared) = linear_fit(&points);
    println!(
        "  fit: {fixed:.1} ms and {per_gflop:.1} ms per GFLOP; it explains {:.1} % of the variance",
        100.0 * r_squared
    );

    println!("folders on the Check page, EfficientNet-Lite0, CPU engine, photos of 1152 x 864:");
    println!("{:>8} {:>14} {:>10} {:>24}", "photos", "ms per photo", "page MB", "all browser's MB, peak");
    let folder = tempfile::tempdir().unwrap();
    let photos = photos(folder.path(), FOLDERS[2]);
    for count in FOLDERS {
        let (time, page, peak) = process_folder(browser, site, &photos[..count]).await;
        println!(
            "{count:>8} {:>14.0} {:>10.1} {:>24.0}",
            time.as_secs_f64() * 1e3 / count as f64,
            page / 1e6,
            peak / 1e6
        );
    }
}

/// Run a benchmark by its address, and return its result.
async fn benchmark(browser: &Browser, site: &Site, query: &str) -> Value {
    browser.open(&format!("{}/?{query}", site.url)).await;
    result(browser, 1).await
}

/// Return slope, intercept and R² of the least-squares line through the points.
fn linear_fit(points: &[(f64, f64)]) -> (f64, f64, f64) {
    let n = points.len() as f64;
    let mean = |f: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(f).sum::<f64>() / n;
    let (x, y) = (mean(&|p| p.0), mean(&|p| p.1));
    let (xx, xy, yy) = (mean(&|p| (p.0 - x).powi(2)), mean(&|p| (p.0 - x) * (p.1 - y)), mean(&|p| (p.1 - y).powi(2)));
    (xy / xx, y - xy / xx * x, xy * xy / (xx * yy))
}

/// Write `count` different photos to `folder`.
fn photos(folder: &Path, count: usize) -> Vec<PathBuf> {
    let photo = |i: usize| {
        let pixel = |x: u32, y: u32| image::Rgb([(x / 5) as u8, ((x ^ y) / 4) as u8, ((y + 7 * i as u32) / 4) as u8]);
        let path = folder.join(format!("{i:04}.jpg"));
        image::RgbImage::from_fn(1152, 864, pixel).save(&path).unwrap();
        path
    };
    (0..count).map(photo).collect()
}

/// Run inference on the photos in Check. Return the time, the bytes of the page's own memory, and the peak memory of
/// all of the browser's processes.
async fn process_folder(browser: &Browser, site: &Site, photos: &[PathBuf]) -> (Duration, f64, f64) {
    browser.open(&format!("{}/?device=cpu&model=efficientnet-lite0", site.url)).await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    browser.click("[data-testid=tab-check]").await;
    let paths: Vec<_> = photos.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let start = Instant::now();
    browser.wait("[data-testid=check-photos]").await.send_keys(&paths.join("\n")).await.unwrap();
    let mut peak = 0f64;
    loop {
        peak = peak.max(processor::memory());
        let done = browser.attributes("[data-testid=check-progress]", "data-done").await;
        if done.first().is_some_and(|done| done == &photos.len().to_string()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let page = browser.attributes("[data-testid=check-progress]", "data-page-bytes").await[0].parse().unwrap();
    (start.elapsed(), page, peak)
}
