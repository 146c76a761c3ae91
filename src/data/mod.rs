//! Labelled images for training and evaluation: formats, splits, augmentation, batches.

mod augment;
mod batch;
#[cfg(feature = "cli")]
mod boxed;
#[cfg(feature = "cli")]
mod files;
#[cfg(feature = "cli")]
mod formats;
#[cfg(feature = "cli")]
mod source;
mod split;

pub use augment::{Augment, augment};
pub use batch::batch;
#[cfg(feature = "cli")]
pub use boxed::Boxed;
#[cfg(feature = "cli")]
pub use files::{files_below, is_image};
#[cfg(feature = "cli")]
pub use source::{DataSource, DataSourceError, FORMATS, Format, formats_help};
pub use split::{Split, stratified};

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
    #[error("{0} data names objects, not whole photos: use it with `eval` or `score`, and labelled photos here")]
    HasBoxes(&'static str),
}

/// Labelled square RGB images, all of one size, in memory.
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Side of every image in pixels.
    pub side: usize,
    /// Interleaved RGB, `labels.len() · side · side · 3` bytes.
    pub rgb: Vec<u8>,
    /// Index into `classes` of each image.
    pub labels: Vec<usize>,
}

impl Dataset {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Interleaved RGB of image `i`.
    pub fn image(&self, i: usize) -> &[u8] {
        let bytes = self.side * self.side * 3;
        &self.rgb[i * bytes..(i + 1) * bytes]
    }

    /// Add an image of `side` × `side` pixels.
    pub fn push(&mut self, rgb: &[u8], label: usize) {
        self.rgb.extend_from_slice(rgb);
        self.labels.push(label);
    }

    /// Label the images by `classes`, matched by name: these may come in another order, and be more.
    ///
    /// # Errors
    /// A class of the images that is not among `classes`.
    pub fn relabelled(mut self, classes: &[String]) -> Result<Self, String> {
        let at = |name: &String| classes.iter().position(|class| class == name).ok_or_else(|| name.clone());
        let places = self.classes.iter().map(at).collect::<Result<Vec<_>, _>>()?;
        self.labels.iter_mut().for_each(|label| *label = places[*label]);
        self.classes = classes.to_vec();
        Ok(self)
    }

    /// Copy the images at `positions`, in that order.
    pub fn select(&self, positions: &[usize]) -> Self {
        let mut selected = Self { classes: self.classes.clone(), side: self.side, ..Self::default() };
        positions.iter().for_each(|&i| selected.push(self.image(i), self.labels[i]));
        selected
    }
}
