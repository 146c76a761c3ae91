//! The directions in which modules know each other (ARCHITECTURE.md), read off every path in the code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

use crate::support::project;

/// Each module, what it may use of the library, and which outer worlds it may touch. A module may only use those above it.
const HOUSE: &[(&str, &[&str], &[&str])] = &[
    ("core", &[], &[]),
    ("language", &["core"], &[]),
    ("protocol", &["core"], &[]),
    ("render", &["core"], &[]),
    ("photo", &["core"], &["image"]),
    ("device", &[], &["burn"]),
    ("preprocess", &["core"], &["burn"]),
    ("model", &["core", "kernels"], &["burn"]),
    ("cam", &["core", "device", "kernels", "model", "threads"], &["burn"]),
    ("data", &["core", "photo", "threads"], &["image"]),
    ("checkpoint", &["core", "data", "device", "model"], &["burn"]),
    ("train", &["cam", "core", "data", "device", "model", "threads"], &["burn"]),
    (
        "engine",
        &["cam", "checkpoint", "core", "data", "device", "kernels", "model", "photo", "protocol", "train"],
        &["burn", "web"],
    ),
    ("page", &["core", "protocol", "render"], &["web"]),
    ("bin/words", &["language", "page"], &["web"]),
    ("bin/app", PAGE, &["web"]),
    ("bin/teach", PAGE, &["web"]),
    ("bin/check", PAGE, &["web"]),
    ("bin/about", PAGE, &["web"]),
    ("bin/engine_cpu", &["device", "engine"], &[]),
    ("bin/engine_cpu_relaxed", &["device", "engine", "kernels"], &[]),
    ("bin/engine_webgpu", &["device", "engine"], &[]),
    (
        "bin/camscope",
        &["cam", "checkpoint", "core", "data", "device", "engine", "language", "model", "photo", "render", "train"],
        &["burn", "image"],
    ),
];

const PAGE: &[&str] = &["core", "page", "protocol", "render"];

/// Modules of the crate `camscope-kernels`, under the library's name for them.
const KERNELS: [&str; 2] = ["kernels", "threads"];

const WORLDS: &[(&str, &[&str])] = &[
    ("burn", &["burn", "burn_store"]),
    ("image", &["image", "fast_image_resize"]),
    ("web", &["web_sys", "js_sys", "wasm_bindgen", "leptos"]),
];

#[test]
fn modules_use_only_what_lies_below_them() {
    let root = project("src");
    let mut used_entries = BTreeSet::new();
    for file in rust_files(&root) {
        let name = file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        if name == "lib.rs" {
            continue;
        }
        let path = name.trim_end_matches(".rs");
        let inside = |module: &str| path == module || path.starts_with(&format!("{module}/"));
        let entry = HOUSE.iter().find(|(module, ..)| inside(module));
        let (module, allowed, worlds) = entry.unwrap_or_else(|| panic!("src/{name} has no place in HOUSE"));
        used_entries.insert(*module);
        let own = if module.starts_with("bin/") { "camscope" } else { "crate" };
        for path in paths(&file) {
            if path[0] == own && path.len() > 1 {
                let used = path[1].as_str();
                let known = used == *module || allowed.contains(&used) || !library().contains(used);
                assert!(known, "src/{name} uses {used}, which {module} must not know");
            }
            if let Some((world, _)) = WORLDS.iter().find(|(_, crates)| crates.contains(&path[0].as_str())) {
                assert!(worlds.contains(world), "src/{name} uses {}, but {module} must not touch {world}", path[0]);
            }
        }
    }
    for (module, ..) in HOUSE {
        assert!(used_entries.contains(module), "there is no module {module} any more; take it out of HOUSE");
    }
}

/// The library's modules, as lib.rs declares and re-exports them.
fn library() -> BTreeSet<&'static str> {
    HOUSE.iter().map(|(module, ..)| *module).filter(|module| !module.starts_with("bin/")).chain(KERNELS).collect()
}

#[test]
fn every_module_has_its_place_and_none_uses_one_that_uses_it() {
    let lib = std::fs::read_to_string(project("src/lib.rs")).unwrap();
    let declared = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let declared: BTreeSet<&str> = declared.chain(KERNELS).collect();
    assert_eq!(declared, library());
    let mut above: BTreeSet<&str> = KERNELS.into();
    for (module, allowed, _) in HOUSE {
        let unknown: Vec<_> = allowed.iter().filter(|used| !above.contains(**used)).collect();
        assert!(unknown.is_empty(), "{module} may use {unknown:?}, which stand below it in HOUSE");
        above.insert(module);
    }
}

