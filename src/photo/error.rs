//! Why a file cannot be opened as a photo, and what to do about it.

use crate::core::file_kind::FileKind;
use crate::photo::MAX_PIXELS;
use crate::photo::jpeg::RareJpeg;

/// Reason why a file cannot be opened as a photo. The page shows the same texts, from `www/words`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PhotoError {
    /// The file has no bytes.
    #[error("The file is empty (0 bytes). Choose another copy of it.")]
    Empty,
    /// The file is of another kind.
    #[error("This is {0}. {advice}", advice = Advice::on(*.0))]
    NotAPhoto(FileKind),
    /// The photo is a JPEG of a kind that browsers do not show either.
    #[error(
        "The JPEG is coded in a rare way ({0}), which neither browsers nor this program show. Save it anew as an ordinary JPEG."
    )]
    RareJpeg(RareJpeg),
    /// The file ends before the image does.
    #[error("The photo is cut short: the file ends before the picture does. Download or copy it again.")]
    Truncated,
    /// The file violates its format; the value says how.
    #[error("The photo is damaged and cannot be opened ({0}). Try another copy of it.")]
    Damaged(String),
    /// The photo has more than [`MAX_PIXELS`].
    #[error(
        "The photo has {width} × {height} pixels, {} megapixels; at most {} fit. Scale it down first.",
        width * height / 1_000_000, MAX_PIXELS / 1_000_000
    )]
    TooLarge {
        /// Width in pixels.
        width: u64,
        /// Height in pixels.
        height: u64,
    },
}

impl std::fmt::Display for FileKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pdf => "a PDF document",
            Self::Archive => "an archive or an office document",
            Self::Tiff => "a TIFF picture",
            Self::Raw => "a raw file of a camera",
            Self::Heic => "a HEIC photo",
            Self::Avif => "an AVIF picture",
            Self::Jxl => "a JPEG XL picture",
            Self::Jp2 => "a JPEG 2000 picture",
            Self::Psd => "a Photoshop document",
            Self::Icon => "an icon",
            Self::Svg => "an SVG drawing",
            Self::Hdr => "an HDR picture",
            Self::Pnm => "a PPM, PGM or PBM picture",
            Self::Video => "a video",
            Self::Audio => "a sound file",
            Self::Html => "a web page",
            Self::LfsPointer => "a placeholder of Git LFS",
            Self::Zeros => "a file of zeros alone",
            Self::Text => "a text file",
            Self::Unknown => "a file of an unknown kind",
        })
    }
}

/// What to do about a file that is not a photo that can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Choose another file.
    Choose,
    /// Save the picture in another format.
    Convert,
    /// Do so, or have the phone take JPEGs.
    ConvertOrSetPhone,
    /// Save the picture itself.
    SavePicture,
    /// Fetch the file that the placeholder stands for.
    Fetch,
    /// Copy it again.
    CopyAgain,
}

impl Advice {
    /// Return what to do about a file of this kind.
    pub fn on(kind: FileKind) -> Self {
        match kind {
            FileKind::Heic => Self::ConvertOrSetPhone,
            FileKind::Tiff | FileKind::Raw | FileKind::Avif | FileKind::Jxl | FileKind::Jp2 => Self::Convert,
            FileKind::Psd | FileKind::Icon | FileKind::Svg | FileKind::Hdr | FileKind::Pnm => Self::Convert,
            FileKind::Html => Self::SavePicture,
            FileKind::LfsPointer => Self::Fetch,
            FileKind::Zeros => Self::CopyAgain,
            FileKind::Pdf
            | FileKind::Archive
            | FileKind::Video
            | FileKind::Audio
            | FileKind::Text
            | FileKind::Unknown => Self::Choose,
        }
    }
}

impl std::fmt::Display for Advice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Choose => "Choose a JPEG, PNG, WebP, GIF or BMP file.",
            Self::Convert => "Save it as JPEG or PNG.",
            Self::ConvertOrSetPhone => "Save it as JPEG, or set the phone's camera to “Most Compatible”.",
            Self::SavePicture => "Open its address in a browser, and save the picture itself.",
            Self::Fetch => "`git lfs pull` fetches the file that it stands for.",
            Self::CopyAgain => "Copy it again from where it came.",
        })
    }
}

/// Convert a decoder's error.
pub(super) fn damaged(error: image::ImageError) -> PhotoError {
    match ends_early(&error) {
        true => PhotoError::Truncated,
        false => PhotoError::Damaged(reason(&error)),
    }
}

/// Return whether a decoder ran out of bytes. Some report that only in their message.
fn ends_early(error: &image::ImageError) -> bool {
    match error {
        image::ImageError::IoError(io) => io.kind() == std::io::ErrorKind::UnexpectedEof,
        other => other.to_string().to_lowercase().contains("unexpected end"),
    }
}

/// Return the reason without the library's preamble.
fn reason(error: &image::ImageError) -> String {
    let text = error.to_string();
    text.strip_prefix("Format error decoding ").unwrap_or(&text).trim_end_matches('.').to_owned()
}
