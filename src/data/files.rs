//! Files of a data set, in a folder or in a `.zip`: photos by name or by content, and others by name.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use unicode_normalization::UnicodeNormalization;
use walkdir::{DirEntry, WalkDir};

use super::DataError;
use super::text::guessed;
use crate::core::file_kind::is_photo;
use crate::core::folders::{PassedOver, is_hidden};
use crate::core::names::is_image_name;

/// Bytes of a file by which its kind is recognised.
const HEAD: usize = 32;

/// What is below a folder or in an archive. Names are relative paths in Unicode's composed form (NFC), with `/` between their parts,
/// sorted. Files that programs make for themselves are not among them.
#[derive(Debug)]
pub struct Files<T> {
    /// The files that were asked for.
    pub files: Vec<(String, T)>,
    /// Files that were not asked for.
    pub passed_over: PassedOver,
    /// Files and links that cannot be followed, each with the reason.
    pub unreadable: Vec<String>,
    /// Remarks for people.
    pub notes: Vec<String>,
}

impl<T> Files<T> {
    fn new() -> Self {
        Self { files: Vec::new(), passed_over: PassedOver::default(), unreadable: Vec::new(), notes: Vec::new() }
    }

    /// Return the remarks, with one on what was passed over.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = self.notes.clone();
        let endings = self.passed_over.list("without ending");
        match self.passed_over.count() {
            0 => {}
            1 => remarks.push(format!("1 file was passed over: {endings}")),
            n => remarks.push(format!("{n} files were passed over: {endings}")),
        }
        remarks
    }
}

/// Which files are asked for.
pub struct FileFilter<F> {
    /// Whether photos are, whatever their names.
    pub photos: bool,
    /// Return whether another file is, by its relative path.
    pub others: F,
}

impl<F: Fn(&str) -> bool> FileFilter<F> {
    /// Return whether the name alone says that the file is wanted.
    fn by_name(&self, name: &str) -> bool {
        self.photos && is_image_name(name) || (self.others)(name)
    }
}

/// Read the files below `root`, a folder or a `.zip`, that are asked for.
///
/// # Errors
/// [`DataError::Io`] and [`DataError::Zip`] name the path that cannot be read.
pub fn read_files(root: &Path, wanted: FileFilter<impl Fn(&str) -> bool>) -> Result<Files<Vec<u8>>, DataError> {
    if root.is_file() {
        return read_zip(root, wanted);
    }
    let Files { files, passed_over, unreadable, notes } = files_below(root, wanted)?;
    let read = |(name, path): (String, PathBuf)| match std::fs::read(&path) {
        Ok(bytes) => Ok((name, bytes)),
        Err(source) => Err(DataError::Io { path, source }),
    };
    Ok(Files { files: files.into_iter().map(read).collect::<Result<_, _>>()?, passed_over, unreadable, notes })
}

fn read_zip(path: &Path, wanted: FileFilter<impl Fn(&str) -> bool>) -> Result<Files<Vec<u8>>, DataError> {
    let io = |source| DataError::Io { path: path.to_owned(), source };
    let zip = |source| DataError::Zip { path: path.to_owned(), source };
    let mut archive = zip::ZipArchive::new(File::open(path).map_err(io)?).map_err(zip)?;
    let raw_names: Vec<Vec<u8>> = archive.file_names_raw().map(<[u8]>::to_vec).collect();
    // Older programs write names in their system's encoding and do not say which.
    let foreign: Vec<&[u8]> =
        raw_names.iter().map(Vec::as_slice).filter(|name| std::str::from_utf8(name).is_err()).collect();
    let encoding = guessed(&foreign.join(&b'\n'));
    let mut found = Files::new();
    if !foreign.is_empty() {
        found.notes.push(format!(
            "the names in {} do not say their encoding; {} was taken",
            path.display(),
            encoding.name()
        ));
    }
    for (i, raw) in raw_names.iter().enumerate() {
        let name = std::str::from_utf8(raw).map_or_else(|_| encoding.decode(raw).0.into_owned(), str::to_owned);
        let name: String = name.replace('\\', "/").nfc().collect();
        if name.ends_with('/') || is_hidden(&name) {
            continue;
        }
        let mut file = match archive.by_index(i) {
            Ok(file) => file,
            Err(error) => {
                found.unreadable.push(format!("{name}: {error}"));
                continue;
            }
        };
        let mut bytes = Vec::new();
        let mut read = file.by_ref().take(HEAD as u64).read_to_end(&mut bytes);
        if read.is_ok() && (wanted.by_name(&name) || wanted.photos && is_photo(&bytes)) {
            read = file.read_to_end(&mut bytes);
            if read.is_ok() {
                found.files.push((name, bytes));
                continue;
            }
        }
        match read {
            Ok(_) => found.passed_over.add(&name),
            Err(error) => found.unreadable.push(format!("{name}: {error}")),
        }
    }
    found.files.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}