/// A folder's `mod.rs` joins its files, so that it naming them is no circle; them naming it is a direction.
#[test]
fn no_files_of_the_library_use_each_other_in_a_circle() {
    for root in [project("src"), project("crates/kernels/src")] {
        let files = rust_files(&root).into_iter().filter(|file| !file.starts_with(root.join("bin")));
        let modules: BTreeMap<Vec<String>, PathBuf> = files.map(|file| (module_of(&root, &file), file)).collect();
        let uses = |module: &Vec<String>| -> BTreeSet<Vec<String>> {
            let paths = paths(&modules[module]).into_iter();
            let used = paths.filter_map(|path| resolve(&path, module, &modules));
            used.filter(|used| used != module && !used.starts_with(module)).collect()
        };
        let graph: BTreeMap<_, _> = modules.keys().map(|module| (module.clone(), uses(module))).collect();
        // What uses nothing that is left is taken out, again and again; what stays lies on a circle or before one.
        let mut left = graph.clone();
        loop {
            let here: BTreeSet<_> = left.keys().cloned().collect();
            let size = left.len();
            left.retain(|_, used| used.iter().any(|module| here.contains(module)));
            if left.len() == size {
                break;
            }
        }
        let left: Vec<String> = left.keys().map(|module| module.join("::")).collect();
        assert!(left.is_empty(), "{left:?} use each other in a circle, or something that does");
    }
}

/// `src/cam/explain.rs` is `cam::explain`, `src/cam/mod.rs` is `cam`, `src/lib.rs` nothing.
fn module_of(root: &Path, file: &Path) -> Vec<String> {
    let path = file.strip_prefix(root).unwrap().with_extension("");
    let mut parts: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod" || last == "lib") {
        parts.pop();
    }
    parts
}

/// The module that a path in `module` leads into; `None` where it leads out of the crate, or to lib.rs alone.
fn resolve(path: &[String], module: &[String], modules: &BTreeMap<Vec<String>, PathBuf>) -> Option<Vec<String>> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    let mut full = match path[0].as_str() {
        "crate" => path[1..].to_vec(),
        "super" => [&module[..module.len().checked_sub(ups)?], &path[ups..]].concat(),
        _ => return None,
    };
    while !full.is_empty() && !modules.contains_key(&full) {
        full.pop();
    }
    (!full.is_empty()).then_some(full)
}

#[test]
fn paths_are_found_in_brace_lists_too() {
    let code =
        "use crate::{cam, model::{self, run}, a as b}; fn f() { crate::data::g(super::super::h()) } // crate::no";
    let found: Vec<String> = paths_in(code.parse().unwrap()).iter().map(|path| path.join("::")).collect();
    let expected =
        ["crate::cam", "crate::model::self", "crate::model::run", "crate::a", "crate::data::g", "super::super::h"];
    assert_eq!(found, expected);
}

fn paths(file: &Path) -> Vec<Vec<String>> {
    let code = std::fs::read_to_string(file).unwrap();
    paths_in(code.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display())))
}

/// Every path of two parts or more, those in brace lists written out.
fn paths_in(tokens: TokenStream) -> Vec<Vec<String>> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Ident(_) => at = path_at(&tokens, at, Vec::new(), &mut found),
            TokenTree::Group(group) => {
                found.extend(paths_in(group.stream()));
                at += 1;
            }
            _ => at += 1,
        }
    }
    found
}

/// Read the path that begins at `at` behind `prefix`; return the place after it.
fn path_at(tokens: &[TokenTree], mut at: usize, prefix: Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    let colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    let mut path = prefix;
    while let Some(TokenTree::Ident(ident)) = tokens.get(at) {
        path.push(ident.to_string());
        at += 1;
        if !(colon(at) && colon(at + 1)) {
            break;
        }
        at += 2;
        if let Some(TokenTree::Group(group)) = tokens.get(at) {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            let comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
            for part in inner.split(comma).filter(|part| !part.is_empty()) {
                path_at(part, 0, path.clone(), found);
            }
            return at + 1;
        }
    }
    if path.len() > 1 {
        found.push(path);
    }
    at
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let own = files.into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs"));
    own.chain(folders.iter().flat_map(|folder| rust_files(folder))).collect()
}
