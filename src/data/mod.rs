//! Labelled images for training and evaluation: formats, splits, augmentation, batches.

mod augment;
mod batch;
#[cfg(feature = "cli")]
mod boxed;
#[cfg(feature = "cli")]
mod fetch;
#[cfg(feature = "cli")]
mod files;
#[cfg(feature = "cli")]
mod formats;
#[cfg(feature = "cli")]
mod source;
mod split;
#[cfg(feature = "cli")]
mod text;

pub use augment::{Augment, augment};
pub use batch::batch;
#[cfg(feature = "cli")]
pub use boxed::Boxed;
#[cfg(feature = "cli")]
pub use fetch::{Archive, FetchError, Fetched, Step, fetch};
#[cfg(feature = "cli")]
pub use files::{FileFilter, Files, files_below};
#[cfg(feature = "cli")]
pub use formats::{FORMATS, Format};
#[cfg(feature = "cli")]
pub use source::{DataSource, DataSourceError, formats_help};
pub use split::{Split, stratified};

/// Class names of CIFAR-10, in the order of its labels.
pub const CIFAR10: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// Why a data set could not be loaded.
#[cfg(feature = "cli")]
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file or folder cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: std::path::PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A zip archive cannot be read.
    #[error("{path} is not a readable zip archive: {source}")]
    Zip {
        /// The archive.
        path: std::path::PathBuf,
        /// The reader's error.
        source: zip::result::ZipError,
    },
    /// The files are not all there, and they can be fetched.
    #[error("{path} is not there or not complete; `camscope fetch {format} {path}` downloads it")]
    NotFetched {
        /// The folder.
        path: std::path::PathBuf,
        /// Name of the format.
        format: &'static str,
    },
    /// The files are not those of the format.
    #[error("{path}: expected {expected}; found no such files")]
    Layout {
        /// The folder or archive.
        path: std::path::PathBuf,
        /// The files that the format consists of.
        expected: &'static str,
    },
    /// Objects are there, but none can be used.
    #[error("{}: no object can be used: {}", path.display(), some(reasons))]
    NoObjects {
        /// The folder or archive.
        path: std::path::PathBuf,
        /// Why each is left out, with file and line.
        reasons: Vec<String>,
    },
    /// A file of the format is inconsistent.
    #[error("{file} is damaged: {what}")]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// The format, named here, labels objects with boxes, and labelled photos are needed.
    #[error("{0} data labels objects, not whole photos; use it with `eval` or `score`, and labelled photos here")]
    HasBoxes(&'static str),
}

/// List the first reasons, and how many more there are.
#[cfg(feature = "cli")]
fn some(reasons: &[String]) -> String {
    const NAMED: usize = 5;
    let named = reasons[..reasons.len().min(NAMED)].join("; ");
    match reasons.len() {
        0..=NAMED => named,
        all => format!("{named}; and {} more", all - NAMED),
    }
}

/// Labelled square RGB images, all of one size, in memory.
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    /// Names of the classes, in the order of the labels.
    pub classes: Vec<String>,
    /// Side of every image, in pixels.
    pub side: usize,
    /// Images one after the other, interleaved RGB: `labels.len() · side · side · 3` bytes.
    pub rgb: Vec<u8>,
    /// Each image's class, an index into `classes`.
    pub labels: Vec<usize>,
}

impl Dataset {
    /// Return the number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Return whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Return image `i` as interleaved RGB.
    pub fn image(&self, i: usize) -> &[u8] {
        let bytes = self.side * self.side * 3;
        &self.rgb[i * bytes..(i + 1) * bytes]
    }

    /// Add an image: interleaved RGB of `side` × `side` pixels.
    ///
    /// ```
    /// # use camscope::data::Dataset;
    /// let mut data = Dataset { classes: vec!["cat".into(), "dog".into()], side: 1, ..Dataset::default() };
    /// data.push(&[10, 20, 30], 1);
    /// assert_eq!((data.len(), data.image(0)), (1, &[10, 20, 30][..]));
    /// ```
    pub fn push(&mut self, rgb: &[u8], label: usize) {
        self.rgb.extend_from_slice(rgb);
        self.labels.push(label);
    }

    /// Change the labels to indices into `classes`, by the classes' names. `classes` may have another order, and more
    /// names.
    ///
    /// # Errors
    /// The first of the data set's classes that is not among `classes`.
    pub fn relabelled(mut self, classes: &[String]) -> Result<Self, String> {
        let position = |name: &String| classes.iter().position(|class| class == name).ok_or_else(|| name.clone());
        let labels = self.classes.iter().map(position).collect::<Result<Vec<_>, _>>()?;
        self.labels.iter_mut().for_each(|label| *label = labels[*label]);
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
