//! The allowed dependencies between modules (ARCHITECTURE.md), checked on every path in the code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

use crate::support::project;

/// Each module, the modules of the library that it may use, and the groups of external crates that it may use. A module
/// may use only modules above it.
const LAYERS: &[(&str, &[&str], &[&str])] = &[
    ("core", &[], &[]),
    ("language", &["core"], &[]),
    ("protocol", &["core"], &[]),
    ("render", &["core"], &[]),
    ("photo", &["core"], &["image"]),
    ("device", &["kernels"], &["burn"]),
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
    ("page", &["core", "language", "protocol", "render"], &["web"]),
    ("bin/page", &["page"], &[]),
    ("bin/engine_cpu", &["device", "engine"], &[]),
    ("bin/engine_cpu_relaxed", &["device", "engine", "kernels"], &[]),
    ("bin/engine_webgpu", &["device", "engine"], &[]),
    (
        "bin/camscope",
        &["cam", "checkpoint", "core", "data", "device", "engine", "language", "model", "photo", "render", "train"],
        &["burn", "image"],
    ),
];

/// Modules of the crate `camscope-kernels`, which the library re-exports under these names.
const KERNELS: [&str; 2] = ["kernels", "threads"];

/// Groups of external crates.
const EXTERNAL: &[(&str, &[&str])] = &[
    ("burn", &["burn", "burn_store"]),
    ("image", &["image", "fast_image_resize"]),
    ("web", &["web_sys", "js_sys", "wasm_bindgen", "leptos"]),
];

#[test]
fn modules_use_only_what_the_table_allows() {
    let root = project("src");
    let mut used_entries = BTreeSet::new();
    for file in rust_files(&root) {
        let name = file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        if name == "lib.rs" {
            continue;
        }
        let path = name.trim_end_matches(".rs");
        let inside = |module: &str| path == module || path.starts_with(&format!("{module}/"));
        let entry = LAYERS.iter().find(|(module, ..)| inside(module));
        let (module, allowed, groups) = entry.unwrap_or_else(|| panic!("src/{name} is not in LAYERS"));
        used_entries.insert(*module);
        let own = if module.starts_with("bin/") { "camscope" } else { "crate" };
        for path in paths(&file) {
            let path = absolute(path, own, &module_of(&root, &file));
            if path[0] == own && path.len() > 1 {
                let used = path[1].as_str();
                let known = used == *module || allowed.contains(&used) || !library().contains(used);
                assert!(known, "src/{name} uses {used}, which {module} must not use");
            }
            if let Some((group, _)) = EXTERNAL.iter().find(|(_, crates)| crates.contains(&path[0].as_str())) {
                assert!(groups.contains(group), "src/{name} uses {}, but {module} must not use {group}", path[0]);
            }
        }
    }
    for (module, ..) in LAYERS {
        assert!(used_entries.contains(module), "there is no module {module}; remove it from LAYERS");
    }
}

/// Return the modules that lib.rs declares and re-exports.
fn library() -> BTreeSet<&'static str> {
    LAYERS.iter().map(|(module, ..)| *module).filter(|module| !module.starts_with("bin/")).chain(KERNELS).collect()
}

#[test]
fn every_module_is_in_the_table_below_those_it_uses() {
    let lib = std::fs::read_to_string(project("src/lib.rs")).unwrap();
    let declared = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let declared: BTreeSet<&str> = declared.chain(KERNELS).collect();
    assert_eq!(declared, library());
    let mut above: BTreeSet<&str> = KERNELS.into();
    for (module, allowed, _) in LAYERS {
        let unknown: Vec<_> = allowed.iter().filter(|used| !above.contains(**used)).collect();
        assert!(unknown.is_empty(), "{module} may use {unknown:?}, which are below it in LAYERS");
        above.insert(module);
    }
}

