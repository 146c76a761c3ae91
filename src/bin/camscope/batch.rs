//! Inference on many photos: folders, shares for several machines, all threads.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context;
use camscope::core::inference::Inference;
use camscope::core::method::CamOptions;
use camscope::core::names::is_image_name;
use camscope::data::files_below;
use camscope::engine::Session;
use camscope::photo::Photo;
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;

/// Photos per parallel batch: enough to keep all threads busy, few enough for visible progress.
const AT_ONCE: usize = 32;

/// Share `index` of `of`, counted from 1.
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
            .ok_or_else(|| format!("expected I/N with I from 1 to N, such as 1/8, found \"{text}\""))
    }
}

/// A photo's file and its name in the output: the path as given, or the path below the given folder.
#[derive(Debug, Clone)]
pub struct Source {
    pub name: String,
    pub path: PathBuf,
}

/// List the files, and all photos below the folders, sorted by name; keep only the shard.
pub fn sources(paths: &[PathBuf], shard: Option<Shard>) -> anyhow::Result<Vec<Source>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let below = files_below(path, is_image_name)?.into_iter();
            let mut below: Vec<Source> = below.map(|(name, path)| Source { name, path }).collect();
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
    anyhow::ensure!(
        !found.is_empty(),
        "no JPEG, PNG, WebP, GIF or BMP file was found; give photos or a folder with photos"
    );
    let Some(Shard { index, of }) = shard else { return Ok(found) };
    Ok(found.into_iter().skip(index - 1).step_by(of).collect())
}

/// What to compute for each photo.
pub struct BatchOptions {
    pub options: CamOptions,
    /// Number of most probable classes; ignored if `classes` is not empty.
    pub top: usize,
    pub classes: Vec<usize>,
}

/// Run inference on every photo on all threads. `make` runs on the threads, `then` here and in order. A photo that cannot be
/// used is an error of its own.
pub fn for_each<T: Send>(
    session: &Session,
    sources: &[Source],
    wanted: &BatchOptions,
    make: impl Fn(&Source, &Photo, Inference) -> anyhow::Result<T> + Sync,
    mut then: impl FnMut(&Source, anyhow::Result<T>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} photos · {eta} left")?;
    let bar = ProgressBar::new(sources.len() as u64).with_style(style);
    for some in sources.chunks(AT_ONCE) {
        let one = |session: &mut Session, source: &Source| {
            let (photo, inference) = infer_file(session, &source.path, wanted)?;
            let made = make(source, &photo, inference);
            bar.inc(1);
            made
        };
        let made: Vec<_> = some.par_iter().map_init(|| session.fork(), one).collect();
        for (source, made) in some.iter().zip(made) {
            bar.suspend(|| then(source, made))?;
        }
    }
    bar.finish_and_clear();
    Ok(())
}

fn infer_file(session: &mut Session, path: &Path, wanted: &BatchOptions) -> anyhow::Result<(Photo, Inference)> {
    const ID: u32 = 0;
    let photo = Photo::decode(&std::fs::read(path).context("the file cannot be read")?)?;
    for note in &photo.notes {
        eprintln!("{}: {note}", path.display());
    }
    let mut inference = pollster::block_on(session.infer(ID, &photo, wanted.top))?;
    let best: Vec<usize> = inference.predictions.iter().map(|p| p.index).collect();
    let classes = if wanted.classes.is_empty() { &best } else { &wanted.classes };
    if wanted.options != CamOptions::default() || !wanted.classes.is_empty() {
        let go_on = async |_, _| ControlFlow::Continue(());
        inference.predictions = pollster::block_on(session.explain(ID, &wanted.options, classes, go_on))?;
    }
    Ok((photo, inference))
}
