//! A teaching project as one `.zip`: `project.json`, `photos/CLASS/…` as they came, and the taught network with its card.
//! `camscope train --data folder:` reads the folder `photos/`.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::message::Message;
use super::project::Project;

const PROJECT: &str = "project.json";
const CARD: &str = "model.json";
const WEIGHTS: &str = "model.bpk";
/// Largest entry that is read, in bytes: no photo and no network of ours is larger.
const LARGEST: u64 = 256 << 20;

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
    /// Names of the project's photos that the archive lacks.
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
        put(PROJECT, &serde_json::to_vec_pretty(&self.project)?)?;
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

    /// Unpack the bytes of a `.zip` file. A photo that is missing from it is left out of the project and named in `missing`.
    ///
    /// Other programs may have packed the files again: below a folder, with backslashes, or with a byte order mark in the JSON.
    ///
    /// # Errors
    /// [`ArchiveError`] for a file that is no exported project.
    pub fn unpack(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let mut zip = ZipArchive::new(Cursor::new(bytes))?;
        // The archive's own names, by the names as this program writes them.
        let plain: Vec<(String, usize)> = (0..zip.len())
            .filter_map(|at| {
                let name = zip.by_index_raw(at).ok()?.name().ok()?.replace('\\', "/");
                Some((name.trim_start_matches("./").to_owned(), at))
            })
            .collect();
        let is_root =
            |name: &&(String, usize)| !name.0.starts_with("__MACOSX/") && name.0.rsplit('/').next() == Some(PROJECT);
        let shallow = plain.iter().filter(is_root).min_by_key(|(name, _)| name.matches('/').count());
        let root =
            shallow.map(|(name, _)| name[..name.len() - PROJECT.len()].to_owned()).ok_or(ArchiveError::NoProject)?;
        let mut take = |name: &str| -> Result<Option<Vec<u8>>, ArchiveError> {
            let wanted = [&root, name].concat();
            let Some((_, at)) = plain.iter().find(|(plain, _)| *plain == wanted) else { return Ok(None) };
            let Ok(entry) = zip.by_index(*at) else { return Ok(None) };
            let damaged = || ArchiveError::Entry(name.to_owned());
            if entry.size() > LARGEST {
                return Err(damaged());
            }
            let mut content = Vec::new();
            entry.take(LARGEST).read_to_end(&mut content).map_err(|_| damaged())?;
            Ok(Some(content))
        };
        let json = take(PROJECT)?.ok_or(ArchiveError::NoProject)?;
        let mut project: Project = serde_json::from_slice(json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&json))?;
        let (mut photos, mut missing) = (Vec::new(), Vec::new());
        for photo in &project.photos {
            let path = path_of(&project, photo.id);
            match path.map(|path| take(&path)).transpose()?.flatten() {
                Some(bytes) => photos.push((photo.id, bytes)),
                None => missing.push(photo.name.clone()),
            }
        }
        project.photos.retain(|photo| photos.iter().any(|(id, _)| *id == photo.id));
        let weights = take(WEIGHTS)?;
        if weights.is_none() {
            project.outcome = None;
        }
        Ok(Self { project, photos, weights, missing })
    }
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
