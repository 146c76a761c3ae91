//! Files of a data set, in a folder or in a `.zip`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::DataError;

/// Read every file below `root`, a folder or a `.zip`, whose relative path `accepts` allows. Sorted by path, with `/`
/// between its parts.
///
/// # Errors
/// [`DataError::Io`] and [`DataError::Zip`] name the path that cannot be read.
pub fn read_files(root: &Path, accepts: impl Fn(&str) -> bool) -> Result<Vec<(String, Vec<u8>)>, DataError> {
    if root.is_file() {
        let mut files = read_zip(root, accepts)?;
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
        return Ok(files);
    }
    let read = |(name, path): (String, PathBuf)| match std::fs::read(&path) {
        Ok(bytes) => Ok((name, bytes)),
        Err(source) => Err(DataError::Io { path, source }),
    };
    files_below(root, accepts)?.into_iter().map(read).collect()
}

/// Read the files of a `.zip`, in the archive's order.
fn read_zip(path: &Path, accepts: impl Fn(&str) -> bool) -> Result<Vec<(String, Vec<u8>)>, DataError> {
    let io = |source| DataError::Io { path: path.to_owned(), source };
    let zip = |source| DataError::Zip { path: path.to_owned(), source };
    let mut archive = zip::ZipArchive::new(File::open(path).map_err(io)?).map_err(zip)?;
    let mut files = Vec::new();
    for i in 0..archive.len() {
        let mut file = archive.by_index(i).map_err(zip)?;
        let name = file.name().map_err(zip)?.into_owned();
        if file.is_file() && accepts(&name) {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(io)?;
            files.push((name, bytes));
        }
    }
    Ok(files)
}

/// List every file below the folder `root` whose relative path `accepts` allows.
///
/// Returns the relative path, with `/` between its parts, and the whole path of each file, sorted. Symbolic links are
/// followed.
///
/// # Errors
/// [`DataError::Io`] names the path that cannot be read.
pub fn files_below(root: &Path, accepts: impl Fn(&str) -> bool) -> Result<Vec<(String, PathBuf)>, DataError> {
    let mut files = Vec::new();
    let name_of = |path: &Path| path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    for entry in WalkDir::new(root).follow_links(true) {
        match entry {
            Ok(entry) => {
                let name = name_of(entry.path());
                if entry.file_type().is_file() && accepts(&name) {
                    files.push((name, entry.into_path()));
                }
            }
            // A link that leads nowhere or round in a circle: whoever reads the file will name it. Other files do not matter.
            Err(error) if error.depth() > 0 && error.path().is_some_and(Path::is_symlink) => {
                let path = error.path().unwrap_or(root);
                if accepts(&name_of(path)) {
                    files.push((name_of(path), path.to_owned()));
                }
            }
            Err(error) => {
                return Err(DataError::Io { path: error.path().unwrap_or(root).to_owned(), source: error.into() });
            }
        }
    }
    files.sort();
    Ok(files)
}
