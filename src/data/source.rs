//! Data sources as the command line names them: a format and a path, `stl10:DIR`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::formats::{FORMATS, Format, Reader};
use super::{Boxed, DataError, Split};
use crate::core::preprocessing::Preprocessing;

/// Names of all formats, separated by commas.
fn names() -> String {
    FORMATS.iter().map(|format| format.name).collect::<Vec<_>>().join(", ")
}

/// Describe the formats that `accepts` chooses, for a help text.
pub fn formats_help(accepts: impl Fn(&Format) -> bool) -> String {
    let known = FORMATS.iter().filter(|format| accepts(format));
    let lines: Vec<String> = known.map(|format| format!("{}:DIR ({})", format.name, format.content)).collect();
    format!("{}; DIR may be a .zip", lines.join(", "))
}

/// A data set by its format and its folder or `.zip`.
///
/// ```
/// # use camscope::data::DataSource;
/// let source: DataSource = "folder:photos/pets".parse()?;
/// assert_eq!(source.name(), "pets");
/// # Ok::<(), camscope::data::DataSourceError>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DataSource {
    format: &'static Format,
    path: PathBuf,
}

/// Error for a text that does not name a data source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected FORMAT:DIR with a format of {}; found \"{found}\"", names())]
pub struct DataSourceError {
    found: String,
}

impl FromStr for DataSource {
    type Err = DataSourceError;

    fn from_str(text: &str) -> Result<Self, DataSourceError> {
        let parts = text.split_once(':').filter(|(_, path)| !path.is_empty());
        let parsed = parts.and_then(|(name, path)| {
            let format = FORMATS.iter().find(|format| format.name == name)?;
            Some(Self { format, path: path.into() })
        });
        parsed.ok_or_else(|| DataSourceError { found: text.to_owned() })
    }
}

impl TryFrom<String> for DataSource {
    type Error = DataSourceError;

    fn try_from(text: String) -> Result<Self, DataSourceError> {
        text.parse()
    }
}

impl From<DataSource> for String {
    fn from(source: DataSource) -> Self {
        source.to_string()
    }
}

impl fmt::Display for DataSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.format.name, self.path.display())
    }
}

impl DataSource {
    /// Return a name for people: the format's, or for a folder of classes the folder's own.
    pub fn name(&self) -> String {
        let folder = (self.format.name == "folder").then(|| self.path.file_stem()).flatten();
        folder.map_or_else(|| self.format.name.to_owned(), |name| name.to_string_lossy().into_owned())
    }

    /// Load labelled photos, cropped and scaled by `preprocessing`.
    ///
    /// # Errors
    /// [`DataError`]; [`DataError::HasBoxes`] for a format of objects with boxes, which does not label whole photos.
    pub fn load(&self, preprocessing: &Preprocessing) -> Result<Split, DataError> {
        if let Some(archive) = &self.format.archive {
            let is_zip = self.path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
            if archive.is_partial(&self.path) || !self.path.exists() && !is_zip {
                return Err(DataError::NotFetched { path: self.path.clone(), format: self.format.name });
            }
        }
        match self.format.reader {
            Reader::Labelled(load) => load(&self.path, preprocessing),
            Reader::Boxed(_) => Err(DataError::HasBoxes(self.format.name)),
        }
    }

    /// Load the objects of `classes` with their boxes; `None` for a format without boxes.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn load_boxed(&self, preprocessing: &Preprocessing, classes: &[String]) -> Result<Option<Boxed>, DataError> {
        match self.format.reader {
            Reader::Labelled(_) => Ok(None),
            Reader::Boxed(load) => load(&self.path, preprocessing, classes).map(Some),
        }
    }
}
