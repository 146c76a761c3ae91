//! Exported projects that other programs have packed again.

use std::io::{Cursor, Read, Write};

use camscope::core::archive::{Archive, ArchiveError};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::support::project;

/// Return the entries of a project that version 0.1 exported.
fn entries() -> Vec<(String, Vec<u8>)> {
    let bytes = std::fs::read(project("tests/fixtures/project-0.1.zip")).unwrap();
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let count = zip.len();
    let read = |at: usize| {
        let mut entry = zip.by_index(at).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.name().unwrap().to_string(), content)
    };
    (0..count).map(read).collect()
}

fn packed(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn renamed(change: impl Fn(&str) -> String) -> Vec<(String, Vec<u8>)> {
    entries().into_iter().map(|(name, content)| (change(&name), content)).collect()
}

#[test]
fn a_project_that_was_packed_again_is_complete() {
    let original = Archive::unpack(&packed(&entries())).unwrap();
    assert!(original.missing.is_empty() && !original.photos.is_empty() && original.weights.is_some());

    // As the file managers of Windows and macOS, and tar, do it.
    let mut finder = renamed(|name| format!("My classes/{name}"));
    finder.insert(0, ("__MACOSX/My classes/._project.json".into(), vec![0, 5, 22, 7]));
    finder.insert(0, ("__MACOSX/project.json".into(), vec![0, 5, 22, 7]));
    let marked = entries().into_iter().map(|(name, content)| match name.as_str() {
        "project.json" => (name, [b"\xef\xbb\xbf".as_slice(), &content].concat()),
        _ => (name, content),
    });
    for (how, again) in [
        ("below a folder", finder),
        ("with backslashes", renamed(|name| name.replace('/', "\\"))),
        ("below a folder, with backslashes", renamed(|name| format!("My classes\\{}", name.replace('/', "\\")))),
        ("from the current folder", renamed(|name| format!("./{name}"))),
        ("with a byte order mark", marked.collect()),
    ] {
        let archive = Archive::unpack(&packed(&again)).unwrap_or_else(|error| panic!("{how}: {error}"));
        assert_eq!(archive.project, original.project, "{how}");
        assert_eq!((&archive.photos, &archive.weights), (&original.photos, &original.weights), "{how}");
        assert!(archive.missing.is_empty(), "{how}: {:?}", archive.missing);
    }
}

#[test]
fn photos_that_are_missing_are_named_and_the_others_stay() {
    let all = entries();
    let gone: Vec<&String> =
        all.iter().map(|(name, _)| name).filter(|name| name.starts_with("photos/")).take(2).collect();
    let left: Vec<_> = all.iter().filter(|(name, _)| !gone.contains(&name)).cloned().collect();
    let archive = Archive::unpack(&packed(&left)).unwrap();
    assert_eq!((archive.missing.len(), archive.photos.len(), archive.project.photos.len()), (2, 8, 8));
    for name in &archive.missing {
        assert!(gone.iter().any(|path| path.ends_with(name.as_str())), "{name} is none of {gone:?}");
    }
    assert!(archive.weights.is_some());
}

#[test]
fn what_is_no_project_is_said_to_be_none() {
    let unpack = |bytes: &[u8]| Archive::unpack(bytes).unwrap_err();
    assert!(matches!(unpack(b"GIF89a"), ArchiveError::Zip(_)));
    assert!(matches!(unpack(&packed(&[("notes.txt".into(), Vec::new())])), ArchiveError::NoProject));
    assert!(matches!(unpack(&packed(&[("project.json".into(), b"{".to_vec())])), ArchiveError::Project(_)));
    assert!(matches!(unpack(&packed(&entries())[..4000]), ArchiveError::Zip(_)));
}
