//! `camscope fetch` against a local server: progress, resumption, digest, unpacking.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use camscope::data::{Archive, DataSource, FORMATS, FetchError, Fetched, Step, fetch};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::command_line::error_of_command;
use crate::support::source;

/// How the server answers.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Ranges,
    NoRanges,
    /// Close the connection after half of the archive, once.
    BreakOnce,
    Missing,
}

/// A server of one archive, and the `Range` headers that it was sent; an empty text stands for a request without.
struct Server {
    url: String,
    ranges: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(archive: Vec<u8>, mode: Mode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/archive.tar.gz", listener.local_addr().unwrap());
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let seen = ranges.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let range = range_of(&mut stream);
                let first = seen.lock().unwrap().is_empty();
                seen.lock().unwrap().push(range.clone());
                let start = range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap_or(0);
                let (status, start) = match mode {
                    Mode::Missing => ("404 Not Found", archive.len()),
                    Mode::NoRanges => ("200 OK", 0),
                    _ if range.is_empty() => ("200 OK", 0),
                    _ if start >= archive.len() => ("416 Range Not Satisfiable", archive.len()),
                    _ => ("206 Partial Content", start),
                };
                let body = &archive[start..];
                let sent = if mode == Mode::BreakOnce && first { &body[..body.len() / 2] } else { body };
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(sent));
            }
        });
        Self { url, ranges }
    }

    fn ranges(&self) -> Vec<String> {
        self.ranges.lock().unwrap().clone()
    }
}

/// Read a request and return its `Range` header.
fn range_of(stream: &mut TcpStream) -> String {
    let (mut request, mut block) = (Vec::new(), [0; 512]);
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let bytes = stream.read(&mut block).unwrap();
        assert!(bytes > 0, "the request ends early");
        request.extend_from_slice(&block[..bytes]);
    }
    let text = String::from_utf8(request).unwrap().to_lowercase();
    text.lines().find_map(|line| line.strip_prefix("range: ")).unwrap_or_default().to_owned()
}

/// Return an archive of CIFAR-10's layout with one training and one test image, and a file to skip.
fn packed() -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::none()));
    let record = |label: u8| [&[label][..], &[7; 3072]].concat();
    for (name, content) in
        [("data_batch_1.bin", record(3)), ("test_batch.bin", record(5)), ("unlabelled.bin", vec![0; 50_000])]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("cifar-10-batches-bin/{name}"), &content[..]).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// Describe the archive `bytes`.
fn archive(bytes: &[u8]) -> Archive {
    let sha256 = camscope::checkpoint::sha256_hex(bytes).leak();
    Archive { url: "", sha256, folder: "cifar-10-batches-bin", skipped: &["unlabelled.bin"] }
}