/// A folder's `mod.rs` joins its files. Hence its own uses of them do not count; their uses of it do.
#[test]
fn files_of_the_library_have_no_circular_dependencies() {
    for root in [project("src"), project("crates/kernels/src")] {
        let files = rust_files(&root).into_iter().filter(|file| !file.starts_with(root.join("bin")));
        let modules: BTreeMap<Vec<String>, PathBuf> = files.map(|file| (module_of(&root, &file), file)).collect();
        let uses = |module: &Vec<String>| -> BTreeSet<Vec<String>> {
            let paths = paths(&modules[module]).into_iter();
            let used = paths.filter_map(|path| resolve(&path, module, &modules));
            used.filter(|used| used != module && !used.starts_with(module)).collect()
        };
        let graph: BTreeMap<_, _> = modules.keys().map(|module| (module.clone(), uses(module))).collect();
        // Repeatedly remove modules that use none of the remaining ones. The rest is part of a cycle, or uses one.
        let mut rest = graph.clone();
        loop {
            let remaining: BTreeSet<_> = rest.keys().cloned().collect();
            let size = rest.len();
            rest.retain(|_, used| used.iter().any(|module| remaining.contains(module)));
            if rest.len() == size {
                break;
            }
        }
        let rest: Vec<String> = rest.keys().map(|module| module.join("::")).collect();
        assert!(rest.is_empty(), "{rest:?} are part of a cycle, or use one");
    }
}

/// Return the module path of a file: `cam::explain` for `src/cam/explain.rs`, `cam` for `src/cam/mod.rs`, and an empty
/// one for `src/lib.rs`.
fn module_of(root: &Path, file: &Path) -> Vec<String> {
    let path = file.strip_prefix(root).unwrap().with_extension("");
    let mut parts: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod" || last == "lib") {
        parts.pop();
    }
    parts
}

/// Return a path in `module` with its leading `super` written out, from the root of its crate, which is called `own`.
fn absolute(path: Vec<String>, own: &str, module: &[String]) -> Vec<String> {
    let supers = path.iter().take_while(|part| *part == "super").count();
    match module.len().checked_sub(supers) {
        Some(depth) if supers > 0 => [&[own.to_owned()], &module[..depth], &path[supers..]].concat(),
        _ => path,
    }
}

#[test]
fn a_leading_super_is_written_out() {
    let words = |path: &str| path.split("::").map(str::to_owned).collect::<Vec<_>>();
    let actual = absolute(words("super::super::render::Colormap"), "crate", &words("cam::head"));
    assert_eq!(actual, words("crate::render::Colormap"));
}

/// Return the module that a path in `module` refers to, or `None` if it is outside the crate or in lib.rs itself.
fn resolve(path: &[String], module: &[String], modules: &BTreeMap<Vec<String>, PathBuf>) -> Option<Vec<String>> {
    let supers = path.iter().take_while(|part| *part == "super").count();
    let mut full = match path[0].as_str() {
        "crate" => path[1..].to_vec(),
        "super" => [&module[..module.len().checked_sub(supers)?], &path[supers..]].concat(),
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
    let actual: Vec<String> = paths_in(code.parse().unwrap()).iter().map(|path| path.join("::")).collect();
    let expected =
        ["crate::cam", "crate::model::self", "crate::model::run", "crate::a", "crate::data::g", "super::super::h"];
    assert_eq!(actual, expected);
}

/// Return every path of two parts or more in the file's code.
fn paths(file: &Path) -> Vec<Vec<String>> {
    let code = std::fs::read_to_string(file).unwrap();
    paths_in(code.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display())))
}

/// Return every path of two parts or more. Paths in brace lists are written out.
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

/// Append the path that begins at token `at`, with `prefix` before it, to `found`. Return the index of the token after
/// it.
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

/// Return all Rust files in the folder and its subfolders.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let own = files.into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs"));
    own.chain(folders.iter().flat_map(|folder| rust_files(folder))).collect()
}