/// List the files below the folder `root` that are asked for, with their whole paths.
///
/// Symbolic links are followed. A file that is reached in several ways is listed once, by the way without links if there is one.
///
/// # Errors
/// [`DataError::Io`] names the path that cannot be read.
pub fn files_below(root: &Path, wanted: FileFilter<impl Fn(&str) -> bool>) -> Result<Files<PathBuf>, DataError> {
    let mut found = Files::new();
    let name_of = |path: &Path| -> String {
        path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/").nfc().collect()
    };
    let mut has_links = root.is_symlink();
    let is_wanted = |entry: &DirEntry| entry.depth() == 0 || !is_hidden(&entry.file_name().to_string_lossy());
    for entry in WalkDir::new(root).follow_links(true).into_iter().filter_entry(is_wanted) {
        match entry {
            Ok(entry) => {
                has_links |= entry.path_is_symlink();
                let name = name_of(entry.path());
                if !entry.file_type().is_file() || is_hidden(&name) {
                    continue;
                }
                if wanted.by_name(&name) || wanted.photos && has_photo(entry.path()) {
                    found.files.push((name, entry.into_path()));
                } else {
                    found.passed_over.add(&name);
                }
            }
            // A link that leads nowhere, or round in a circle.
            Err(error) if error.depth() > 0 && error.path().is_some_and(Path::is_symlink) => {
                let name = name_of(error.path().unwrap_or(root));
                has_links = true;
                if !is_hidden(&name) {
                    let why = if error.loop_ancestor().is_some() { "to a folder around it" } else { "to nothing" };
                    found.unreadable.push(format!("{name}: it is a link {why}"));
                }
            }
            Err(error) => {
                return Err(DataError::Io { path: error.path().unwrap_or(root).to_owned(), source: error.into() });
            }
        }
    }
    found.files.sort();
    if has_links {
        once_each(root, &mut found);
    }
    Ok(found)
}

/// Return whether the file at `path` begins like a photo.
fn has_photo(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD as u64).read_to_end(&mut head));
    read.is_ok() && is_photo(&head)
}

/// Leave out files that several links lead to, but for one of them.
fn once_each(root: &Path, found: &mut Files<PathBuf>) {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let real_root = real(root);
    let files: Vec<(String, PathBuf, PathBuf)> =
        std::mem::take(&mut found.files).into_iter().map(|(name, path)| (name, real(&path), path)).collect();
    let is_direct =
        |name: &str, target: &Path| target.strip_prefix(&real_root).is_ok_and(|below| below == Path::new(name));
    let mut seen: HashSet<&Path> =
        files.iter().filter(|(name, target, _)| is_direct(name, target)).map(|(_, target, _)| &**target).collect();
    let mut again = 0;
    for (name, target, path) in &files {
        if is_direct(name, target) || seen.insert(target) {
            found.files.push((name.clone(), path.clone()));
        } else {
            again += 1;
        }
    }
    match again {
        0 => {}
        1 => found.notes.push("1 file was reached by a link, too, and counts once".into()),
        n => found.notes.push(format!("{n} files were reached by links, too, and count once each")),
    }
}
