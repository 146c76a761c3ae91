//! A folder per class, on disk or inside a `.zip`: `<class>/*.jpg`, or `train/<class>/*.jpg` and `test/<class>/*.jpg`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use image::imageops::FilterType;
use rayon::prelude::*;

use super::Dataset;

/// Why a folder of classes could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{path} is not a readable zip archive: {source}")]
    Zip { path: PathBuf, source: zip::result::ZipError },
    #[error("{0}: expected one sub-folder per class with at least one image, found none")]
    Empty(PathBuf),
    #[error("{file} cannot be read as an image: {source}")]
    Image { file: String, source: image::ImageError },
}

/// Loads every image of `path` (a folder or a `.zip` of one), scaled to `side` × `side`.
/// Classes are in alphabetical order; `part` ("train" or "test") selects that sub-folder where there is one.
pub fn load_folder(path: &Path, part: &str, side: usize) -> Result<Dataset, FolderError> {
    let files = if path.extension().is_some_and(|e| e == "zip") { read_zip(path)? } else { read_folder(path)? };
    let mut classes: BTreeMap<String, Vec<(String, Vec<u8>)>> = BTreeMap::new();
    let has_part = files.iter().any(|(name, _)| name.split('/').rev().nth(2) == Some(part));
    for (name, bytes) in files {
        let mut parts = name.split('/').rev().skip(1);
        let Some(class) = parts.next() else { continue };
        if has_part && parts.next() != Some(part) {
            continue;
        }
        classes.entry(class.to_owned()).or_default().push((name, bytes));
    }
    if classes.is_empty() {
        return Err(FolderError::Empty(path.to_owned()));
    }

    let mut dataset = Dataset { side, ..Dataset::default() };
    for (label, (class, files)) in classes.into_iter().enumerate() {
        dataset.classes.push(class);
        let images: Result<Vec<_>, _> = files.par_iter().map(|(name, bytes)| decode(name, bytes, side)).collect();
        for image in images? {
            dataset.rgb.extend_from_slice(&image);
            dataset.labels.push(label);
        }
    }
    Ok(dataset)
}

fn decode(name: &str, bytes: &[u8], side: usize) -> Result<Vec<u8>, FolderError> {
    let image = image::load_from_memory(bytes)
        .map_err(|source| FolderError::Image { file: name.to_owned(), source })?
        .into_rgb8();
    let side = side as u32;
    if image.dimensions() == (side, side) {
        return Ok(image.into_raw());
    }
    Ok(image::imageops::resize(&image, side, side, FilterType::Triangle).into_raw())
}

fn is_image(name: &str) -> bool {
    let extension = Path::new(name).extension().map(|e| e.to_string_lossy().to_lowercase());
    extension.is_some_and(|e| matches!(e.as_str(), "jpg" | "jpeg" | "png" | "webp" | "gif" | "bmp"))
}

fn read_zip(path: &Path) -> Result<Vec<(String, Vec<u8>)>, FolderError> {
    let io = |source| FolderError::Io { path: path.to_owned(), source };
    let zip = |source| FolderError::Zip { path: path.to_owned(), source };
    let mut archive = zip::ZipArchive::new(File::open(path).map_err(io)?).map_err(zip)?;
    let mut files = Vec::new();
    for i in 0..archive.len() {
        let mut file = archive.by_index(i).map_err(zip)?;
        let name = file.name().map_err(zip)?.into_owned();
        if file.is_file() && is_image(&name) {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(io)?;
            files.push((name, bytes));
        }
    }
    Ok(files)
}

fn read_folder(root: &Path) -> Result<Vec<(String, Vec<u8>)>, FolderError> {
    let mut files = Vec::new();
    let mut pending = vec![root.to_owned()];
    while let Some(folder) = pending.pop() {
        let io = |source| FolderError::Io { path: folder.clone(), source };
        for entry in std::fs::read_dir(&folder).map_err(io)? {
            let path = entry.map_err(io)?.path();
            if path.is_dir() {
                pending.push(path);
            } else if is_image(&path.to_string_lossy()) {
                let bytes = std::fs::read(&path).map_err(io)?;
                files.push((path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned(), bytes));
            }
        }
    }
    files.sort();
    Ok(files)
}
