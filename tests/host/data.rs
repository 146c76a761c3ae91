//! Data sets in the supported formats, and how they are split.

use std::collections::BTreeSet;
use std::path::Path;

use camscope::core::{geometry::Rect, preprocessing::Preprocessing};
use camscope::data::{Augment, Boxed, DataError, DataSource, Dataset, Split, batch, stratified};

use crate::support::{project, source};

const PREPROCESSING: Preprocessing = Preprocessing { resize: 8, size: 8, mean: [127.5; 3], std: [127.5; 3] };

fn load(format: &str, path: &Path) -> Result<Split, DataError> {
    source(format, path).load(&PREPROCESSING)
}

fn load_boxed(format: &str, path: &Path, classes: &[&str]) -> Result<Boxed, DataError> {
    let classes: Vec<String> = classes.iter().map(|class| class.to_string()).collect();
    source(format, path).load_boxed(&PREPROCESSING, &classes).map(|boxed| boxed.expect("a format with boxes"))
}

/// Return image `i` of the fixtures, by the formula of `tests/fixtures/pack_datasets.py`.
fn image(i: usize, side: usize) -> Vec<u8> {
    let pixel = |x, y| [0, 1, 2].map(|c| ((3 * x + 5 * y * (c + 1) + 40 * i) % 256) as u8);
    (0..side).flat_map(|y| (0..side).flat_map(move |x| pixel(x, y))).collect()
}

#[test]
fn stl10_is_read_column_by_column() {
    let split = load("stl10", &project("tests/fixtures/stl10.zip")).unwrap();
    assert_eq!(split.train.classes[..2], ["airplane", "bird"]);
    assert_eq!((split.train.labels.as_slice(), split.test.labels.as_slice()), (&[1, 9, 0][..], &[4, 6][..]));
    assert_eq!(split.train.rgb, [image(0, 96), image(1, 96), image(2, 96)].concat());
    assert_eq!(split.test.rgb, [image(3, 96), image(4, 96)].concat());
}

#[test]
fn cifar10_is_read_row_by_row() {
    let split = load("cifar10", &project("tests/fixtures/cifar10.zip")).unwrap();
    assert_eq!((split.train.labels.as_slice(), split.test.labels.as_slice()), (&[6, 9, 0][..], &[3][..]));
    assert_eq!(split.train.classes[9], "truck");
    assert_eq!(split.train.rgb, [image(0, 32), image(1, 32), image(2, 32)].concat());
    assert_eq!(split.test.rgb, image(3, 32));
}

#[test]
fn errors_name_the_expected_layout() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data_batch_1.bin"), [0; 100]).unwrap();
    let text = load("cifar10", folder.path()).unwrap_err().to_string();
    assert!(text.contains("100 bytes are not a multiple of 3073"), "{text}");
    let text = load("stl10", folder.path()).unwrap_err().to_string();
    assert!(text.contains("expected train_X.bin"), "{text}");
    let text = load("folder", folder.path()).unwrap_err().to_string();
    assert!(text.contains("one sub-folder per class"), "{text}");
    assert!(matches!(load("folder", Path::new("nowhere")), Err(DataError::Io { .. })));
}

fn photo(path: &Path, level: u8) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    image::RgbImage::from_pixel(20, 16, image::Rgb([level; 3])).save(path).unwrap();
}

#[test]
fn a_folder_is_split_by_class_and_skipped_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for i in 0..8 {
        photo(&folder.path().join(format!("dark/{i}.png")), 10);
        photo(&folder.path().join(format!("light/{i}.png")), 200);
    }
    std::fs::write(folder.path().join("light/broken.jpg"), b"not a photo").unwrap();
    let split = load("folder", folder.path()).unwrap();
    assert_eq!(
        (split.train.len(), split.validation.len(), split.test.len()),
        (16, 0, 0),
        "no test images are split off yet"
    );
    let split = split.with_test(0.25, 1);
    assert_eq!(split.train.classes, ["dark", "light"]);
    assert_eq!((split.train.len(), split.test.len()), (12, 4));
    for part in [&split.train, &split.test] {
        assert!((0..part.len()).all(|i| part.image(i).iter().all(|&v| v == [10, 200][part.labels[i]])));
        assert_eq!(part.labels.iter().filter(|&&label| label == 0).count() * 2, part.len());
    }
    assert_eq!(split.skipped.len(), 1);
    assert!(split.skipped[0].starts_with("light/broken.jpg: This is a text file"), "{:?}", split.skipped);
}

