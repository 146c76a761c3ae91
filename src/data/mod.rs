//! Labelled images for training and evaluation: loading, shuffling, augmentation.

mod augment;
mod folder;

pub use augment::augment;
pub use folder::{FolderError, load_folder};

/// Labelled square RGB images, all of one size, in memory.
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    pub classes: Vec<String>,
    /// Side of every image in pixels.
    pub side: usize,
    /// Interleaved RGB, `labels.len() · side · side · 3` bytes.
    pub rgb: Vec<u8>,
    /// Index into `classes` of each image.
    pub labels: Vec<usize>,
}

impl Dataset {
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Interleaved RGB of image `i`.
    pub fn image(&self, i: usize) -> &[u8] {
        let bytes = self.side * self.side * 3;
        &self.rgb[i * bytes..(i + 1) * bytes]
    }
}
