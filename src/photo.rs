//! File bytes to an upright, size-capped RGB photo. Whatever comes in, either a photo or one sentence comes out.

use std::io::Cursor;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::{png::PngDecoder, webp::WebPDecoder};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use serde::{Deserialize, Serialize};

use crate::core::geometry::Rect;

/// Pixels a file may hold; decoding needs up to eight bytes for each.
pub const MAX_PIXELS: u64 = 120_000_000;
/// Long side of a [`Photo`]: enough for any screen's stage, little enough to keep.
pub const MAX_SIDE: u32 = 1280;

/// Why a file is not a photo. The text is for the person who dropped it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PhotoError {
    #[error("The file is empty (0 bytes). Choose another copy of it.")]
    Empty,
    #[error("This is {0}, not a photo. Choose a JPEG, PNG, WebP, GIF or BMP file.")]
    NotAPhoto(Kind),
    #[error("The photo is cut short: the file ends before the picture does. Download or copy it again.")]
    Truncated,
    #[error("The photo is damaged and cannot be opened ({0}). Try another copy of it.")]
    Damaged(String),
    #[error(
        "The photo has {width} × {height} pixels, {} megapixels; at most {} fit. Scale it down first.",
        width * height / 1_000_000, MAX_PIXELS / 1_000_000
    )]
    TooLarge { width: u64, height: u64 },
}

/// What a file is that is not a photo, as far as its first bytes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Pdf,
    /// ZIP, and what is packed in it.
    Archive,
    Tiff,
    Heic,
    Avif,
    Video,
    Text,
    Unknown,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pdf => "a PDF document",
            Self::Archive => "a ZIP archive or an office document",
            Self::Tiff => "a TIFF or camera raw file",
            Self::Heic => "a HEIC photo",
            Self::Avif => "an AVIF picture",
            Self::Video => "a video",
            Self::Text => "a text file",
            Self::Unknown => "a file of an unknown kind",
        })
    }
}

/// Something worth knowing about a photo that was opened all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    Animated,
    SixteenBit,
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Animated => "The file is animated; its first picture was taken.",
            Self::SixteenBit => "The file has 16 bits a colour; it was reduced to the 8 that networks see.",
        })
    }
}

/// An upright photo of at most [`MAX_SIDE`] pixels a side.
#[derive(Debug, Clone, PartialEq)]
pub struct Photo {
    pub width: u32,
    pub height: u32,
    /// Interleaved RGB, `width · height · 3` bytes.
    pub rgb: Vec<u8>,
    /// Size of the file's picture, upright, before it was capped.
    pub original: (u32, u32),
    pub notes: Vec<Note>,
}

impl Photo {
    /// Decodes JPEG, PNG, WebP, GIF or BMP, turns it upright by its EXIF orientation and caps its size.
    ///
    /// # Errors
    /// [`PhotoError`], told apart before anything large is allocated where the header allows it.
    pub fn decode(bytes: &[u8]) -> Result<Self, PhotoError> {
        let format = format_of(bytes)?;
        let whole = match format {
            ImageFormat::Jpeg => jpeg_is_whole(bytes),
            ImageFormat::WebP => webp_is_whole(bytes),
            _ => true,
        };
        if !whole {
            return Err(PhotoError::Truncated);
        }
        let damaged = |e: image::ImageError| match ends_early(&e) {
            true => PhotoError::Truncated,
            false => PhotoError::Damaged(plain(&e)),
        };
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        // The pixel count is checked below, before the pixels are; what decoders need beside them is limited here.
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(16 * MAX_PIXELS);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(damaged)?;
        let (width, height) = decoder.dimensions();
        let (w, h) = (u64::from(width), u64::from(height));
        let pictures = [(w, h)].into_iter().chain(gif_pictures(bytes).take(1).filter(|_| format == ImageFormat::Gif));
        for (width, height) in pictures {
            if width * height > MAX_PIXELS {
                return Err(PhotoError::TooLarge { width, height });
            }
        }
        let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
        let color = decoder.color_type();
        let mut notes = Vec::new();
        if is_animated(bytes, format) {
            notes.push(Note::Animated);
        }
        if color.bytes_per_pixel() > color.channel_count() {
            notes.push(Note::SixteenBit);
        }

        // Shrink first, turn upright after: turning 50 megapixels would need them twice.
        let image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
        let rgb = if color.has_alpha() { over_white(&image) } else { image.into_rgb8().into_raw() };
        let scale = (f64::from(MAX_SIDE) / f64::from(width.max(height))).min(1.0);
        let capped = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
        let (width_capped, height_capped) = (capped(width), capped(height));
        let rgb = match scale < 1.0 {
            true => resample(
                &rgb,
                (width, height),
                Rect { x: 0.0, y: 0.0, width: width.into(), height: height.into() },
                (width_capped, height_capped),
            ),
            false => rgb,
        };
        let small = image::RgbImage::from_raw(width_capped, height_capped, rgb).map(DynamicImage::ImageRgb8);
        let Some(mut small) = small else { return Err(PhotoError::Damaged("its size does not add up".into())) };
        small.apply_orientation(orientation);
        let turned = (small.width() > small.height()) != (width_capped > height_capped);
        Ok(Self {
            width: small.width(),
            height: small.height(),
            rgb: small.into_rgb8().into_raw(),
            original: if turned { (height, width) } else { (width, height) },
            notes,
        })
    }

    /// A part of this photo in pixels of the upright photo in the file, which may be larger.
    pub fn in_file(&self, part: Rect) -> Rect {
        let (width, height) = self.original;
        part.scaled(f64::from(width) / f64::from(self.width), f64::from(height) / f64::from(self.height))
    }

