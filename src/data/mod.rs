//! Labelled images for training and evaluation: loading, splitting, augmentation.

mod augment;
mod batch;
#[cfg(feature = "cli")]
mod binary;
#[cfg(feature = "cli")]
mod boxes;
#[cfg(feature = "cli")]
mod files;
#[cfg(feature = "cli")]
mod folder;
mod split;

pub use augment::{Augment, augment};
pub use batch::batch;
#[cfg(feature = "cli")]
pub use binary::{load_cifar10, load_stl10};
#[cfg(feature = "cli")]
pub use boxes::{Boxed, load_tiny_imagenet, load_voc, load_yolo};
#[cfg(feature = "cli")]
pub use folder::{HeldOut, is_image, load_folder};
pub use split::stratified;

/// The class names of CIFAR-10, in its order.
pub const CIFAR10: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// Why a data set could not be loaded.
#[cfg(feature = "cli")]
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("{path}: {source}")]
    Io { path: std::path::PathBuf, source: std::io::Error },
    #[error("{path} is not a readable zip archive: {source}")]
    Zip { path: std::path::PathBuf, source: zip::result::ZipError },
    #[error("{path}: expected {expected}; found none of it")]
    Layout { path: std::path::PathBuf, expected: &'static str },
    #[error("{file} is damaged: {what}")]
    Damaged { file: String, what: String },
}

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

/// What a network learns from, and what it is judged by.
#[derive(Debug, Clone)]
pub struct Split {
    pub train: Dataset,
    pub test: Dataset,
    /// Files that could not be used, each with the reason.
    pub skipped: Vec<String>,
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

    /// Adds an image of the right size.
    pub fn push(&mut self, rgb: &[u8], label: usize) {
        self.rgb.extend_from_slice(rgb);
        self.labels.push(label);
    }

    /// The same images labelled by `classes`, found by name: theirs may be in another order, and fewer. A class that is
    /// not among them is the error.
    pub fn relabelled(mut self, classes: &[String]) -> Result<Self, String> {
        let at = |name: &String| classes.iter().position(|class| class == name).ok_or_else(|| name.clone());
        let places = self.classes.iter().map(at).collect::<Result<Vec<_>, _>>()?;
        self.labels.iter_mut().for_each(|label| *label = places[*label]);
        self.classes = classes.to_vec();
        Ok(self)
    }

    /// The images at `positions`, in that order.
    pub fn select(&self, positions: &[usize]) -> Self {
        let mut selected = Self { classes: self.classes.clone(), side: self.side, ..Self::default() };
        positions.iter().for_each(|&i| selected.push(self.image(i), self.labels[i]));
        selected
    }
}
