//! Decoding of photos: file bytes become an upright RGB photo of limited size, or an error that a user can act on.

mod error;
mod jpeg;

use std::borrow::Cow;
use std::io::Cursor;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::{png::PngDecoder, webp::WebPDecoder};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use serde::{Deserialize, Serialize};

use crate::core::file_kind::FileKind;
use crate::core::geometry::Rect;
use error::damaged;
pub use error::{Advice, PhotoError};
use jpeg::Jpeg;
pub use jpeg::RareJpeg;

/// Maximum number of pixels in a file. Decoding needs up to eight bytes for each.
pub const MAX_PIXELS: u64 = 120_000_000;
/// Maximum side of a [`Photo`], in pixels: enough for any screen, small enough to keep many.
pub const MAX_SIDE: u32 = 1280;
/// Bytes by which a file's kind is recognised.
const HEAD: usize = 512;

/// Remark about a photo that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// The file is an animation.
    Animated,
    /// The file has more than 8 bits per colour.
    SixteenBit,
    /// The browser decoded the file.
    ByBrowser,
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Animated => "The file is animated; its first picture was taken.",
            Self::SixteenBit => "The file has 16 bits a colour; it was reduced to the 8 that networks see.",
            Self::ByBrowser => {
                "The browser decoded this kind of file; another browser may not, or with slightly other colours."
            }
        })
    }
}

/// Upright photo of at most [`MAX_SIDE`] pixels per side.
#[derive(Debug, Clone, PartialEq)]
pub struct Photo {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Interleaved RGB, `width · height · 3` bytes.
    pub rgb: Vec<u8>,
    /// Width and height of the upright photo in the file, in pixels, before it was scaled down.
    pub original: (u32, u32),
    /// EXIF's orientation, 1 to 8: how the file's pixels were turned.
    pub orientation: u8,
    /// Remarks for the user.
    pub notes: Vec<Note>,
}

impl Photo {
    /// Decode a JPEG, PNG, WebP, GIF or BMP file, turn the photo upright by its EXIF orientation, and scale it down to
    /// at most [`MAX_SIDE`] pixels per side.
    ///
    /// ```
    /// # use camscope::core::file_kind::FileKind;
    /// # use camscope::photo::{Photo, PhotoError};
    /// assert_eq!(Photo::decode(b"%PDF-1.7"), Err(PhotoError::NotAPhoto(FileKind::Pdf)));
    /// ```
    ///
    /// # Errors
    /// [`PhotoError`]. If the header reveals the problem, nothing large is allocated.
    pub fn decode(bytes: &[u8]) -> Result<Self, PhotoError> {
        let format = format_of(bytes)?;
        let jpeg = (format == ImageFormat::Jpeg).then(|| Jpeg::read(bytes)).transpose()?;
        if format == ImageFormat::WebP && !webp_is_complete(bytes) {
            return Err(PhotoError::Truncated);
        }
        let size @ (width, height) = open(bytes, format)?.dimensions();
        check_pixels(bytes, format, size)?;
        let ended = jpeg.as_ref().map(|jpeg| jpeg.ended(bytes)).transpose()?;
        let bytes: &[u8] = ended.as_ref().map_or(bytes, Cow::as_ref);
        let mut decoder = open(bytes, format)?;
        let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
        let color = decoder.color_type();
        let mut notes = Vec::new();
        if is_animated(bytes, format) {
            notes.push(Note::Animated);
        }
        if color.bytes_per_pixel() > color.channel_count() {
            notes.push(Note::SixteenBit);
        }

        // Scale down before rotating: rotating 50 megapixels would need them in memory twice.
        let image = match jpeg.filter(Jpeg::has_scans_of_components) {
            Some(_) => jpeg::decode_scans(bytes)?,
            None => DynamicImage::from_decoder(decoder).map_err(damaged)?,
        };
        if (image.width(), image.height()) != size {
            return Err(PhotoError::Damaged("its size does not add up".into()));
        }
        let rgb = if color.has_alpha() { over_white(&image) } else { image.into_rgb8().into_raw() };
        let (rgb, (small_width, small_height)) = scaled_down(rgb, size);
        let small = image::RgbImage::from_raw(small_width, small_height, rgb).map(DynamicImage::ImageRgb8);
        let Some(mut small) = small else { return Err(PhotoError::Damaged("its size does not add up".into())) };
        small.apply_orientation(orientation);
        let turned = (small.width() > small.height()) != (small_width > small_height);
        Ok(Self {
            width: small.width(),
            height: small.height(),
            rgb: small.into_rgb8().into_raw(),
            original: if turned { (height, width) } else { (width, height) },
            orientation: orientation.to_exif(),
            notes,
        })
    }

    /// Take an upright photo of `size` pixels from another decoder: interleaved RGB, scaled down to at most [`MAX_SIDE`] pixels per side.
    /// `None` if the bytes are not so many.
    ///
    /// ```
    /// # use camscope::photo::Photo;
    /// let photo = Photo::from_rgb(vec![7; 2560 * 10 * 3], (2560, 10), Vec::new()).unwrap();
    /// assert_eq!((photo.width, photo.height, photo.original), (1280, 5, (2560, 10)));
    /// ```
    pub fn from_rgb(rgb: Vec<u8>, size: (u32, u32), notes: Vec<Note>) -> Option<Self> {
        if rgb.is_empty() || rgb.len() as u64 != u64::from(size.0) * u64::from(size.1) * 3 {
            return None;
        }
        let (rgb, (width, height)) = scaled_down(rgb, size);
        Some(Self { width, height, rgb, original: size, orientation: 1, notes })
    }

