//! Names of the classes that YOLO's labels number.

/// Read the names of classes, by number, from the text of a file called `name`: a line each in `classes.txt` and `*.names`, the entry
/// `names` of `data.yaml` and other YAML files. `None` for a file that names no classes.
///
/// Of YAML it understands what training programs write there: `[a, b]`, a list of lines `- a`, and lines `0: a`.
///
/// ```
/// # use camscope::core::annotations::class_names;
/// let expected = Some(vec!["traffic light".to_owned(), "cat".to_owned()]);
/// assert_eq!(class_names("data/classes.txt", "traffic light\r\ncat\n"), expected);
/// assert_eq!(class_names("data.yaml", "nc: 2\nnames: ['traffic light', \"cat\"] # two\n"), expected);
/// assert_eq!(class_names("a/coco.yml", "names:\n  1: cat\n  0: traffic light\ntrain: images\n"), expected);
/// assert_eq!(class_names("labels/photo.txt", "0 0.5 0.5 0.1 0.1"), None);
/// ```
pub fn class_names(name: &str, text: &str) -> Option<Vec<String>> {
    let file = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let lines = text.trim_start_matches('\u{feff}').lines();
    let mut names: Vec<String> = match file.rsplit_once('.') {
        Some(("classes", "txt")) => lines.map(str::trim).map(str::to_owned).collect(),
        Some((_, "names")) => lines.map(str::trim).map(str::to_owned).collect(),
        Some((_, "yaml" | "yml")) => in_yaml(lines)?,
        _ => return None,
    };
    // A blank line between names counts; those at the end do not.
    while names.last().is_some_and(String::is_empty) {
        names.pop();
    }
    (!names.is_empty()).then_some(names)
}

/// Most classes that a file may number.
const MOST: usize = 100_000;

fn in_yaml<'a>(mut lines: impl Iterator<Item = &'a str>) -> Option<Vec<String>> {
    let first = lines.find_map(|line| line.strip_prefix("names:"))?;
    let list = plain(first);
    if let Some(open) = list.strip_prefix('[') {
        // A long list goes on over several lines.
        let mut list = open.to_owned();
        while !list.contains(']') {
            list = [&list, " ", plain(lines.next()?)].concat();
        }
        return Some(items(&list));
    }
    let mut names = Vec::new();
    for line in lines.take_while(|line| plain(line).is_empty() || line.starts_with([' ', '\t', '-'])) {
        let line = plain(line);
        if let Some(name) = line.strip_prefix("- ") {
            names.push(unquoted(name));
        } else if let Some((number, name)) = line.split_once(':')
            && let Some(number) = number.trim().parse().ok().filter(|number: &usize| *number < MOST)
        {
            names.resize(names.len().max(number + 1), String::new());
            names[number] = unquoted(name);
        }
    }
    Some(names)
}

/// Split a list at its commas, but not within quotes, up to its end.
fn items(list: &str) -> Vec<String> {
    let (mut items, mut quote, mut start) = (Vec::new(), None, 0);
    for (at, c) in list.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, ',' | ']') => {
                items.push(unquoted(&list[start..at]));
                start = at + 1;
                if c == ']' {
                    break;
                }
            }
            (None, _) => {}
        }
    }
    items
}

/// Return a line without its comment.
fn plain(line: &str) -> &str {
    let comment = line.find(" #").or(line.starts_with('#').then_some(0));
    line[..comment.unwrap_or(line.len())].trim()
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    let inner = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.unwrap_or(text).to_owned()
}
