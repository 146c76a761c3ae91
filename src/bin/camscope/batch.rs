//! Photos by the thousand: whole folders, a share of them for each of several machines, on all threads.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context;
use camscope::engine::Session;
use camscope::method::Explanation;
use camscope::photo::Photo;
use camscope::protocol::Look;
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;

/// Photos between two prints: as many as keep all threads busy, few enough to see it go on.
const AT_ONCE: usize = 32;

/// The `index`th of `of` shares, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    of: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        parts
            .filter(|&(index, of): &(usize, usize)| index >= 1 && index <= of)
            .map(|(index, of)| Self { index, of })
            .ok_or_else(|| format!("\"{text}\" is no share; write 1/8 to 8/8"))
    }
}

/// A photo's file, and what it goes by: the path as it was given, or that below the folder that was.
#[derive(Debug, Clone)]
pub struct Source {
    pub name: String,
    pub path: PathBuf,
}

/// Files as they are, and of folders every photo below, by name; of all these the share asked for.
pub fn sources(paths: &[PathBuf], shard: Option<Shard>) -> anyhow::Result<Vec<Source>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut below = Vec::new();
            photos_below(path, path, &mut below)?;
            below.sort_by(|a, b| a.name.cmp(&b.name));
            // Several folders may have photos of the same name.
            if let (2.., Some(folder)) = (paths.len(), path.file_name()) {
                below
                    .iter_mut()
                    .for_each(|source| source.name = format!("{}/{}", folder.to_string_lossy(), source.name));
            }
            found.extend(below);
        } else {
            found.push(Source { name: path.to_string_lossy().into_owned(), path: path.clone() });
        }
    }
    anyhow::ensure!(!found.is_empty(), "there is no JPEG, PNG, WebP, GIF or BMP file in it");
    let Some(Shard { index, of }) = shard else { return Ok(found) };
    Ok(found.into_iter().skip(index - 1).step_by(of).collect())
}

fn photos_below(root: &Path, folder: &Path, found: &mut Vec<Source>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        if path.is_dir() {
            photos_below(root, &path, found)?;
        } else if camscope::data::is_image(&name) {
            found.push(Source { name, path });
        }
    }
    Ok(())
}

/// What is to be found in every photo.
pub struct Wanted {
    pub explanation: Explanation,
    /// So many of the most probable classes, unless there are `classes`.
    pub top: usize,
    pub classes: Vec<usize>,
}

/// Looks at every photo on all threads; `make` something of each there, and `then` take it in order here. A photo that cannot
/// be used is an error of its own.
pub fn for_each<T: Send>(
    session: &Session,
    sources: &[Source],
    wanted: &Wanted,
    make: impl Fn(&Source, &Photo, Look) -> anyhow::Result<T> + Sync,
    mut then: impl FnMut(&Source, anyhow::Result<T>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} photos · {eta} left")?;
    let bar = ProgressBar::new(sources.len() as u64).with_style(style);
    for some in sources.chunks(AT_ONCE) {
        let one = |session: &mut Session, source: &Source| {
            let (photo, look) = look_at(session, &source.path, wanted)?;
            let made = make(source, &photo, look);
            bar.inc(1);
            made
        };
        let made: Vec<_> = some.par_iter().map_init(|| session.beside(), one).collect();
        for (source, made) in some.iter().zip(made) {
            bar.suspend(|| then(source, made))?;
        }
    }
    bar.finish_and_clear();
    Ok(())
}

fn look_at(session: &mut Session, path: &Path, wanted: &Wanted) -> anyhow::Result<(Photo, Look)> {
    const ID: u32 = 0;
    let photo = Photo::decode(&std::fs::read(path).context("the file cannot be read")?)?;
    for note in &photo.notes {
        eprintln!("{}: {note}", path.display());
    }
    let mut look = pollster::block_on(session.look(ID, &photo, wanted.top))?;
    let best: Vec<usize> = look.predictions.iter().map(|p| p.index).collect();
    let classes = if wanted.classes.is_empty() { &best } else { &wanted.classes };
    if wanted.explanation != Explanation::default() || !wanted.classes.is_empty() {
        let go_on = async |_, _| ControlFlow::Continue(());
        look.predictions = pollster::block_on(session.explain(ID, &wanted.explanation, classes, go_on))?;
    }
    Ok((photo, look))
}