    /// Convert a rectangle from pixels of this photo to pixels of the upright photo in the file, which may be larger.
    pub fn in_file(&self, part: Rect) -> Rect {
        let (width, height) = self.original;
        part.scaled(f64::from(width) / f64::from(self.width), f64::from(height) / f64::from(self.height))
    }

    /// Scale `crop` of the photo to `size` × `size` pixels of interleaved RGB, bilinear with antialiasing.
    ///
    /// # Panics
    /// If `crop` reaches outside the photo, which is an error of the caller.
    pub fn square(&self, crop: Rect, size: u32) -> Vec<u8> {
        resample(&self.rgb, (self.width, self.height), crop, (size, size))
    }
}

/// Scale interleaved RGB of `side` × `side` pixels to `size` × `size`, bilinear with antialiasing. Equal sizes leave it
/// unchanged.
///
/// # Panics
/// If `rgb` holds fewer than `side · side · 3` bytes, which is an error of the caller.
pub fn resized(rgb: Vec<u8>, side: u32, size: u32) -> Vec<u8> {
    if side == size {
        return rgb;
    }
    resample(&rgb, (side, side), whole((side, side)), (size, size))
}

/// Open a decoder whose working memory is limited. [`check_pixels`] limits the pixels themselves.
fn open(bytes: &[u8], format: ImageFormat) -> Result<impl ImageDecoder, PhotoError> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(16 * MAX_PIXELS);
    reader.limits(limits);
    reader.into_decoder().map_err(damaged)
}

/// Check the pixel count of a photo, and of a GIF's first frame, whose header may give a different size.
fn check_pixels(bytes: &[u8], format: ImageFormat, (width, height): (u32, u32)) -> Result<(), PhotoError> {
    let first_frame = gif_frames(bytes).take(1).filter(|_| format == ImageFormat::Gif);
    let mut sizes = [(u64::from(width), u64::from(height))].into_iter().chain(first_frame);
    match sizes.find(|(width, height)| width * height > MAX_PIXELS) {
        Some((width, height)) => Err(PhotoError::TooLarge { width, height }),
        None => Ok(()),
    }
}

/// Scale a photo of `width` × `height` pixels down to at most [`MAX_SIDE`] pixels per side; return its new size too.
fn scaled_down(rgb: Vec<u8>, (width, height): (u32, u32)) -> (Vec<u8>, (u32, u32)) {
    let scale = (f64::from(MAX_SIDE) / f64::from(width.max(height))).min(1.0);
    let scaled = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
    let size = (scaled(width), scaled(height));
    match scale < 1.0 {
        true => (resample(&rgb, (width, height), whole((width, height)), size), size),
        false => (rgb, size),
    }
}

/// Return the rectangle that covers a whole picture.
fn whole((width, height): (u32, u32)) -> Rect {
    Rect { x: 0.0, y: 0.0, width: width.into(), height: height.into() }
}

/// Scale `crop` of interleaved RGB to `to_width` × `to_height` pixels, bilinear with antialiasing.
fn resample(rgb: &[u8], (width, height): (u32, u32), crop: Rect, (to_width, to_height): (u32, u32)) -> Vec<u8> {
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).crop(
        crop.x,
        crop.y,
        crop.width,
        crop.height,
    );
    let mut to = Image::new(to_width, to_height, PixelType::U8x3);
    let from = ImageRef::new(width, height, rgb, PixelType::U8x3).expect("rgb holds three bytes per pixel");
    Resizer::new().resize(&from, &mut to, &options).expect("the crop lies inside the photo");
    to.into_vec()
}

/// Blend an image with transparency over white; return interleaved RGB.
fn over_white(image: &DynamicImage) -> Vec<u8> {
    let blend = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    let rgba = image.to_rgba8();
    rgba.pixels().flat_map(|p| [0, 1, 2].map(|c| blend(p[c], p[3]))).collect()
}

/// Recognise a supported format by its first bytes.
fn format_of(bytes: &[u8]) -> Result<ImageFormat, PhotoError> {
    if bytes.is_empty() {
        return Err(PhotoError::Empty);
    }
    match image::guess_format(bytes) {
        Ok(f @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Gif | ImageFormat::Bmp)) => {
            Ok(f)
        }
        _ => Err(PhotoError::NotAPhoto(FileKind::of(&bytes[..bytes.len().min(HEAD)]))),
    }
}

/// Return whether the file holds more than one frame.
fn is_animated(bytes: &[u8], format: ImageFormat) -> bool {
    let cursor = Cursor::new(bytes);
    match format {
        ImageFormat::Gif => gif_frames(bytes).nth(1).is_some(),
        ImageFormat::WebP => WebPDecoder::new(cursor).is_ok_and(|d| d.has_animation()),
        ImageFormat::Png => PngDecoder::new(cursor).is_ok_and(|d| d.is_apng().unwrap_or(false)),
        _ => false,
    }
}

/// Iterate over the widths and heights of a GIF's frames. Frames have headers of their own, which may disagree with the
/// file's (GIF89a, section 20).
fn gif_frames(bytes: &[u8]) -> impl Iterator<Item = (u64, u64)> {
    let colours = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3usize << ((flags & 7) + 1) };
    // Sub-blocks start with their length; an empty one ends the sequence.
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

/// Return whether a WebP file is as long as its RIFF header says.
fn webp_is_complete(bytes: &[u8]) -> bool {
    let length = bytes.get(4..8).and_then(|length| length.try_into().ok()).map(u32::from_le_bytes);
    length.is_some_and(|length| bytes.len() as u64 >= u64::from(length) + 8)
}
