//! A project as one `.zip`: `project.json`, `photos/CLASS/…` as they came, and the taught network with its card. The photos'
//! folder is what `camscope train --data folder:` reads.

use std::io::{Cursor, Read, Write};

use camscope::core::message::Message;
use camscope::core::project::Project;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

const PROJECT: &str = "project.json";
const CARD: &str = "model.json";
const WEIGHTS: &str = "model.bpk";
/// The largest entry that is read: no photo and no network of ours is larger.
const LARGEST: u64 = 256 << 20;

/// Why a file is no project, or none could be made; [`Self::message`] says it.
#[derive(Debug)]
pub enum ArchiveError {
    Zip(zip::result::ZipError),
    NoProject,
    Project(serde_json::Error),
    /// Cut short or too large.
    Entry(String),
    Write(std::io::Error),
}

impl ArchiveError {
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

impl From<zip::result::ZipError> for ArchiveError {
    fn from(error: zip::result::ZipError) -> Self {
        Self::Zip(error)
    }
}

impl From<serde_json::Error> for ArchiveError {
    fn from(error: serde_json::Error) -> Self {
        Self::Project(error)
    }
}

impl From<std::io::Error> for ArchiveError {
    fn from(error: std::io::Error) -> Self {
        Self::Write(error)
    }
}

/// What an archive holds: the project, its photos' files by number, and the network's file.
pub struct Archive {
    pub project: Project,
    pub photos: Vec<(u32, Vec<u8>)>,
    pub weights: Option<Vec<u8>>,
}

impl Archive {
    /// The bytes of a `.zip` file. Photos are compressed by nature and only stored.
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

    /// # Errors
    /// [`ArchiveError`] for what is no exported project; a photo that is missing from it is left out.
    pub fn unpack(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let mut zip = ZipArchive::new(Cursor::new(bytes))?;
        let mut take = |name: &str| -> Result<Option<Vec<u8>>, ArchiveError> {
            let Ok(entry) = zip.by_name(name) else { return Ok(None) };
            let damaged = || ArchiveError::Entry(name.to_owned());
            if entry.size() > LARGEST {
                return Err(damaged());
            }
            let mut content = Vec::new();
            entry.take(LARGEST).read_to_end(&mut content).map_err(|_| damaged())?;
            Ok(Some(content))
        };
        let mut project: Project = serde_json::from_slice(&take(PROJECT)?.ok_or(ArchiveError::NoProject)?)?;
        let mut photos = Vec::new();
        for photo in &project.photos {
            let path = path_of(&project, photo.id);
            if let Some(bytes) = path.map(|path| take(&path)).transpose()?.flatten() {
                photos.push((photo.id, bytes));
            }
        }
        project.photos.retain(|photo| photos.iter().any(|(id, _)| *id == photo.id));
        let weights = take(WEIGHTS)?;
        if weights.is_none() {
            project.outcome = None;
        }
        Ok(Self { project, photos, weights })
    }
}

/// Where a photo lies: in a folder with its class's name, under its number, so that no two names clash.
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
