//! CIFAR-10 and STL-10 in the binary formats that their authors publish.

use std::path::Path;

use super::files::read_files;
use super::{DataError, Dataset, Split};

/// CIFAR-10, binary version: `data_batch_1.bin` … `data_batch_5.bin` and `test_batch.bin`, records of one label byte and
/// three planes of 32 × 32; names in `batches.meta.txt`.
pub fn load_cifar10(root: &Path) -> Result<Split, DataError> {
    const SIDE: usize = 32;
    let files = read_files(root, |name| name.ends_with(".bin") || name.ends_with("batches.meta.txt"))?;
    let classes = match files.iter().find(|(name, _)| name.ends_with("batches.meta.txt")) {
        Some((_, names)) => lines(names),
        None => crate::data::CIFAR10.map(str::to_owned).to_vec(),
    };
    let empty = Dataset { side: SIDE, classes, ..Dataset::default() };
    let mut split = Split { train: empty.clone(), test: empty, skipped: Vec::new() };
    for (name, bytes) in &files {
        let file = name.rsplit('/').next().unwrap_or(name);
        let part = match file {
            "test_batch.bin" => &mut split.test,
            _ if file.starts_with("data_batch_") => &mut split.train,
            _ => continue,
        };
        const RECORD: usize = 1 + SIDE * SIDE * 3;
        if bytes.len() % RECORD != 0 {
            let what = format!("its {} bytes are no whole number of records of {RECORD}", bytes.len());
            return Err(DataError::Damaged { file: name.clone(), what });
        }
        for record in bytes.chunks_exact(RECORD) {
            let label = usize::from(record[0]);
            if label >= part.classes.len() {
                let what = format!("there is a label {label}, but only {} classes", part.classes.len());
                return Err(DataError::Damaged { file: name.clone(), what });
            }
            part.push(&interleaved(&record[1..], SIDE, |x, y| y * SIDE + x), label);
        }
    }
    whole(split, root, "data_batch_1.bin … data_batch_5.bin and test_batch.bin of CIFAR-10's binary version")
}

/// STL-10, binary version: `train_X.bin`, `train_y.bin`, `test_X.bin`, `test_y.bin`, `class_names.txt`. Images of three
/// planes of 96 × 96, each **column by column**; labels from 1.
pub fn load_stl10(root: &Path) -> Result<Split, DataError> {
    const SIDE: usize = 96;
    const IMAGE: usize = SIDE * SIDE * 3;
    let wanted = ["train_X.bin", "train_y.bin", "test_X.bin", "test_y.bin", "class_names.txt"];
    let files = read_files(root, |name| wanted.iter().any(|wanted| name.rsplit('/').next() == Some(wanted)))?;
    let file = |wanted: &str| files.iter().find(|(name, _)| name.ends_with(wanted)).map(|(_, bytes)| bytes.as_slice());
    let classes = match file("class_names.txt") {
        Some(names) => lines(names),
        None => STL10.map(str::to_owned).to_vec(),
    };
    let empty = Dataset { side: SIDE, classes, ..Dataset::default() };
    let mut split = Split { train: empty.clone(), test: empty, skipped: Vec::new() };
    for (part, images, labels) in
        [(&mut split.train, "train_X.bin", "train_y.bin"), (&mut split.test, "test_X.bin", "test_y.bin")]
    {
        let (Some(pixels), Some(numbers)) = (file(images), file(labels)) else { continue };
        let damaged = |what| DataError::Damaged { file: images.to_owned(), what };
        if pixels.len() != numbers.len() * IMAGE {
            let text = format!("{} bytes for {} labels; an image has {IMAGE}", pixels.len(), numbers.len());
            return Err(damaged(text));
        }
        for (image, &number) in pixels.chunks_exact(IMAGE).zip(numbers) {
            let label = usize::from(number).wrapping_sub(1);
            if label >= part.classes.len() {
                return Err(damaged(format!(
                    "{labels} has a label {number}; they go from 1 to {}",
                    part.classes.len()
                )));
            }
            part.push(&interleaved(image, SIDE, |x, y| x * SIDE + y), label);
        }
    }
    whole(split, root, "train_X.bin, train_y.bin, test_X.bin and test_y.bin of STL-10's binary version")
}

const STL10: [&str; 10] = ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"];

/// Three planes to interleaved RGB; `at` says where in a plane a pixel lies.
fn interleaved(planes: &[u8], side: usize, at: impl Fn(usize, usize) -> usize) -> Vec<u8> {
    let plane = side * side;
    let mut rgb = Vec::with_capacity(plane * 3);
    for y in 0..side {
        for x in 0..side {
            rgb.extend([0, 1, 2].map(|c| planes[c * plane + at(x, y)]));
        }
    }
    rgb
}

fn lines(names: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(names);
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn whole(split: Split, root: &Path, expected: &'static str) -> Result<Split, DataError> {
    match split.train.is_empty() && split.test.is_empty() {
        true => Err(DataError::Layout { path: root.to_owned(), expected }),
        false => Ok(split),
    }
}