fn names_in(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn an_archive_is_downloaded_checked_and_unpacked() {
    let bytes = packed();
    let (server, folder) = (Server::start(bytes.clone(), Mode::Ranges), tempfile::tempdir().unwrap());
    let dir = folder.path().join("new/cifar");
    let mut steps = Vec::new();
    let result = fetch(&archive(&bytes), &server.url, &dir, |step, done, total| {
        assert!(done <= total && total == bytes.len() as u64, "{step:?}: {done} of {total}");
        steps.push(step);
    });
    assert_eq!(result.unwrap(), Fetched::New);
    steps.dedup();
    assert_eq!(steps, [Step::Download, Step::Check, Step::Unpack]);
    assert_eq!(names_in(&dir), ["cifar-10-batches-bin"]);
    assert_eq!(names_in(&dir.join("cifar-10-batches-bin")), ["data_batch_1.bin", "test_batch.bin"]);
    let preprocessing = camscope::core::preprocessing::Preprocessing::symmetric(32);
    let split = source("cifar10", &dir).load(&preprocessing).unwrap();
    assert_eq!((split.train.labels, split.test.labels), (vec![3], vec![5]));

    let again = fetch(&archive(&bytes), &server.url, &dir, |_, _, _| panic!("nothing is left to do"));
    assert_eq!(again.unwrap(), Fetched::Before);
    assert_eq!(server.ranges().len(), 1);
}

#[test]
fn an_interrupted_download_continues() {
    let bytes = packed();
    let (server, folder) = (Server::start(bytes.clone(), Mode::BreakOnce), tempfile::tempdir().unwrap());
    let error = fetch(&archive(&bytes), &server.url, folder.path(), |_, _, _| ()).unwrap_err();
    let half = bytes.len() as u64 / 2;
    assert!(matches!(error, FetchError::Interrupted { received, .. } if received == half), "{error}");
    assert!(error.to_string().contains("the same command again continues"), "{error}");
    assert_eq!(fetch(&archive(&bytes), &server.url, folder.path(), |_, _, _| ()).unwrap(), Fetched::New);
    assert_eq!(server.ranges(), [String::new(), format!("bytes={half}-")]);
    assert_eq!(names_in(folder.path()), ["cifar-10-batches-bin"]);
}

/// A server that knows no ranges sends everything again, and a download that lacks nothing is only checked.
#[test]
fn what_is_there_is_never_doubled() {
    let bytes = packed();
    for (mode, there) in [(Mode::NoRanges, bytes.len() / 3), (Mode::Ranges, bytes.len())] {
        let (server, folder) = (Server::start(bytes.clone(), mode), tempfile::tempdir().unwrap());
        std::fs::write(folder.path().join("cifar-10-batches-bin.tar.gz.part"), &bytes[..there]).unwrap();
        assert_eq!(fetch(&archive(&bytes), &server.url, folder.path(), |_, _, _| ()).unwrap(), Fetched::New);
    }
}

#[test]
fn a_wrong_archive_is_removed() {
    let bytes = packed();
    let (server, folder) = (Server::start(bytes.clone(), Mode::Ranges), tempfile::tempdir().unwrap());
    let known = Archive { sha256: "00", ..archive(&bytes) };
    let error = fetch(&known, &server.url, folder.path(), |_, _, _| ()).unwrap_err();
    assert!(matches!(error, FetchError::Digest { .. }) && error.to_string().contains("SHA-256 00"), "{error}");
    assert!(names_in(folder.path()).is_empty());
}

#[test]
fn errors_of_servers_name_the_address() {
    let bytes = packed();
    let (server, folder) = (Server::start(bytes.clone(), Mode::Missing), tempfile::tempdir().unwrap());
    let error = fetch(&archive(&bytes), &server.url, folder.path(), |_, _, _| ()).unwrap_err().to_string();
    assert!(error.contains("404") && error.contains(&server.url) && error.contains("--url"), "{error}");
    let nobody = "http://127.0.0.1:9/archive.tar.gz";
    let error = fetch(&archive(&bytes), nobody, folder.path(), |_, _, _| ()).unwrap_err().to_string();
    assert!(error.contains(nobody), "{error}");
}

/// The command fetches by the names of formats, and data that is not there names the command.
#[test]
fn the_command_and_the_data_name_each_other() {
    let bytes = packed();
    let (server, folder) = (Server::start(bytes, Mode::Ranges), tempfile::tempdir().unwrap());
    let dir = folder.path().join("cifar").display().to_string();
    // The local archive is not the authors'.
    let error = error_of_command(&["fetch", "cifar10", &dir, "--url", &server.url]);
    assert!(error.contains("c4a38c50a1bc5f3a") && error.contains(&server.url), "{error}");
    assert!(error_of_command(&["fetch", "imagenet", &dir]).contains("there are stl10, cifar10"));
    for format in FORMATS.iter().filter(|format| format.archive.is_some()) {
        let data: DataSource = format!("{}:/nowhere/at/all", format.name).parse().unwrap();
        let error = data.load(&camscope::core::preprocessing::Preprocessing::symmetric(32)).unwrap_err().to_string();
        assert!(error.contains(&format!("camscope fetch {} /nowhere/at/all", format.name)), "{error}");
        assert!(format.archive.as_ref().unwrap().sha256.len() == 64);
    }
}
