//! Which photo an annotation file is about.

use std::collections::{HashMap, HashSet};

/// Folders that separate photos from annotations.
const SEPARATE: [&str; 6] = ["images", "labels", "JPEGImages", "Annotations", "annotations", "labels_with_ids"];

/// The photo of an annotation file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhotoOf {
    /// Index of the photo.
    One(usize),
    /// Several photos have this name, and none of them is in a place that tells.
    Several,
    /// There is none.
    None,
}

/// Photos by their paths, in the ways in which annotation files are laid out beside them.
pub struct Matching<'a> {
    /// By the whole path without the folders that separate.
    by_path: HashMap<String, Vec<usize>>,
    /// By the path below the last folder that separates.
    by_rest: HashMap<String, Vec<usize>>,
    /// By the name alone.
    by_name: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Matching<'a> {
    /// Take the photos' paths.
    pub fn new(photos: impl IntoIterator<Item = &'a str>) -> Self {
        let mut matching = Self { by_path: HashMap::new(), by_rest: HashMap::new(), by_name: HashMap::new() };
        for (at, path) in photos.into_iter().enumerate() {
            matching.by_path.entry(whole(path)).or_default().push(at);
            matching.by_rest.entry(rest(path)).or_default().push(at);
            matching.by_name.entry(stem(path)).or_default().push(at);
        }
        matching
    }

    /// Return the photo of each annotation file: the one at the same path, as in `train/labels/1.txt` and `train/images/1.jpg`; else,
    /// among photos that no other file has by its path, the one at the same path below these folders; else the only one of that name.
    ///
    /// ```
    /// # use camscope::core::annotations::{Matching, PhotoOf};
    /// let matching = Matching::new(["train/images/1.jpg", "valid/images/1.jpg", "2.png"]);
    /// let photos = matching.photos(["valid/labels/1.txt", "boxes/2.xml", "test/labels/1.txt", "3.txt"]);
    /// assert_eq!(photos, [PhotoOf::One(1), PhotoOf::One(2), PhotoOf::Several, PhotoOf::None]);
    /// ```
    pub fn photos<'b>(&self, annotations: impl IntoIterator<Item = &'b str>) -> Vec<PhotoOf> {
        let paths: Vec<&str> = annotations.into_iter().collect();
        let only = |photos: Option<&Vec<usize>>| photos.filter(|photos| photos.len() == 1).map(|photos| photos[0]);
        let exact: Vec<Option<usize>> = paths.iter().map(|path| only(self.by_path.get(&whole(path)))).collect();
        let claimed: HashSet<usize> = exact.iter().flatten().copied().collect();
        let other = |path: &str| {
            let found = [self.by_rest.get(&rest(path)), self.by_name.get(stem(path))];
            match found.iter().find_map(|photos| only(*photos)) {
                Some(photo) if claimed.contains(&photo) => PhotoOf::None,
                Some(photo) => PhotoOf::One(photo),
                None if found.iter().any(Option::is_some) => PhotoOf::Several,
                None => PhotoOf::None,
            }
        };
        exact.iter().zip(&paths).map(|(exact, path)| exact.map_or_else(|| other(path), PhotoOf::One)).collect()
    }
}

/// Return the path without its ending and the folders that separate.
fn whole(path: &str) -> String {
    let (folders, _) = path.rsplit_once('/').unwrap_or(("", path));
    let mut parts: Vec<&str> = folders.split('/').filter(|part| !SEPARATE.contains(part) && !part.is_empty()).collect();
    parts.push(stem(path));
    parts.join("/")
}

/// Return the path below the last folder that separates, without its ending.
fn rest(path: &str) -> String {
    let (folders, _) = path.rsplit_once('/').unwrap_or(("", path));
    let mut parts: Vec<&str> = folders.split('/').collect();
    if let Some(last) = parts.iter().rposition(|part| SEPARATE.contains(part)) {
        parts.drain(..=last);
    }
    parts.push(stem(path));
    parts.join("/")
}

fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}
