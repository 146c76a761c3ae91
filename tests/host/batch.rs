//! Batches of photos: boxes from files, filters and order, means by class, tables, raw maps, shards, reports.

use std::process::Command;

use camscope::core::batch::{
    BatchItem, BatchItemState, CSV_HEADER, Filter, Group, Order, class_summaries, csv_rows, visible,
};
use camscope::core::geometry::Rect;
use camscope::core::inference::{ClassMap, Inference, Prediction, Timing};
use camscope::core::message::Message;
use camscope::core::npy::npy;
use camscope::language::Language;

use crate::support::{fetched, project};

/// Return a photo of 200 × 100 pixels whose crop is the centre square, with a map of 2 × 2 cells.
fn item(id: u32, name: &str, class: usize, probability: f32, boxes: &[Rect]) -> BatchItem {
    let map = ClassMap { width: 2, height: 2, values: vec![1.0, 3.0, -5.0, 0.0] };
    let prediction = Prediction {
        index: class,
        class: ["cat", "dog, wild"][class].into(),
        logit: 2.5,
        probability,
        evidence_box: Some([50.0, 0.0, 150.0, 50.0]),
        map,
    };
    let crop = Rect { x: 0.25, y: 0.0, width: 0.5, height: 1.0 };
    let inference =
        Inference { width: 200, height: 100, crop, predictions: vec![prediction], timing: Timing::default() };
    BatchItem { id, name: name.into(), state: BatchItemState::Done(inference), boxes: boxes.to_vec(), truth: None }
}

/// Return three photos with results, and one that failed.
fn batch() -> Vec<BatchItem> {
    let left = Rect { x: 0.0, y: 0.0, width: 0.5, height: 1.0 };
    let right = Rect { x: 0.5, y: 0.0, width: 0.5, height: 1.0 };
    vec![
        item(1, "b", 0, 0.9, &[left]),
        item(2, "a", 1, 0.4, &[right]),
        item(3, "c", 0, 0.5, &[]),
        BatchItem {
            id: 4,
            name: "broken".into(),
            state: BatchItemState::Failed(Message::plain("not, a \"photo\"")),
            boxes: Vec::new(),
            truth: None,
        },
    ]
}

#[test]
fn photos_are_sorted_and_filtered_by_their_results() {
    let items = batch();
    let shown = |filter: Filter, order| visible(&items, &filter, order);
    let all = Filter::default();
    assert_eq!(shown(all, Order::Added), [0, 1, 2, 3]);
    assert_eq!(shown(all, Order::Name), [1, 0, 3, 2]);
    assert_eq!(shown(all, Order::Class), [0, 2, 1, 3]);
    assert_eq!(shown(all, Order::Confidence), [1, 2, 0, 3]);
    // A quarter of the positive evidence lies in the left half, where the first photo's box is.
    assert_eq!(shown(all, Order::Inside), [0, 1, 2, 3]);
    assert_eq!(shown(Filter { class: Some(0), ..all }, Order::Added), [0, 2]);
    assert_eq!(shown(Filter { confidence: [0.0, 0.5], ..all }, Order::Added), [1, 2]);
    assert_eq!(shown(Filter { inside: 0.5, ..all }, Order::Added), [0]);
    // The left half is half of what the network saw, and has a quarter of the evidence.
    assert_eq!(shown(Filter { group: Group::Elsewhere, ..all }, Order::Added), [0]);
    assert_eq!(shown(Filter { group: Group::Unsure, ..all }, Order::Added), [1]);
    assert_eq!(shown(Filter { group: Group::Wrong, ..all }, Order::Added), [0; 0]);
    let mut named = items.clone();
    named[0].truth = Some("cat".into());
    named[1].truth = Some("cat".into());
    assert_eq!(visible(&named, &Filter { group: Group::Wrong, ..all }, Order::Added), [1]);
}