#[test]
fn folders_that_are_already_split_stay_so() {
    let folder = tempfile::tempdir().unwrap();
    for (part, count) in [("train", 5), ("Val", 2), ("test", 3)] {
        (0..count).for_each(|i| photo(&folder.path().join(format!("set/{part}/cat/{i}.png")), 50));
    }
    let split = load("folder", folder.path()).unwrap().with_test(0.5, 1).with_validation(0.5, 1);
    assert_eq!((split.train.len(), split.validation.len(), split.test.len(), split.train.classes.len()), (5, 2, 3, 1));
    let (part, evaluated) = split.into_evaluated();
    assert_eq!((part, evaluated.len()), ("test", 3));
}

#[test]
fn validation_images_come_out_of_the_training_images_class_by_class() {
    let folder = tempfile::tempdir().unwrap();
    for (class, level) in [("dark", 10), ("light", 200)] {
        (0..10).for_each(|i| photo(&folder.path().join(format!("train/{class}/{i}.png")), level));
        (0..4).for_each(|i| photo(&folder.path().join(format!("test/{class}/{i}.png")), level));
    }
    let split = load("folder", folder.path()).unwrap().with_test(0.5, 1).with_validation(0.2, 1);
    assert_eq!((split.train.len(), split.validation.len(), split.test.len()), (16, 4, 8), "the test images stay");
    assert_eq!(split.validation.labels.iter().filter(|&&label| label == 0).count(), 2);
    let other = load("folder", folder.path()).unwrap().with_validation(0.2, 2);
    assert_eq!(other.validation.len(), 4);
}

#[test]
fn a_data_source_is_a_format_and_a_path() {
    let source: DataSource = "folder:photos/of cats.zip".parse().unwrap();
    assert_eq!((source.to_string().as_str(), source.name().as_str()), ("folder:photos/of cats.zip", "of cats"));
    assert_eq!("stl10:somewhere".parse::<DataSource>().unwrap().name(), "stl10");
    for text in ["photos", "mnist:photos", "folder:", ":photos"] {
        let error = text.parse::<DataSource>().unwrap_err().to_string();
        assert!(error.contains("stl10, cifar10, folder") && error.contains(text), "{error}");
    }
    let error = load("yolo", Path::new("nowhere")).unwrap_err().to_string();
    assert!(error.contains("eval"), "{error}");
}

#[test]
fn the_split_is_disjoint_stratified_and_seeded() {
    let labels: Vec<usize> = (0..100).map(|i| usize::from(i % 5 == 0)).chain([2]).collect();
    let (train, held_out) = stratified(&labels, 0.2, 7);
    let all: BTreeSet<_> = train.iter().chain(&held_out).collect();
    assert_eq!((all.len(), train.len() + held_out.len()), (101, 101));
    let held_out_of = |class| held_out.iter().filter(|&&i| labels[i] == class).count();
    assert_eq!(
        [held_out_of(0), held_out_of(1), held_out_of(2)],
        [16, 4, 0],
        "the photo of a class with one photo is a training photo"
    );
    assert_eq!(stratified(&labels, 0.2, 7).1, held_out);
    assert_ne!(stratified(&labels, 0.2, 8).1, held_out);
}

