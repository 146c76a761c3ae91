//! Kinds of files, recognised by their first bytes.

/// Return whether a file that begins with these bytes is a photo that can be opened: JPEG, PNG, WebP, GIF or BMP.
///
/// ```
/// # use camscope::core::file_kind::is_photo;
/// assert!(is_photo(b"\xff\xd8\xff\xe0") && is_photo(b"RIFF\0\0\0\0WEBPVP8 ") && !is_photo(b"RIFF\0\0\0\0WAVEfmt "));
/// ```
pub fn is_photo(head: &[u8]) -> bool {
    matches!(
        head,
        [0xFF, 0xD8, 0xFF, ..]
            | [0x89, b'P', b'N', b'G', ..]
            | [b'G', b'I', b'F', b'8', ..]
            | [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..]
            // A header that follows has one of these lengths: text may begin with "BM", too.
            | [b'B', b'M', _, _, _, _, _, _, _, _, _, _, _, _, 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0, ..]
    )
}

/// Kind of a file that is not a photo that can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// PDF document.
    Pdf,
    /// ZIP, RAR, 7z or gzip archive, or a format packed in one, such as an office document.
    Archive,
    /// TIFF picture.
    Tiff,
    /// Raw data of a camera.
    Raw,
    /// HEIC or HEIF photo.
    Heic,
    /// AVIF picture.
    Avif,
    /// JPEG XL picture.
    Jxl,
    /// JPEG 2000 picture.
    Jp2,
    /// Photoshop document.
    Psd,
    /// Icon of Windows or macOS.
    Icon,
    /// SVG drawing.
    Svg,
    /// Radiance HDR or OpenEXR picture.
    Hdr,
    /// PPM, PGM or PBM picture.
    Pnm,
    /// Video.
    Video,
    /// Sound.
    Audio,
    /// Web page.
    Html,
    /// Placeholder of Git LFS.
    LfsPointer,
    /// Zeros alone.
    Zeros,
    /// Other text.
    Text,
    /// None of these.
    Unknown,
}

impl FileKind {
    /// All kinds.
    pub const ALL: [Self; 20] = [
        Self::Pdf,
        Self::Archive,
        Self::Tiff,
        Self::Raw,
        Self::Heic,
        Self::Avif,
        Self::Jxl,
        Self::Jp2,
        Self::Psd,
        Self::Icon,
        Self::Svg,
        Self::Hdr,
        Self::Pnm,
        Self::Video,
        Self::Audio,
        Self::Html,
        Self::LfsPointer,
        Self::Zeros,
        Self::Text,
        Self::Unknown,
    ];

    /// Recognise a file by its first bytes; some hundred are enough.
    ///
    /// ```
    /// # use camscope::core::file_kind::FileKind;
    /// assert_eq!(FileKind::of(b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif"), FileKind::Avif);
    /// assert_eq!(FileKind::of(b"<!DOCTYPE html><title>404</title>"), FileKind::Html);
    /// ```
    pub fn of(head: &[u8]) -> Self {
        match head {
            [b'%', b'P', b'D', b'F', ..] => Self::Pdf,
            [b'P', b'K', 3 | 5 | 7, ..]
            | [b'R', b'a', b'r', b'!', ..]
            | [b'7', b'z', 0xBC, 0xAF, ..]
            | [0x1F, 0x8B, ..] => Self::Archive,
            [b'I', b'I', b'*', 0, _, _, _, _, b'C', b'R', ..]
            | [b'I', b'I', b'U', 0, ..]
            | [b'I', b'I', b'R', b'O', ..] => Self::Raw,
            _ if head.starts_with(b"FUJIFILMCCD-RAW") => Self::Raw,
            [b'I', b'I', b'*' | b'+', 0, ..] | [b'M', b'M', 0, b'*' | b'+', ..] => Self::Tiff,
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Self::of_brands(head),
            [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Self::Jxl,
            [0xFF, 0x4F, 0xFF, 0x51, ..] | [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] => Self::Jp2,
            [b'8', b'B', b'P', b'S', ..] => Self::Psd,
            [0, 0, 1, 0, ..] | [b'i', b'c', b'n', b's', ..] => Self::Icon,
            [b'#', b'?', ..] | [0x76, 0x2F, 0x31, 0x01, ..] => Self::Hdr,
            [b'P', b'1'..=b'6', b'\n' | b'\r' | b' ', ..] => Self::Pnm,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..]
            | [b'I', b'D', b'3', ..]
            | [b'f', b'L', b'a', b'C', ..] => Self::Audio,
            [b'O', b'g', b'g', b'S', ..] => Self::Audio,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] | [0x1A, 0x45, 0xDF, 0xA3, ..] => {
                Self::Video
            }
            _ if head.len() > 8 && head.iter().all(|byte| *byte == 0) => Self::Zeros,
            _ => Self::of_text(head),
        }
    }

    /// Recognise what ISO's base media format holds by all its brands: the first is often a general one.
    fn of_brands(head: &[u8]) -> Self {
        let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let compatible = head.get(16..size.min(head.len())).unwrap_or_default().chunks_exact(4);
        let brands: Vec<&[u8]> = head.get(8..12).into_iter().chain(compatible).collect();
        let has =
            |wanted: &[&[u8; 4]]| brands.iter().any(|brand| wanted.iter().any(|wanted| *brand == wanted.as_slice()));
        if has(&[b"avif", b"avis"]) {
            Self::Avif
        } else if has(&[
            b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1", b"mif2",
        ]) {
            Self::Heic
        } else if has(&[b"crx "]) {
            Self::Raw
        } else if has(&[b"M4A ", b"M4B ", b"M4P "]) {
            Self::Audio
        } else {
            Self::Video
        }
    }

    fn of_text(head: &[u8]) -> Self {
        // The last character may be cut.
        let text = match std::str::from_utf8(head) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() => {
                std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
            }
            Err(_) if matches!(head, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]) => return Self::Text,
            Err(_) => return Self::Unknown,
        };
        if text.contains('\0') {
            return Self::Unknown;
        }
        let start: String = text.trim_start_matches('\u{feff}').trim_start().chars().take(200).collect();
        let start = start.to_ascii_lowercase();
        if start.starts_with("version https://git-lfs") {
            Self::LfsPointer
        } else if start.contains("<svg") {
            Self::Svg
        } else if start.starts_with("<!doctype html") || start.starts_with("<html") || start.contains("<head") {
            Self::Html
        } else {
            Self::Text
        }
    }
}
