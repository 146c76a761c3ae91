//! A teaching project as one `.zip`: `project.json`, `photos/CLASS/…` as they came, and the taught network with its card.
//! `camscope train --data folder:` reads the folder `photos/`.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use zip::read::ZipFile;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::folders::is_hidden;
use super::message::Message;
use super::project::Project;

const PROJECT: &str = "project.json";
const CARD: &str = "model.json";
const WEIGHTS: &str = "model.bpk";
/// Largest entry that is read, in bytes: no photo and no network of ours is larger.
pub const LARGEST: u64 = 256 << 20;

/// Reason why a file is not an exported project, or why none could be written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file is no zip archive.
    #[error("the file is no zip archive: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// The archive has no `project.json`.
    #[error("the archive holds no project.json; it was not exported by camscope")]
    NoProject,
    /// `project.json` cannot be read.
    #[error("project.json cannot be read: {0}")]
    Project(#[from] serde_json::Error),
    /// An entry is cut short or too large.
    #[error("{0} is damaged or too large")]
    Entry(String),
    /// The archive cannot be written.
    #[error("the archive cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

impl ArchiveError {
    /// Return the page's message for the error.
    pub fn message(&self) -> Message {
        match self {
            Self::Zip(why) => Message::new("teach-not-zip").with("why", why.to_string()),
            Self::NoProject => Message::new("teach-no-project"),
            Self::Project(why) => Message::new("teach-bad-project").with("why", why.to_string()),
            Self::Entry(name) => Message::new("teach-bad-entry").with("name", name.as_str()),
            Self::Write(why) => Message::new("teach-not-written").with("why", why.to_string()),
        }
    }
}

/// Content of an archive.
#[derive(Debug)]
pub struct Archive {
    /// The project itself.
    pub project: Project,
    /// Bytes of each photo's file, with the photo's id.
    pub photos: Vec<(u32, Vec<u8>)>,
    /// Bytes of the taught network's `.bpk` file; `None` before the first training.
    pub weights: Option<Vec<u8>>,
    /// Names of the project's photos that the archive lacks, and of its network's file.
    pub missing: Vec<String>,
}

impl Archive {
    /// Pack everything into the bytes of a `.zip` file. Entries are stored without compression: photos and weights do not
    /// shrink.
    ///
    /// # Errors
    /// [`ArchiveError::Write`], [`ArchiveError::Zip`].
    pub fn pack(&self) -> Result<Vec<u8>, ArchiveError> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let mut put = |name: &str, bytes: &[u8]| -> Result<(), ArchiveError> {
            zip.start_file(name, options)?;
            Ok(zip.write_all(bytes)?)
        };
        put(PROJECT, serde_json::to_string(&self.project)?.as_bytes())?;
        for (id, bytes) in &self.photos {
            if let Some(path) = path_of(&self.project, *id) {
                put(&path, bytes)?;
            }
        }
        if let (Some(weights), Some(outcome)) = (&self.weights, &self.project.outcome) {
            put(WEIGHTS, weights)?;
            put(CARD, outcome.card.as_bytes())?;
        }
        Ok(zip.finish()?.into_inner())
    }

    /// Unpack the bytes of a `.zip` file; see [`Self::of`].
    ///
    /// # Errors
    /// [`ArchiveError`] for a file that is no exported project.
    #[cfg(feature = "cli")]
    pub fn unpack(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let read = |Packed { name, content, .. }| Entry { name, content };
        Self::of(packed(bytes)?.into_iter().map(read).collect())
    }

    /// Make an archive from its entries. A photo that is missing or damaged is left out of the project and named in `missing`.
    ///
    /// Other programs may have packed the files again: below a folder, with backslashes, under other names for photos, or with a byte
    /// order mark in the JSON.
    ///
    /// # Errors
    /// [`ArchiveError`] if the entries are no exported project.
    pub fn of(entries: Vec<Entry>) -> Result<Self, ArchiveError> {
        let mut files: BTreeMap<String, Option<Vec<u8>>> = BTreeMap::new();
        for Entry { name, content } in entries {
            let name = name.replace('\\', "/");
            let name = name.trim_start_matches("./");
            if !is_hidden(name) {
                files.insert(name.to_owned(), content);
            }
        }
        let is_project = |name: &&String| name.rsplit('/').next() == Some(PROJECT);
        let shallow = files.keys().filter(is_project).min_by_key(|name| name.matches('/').count());
        let root = shallow.map(|name| name[..name.len() - PROJECT.len()].to_owned()).ok_or(ArchiveError::NoProject)?;
        let mut take = |name: &str| files.remove(&[&root, name].concat());
        let damaged = |name: &str| ArchiveError::Entry(name.to_owned());
        let json = take(PROJECT).flatten().ok_or_else(|| damaged(PROJECT))?;
        let json = String::from_utf8_lossy(&json);
        let mut project: Project = serde_json::from_str(json.trim_start_matches('\u{feff}'))?;
        let weights = take(WEIGHTS).map(|weights| weights.ok_or_else(|| damaged(WEIGHTS))).transpose()?;
        let (mut photos, mut missing) = (Vec::new(), Vec::new());
        for photo in &project.photos {
            let path = path_of(&project, photo.id).map(|path| [root.as_str(), &path].concat());
            let found = path.filter(|path| files.contains_key(path)).or_else(|| by_id(&files, photo.id));
            match found.and_then(|path| files.remove(&path)).flatten() {
                Some(bytes) => photos.push((photo.id, bytes)),
                None => missing.push(photo.name.clone()),
            }
        }
        project.photos.retain(|photo| photos.iter().any(|(id, _)| *id == photo.id));
        if weights.is_none() && project.outcome.take().is_some() {
            missing.push(WEIGHTS.to_owned());
        }
        Ok(Self { project, photos, weights, missing })
    }
}

