//! Checkpoints into a site's `models/` folder, and its manifest made anew from the cards that lie there.

use std::path::{Path, PathBuf};

use super::{CheckpointError, Manifest, ModelCard, encode_named};
use crate::model::Network;

const MANIFEST: &str = "manifest.json";

#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{path} is not a model card: {source}")]
    Card { path: PathBuf, source: serde_json::Error },
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// Writes `NAME-HASH.bpk` and `NAME.json` into `dir`, drops the file that the name meant before, and rewrites
/// `manifest.json`. Returns the card with file, size and hash filled in.
pub async fn publish(dir: &Path, network: &Network, card: ModelCard) -> Result<ModelCard, PublishError> {
    let (card, bytes) = encode_named(network, card).await?;
    std::fs::create_dir_all(dir).map_err(|source| PublishError::Io { path: dir.to_owned(), source })?;
    let path = dir.join(format!("{}.json", card.name));
    if let Ok(before) = read_card(&path)
        && before.file != card.file
    {
        let _ = std::fs::remove_file(dir.join(before.file)); // a stale file is a waste, not an error
    }
    write(&dir.join(&card.file), &bytes)?;
    write(&path, pretty(&card)?.as_bytes())?;
    write_manifest(dir)?;
    Ok(card)
}

/// Takes a model's card and weights out of `dir` and rewrites the manifest. Returns its card.
pub fn unpublish(dir: &Path, name: &str) -> Result<ModelCard, PublishError> {
    let path = dir.join(format!("{name}.json"));
    let card = read_card(&path)?;
    for file in [dir.join(&card.file), path] {
        std::fs::remove_file(&file).map_err(|source| PublishError::Io { path: file.clone(), source })?;
    }
    write_manifest(dir)?;
    Ok(card)
}

/// Reads every card of `dir` and writes the manifest: models with a measured breadth of classes first, then by name.
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

/// The manifest of a models folder.
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

/// Write a file as a whole or not at all, whatever happens meanwhile: a site must never serve half a file, nor a run go on
/// from one.
///
/// # Errors
/// Those of the file system; the file that was there stays.
pub fn replace_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    std::fs::write(&part, bytes)?;
    std::fs::File::open(&part)?.sync_all()?;
    std::fs::rename(&part, path)
}
