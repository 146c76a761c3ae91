//! The directions in which modules know each other (ARCHITECTURE.md): read off the `use` lines, held here.

use std::path::{Path, PathBuf};

use crate::support::project;

/// Each module, what it may use of the library, and which of the outer worlds it may touch.
const HOUSE: &[(&str, &[&str], &[&str])] = &[
    ("recipe", &[], &[]),
    ("said", &[], &[]),
    ("language", &["said"], &[]),
    ("method", &["said"], &[]),
    ("measure", &[], &[]),
    ("evidence", &["recipe"], &[]),
    ("protocol", &["measure", "method", "recipe", "said"], &[]),
    ("project", &["protocol", "said"], &[]),
    ("annotations", &["recipe", "said"], &[]),
    ("npy", &[], &[]),
    ("survey", &["evidence", "npy", "protocol", "recipe", "render", "said"], &[]),
    ("render", &["recipe"], &[]),
    ("photo", &["recipe"], &["image"]),
    ("device", &[], &["burn"]),
    ("preprocess", &["recipe"], &["burn"]),
    ("threads", &[], &[]),
    ("kernels", &["threads"], &["burn"]),
    ("model", &["kernels"], &["burn"]),
    ("cam", &["device", "kernels", "measure", "method", "model", "threads"], &["burn"]),
    ("data", &["annotations", "photo", "recipe", "threads"], &["image"]),
    ("checkpoint", &["data", "device", "model", "recipe"], &["burn"]),
    ("train", &["cam", "data", "device", "evidence", "model", "recipe", "render", "threads"], &["burn"]),
    (
        "engine",
        &[
            "cam",
            "checkpoint",
            "data",
            "device",
            "evidence",
            "kernels",
            "measure",
            "method",
            "model",
            "photo",
            "protocol",
            "recipe",
            "render",
            "said",
            "train",
        ],
        &["burn", "web"],
    ),
    ("page", &["protocol", "render", "said"], &["web"]),
    ("bin/words", &["language", "page"], &["web"]),
    ("bin/app", &["method", "page", "protocol", "render", "said"], &["web"]),
    ("bin/teach", &["page", "project", "protocol", "render", "said"], &["web"]),
    (
        "bin/check",
        &["annotations", "measure", "method", "page", "protocol", "recipe", "render", "said", "survey"],
        &["web"],
    ),
    ("bin/about", &["page", "protocol", "said"], &["web"]),
    ("bin/engine_cpu", &["device", "engine"], &[]),
    ("bin/engine_cpu_relaxed", &["device", "engine"], &[]),
    ("bin/engine_webgpu", &["device", "engine"], &[]),
    ("bin/camscope", EVERY, &["burn", "image"]),
];

const EVERY: &[&str] = &[
    "annotations",
    "cam",
    "checkpoint",
    "data",
    "device",
    "engine",
    "evidence",
    "kernels",
    "language",
    "measure",
    "method",
    "model",
    "npy",
    "page",
    "photo",
    "protocol",
    "recipe",
    "render",
    "said",
    "survey",
    "threads",
    "train",
];

const WORLDS: &[(&str, &[&str])] = &[
    ("burn", &["burn", "burn_store"]),
    ("image", &["image", "fast_image_resize"]),
    ("web", &["web_sys", "js_sys", "wasm_bindgen", "leptos"]),
];

#[test]
fn modules_use_only_what_lies_below_them() {
    let root = project("src");
    let mut seen = vec![false; HOUSE.len()];
    for file in rust_files(&root) {
        let name = file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        if name == "lib.rs" {
            continue;
        }
        let path = name.trim_end_matches(".rs");
        let inside = |module: &str| path == module || path.starts_with(&format!("{module}/"));
        let at = HOUSE.iter().position(|(module, ..)| inside(module));
        let at = at.unwrap_or_else(|| panic!("src/{name} belongs to no module of the house; give it a place in HOUSE"));
        seen[at] = true;
        let (module, allowed, worlds) = HOUSE[at];
        let own = if module.starts_with("bin/") { "camscope" } else { "crate" };
        for word in paths(&std::fs::read_to_string(&file).unwrap()) {
            if let Some(used) = word.strip_prefix(own).and_then(|rest| rest.strip_prefix("::")) {
                let used = used.split("::").next().unwrap();
                let known = used == module || allowed.contains(&used);
                assert!(known || !EVERY.contains(&used), "src/{name} uses {used}, which {module} must not know");
            }
            let head = word.split("::").next().unwrap();
            if let Some((world, _)) = WORLDS.iter().find(|(_, crates)| crates.contains(&head)) {
                assert!(worlds.contains(world), "src/{name} uses {head}, but {module} must not touch {world}");
            }
        }
    }
    for (seen, (module, ..)) in seen.iter().zip(HOUSE) {
        assert!(seen, "there is no module {module} any more; take it out of HOUSE");
    }
}

/// Everything in the code that looks like `a::b`, comments left out.
fn paths(code: &str) -> Vec<String> {
    let code = code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
    let in_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = code.split(|c: char| !in_path(c)).filter(|word| word.contains("::"));
    words.map(|word| word.trim_start_matches(':').to_owned()).collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let own = files.into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs"));
    own.chain(folders.iter().flat_map(|folder| rust_files(folder))).collect()
}