/// Return the only file that has the photo's id in front of its name.
fn by_id(files: &BTreeMap<String, Option<Vec<u8>>>, photo: u32) -> Option<String> {
    let begins = format!("{photo:04}-");
    let mut found = files.keys().filter(|name| name.rsplit('/').next().is_some_and(|file| file.starts_with(&begins)));
    found.next().filter(|_| found.next().is_none()).cloned()
}

/// A file of an archive.
#[derive(Debug)]
pub struct Entry {
    /// Its path, as the archive has it.
    pub name: String,
    /// Its bytes; `None` if they are damaged or too many.
    pub content: Option<Vec<u8>>,
}

/// A file of an archive as it is packed.
#[derive(Debug)]
pub struct Packed {
    /// Its path, as the archive has it.
    pub name: String,
    /// Its bytes; `None` if they are damaged, too many, or compressed in a way that this build does not read.
    pub content: Option<Vec<u8>>,
    /// Its compressed bytes, where this build does not read Deflate: in browsers, which do it themselves.
    pub deflated: Option<Vec<u8>>,
}

/// Read the files of a `.zip`.
///
/// # Errors
/// [`ArchiveError::Zip`].
pub fn packed(bytes: &[u8]) -> Result<Vec<Packed>, ArchiveError> {
    let mut zip = ZipArchive::new(Cursor::new(bytes))?;
    let mut files = Vec::new();
    for at in 0..zip.len() {
        let (name, is_deflated) = {
            let Ok(raw) = zip.by_index_raw(at) else { continue };
            let Ok(name) = raw.name() else { continue };
            (name.into_owned(), raw.compression() == CompressionMethod::DEFLATE)
        };
        if name.ends_with(['/', '\\']) {
            continue;
        }
        let take = |file: Option<ZipFile<'_, Cursor<&[u8]>>>| {
            let file = file.filter(|file| file.size() <= LARGEST)?;
            let mut content = Vec::new();
            file.take(LARGEST).read_to_end(&mut content).ok()?;
            Some(content)
        };
        let by_browser = is_deflated && cfg!(not(feature = "cli"));
        let content = if by_browser { None } else { take(zip.by_index(at).ok()) };
        let deflated = if by_browser { take(zip.by_index_raw(at).ok()) } else { None };
        files.push(Packed { name, content, deflated });
    }
    Ok(files)
}

/// Path of a photo: in a folder with its class's name, with its id in front, so that no two names clash.
fn path_of(project: &Project, photo: u32) -> Option<String> {
    let photo = project.photos.iter().find(|known| known.id == photo)?;
    let class = project.class(photo.class)?;
    let clean = |name: &str| {
        name.chars().map(|c| if c.is_alphanumeric() || " .-_".contains(c) { c } else { '_' }).collect::<String>()
    };
    let folder = clean(class.name.trim());
    let folder = if folder.starts_with('.') { format!("_{folder}") } else { folder };
    Some(format!("photos/{folder}/{:04}-{}", photo.id, clean(&photo.name)))
}
