//! STL-10 in its authors' binary version (Coates et al. 2011).

use std::path::Path;

use super::planes::{interleaved, lines, not_empty};
use crate::core::preprocessing::Preprocessing;
use crate::data::files::{FileFilter, read_files};
use crate::data::{Archive, DataError, Dataset, Split};

/// The authors' archive. Its 100,000 unlabelled images are of no use here.
pub const ARCHIVE: Archive = Archive {
    url: "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
    sha256: "f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866",
    folder: "stl10_binary",
    skipped: &["unlabeled_X.bin"],
};

/// Load `train_X.bin` and `train_y.bin` for training, `test_X.bin` and `test_y.bin` for testing.
///
/// An image is three colour planes of 96 × 96 bytes, **column by column**. Labels count from 1. `class_names.txt` names
/// the classes.
///
/// # Errors
/// [`DataError::Layout`] without such files, [`DataError::Damaged`] for a wrong size or label.
pub fn load(root: &Path, _: &Preprocessing) -> Result<Split, DataError> {
    const SIDE: usize = 96;
    const IMAGE: usize = SIDE * SIDE * 3;
    let names = ["train_X.bin", "train_y.bin", "test_X.bin", "test_y.bin", "class_names.txt"];
    let files = read_files(
        root,
        FileFilter { photos: false, others: |name: &str| names.iter().any(|own| name.rsplit('/').next() == Some(own)) },
    )?
    .files;
    let file = |end: &str| files.iter().find(|(name, _)| name.ends_with(end)).map(|(_, bytes)| bytes.as_slice());
    let classes = match file("class_names.txt") {
        Some(names) => lines(names),
        None => STL10.map(str::to_owned).to_vec(),
    };
    let empty = Dataset { side: SIDE, classes, ..Dataset::default() };
    let mut split = Split::empty(empty);
    for (part, images, labels) in
        [(&mut split.train, "train_X.bin", "train_y.bin"), (&mut split.test, "test_X.bin", "test_y.bin")]
    {
        let (Some(pixels), Some(numbers)) = (file(images), file(labels)) else { continue };
        let damaged = |what| DataError::Damaged { file: images.to_owned(), what };
        if pixels.len() != numbers.len() * IMAGE {
            let text = format!("it has {} bytes for {} labels; an image has {IMAGE}", pixels.len(), numbers.len());
            return Err(damaged(text));
        }
        for (image, &number) in pixels.chunks_exact(IMAGE).zip(numbers) {
            let label = usize::from(number).wrapping_sub(1);
            if label >= part.classes.len() {
                return Err(damaged(format!("{labels} has a label {number}, not 1 to {}", part.classes.len())));
            }
            part.push(&interleaved(image, SIDE, |x, y| x * SIDE + y), label);
        }
    }
    not_empty(split, root, "train_X.bin, train_y.bin, test_X.bin and test_y.bin of STL-10's binary version")
}

/// Class names of STL-10, in the order of its labels.
const STL10: [&str; 10] = ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"];