#[test]
fn augmentation_shifts_and_mirrors_and_a_seed_repeats_it() {
    let data = load("cifar10", &project("tests/fixtures/cifar10.zip")).unwrap().train;
    assert_eq!(batch(&data, &[2, 0], 32, Augment::None, 5), [image(2, 32), image(0, 32)].concat());
    let mirrored = |i: usize| {
        image(i, 32)
            .chunks(96)
            .flat_map(|row| row.chunks(3).rev().flatten().copied().collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    let variants: BTreeSet<_> = (0..16).map(|seed| batch(&data, &[1], 32, Augment::Flip, seed)).collect();
    assert_eq!(variants, BTreeSet::from([image(1, 32), mirrored(1)]));
    let cropped = |seed| batch(&data, &[0, 1, 2], 32, Augment::CropFlip, seed);
    assert_eq!(cropped(3), cropped(3));
    assert_ne!(cropped(3), cropped(4));
    assert_eq!(batch(&data, &[0], 48, Augment::None, 0).len(), 48 * 48 * 3);
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 0]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn write(root: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// The photo has 40 × 20 pixels. Its crop, which the network sees, is columns 10 to 30.
#[test]
fn yolo_boxes_are_clipped_to_the_crop() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "set/images/a/wide.png", png(40, 20));
    // A dog in columns 5 to 20, rows 5 to 15; a second one at the centre; a cat left of the crop; a bird, which is none
    // of the classes.
    let labels = "16 0.3125 0.5 0.375 0.5\n16 0.5 0.5 0.25 0.5\n15 0.1 0.5 0.1 0.5\n14 0.5 0.5 0.1 0.1\nnonsense\n";
    write(root, "set/labels/a/wide.txt", labels);
    write(root, "set/images/a/broken.png", &png(40, 20)[..60]);
    write(root, "set/labels/a/broken.txt", "16 0.5 0.5 0.25 0.5\n");
    let boxed = load_boxed("yolo-coco", root, &["cat", "dog"]).unwrap();
    assert_eq!((boxed.data.labels.as_slice(), boxed.left_out), (&[1][..], 2));
    let skipped = |what: &str| boxed.skipped.iter().any(|reason| reason.contains(what));
    assert!(boxed.skipped.len() == 2 && skipped("broken.png") && skipped("line 5"), "{:?}", boxed.skipped);
    let [first, second] = boxed.boxes[0].as_slice() else { panic!("{:?}", boxed.boxes) };
    let assert_rect = |actual: Rect, [x, y, width, height]: [f64; 4]| {
        let sides = [(actual.x, x), (actual.y, y), (actual.width, width), (actual.height, height)];
        assert!(sides.iter().all(|(actual, expected)| (actual - expected).abs() < 1e-9), "{actual:?}");
    };
    assert_rect(*first, [0.0, 0.25, 0.5, 0.5]);
    assert_rect(*second, [0.25, 0.25, 0.5, 0.5]);

    write(root, "set/classes.txt", "a\n".repeat(16) + "cat\n");
    let renamed = load_boxed("yolo", root, &["cat", "dog"]).unwrap();
    assert_eq!(renamed.data.labels, [0]);

    let empty = tempfile::tempdir().unwrap();
    assert!(load_boxed("yolo", empty.path(), &["cat"]).unwrap_err().to_string().contains("labels/"));
    assert!(load_boxed("tiny-imagenet", empty.path(), &["cat"]).unwrap_err().to_string().contains("val/"));
}

#[test]
fn tiny_imagenet_classes_are_matched_by_words_and_by_map() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "tiny-imagenet-200/words.txt", "n01\ttabby, tabby cat\nn02\tcollie\n");
    write(root, "map.txt", "cat n01\n");
    write(
        root,
        "tiny-imagenet-200/val/val_annotations.txt",
        "val_0.png\tn01\t4\t0\t11\t15\nval_1.png\tn02\t0\t0\t3\t3\n",
    );
    write(root, "tiny-imagenet-200/val/images/val_0.png", png(16, 16));
    write(root, "tiny-imagenet-200/val/images/val_1.png", png(16, 16));
    let cats = load_boxed("tiny-imagenet", root, &["dog", "cat"]).unwrap();
    assert_eq!((cats.data.labels.as_slice(), cats.left_out), (&[1][..], 1));
    assert_eq!(cats.boxes[0], [Rect { x: 0.25, y: 0.0, width: 0.5, height: 1.0 }]);
    let words = load_boxed("tiny-imagenet", root, &["collie", "tabby cat"]).unwrap();
    assert_eq!(words.data.labels, [1, 0]);
}

#[test]
fn labels_follow_class_names_not_their_order() {
    let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    let data = Dataset { classes: names(&["truck", "cat"]), side: 1, rgb: vec![1, 1, 1, 2, 2, 2], labels: vec![0, 1] };
    let ours = names(&["cat", "dog", "truck"]);
    let relabelled = data.clone().relabelled(&ours).unwrap();
    assert_eq!((relabelled.labels, relabelled.classes, relabelled.rgb), (vec![2, 0], ours, data.rgb.clone()));
    assert_eq!(data.relabelled(&names(&["cat", "dog"])).unwrap_err(), "truck");
}
