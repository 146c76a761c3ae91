//! Data sets as people have them, and how they are split.

use std::collections::BTreeSet;
use std::path::Path;

use camscope::data::{Augment, DataError, HeldOut, batch, load_cifar10, load_folder, load_stl10, stratified};
use camscope::recipe::Recipe;

use crate::support::project;

const RECIPE: Recipe = Recipe { resize: 8, size: 8, mean: [127.5; 3], std: [127.5; 3] };
const HELD_OUT: HeldOut = HeldOut { share: 0.25, seed: 1 };

/// The formula of `tests/fixtures/pack_datasets.py`.
fn image(i: usize, side: usize) -> Vec<u8> {
    let pixel = |x, y| [0, 1, 2].map(|c| ((3 * x + 5 * y * (c + 1) + 40 * i) % 256) as u8);
    (0..side).flat_map(|y| (0..side).flat_map(move |x| pixel(x, y))).collect()
}

#[test]
fn stl10_is_read_column_by_column() {
    let split = load_stl10(&project("tests/fixtures/stl10.zip")).unwrap();
    assert_eq!(split.train.classes[..2], ["airplane", "bird"]);
    assert_eq!((split.train.labels.as_slice(), split.test.labels.as_slice()), (&[1, 9, 0][..], &[4, 6][..]));
    assert_eq!(split.train.rgb, [image(0, 96), image(1, 96), image(2, 96)].concat());
    assert_eq!(split.test.rgb, [image(3, 96), image(4, 96)].concat());
}

#[test]
fn cifar10_is_read_row_by_row() {
    let split = load_cifar10(&project("tests/fixtures/cifar10.zip")).unwrap();
    assert_eq!((split.train.labels.as_slice(), split.test.labels.as_slice()), (&[6, 9, 0][..], &[3][..]));
    assert_eq!(split.train.classes[9], "truck");
    assert_eq!(split.train.rgb, [image(0, 32), image(1, 32), image(2, 32)].concat());
    assert_eq!(split.test.rgb, image(3, 32));
}

#[test]
fn another_layout_is_told_what_was_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data_batch_1.bin"), [0; 100]).unwrap();
    let text = load_cifar10(folder.path()).unwrap_err().to_string();
    assert!(text.contains("100 bytes are no whole number of records of 3073"), "{text}");
    let text = load_stl10(folder.path()).unwrap_err().to_string();
    assert!(text.contains("expected train_X.bin"), "{text}");
    let text = load_folder(folder.path(), &RECIPE, HELD_OUT).unwrap_err().to_string();
    assert!(text.contains("one sub-folder per class"), "{text}");
    assert!(matches!(load_stl10(Path::new("nowhere")), Err(DataError::Io { .. })));
}

fn photo(path: &Path, level: u8) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    image::RgbImage::from_pixel(20, 16, image::Rgb([level; 3])).save(path).unwrap();
}

#[test]
fn a_folder_is_split_by_class_and_names_what_it_leaves_out() {
    let folder = tempfile::tempdir().unwrap();
    for i in 0..8 {
        photo(&folder.path().join(format!("dark/{i}.png")), 10);
        photo(&folder.path().join(format!("light/{i}.png")), 200);
    }
    std::fs::write(folder.path().join("light/broken.jpg"), b"not a photo").unwrap();
    let split = load_folder(folder.path(), &RECIPE, HELD_OUT).unwrap();
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
fn train_and_test_folders_are_taken_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    for (part, count) in [("train", 3), ("test", 2)] {
        (0..count).for_each(|i| photo(&folder.path().join(format!("set/{part}/cat/{i}.png")), 50));
    }
    let split = load_folder(folder.path(), &RECIPE, HELD_OUT).unwrap();
    assert_eq!((split.train.len(), split.test.len(), split.train.classes.len()), (3, 2, 1));
}

#[test]
fn the_split_is_disjoint_stratified_and_seeded() {
    let labels: Vec<usize> = (0..100).map(|i| usize::from(i % 5 == 0)).chain([2]).collect();
    let (train, held_out) = stratified(&labels, 0.2, 7);
    let all: BTreeSet<_> = train.iter().chain(&held_out).collect();
    assert_eq!((all.len(), train.len() + held_out.len()), (101, 101));
    let of = |class| held_out.iter().filter(|&&i| labels[i] == class).count();
    assert_eq!([of(0), of(1), of(2)], [16, 4, 0], "a class of one photo keeps it for training");
    assert_eq!(stratified(&labels, 0.2, 7).1, held_out);
    assert_ne!(stratified(&labels, 0.2, 8).1, held_out);
}

#[test]
fn augmentation_shifts_and_mirrors_and_a_seed_repeats_it() {
    let data = load_cifar10(&project("tests/fixtures/cifar10.zip")).unwrap().train;
    assert_eq!(batch(&data, &[2, 0], 32, Augment::None, 5), [image(2, 32), image(0, 32)].concat());
    let mirrored = |i: usize| {
        image(i, 32)
            .chunks(96)
            .flat_map(|row| row.chunks(3).rev().flatten().copied().collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    let seen: BTreeSet<_> = (0..16).map(|seed| batch(&data, &[1], 32, Augment::Flip, seed)).collect();
    assert_eq!(seen, BTreeSet::from([image(1, 32), mirrored(1)]));
    let cropped = |seed| batch(&data, &[0, 1, 2], 32, Augment::CropFlip, seed);
    assert_eq!(cropped(3), cropped(3));
    assert_ne!(cropped(3), cropped(4));
    assert_eq!(batch(&data, &[0], 48, Augment::None, 0).len(), 48 * 48 * 3);
}