#[test]
fn evidence_inside_and_localisation_refer_to_the_crop() {
    let items = batch();
    let inside = |i: usize| items[i].inside(items[i].best().unwrap());
    assert_eq!([inside(0), inside(1), inside(2)], [Some(0.25), Some(0.75), None]);
    assert_eq!([items[0].covered(), items[2].covered()], [Some(0.5), None]);
    // The maximum, 3, is in the upper right cell. The cells above a fifth of it span both halves.
    let localisation = |i: usize| items[i].localisation(items[i].best().unwrap());
    assert_eq!([localisation(0).unwrap().hit, localisation(1).unwrap().hit], [false, true]);
    assert!((localisation(0).unwrap().iou - localisation(1).unwrap().iou).abs() < 1e-9 && localisation(2).is_none());
    let summaries = class_summaries(&items);
    assert_eq!(summaries.iter().map(|class| (class.index, class.photos)).collect::<Vec<_>>(), [(0, 2), (1, 1)]);
    assert!((summaries[0].confidence - 0.7).abs() < 1e-6);
    assert_eq!((summaries[0].inside, summaries[1].inside), (Some(0.25), Some(0.75)));
    assert_eq!(summaries[0].map.values, [1.0, 3.0, -5.0, 0.0]);
}

#[test]
fn csv_rows_are_complete_and_quoted() {
    let items = batch();
    let columns = CSV_HEADER.trim_end().split(',').count();
    let lines = |item: &BatchItem| csv_rows(item, |message| Language::english().text(message));
    assert_eq!(lines(&items[0]), "b,1,cat,0,0.9,2.5,0.25,50,0,150,50,\n");
    assert_eq!(lines(&items[1]), "a,1,\"dog, wild\",1,0.4,2.5,0.75,50,0,150,50,\n");
    assert_eq!(lines(&items[3]), "broken,,,,,,,,,,,\"not, a \"\"photo\"\"\"\n");
    assert_eq!(lines(&items[0]).trim_end().split(',').count(), columns);
}

/// The expected bytes are those that `numpy.save` writes of `numpy.arange(6, dtype="<f4").reshape(2, 3)`.
#[test]
fn npy_files_are_those_of_numpy() {
    let file = npy(&[2, 3], (0..6).map(|i| i as f32));
    assert_eq!(&file[..10], b"\x93NUMPY\x01\x00\x76\x00");
    let header = std::str::from_utf8(&file[10..128]).unwrap();
    assert_eq!(header.trim_end(), "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }");
    assert!(header.ends_with(" \n"));
    assert_eq!(&file[128..], [0f32, 1.0, 2.0, 3.0, 4.0, 5.0].map(f32::to_le_bytes).concat());
    assert!(String::from_utf8_lossy(&npy(&[4], [0.0; 4])).contains("'shape': (4,), }"));
}

/// Run the binary and return what it writes to standard output and to standard error.
fn camscope(arguments: &[&str]) -> (String, String) {
    let models = project("www/models").display().to_string();
    let common = ["--model", "vgg16-gap-cifar10", "--models", &models];
    let output = Command::new(env!("CARGO_BIN_EXE_camscope")).args([arguments, &common].concat()).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Return a folder with a subfolder and a broken file.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    for (from, to) in [("cat.png", "cat.png"), ("rocket.jpg", "sub/rocket.jpg"), ("coffee.png", "sub/cat.png")] {
        std::fs::copy(project("www/photos").join(from), folder.path().join(to)).unwrap();
    }
    std::fs::write(folder.path().join("broken.jpg"), "no photo").unwrap();
    std::fs::write(folder.path().join("notes.txt"), "not wanted").unwrap();
    folder
}

#[test]
fn a_folder_gives_overlays_a_table_maps_and_shards() {
    if !fetched() {
        return;
    }
    let folder = folder();
    let (root, out) = (folder.path().to_str().unwrap(), folder.path().join("out"));
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (csv, npy, overlays) = (path("table.csv"), path("maps.npy"), out.display().to_string());
    let (text, stderr) = camscope(&["cam", root, "--csv", &csv, "--npy", &npy, "--out", &overlays, "--top", "2"]);
    assert!(stderr.contains("broken.jpg: This is a text file"), "{stderr}");
    let names = ["cat.png", "sub/cat.png", "sub/rocket.jpg"];
    assert!(names.iter().all(|name| text.contains(name)), "{text}");
    // Photos with the same name in two folders do not overwrite each other.
    let files = |below: &str| {
        std::fs::read_dir(out.join(below)).unwrap().filter(|e| e.as_ref().unwrap().path().is_file()).count()
    };
    assert_eq!((files(""), files("sub")), (2, 4));
    let table = std::fs::read_to_string(&csv).unwrap();
    assert_eq!(table.lines().count(), 1 + 3 * 2 + 1, "{table}");
    let maps = std::fs::read(&npy).unwrap();
    assert!(String::from_utf8_lossy(&maps[..128]).contains("'shape': (3, 2, 4, 4)"));
    assert_eq!(maps.len(), 128 + 3 * 2 * 16 * 4);

    // The shards together hold every photo once, with the same results as a run over all photos.
    std::fs::remove_dir_all(&out).unwrap();
    let lines = |more: &[&str]| -> Vec<serde_json::Value> {
        let (text, stderr) = camscope(&[&["cam", root, "--json"], more].concat());
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {text}{stderr}"))).collect()
    };
    let mut whole = lines(&[]);
    let mut shards = [lines(&["--shard", "1/3"]), lines(&["--shard", "2/3"]), lines(&["--shard", "3/3"])].concat();
    assert_eq!((whole.len(), shards.len()), (4, 4));
    let name = |line: &serde_json::Value| line["photo"].as_str().unwrap().to_owned();
    whole.sort_by_key(name);
    shards.sort_by_key(name);
    assert_eq!(whole, shards);
    assert!(camscope(&["cam", root, "--shard", "4/3"]).1.contains("expected I/N"));
}