    /// `window` of the photo as `size` × `size` interleaved RGB, bilinear with antialiasing.
    pub fn square(&self, window: Rect, size: u32) -> Vec<u8> {
        resample(&self.rgb, (self.width, self.height), window, (size, size))
    }
}

/// A `side` × `side` image scaled to `size` × `size`, bilinear with antialiasing; as it is where these are equal.
pub fn resized(rgb: Vec<u8>, side: u32, size: u32) -> Vec<u8> {
    if side == size {
        return rgb;
    }
    let whole = Rect { x: 0.0, y: 0.0, width: side.into(), height: side.into() };
    resample(&rgb, (side, side), whole, (size, size))
}

fn resample(rgb: &[u8], (width, height): (u32, u32), window: Rect, (to_width, to_height): (u32, u32)) -> Vec<u8> {
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).crop(
        window.x,
        window.y,
        window.width,
        window.height,
    );
    let mut to = Image::new(to_width, to_height, PixelType::U8x3);
    let from = ImageRef::new(width, height, rgb, PixelType::U8x3).expect("three bytes a pixel");
    Resizer::new().resize(&from, &mut to, &options).expect("a window inside the photo");
    to.into_vec()
}

fn over_white(image: &DynamicImage) -> Vec<u8> {
    let blend = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    let rgba = image.to_rgba8();
    rgba.pixels().flat_map(|p| [0, 1, 2].map(|c| blend(p[c], p[3]))).collect()
}

fn format_of(bytes: &[u8]) -> Result<ImageFormat, PhotoError> {
    if bytes.is_empty() {
        return Err(PhotoError::Empty);
    }
    match image::guess_format(bytes) {
        Ok(f @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Gif | ImageFormat::Bmp)) => {
            Ok(f)
        }
        _ => Err(PhotoError::NotAPhoto(match bytes {
            [b'%', b'P', b'D', b'F', ..] => Kind::Pdf,
            [b'P', b'K', 3, 4, ..] => Kind::Archive,
            [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => Kind::Tiff,
            [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm', ..] => Kind::Heic,
            [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', ..] => Kind::Avif,
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Kind::Video,
            _ if std::str::from_utf8(&bytes[..bytes.len().min(256)]).is_ok() => Kind::Text,
            _ => Kind::Unknown,
        })),
    }
}

fn is_animated(bytes: &[u8], format: ImageFormat) -> bool {
    let cursor = Cursor::new(bytes);
    match format {
        ImageFormat::Gif => gif_pictures(bytes).nth(1).is_some(),
        ImageFormat::WebP => WebPDecoder::new(cursor).is_ok_and(|d| d.has_animation()),
        ImageFormat::Png => PngDecoder::new(cursor).is_ok_and(|d| d.is_apng().unwrap_or(false)),
        _ => false,
    }
}

/// Width and height of a GIF's pictures, as their own headers have them, which need not agree with the file's (GIF89a, 20).
fn gif_pictures(bytes: &[u8]) -> impl Iterator<Item = (u64, u64)> {
    let colours = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3usize << ((flags & 7) + 1) };
    // Sub-blocks, each with its length before it, up to an empty one.
    let skip = |mut at: usize| {
        while let Some(&length @ 1..) = bytes.get(at) {
            at += 1 + usize::from(length);
        }
        at + 1
    };
    let mut at = 13 + bytes.get(10).map_or(0, |flags| colours(*flags));
    std::iter::from_fn(move || {
        while bytes.get(at) == Some(&0x21) {
            at = skip(at + 2);
        }
        let &[0x2C, _, _, _, _, w0, w1, h0, h1, flags] = bytes.get(at..at + 10)? else { return None };
        at = skip(at + 11 + colours(flags));
        Some((u16::from_le_bytes([w0, w1]).into(), u16::from_le_bytes([h0, h1]).into()))
    })
}

/// Whether a JPEG's last scan ends in an end-of-image marker. Decoders fill a missing rest with grey without a word,
/// and an embedded thumbnail has markers of its own, so the segments are walked (ITU T.81, B.1).
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    const END: u8 = 0xD9;
    const SCAN: u8 = 0xDA;
    let mut at = 2;
    while let Some(&[0xFF, marker]) = bytes.get(at..at + 2) {
        match marker {
            END => return true,
            0xFF => at += 1,
            0x01 | 0xD0..=0xD7 => at += 2,
            _ => {
                let Some(&[high, low]) = bytes.get(at + 2..at + 4) else { return false };
                at += 2 + usize::from(u16::from_be_bytes([high, low]));
                if marker == SCAN {
                    // Entropy-coded data: 0xFF is followed by 0 (stuffing) or a restart marker until the next segment.
                    while let Some(&[a, b]) = bytes.get(at..at + 2) {
                        if a == 0xFF && b != 0 && !(0xD0..=0xD7).contains(&b) {
                            break;
                        }
                        at += 1;
                    }
                }
            }
        }
    }
    false
}

/// A WebP file is a RIFF chunk that tells its length.
fn webp_is_whole(bytes: &[u8]) -> bool {
    let length = bytes.get(4..8).and_then(|length| length.try_into().ok()).map(u32::from_le_bytes);
    length.is_some_and(|length| bytes.len() as u64 >= u64::from(length) + 8)
}

/// Whether a decoder ran out of bytes. Some say it only in words.
fn ends_early(error: &image::ImageError) -> bool {
    match error {
        image::ImageError::IoError(io) => io.kind() == std::io::ErrorKind::UnexpectedEof,
        other => other.to_string().to_lowercase().contains("unexpected end"),
    }
}

/// The reason without the library's own preamble.
fn plain(error: &image::ImageError) -> String {
    let text = error.to_string();
    text.strip_prefix("Format error decoding ").unwrap_or(&text).trim_end_matches('.').to_owned()
}
