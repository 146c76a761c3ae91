//! Helpers of the binary formats: colour planes, lists of names, empty data sets.

use std::path::Path;

use crate::data::{DataError, Split};

/// Convert three colour planes of `side` × `side` bytes to interleaved RGB; `at(x, y)` is a pixel's position in a
/// plane.
pub fn interleaved(planes: &[u8], side: usize, at: impl Fn(usize, usize) -> usize) -> Vec<u8> {
    let plane = side * side;
    let mut rgb = Vec::with_capacity(plane * 3);
    for y in 0..side {
        for x in 0..side {
            rgb.extend([0, 1, 2].map(|c| planes[c * plane + at(x, y)]));
        }
    }
    rgb
}

/// Return the lines of a list of names, without blank ones.
pub fn lines(names: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(names);
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Return the split, or [`DataError::Layout`] if it has neither training nor test images.
pub fn not_empty(split: Split, root: &Path, expected: &'static str) -> Result<Split, DataError> {
    match split.train.is_empty() && split.test.is_empty() {
        true => Err(DataError::Layout { path: root.to_owned(), expected }),
        false => Ok(split),
    }
}
