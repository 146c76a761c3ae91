//! The files of a data set, from a folder or from inside a `.zip`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::DataError;

/// Every file below `root` whose path `wanted` takes, sorted by path (with `/` between its parts).
pub fn read_files(root: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, Vec<u8>)>, DataError> {
    let mut files = match root.is_file() {
        true => read_zip(root, wanted)?,
        false => read_folder(root, wanted)?,
    };
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(files)
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

fn read_folder(root: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, Vec<u8>)>, DataError> {
    let mut files = Vec::new();
    let mut pending: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(folder) = pending.pop() {
        let io = |source| DataError::Io { path: folder.clone(), source };
        for entry in std::fs::read_dir(&folder).map_err(io)? {
            let path = entry.map_err(io)?.path();
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                pending.push(path);
            } else if wanted(&name) {
                let bytes = std::fs::read(&path).map_err(|source| DataError::Io { path: path.clone(), source })?;
                files.push((name, bytes));
            }
        }
    }
    Ok(files)
}
