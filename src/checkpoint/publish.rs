//! Publishing: checkpoints in a site's `models/` folder, and the manifest, which is generated from the cards there.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::{CheckpointError, Manifest, ModelCard, encode_named};
use crate::model::Network;

/// Name of the manifest in the models folder.
const MANIFEST: &str = "manifest.json";

/// Why a models folder cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A file is not a model card or a manifest.
    #[error("{path} is not a model card: {source}")]
    Card {
        /// The file.
        path: PathBuf,
        /// The parser's error.
        source: serde_json::Error,
    },
    /// The network cannot be encoded.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// Write `NAME-HASH.bpk` and `NAME.json` into `dir`, remove the weights that the name had before, and rewrite the
/// manifest.
///
/// Returns the card with the file's name, size and hash filled in.
///
/// # Errors
/// [`PublishError`].
pub async fn publish(dir: &Path, network: &Network, card: ModelCard) -> Result<ModelCard, PublishError> {
    let (card, bytes) = encode_named(network, card).await?;
    std::fs::create_dir_all(dir).map_err(|source| PublishError::Io { path: dir.to_owned(), source })?;
    let path = dir.join(format!("{}.json", card.name));
    if let Ok(before) = read_card(&path)
        && before.file != card.file
    {
        let _ = std::fs::remove_file(dir.join(before.file)); // a stale file wastes space and does no harm
    }
    write(&dir.join(&card.file), &bytes)?;
    write(&path, pretty(&card)?.as_bytes())?;
    write_manifest(dir)?;
    Ok(card)
}

/// Remove a model's card and weights from `dir`, and rewrite the manifest. Returns the card.
///
/// # Errors
/// [`PublishError::Io`] if there is no such model.
pub fn unpublish(dir: &Path, name: &str) -> Result<ModelCard, PublishError> {
    let path = dir.join(format!("{name}.json"));
    let card = read_card(&path)?;
    for file in [dir.join(&card.file), path] {
        std::fs::remove_file(&file).map_err(|source| PublishError::Io { path: file.clone(), source })?;
    }
    write_manifest(dir)?;
    Ok(card)
}

/// Write the manifest from all cards in `dir`: the models with most classes first, then by name.
///
/// # Errors
/// [`PublishError`]; a file that is not a card is named.
pub fn write_manifest(dir: &Path) -> Result<Manifest, PublishError> {
    let io = |source| PublishError::Io { path: dir.to_owned(), source };
    let mut manifest = Manifest::default();
    for entry in std::fs::read_dir(dir).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.extension().is_some_and(|e| e == "json") && path.file_name().is_some_and(|name| name != MANIFEST) {
            manifest.models.push(read_card(&path)?);
        }
    }
    manifest.models.sort_by(|a, b| b.classes.len().cmp(&a.classes.len()).then_with(|| a.name.cmp(&b.name)));
    write(&dir.join(MANIFEST), pretty(&manifest)?.as_bytes())?;
    Ok(manifest)
}

/// Read the manifest of a models folder.
///
/// # Errors
/// [`PublishError`].
pub fn read_manifest(dir: &Path) -> Result<Manifest, PublishError> {
    read_json(&dir.join(MANIFEST))
}

fn read_card(path: &Path) -> Result<ModelCard, PublishError> {
    read_json(path)
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, PublishError> {
    let bytes = std::fs::read(path).map_err(|source| PublishError::Io { path: path.to_owned(), source })?;
    serde_json::from_slice(&bytes).map_err(|source| PublishError::Card { path: path.to_owned(), source })
}

fn pretty(value: &impl serde::Serialize) -> Result<String, PublishError> {
    let mut text = serde_json::to_string_pretty(value).map_err(CheckpointError::Card)?;
    text.push('\n');
    Ok(text)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), PublishError> {
    replace_file(path, bytes).map_err(|source| PublishError::Io { path: path.to_owned(), source })
}

/// Write a file atomically: as a whole or not at all. A site must not serve half a file, and a run must not resume from
/// one.
///
/// # Errors
/// The file system's; a file that was there before is unchanged.
pub fn replace_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let mut file = std::fs::File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&part, path)
}
