//! What a JPEG's markers say (ITU T.81, annex B): how it is coded, in how many scans, and whether it is complete.

use std::borrow::Cow;

use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};
use jpeg_decoder::PixelFormat;

use super::PhotoError;

const START_OF_SCAN: u8 = 0xDA;
const END: u8 = 0xD9;

/// A coding that T.81 allows and hardly any program reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RareJpeg {
    /// Arithmetic in place of Huffman codes.
    #[error("arithmetic coding")]
    Arithmetic,
    /// Lossless prediction in place of the cosine transform, or JPEG-LS.
    #[error("lossless")]
    Lossless,
    /// Several frames of growing size.
    #[error("hierarchical")]
    Hierarchical,
    /// Twelve bits a colour.
    #[error("12 bits a colour")]
    TwelveBits,
}

/// What the markers say.
#[derive(Debug)]
pub struct Jpeg {
    /// Marker of the frame's header.
    frame: u8,
    scans: usize,
    has_end: bool,
}

impl Jpeg {
    /// Walk over the markers. Bytes that belong to none are skipped, as other decoders do. An embedded thumbnail has markers of its
    /// own, inside a segment.
    pub fn read(bytes: &[u8]) -> Result<Self, PhotoError> {
        let mut jpeg = Self { frame: 0, scans: 0, has_end: false };
        let mut at = 2;
        while let Some(found) = next_marker(bytes, at) {
            let marker = bytes[found + 1];
            at = found + 2;
            match marker {
                END => {
                    jpeg.has_end = true;
                    break;
                }
                0x01 | 0xD0..=0xD8 => continue,
                _ => {}
            }
            let Some(&[high, low]) = bytes.get(at..at + 2) else { break };
            // Behind the first scan, a damaged byte may look like another header.
            if jpeg.scans == 0 && matches!(marker, 0xC0..=0xCF | 0xF7) && !matches!(marker, 0xC4 | 0xC8 | 0xCC) {
                check_coding(marker, bytes.get(at + 2).copied())?;
                jpeg.frame = marker;
            }
            at += usize::from(u16::from_be_bytes([high, low]));
            if marker == START_OF_SCAN {
                jpeg.scans += 1;
                // In entropy-coded data, 0xFF is followed by 0 (stuffing) or by a restart marker.
                while let Some(&[a, b]) = bytes.get(at..at + 2) {
                    if a == 0xFF && b != 0 && !(0xD0..=0xD7).contains(&b) {
                        break;
                    }
                    at += 1;
                }
            }
        }
        if jpeg.scans == 0 { Err(PhotoError::Truncated) } else { Ok(jpeg) }
    }

    /// Return the file with an end mark. Cameras and editors leave it out sometimes.
    ///
    /// # Errors
    /// [`PhotoError::Truncated`] if pixels are missing, too. Decoders fill these with grey and say nothing.
    pub fn ended<'a>(&self, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, PhotoError> {
        if self.has_end {
            return Ok(Cow::Borrowed(bytes));
        }
        // What follows the last pixel changes nothing; what follows a missing one becomes pixels.
        let [ended, longer] = [&[][..], &[0x55; 64]].map(|more| [bytes, more, &[0xFF, END]].concat());
        let pixels = |bytes: &[u8]| image::load_from_memory_with_format(bytes, ImageFormat::Jpeg).ok();
        match (pixels(&ended), pixels(&longer)) {
            (Some(a), Some(b)) if a == b => Ok(Cow::Owned(ended)),
            _ => Err(PhotoError::Truncated),
        }
    }

    /// Return whether a sequential JPEG has scans for single components. The usual decoder takes wrong rows for subsampled colours of
    /// such files (zune-image#419).
    pub fn has_scans_of_components(&self) -> bool {
        matches!(self.frame, 0xC0 | 0xC1) && self.scans > 1
    }
}

/// Decode a JPEG with scans for single components.
pub fn decode_scans(bytes: &[u8]) -> Result<DynamicImage, PhotoError> {
    let damaged = |why: String| PhotoError::Damaged(why);
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    let pixels = decoder.decode().map_err(|error| damaged(error.to_string()))?;
    let info = decoder.info().ok_or_else(|| damaged("it has no header".into()))?;
    let (width, height) = (info.width.into(), info.height.into());
    let image = match info.pixel_format {
        PixelFormat::L8 => GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8),
        PixelFormat::RGB24 => RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
        PixelFormat::CMYK32 => {
            let light = |ink: u8| 255 - u16::from(ink);
            let rgb = |ink: &[u8]| [0, 1, 2].map(|i| (light(ink[i]) * light(ink[3]) / 255) as u8);
            RgbImage::from_raw(width, height, pixels.chunks_exact(4).flat_map(rgb).collect())
                .map(DynamicImage::ImageRgb8)
        }
        PixelFormat::L16 => None,
    };
    image.ok_or_else(|| damaged("its size does not add up".into()))
}

/// Return the position of the next marker, over fill bytes and bytes that do not belong there.
fn next_marker(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xFF)).map(|at| from + at)
}

/// Check the header of a frame: its marker, and the precision in bits.
fn check_coding(marker: u8, precision: Option<u8>) -> Result<(), PhotoError> {
    let rare = match marker {
        0xC3 | 0xF7 => RareJpeg::Lossless,
        0xC5..=0xC7 => RareJpeg::Hierarchical,
        0xC9..=0xCF => RareJpeg::Arithmetic,
        _ if precision.is_some_and(|bits| bits > 8) => RareJpeg::TwelveBits,
        _ => return Ok(()),
    };
    Err(PhotoError::RareJpeg(rare))
}
