//! The files of a data set, from a folder or from inside a `.zip`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::DataError;

/// Read every file below `root` whose path `wanted` accepts, sorted by path (with `/` between its parts).
///
/// # Errors
/// [`DataError::Io`] and [`DataError::Zip`] name the path that cannot be read.
pub fn read_files(root: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, Vec<u8>)>, DataError> {
    if root.is_file() {
        let mut files = read_zip(root, wanted)?;
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
        return Ok(files);
    }
    let read = |(name, path): (String, PathBuf)| match std::fs::read(&path) {
        Ok(bytes) => Ok((name, bytes)),
        Err(source) => Err(DataError::Io { path, source }),
    };
    files_below(root, wanted)?.into_iter().map(read).collect()
}

fn read_zip(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, Vec<u8>)>, DataError> {
    let io = |source| DataError::Io { path: path.to_owned(), source };
    let zip = |source| DataError::Zip { path: path.to_owned(), source };
    let mut archive = zip::ZipArchive::new(File::open(path).map_err(io)?).map_err(zip)?;
    let mut files = Vec::new();
    for i in 0..archive.len() {
        let mut file = archive.by_index(i).map_err(zip)?;
        let name = file.name().map_err(zip)?.into_owned();
        if file.is_file() && wanted(&name) {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(io)?;
            files.push((name, bytes));
        }
    }
    Ok(files)
}

/// List every file below the folder `root` whose path below it `wanted` accepts: that path (with `/` between its parts)
/// and the whole one, sorted. Symbolic links are followed.
///
/// # Errors
/// [`DataError::Io`] names the path that cannot be read.
pub fn files_below(root: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, PathBuf)>, DataError> {
    let mut files = Vec::new();
    for entry in WalkDir::new(root).follow_links(true) {
        let entry = entry
            .map_err(|error| DataError::Io { path: error.path().unwrap_or(root).to_owned(), source: error.into() })?;
        let name = entry.path().strip_prefix(root).unwrap_or(entry.path()).to_string_lossy().replace('\\', "/");
        if entry.file_type().is_file() && wanted(&name) {
            files.push((name, entry.into_path()));
        }
    }
    files.sort();
    Ok(files)
}

/// Whether a file of that name is taken for a photo.
pub fn is_image(name: &str) -> bool {
    let extension = Path::new(name).extension().map(|e| e.to_string_lossy().to_lowercase());
    extension.is_some_and(|e| matches!(e.as_str(), "jpg" | "jpeg" | "png" | "webp" | "gif" | "bmp"))
}
