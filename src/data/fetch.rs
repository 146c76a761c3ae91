//! Download of public data sets from their authors: resumed, checked by digest, unpacked.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use ureq::http::StatusCode;

/// Longest silence of a server.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes that are read at a time.
const BLOCK: usize = 1 << 18;

/// The archive of a data set on its authors' server: a gzipped tar file.
#[derive(Debug)]
pub struct Archive {
    /// Address of the archive.
    pub url: &'static str,
    /// SHA-256 of the archive, in hexadecimal.
    pub sha256: &'static str,
    /// The folder in the archive that holds all of its files.
    pub folder: &'static str,
    /// Names of large files that nothing here reads. They are not unpacked.
    pub skipped: &'static [&'static str],
}

impl Archive {
    /// Return the file of a download into `dir` that is not complete.
    fn part(&self, dir: &Path) -> PathBuf {
        dir.join(format!("{}.tar.gz.part", self.folder))
    }

    /// Return whether `dir` holds a download that is not complete.
    pub fn is_partial(&self, dir: &Path) -> bool {
        !dir.join(self.folder).exists() && self.part(dir).exists()
    }
}

/// Stage of a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Downloading the archive.
    Download,
    /// Comparing its digest.
    Check,
    /// Unpacking it.
    Unpack,
}

/// How a download ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// The files are new.
    New,
    /// The files were there already.
    Before,
}

/// Reason why a data set could not be fetched. What was downloaded stays, unless it is wrong.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// A file or folder cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The server did not answer with the archive.
    #[error("{url}: {reason}; check the network, or take a mirror with --url")]
    Server {
        /// Address of the archive.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The connection ended early.
    #[error(
        "{url}: the connection ended after {received} bytes ({reason}); the same command again continues from there"
    )]
    Interrupted {
        /// Address of the archive.
        url: String,
        /// Bytes that are there now.
        received: u64,
        /// What happened.
        reason: String,
    },
    /// The archive is not the known one.
    #[error(
        "{url}: expected an archive with SHA-256 {expected}, found {found}; it was removed: try again, or another mirror"
    )]
    Digest {
        /// Address of the archive.
        url: String,
        /// The known digest.
        expected: &'static str,
        /// The archive's digest.
        found: String,
    },
}

