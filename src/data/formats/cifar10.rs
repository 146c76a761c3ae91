//! CIFAR-10 in its authors' binary version (Krizhevsky 2009).

use std::path::Path;

use super::planes::{interleaved, lines, not_empty};
use crate::core::preprocessing::Preprocessing;
use crate::data::files::{FileFilter, read_files};
use crate::data::{Archive, DataError, Dataset, Split};

/// The authors' archive.
pub const ARCHIVE: Archive = Archive {
    url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    folder: "cifar-10-batches-bin",
    skipped: &[],
};

/// Load `data_batch_1.bin` … `data_batch_5.bin` for training and `test_batch.bin` for testing.
///
/// A record is one label byte and three colour planes of 32 × 32 bytes, row by row. `batches.meta.txt` names the
/// classes.
///
/// # Errors
/// [`DataError::Layout`] without such files, [`DataError::Damaged`] for a wrong size or label.
pub fn load(root: &Path, _: &Preprocessing) -> Result<Split, DataError> {
    const SIDE: usize = 32;
    let files = read_files(
        root,
        FileFilter { photos: false, others: |name: &str| name.ends_with(".bin") || name.ends_with("batches.meta.txt") },
    )?
    .files;
    let classes = match files.iter().find(|(name, _)| name.ends_with("batches.meta.txt")) {
        Some((_, names)) => lines(names),
        None => crate::data::CIFAR10.map(str::to_owned).to_vec(),
    };
    let empty = Dataset { side: SIDE, classes, ..Dataset::default() };
    let mut split = Split::empty(empty);
    for (name, bytes) in &files {
        let file = name.rsplit('/').next().unwrap_or(name);
        let part = match file {
            "test_batch.bin" => &mut split.test,
            _ if file.starts_with("data_batch_") => &mut split.train,
            _ => continue,
        };
        const RECORD: usize = 1 + SIDE * SIDE * 3;
        if bytes.len() % RECORD != 0 {
            let what = format!("its {} bytes are not a multiple of {RECORD}, the size of a record", bytes.len());
            return Err(DataError::Damaged { file: name.clone(), what });
        }
        for record in bytes.chunks_exact(RECORD) {
            let label = usize::from(record[0]);
            if label >= part.classes.len() {
                let what = format!("it has a label {label}, but there are only {} classes", part.classes.len());
                return Err(DataError::Damaged { file: name.clone(), what });
            }
            part.push(&interleaved(&record[1..], SIDE, |x, y| y * SIDE + x), label);
        }
    }
    not_empty(split, root, "data_batch_1.bin … data_batch_5.bin and test_batch.bin of CIFAR-10's binary version")
}