/// Photos of one name in two folders, with two endings, in upper and lower case, and with a name as long as a file system allows.
#[test]
fn no_two_photos_write_one_file() {
    if !fetched() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let long = format!("{}.png", "사진".repeat(40));
    let names = ["a/IMG_1.png", "b/IMG_1.png", "b/img_1.PNG", "b/IMG_1.jpeg", &long];
    let photos: Vec<String> = names
        .iter()
        .map(|name| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::copy(project("www/photos/cat.png"), &path).unwrap();
            path.display().to_string()
        })
        .collect();
    let out = folder.path().join("out");
    let photos: Vec<&str> = photos.iter().map(String::as_str).collect();
    let (_, stderr) = camscope(&[&["cam", "--top", "1", "--out", out.to_str().unwrap()], photos.as_slice()].concat());
    let written: Vec<_> = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(written.len(), names.len(), "{written:?} {stderr}");
}

#[test]
fn a_spreadsheet_executes_nothing() {
    let row = |name: &str| csv_rows(&item(1, name, 0, 0.5, &[]), |_| String::new());
    for (name, field) in [
        ("=SUM(A1).jpg", "'=SUM(A1).jpg,"),
        ("@cmd,1.jpg", "\"'@cmd,1.jpg\","),
        ("-2+3.jpg", "'-2+3.jpg,"),
        ("a=b.jpg", "a=b.jpg,"),
    ] {
        assert!(row(name).starts_with(field), "{}", row(name));
    }
}

/// The file contains everything that it shows, and no script.
#[test]
fn a_report_is_self_contained() {
    if !fetched() {
        return;
    }
    let folder = folder();
    let named = folder.path().join("<b> & \"c\".png");
    std::fs::copy(project("www/photos/cat.png"), &named).unwrap();
    let out = folder.path().join("report.html");
    let (text, _) =
        camscope(&["report", folder.path().to_str().unwrap(), "--out", out.to_str().unwrap(), "--top", "2"]);
    assert!(text.contains("4 photos, 1 left out"), "{text}");
    let html = std::fs::read_to_string(&out).unwrap();
    assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"));
    assert!(html.contains("<h2>&lt;b&gt; &amp; &quot;c&quot;.png</h2>") && !html.contains("<b>"));
    assert_eq!(html.matches("<figure>").count(), 4 * 3, "each photo and two maps of it");
    assert_eq!(html.matches("src=\"data:image/jpeg;base64,").count(), html.matches("<img ").count());
    for outside in ["<script", "http:", "https:", "<link", "url(", "onload"] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("broken.jpg") && html.contains("This is a text file"));
}

/// The formats of the command line are also those of the page: both use the same code for the table and the maps.
#[test]
fn formats_are_documented() {
    if !fetched() {
        return;
    }
    let docs = std::fs::read_to_string(project("docs/formats.md")).unwrap();
    for column in CSV_HEADER.trim_end().split(',') {
        assert!(docs.contains(&format!("`{column}`")), "docs/formats.md does not say what {column} is");
    }
    let (line, _) = camscope(&["cam", "--json", project("www/photos/cat.png").to_str().unwrap()]);
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    let keys = line.as_object().unwrap().keys().chain(line["predictions"][0].as_object().unwrap().keys());
    for key in keys.chain(line["predictions"][0]["map"].as_object().unwrap().keys()) {
        assert!(docs.contains(&format!("`{key}`")), "docs/formats.md does not say what {key} is");
    }
}