/// Download `archive` from `url` into the folder `dir` and unpack it there. `progress(step, done, total)` is called with
/// bytes; `total` is 0 where it is not known.
///
/// A download that ended early is continued. Files appear in `dir` only when all of them are complete.
///
/// # Errors
/// [`FetchError`].
pub fn fetch(
    archive: &Archive,
    url: &str,
    dir: &Path,
    mut progress: impl FnMut(Step, u64, u64),
) -> Result<Fetched, FetchError> {
    let target = dir.join(archive.folder);
    if target.is_dir() {
        return Ok(Fetched::Before);
    }
    fs::create_dir_all(dir).map_err(at(dir))?;
    let file = archive.part(dir);
    download(url, &file, |done, total| progress(Step::Download, done, total))?;
    let found = sha256(&file, |done, total| progress(Step::Check, done, total))?;
    if found != archive.sha256 {
        fs::remove_file(&file).map_err(at(&file))?;
        return Err(FetchError::Digest { url: url.to_owned(), expected: archive.sha256, found });
    }
    let unpacked = dir.join(format!("{}.part", archive.folder));
    unpack(archive, &file, &unpacked, |done, total| progress(Step::Unpack, done, total))?;
    fs::rename(unpacked.join(archive.folder), &target).map_err(at(&target))?;
    fs::remove_dir_all(&unpacked).map_err(at(&unpacked))?;
    fs::remove_file(&file).map_err(at(&file))?;
    Ok(Fetched::New)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> FetchError {
    let path = path.to_owned();
    |source| FetchError::Io { path, source }
}

/// Append to `file` what it lacks of the content of `url`.
fn download(url: &str, file: &Path, mut progress: impl FnMut(u64, u64)) -> Result<(), FetchError> {
    let mut done = fs::metadata(file).map_or(0, |metadata| metadata.len());
    let failed = |reason: String| FetchError::Server { url: url.to_owned(), reason };
    let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_per_read(Some(PATIENCE));
    let agent = config.timeout_connect(Some(PATIENCE)).timeout_recv_response(Some(PATIENCE)).build().new_agent();
    let mut request = agent.get(url);
    if done > 0 {
        request = request.header("Range", format!("bytes={done}-"));
    }
    let response = request.call().map_err(|error| failed(error.to_string()))?;
    let mut out = OpenOptions::new().create(true).append(true).open(file).map_err(at(file))?;
    match response.status() {
        // Nothing is lacking.
        StatusCode::RANGE_NOT_SATISFIABLE if done > 0 => return Ok(()),
        StatusCode::PARTIAL_CONTENT if done > 0 => {}
        // The server sends something else: what is there must not be lost to a page that asks for a password.
        StatusCode::OK if response.body().content_length().is_some_and(|length| length <= done) => {
            return Err(failed("the server sent something else than the archive".into()));
        }
        // The whole file, because it was asked for or because the server knows no ranges.
        StatusCode::OK => {
            out.set_len(0).map_err(at(file))?;
            done = 0;
        }
        status => return Err(failed(format!("the server answered {status}"))),
    }
    let total = response.body().content_length().map_or(0, |length| done + length);
    let mut body = response.into_body().into_reader();
    let mut block = vec![0; BLOCK];
    loop {
        let interrupted = |reason| FetchError::Interrupted { url: url.to_owned(), received: done, reason };
        let bytes = match body.read(&mut block) {
            Ok(0) if done < total => return Err(interrupted(format!("it has {total}"))),
            Ok(0) => return Ok(()),
            Ok(bytes) => bytes,
            Err(error) => return Err(interrupted(error.to_string())),
        };
        out.write_all(&block[..bytes]).map_err(at(file))?;
        done += bytes as u64;
        progress(done, total);
    }
}

/// Return the SHA-256 of a file, in hexadecimal.
fn sha256(path: &Path, mut progress: impl FnMut(u64, u64)) -> Result<String, FetchError> {
    let mut file = File::open(path).map_err(at(path))?;
    let total = file.metadata().map_err(at(path))?.len();
    let (mut hasher, mut block, mut done) = (Sha256::new(), vec![0; BLOCK], 0);
    loop {
        let bytes = file.read(&mut block).map_err(at(path))?;
        if bytes == 0 {
            return Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
        }
        hasher.update(&block[..bytes]);
        done += bytes as u64;
        progress(done, total);
    }
}

/// Unpack `file` into the new folder `to`.
fn unpack(archive: &Archive, file: &Path, to: &Path, progress: impl FnMut(u64, u64)) -> Result<(), FetchError> {
    if to.exists() {
        fs::remove_dir_all(to).map_err(at(to))?;
    }
    fs::create_dir_all(to).map_err(at(to))?;
    let packed = File::open(file).map_err(at(file))?;
    let total = packed.metadata().map_err(at(file))?.len();
    let counted = Counted { inner: packed, done: 0, total, progress };
    let mut tar = tar::Archive::new(GzDecoder::new(counted));
    for entry in tar.entries().map_err(at(file))? {
        let mut entry = entry.map_err(at(file))?;
        let name = entry.path().map_err(at(file))?.file_name().map(|name| name.to_string_lossy().into_owned());
        if !name.is_some_and(|name| archive.skipped.contains(&name.as_str())) {
            entry.unpack_in(to).map_err(at(to))?;
        }
    }
    Ok(())
}

/// A reader that reports how far it has come.
struct Counted<R, F> {
    inner: R,
    done: u64,
    total: u64,
    progress: F,
}

impl<R: Read, F: FnMut(u64, u64)> Read for Counted<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.inner.read(buffer)?;
        self.done += bytes as u64;
        (self.progress)(self.done, self.total);
        Ok(bytes)
    }
}
