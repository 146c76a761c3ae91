//! Files of a folder or an archive: which of them count, and to which part of a data set and to which class a photo belongs.

use std::collections::BTreeMap;

/// Names of files and folders that programs make for themselves, beside all that begin with a dot.
const OF_PROGRAMS: [&str; 6] =
    ["__MACOSX", "Thumbs.db", "desktop.ini", "$RECYCLE.BIN", "@eaDir", "System Volume Information"];

/// Return whether a path names a file that programs made for themselves, such as macOS's `._` twins, Jupyter's checkpoints or
/// Synology's thumbnails. Such files do not count as photos.
///
/// ```
/// # use camscope::core::folders::is_hidden;
/// assert!(is_hidden("cats/._tom.jpg") && is_hidden("__MACOSX/cats/tom.jpg") && is_hidden("cats/.thumbnails/tom.jpg"));
/// assert!(!is_hidden("./cats/tom.jpg") && !is_hidden("cats/tom.v2.jpg"));
/// ```
pub fn is_hidden(path: &str) -> bool {
    let is_of_program = |part: &str| OF_PROGRAMS.iter().any(|name| name.eq_ignore_ascii_case(part));
    path.split('/').any(|part| part.starts_with('.') && !matches!(part, "." | "..") || is_of_program(part))
}

/// A part of a data set, named by its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Photos to learn from.
    Train,
    /// Photos that choose the best epoch.
    Validation,
    /// Photos that evaluate the result.
    Test,
}

impl Part {
    /// Return the part that a folder of this name holds, in upper or lower case.
    pub fn named(folder: &str) -> Option<Self> {
        match folder.to_ascii_lowercase().as_str() {
            "train" | "training" => Some(Self::Train),
            "val" | "valid" | "validation" => Some(Self::Validation),
            "test" | "testing" => Some(Self::Test),
            _ => None,
        }
    }
}

/// Where a photo belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Its part, if the data has parts.
    pub part: Option<Part>,
    /// Name of its class's folder.
    pub class: &'a str,
}

/// Return where each photo belongs, by its path; `None` for a photo that lies beside the class folders.
///
/// Class folders lie side by side, below the folders of the parts if there are such. Folders around them do not matter, and
/// photos of folders below a class folder are the class's.
///
/// ```
/// # use camscope::core::folders::{Part, places};
/// let of = |paths: &[&'static str]| places(paths).into_iter().map(|place| place.map(|p| (p.part, p.class))).collect::<Vec<_>>();
/// assert_eq!(of(&["pets/cats/2023/a.jpg", "pets/dogs/b.jpg", "pets/cover.jpg"]), [Some((None, "cats")), Some((None, "dogs")), None]);
/// assert_eq!(of(&["Train/cats/a.jpg", "valid/cats/b.jpg"]), [Some((Some(Part::Train), "cats")), Some((Some(Part::Validation), "cats"))]);
/// ```
pub fn places<'a>(paths: &[&'a str]) -> Vec<Option<Place<'a>>> {
    let folders: Vec<Vec<&str>> = paths.iter().map(|path| folders_of(path)).collect();
    let mut depth = 0;
    loop {
        // A part has class folders.
        let part = |folders: &Vec<&str>| (folders.len() > depth + 1).then(|| Part::named(folders[depth])).flatten();
        if folders.iter().any(|folders| part(folders).is_some()) {
            let place = |folders: &Vec<&'a str>| {
                part(folders).map(|part| Place { part: Some(part), class: folders[depth + 1] })
            };
            return folders.iter().map(place).collect();
        }
        let mut names = folders.iter().filter_map(|folders| folders.get(depth).copied());
        let first = names.next();
        let is_alone = first.is_some() && names.all(|name| Some(name) == first);
        let below = folders.iter().filter(|folders| folders.len() > depth + 1).count();
        let here = folders.iter().filter(|folders| folders.len() == depth + 1).count();
        // One folder that holds mostly folders is around the class folders.
        if is_alone && below > here {
            depth += 1;
            continue;
        }
        let place = |folders: &Vec<&'a str>| folders.get(depth).map(|class| Place { part: None, class });
        return folders.iter().map(place).collect();
    }
}

fn folders_of(path: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    parts.pop();
    parts
}

/// Files that were passed over, counted by their ending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PassedOver(BTreeMap<String, usize>);

/// Endings that are listed; the files of others are counted together.
const LISTED: usize = 6;

impl PassedOver {
    /// Count a file.
    pub fn add(&mut self, path: &str) {
        let file = path.rsplit('/').next().unwrap_or(path);
        let ending = file.rsplit_once('.').map(|(_, ending)| format!(".{}", ending.to_ascii_lowercase()));
        *self.0.entry(ending.unwrap_or_default()).or_default() += 1;
    }

    /// Return the number of files.
    pub fn count(&self) -> usize {
        self.0.values().sum()
    }

    /// List the endings, the commonest first: `8 .txt, 1 .tif`. `without` stands for the ending of files that have none.
    ///
    /// ```
    /// # use camscope::core::folders::PassedOver;
    /// let mut passed_over = PassedOver::default();
    /// ["a.TXT", "b/c.txt", "b/README"].iter().for_each(|path| passed_over.add(path));
    /// assert_eq!(passed_over.list("without ending"), "2 .txt, 1 without ending");
    /// ```
    pub fn list(&self, without: &str) -> String {
        let mut left = self.0.clone();
        let mut words = Vec::new();
        while let Some((ending, count)) = left.iter().rev().max_by_key(|(_, count)| **count) {
            let (ending, count) = (ending.clone(), *count);
            if words.len() == LISTED {
                words.push(["… ", &left.values().sum::<usize>().to_string()].concat());
                break;
            }
            left.remove(&ending);
            words.push([count.to_string().as_str(), " ", if ending.is_empty() { without } else { &ending }].concat());
        }
        words.join(", ")
    }
}
