//! Inference on many photos: folders, shares for several machines, all threads.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context;
use camscope::core::inference::Inference;
use camscope::core::method::CamOptions;
use camscope::data::{FileFilter, files_below};
use camscope::engine::Session;
use camscope::photo::Photo;
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;

use crate::evaluation_data::say_left_out;

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
    /// Where files about it go, below the folder for output and without an ending: no two photos have the same.
    pub out: PathBuf,
}

/// Most bytes of a file's name before what is added to it; file systems allow 255 in all.
const LONGEST: usize = 150;

/// Give every photo a place of its own for output: below the folders that it lies in, or in the output's folder if it was given itself.
/// Photos of one name get numbers.
fn with_places(mut sources: Vec<Source>) -> Vec<Source> {
    let mut taken = HashSet::new();
    // The number to try next, so that thousands of equal names are no matter.
    let mut next: HashMap<String, usize> = HashMap::new();
    for source in &mut sources {
        let name = Path::new(&source.name);
        let below = name.parent().filter(|_| source.path != *name).unwrap_or(Path::new(""));
        let stem = name.file_stem().unwrap_or_default().to_string_lossy();
        let end = (0..=stem.len().min(LONGEST)).rev().find(|&end| stem.is_char_boundary(end)).unwrap_or(0);
        let numbered =
            |n: usize| below.join(if n == 1 { stem[..end].to_owned() } else { format!("{}-{n}", &stem[..end]) });
        // Some file systems take upper and lower case for the same.
        let mut is_free = |out: &PathBuf| taken.insert(out.to_string_lossy().to_lowercase());
        let first = next.entry(numbered(1).to_string_lossy().to_lowercase()).or_insert(1);
        let free = (*first..).map(|n| (n, numbered(n))).find(|(_, out)| is_free(out));
        if let Some((n, out)) = free {
            (*first, source.out) = (n + 1, out);
        }
    }
    sources
}

/// List the files, and all photos below the folders, sorted by name; keep only the shard.
pub fn sources(paths: &[PathBuf], shard: Option<Shard>) -> anyhow::Result<Vec<Source>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let listed = files_below(path, FileFilter { photos: true, others: |_: &str| false })?;
            say_left_out(&listed.unreadable, &listed.remarks());
            let mut below: Vec<Source> =
                listed.files.into_iter().map(|(name, path)| Source { name, path, out: PathBuf::new() }).collect();
            // Several folders may have photos of the same name.
            if let (2.., Some(folder)) = (paths.len(), path.file_name()) {
                below
                    .iter_mut()
                    .for_each(|source| source.name = format!("{}/{}", folder.to_string_lossy(), source.name));
            }
            found.extend(below);
        } else {
            found.push(Source { name: path.to_string_lossy().into_owned(), path: path.clone(), out: PathBuf::new() });
        }
    }
    anyhow::ensure!(
        !found.is_empty(),
        "no JPEG, PNG, WebP, GIF or BMP file was found; give photos or a folder with photos"
    );
    // Before the shard is taken, so that several machines write different files.
    let found = with_places(found);
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
