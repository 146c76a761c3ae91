//! Decoding of photos: photos come out upright, and every other file is a typed error.

use std::io::Cursor;

use camscope::core::file_kind::FileKind;
use camscope::photo::{MAX_SIDE, Note, Photo, PhotoError, RareJpeg};
use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, ImageBuffer, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

/// Return the image as a file in this format.
fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let image: DynamicImage = image.into();
    image.write_to(&mut out, format).expect("encoding into memory");
    out.into_inner()
}

/// Return an image that compresses badly, so that most of a file's bytes are pixels.
fn noise(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let [a, b, c, _] = (x * 7919 + y * 104_729 + 1).wrapping_mul(2_654_435_761).to_be_bytes();
        Rgb([a, b, c])
    })
}

/// Return `jpeg` with a segment inserted after its start marker.
fn with_segment(jpeg: &[u8], marker: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, payload, &jpeg[2..]].concat()
}

/// Return the first 60 % of the bytes.
fn cut(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len() * 6 / 10]
}

#[test]
fn the_kind_of_other_files_is_named() {
    assert_eq!(Photo::decode(b""), Err(PhotoError::Empty));
    assert_eq!(Photo::decode(b"notes.txt, renamed holiday.jpg\n"), Err(PhotoError::NotAPhoto(FileKind::Text)));
    assert_eq!(Photo::decode(b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"), Err(PhotoError::NotAPhoto(FileKind::Pdf)));
    assert_eq!(Photo::decode(b"\x00\x01\xFE\xFF\x80\x90"), Err(PhotoError::NotAPhoto(FileKind::Unknown)));
}

#[test]
fn cut_files_are_truncated() {
    let (jpeg, png) = (encoded(noise(64, 64), ImageFormat::Jpeg), encoded(noise(64, 64), ImageFormat::Png));
    assert_eq!(Photo::decode(cut(&jpeg)), Err(PhotoError::Truncated));
    assert_eq!(Photo::decode(&jpeg[..40]), Err(PhotoError::Truncated));
    assert_eq!(Photo::decode(cut(&png)), Err(PhotoError::Truncated));
    for format in [ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::WebP] {
        let whole = encoded(noise(64, 64), format);
        assert!(Photo::decode(&whole).is_ok(), "{format:?}");
        assert_eq!(Photo::decode(cut(&whole)), Err(PhotoError::Truncated), "{format:?}");
        assert!(Photo::decode(&whole[..20]).is_err(), "{format:?} without its header");
    }
}

#[test]
fn the_end_of_a_thumbnail_is_not_the_end_of_the_photo() {
    let jpeg = encoded(noise(64, 64), ImageFormat::Jpeg);
    let thumbnail = encoded(noise(8, 8), ImageFormat::Jpeg);
    let with_thumbnail = with_segment(&jpeg, 0xE5, &thumbnail);
    assert!(thumbnail.ends_with(&[0xFF, 0xD9]));
    assert_eq!(Photo::decode(&with_thumbnail), Photo::decode(&jpeg));
    assert!(Photo::decode(&jpeg).is_ok());
    let cut = &with_thumbnail[..thumbnail.len() + jpeg.len() * 6 / 10];
    assert_eq!(Photo::decode(cut), Err(PhotoError::Truncated));
}

#[test]
fn bytes_after_the_end_are_ignored() {
    let jpeg = encoded(noise(40, 24), ImageFormat::Jpeg);
    let longer = [jpeg.as_slice(), &[0xAB; 1000]].concat();
    let photo = Photo::decode(&longer).expect("a whole photo and something more");
    assert_eq!((photo.width, photo.height), (40, 24));
    assert_eq!(Ok(photo), Photo::decode(&jpeg));
}

#[test]
fn an_animation_gives_its_first_picture() {
    let gif = |colors: &[[u8; 4]]| {
        let mut bytes = Vec::new();
        let frames = colors.iter().map(|&color| Frame::new(RgbaImage::from_pixel(8, 8, Rgba(color))));
        GifEncoder::new(&mut bytes).encode_frames(frames).expect("encoding into memory");
        bytes
    };
    let (red, blue) = ([255, 0, 0, 255], [0, 0, 255, 255]);
    let photo = Photo::decode(&gif(&[red, blue])).expect("an animated GIF opens");
    assert_eq!(photo.notes, [Note::Animated]);
    assert!(photo.rgb[0] > 240 && photo.rgb[2] < 15, "red, not {:?}", &photo.rgb[..3]);
    assert!(Photo::decode(&gif(&[red])).expect("a GIF opens").notes.is_empty());
}

#[test]
fn sixteen_bits_become_eight() {
    let deep = ImageBuffer::<Rgb<u16>, Vec<u16>>::from_pixel(4, 3, Rgb([65_535, 0, 128 * 257]));
    let photo = Photo::decode(&encoded(deep, ImageFormat::Png)).expect("a 16-bit PNG opens");
    assert_eq!(photo.notes, [Note::SixteenBit]);
    assert_eq!(photo.rgb, [255u8, 0, 128].repeat(12));
}

#[test]
fn too_many_pixels_are_refused_by_the_header() {
    let mut bmp = b"BM".to_vec();
    bmp.extend([54u32, 0, 54, 40, 20_000, 20_000].iter().flat_map(|v| v.to_le_bytes()));
    bmp.extend([1u16, 24].iter().flat_map(|v| v.to_le_bytes())); // planes, bits per pixel
    bmp.extend([0; 24]);
    let error = Photo::decode(&bmp).expect_err("400 megapixels");
    assert_eq!(error, PhotoError::TooLarge { width: 20_000, height: 20_000 });
    assert!(error.to_string().contains("400 megapixels; at most 120 fit"), "{error}");
}

/// The file's header says 8 × 8 pixels, its picture's header 65,535 × 65,535: sixteen gigabytes from thirty bytes.
/// `make fuzz` found this file.
#[test]
fn a_gif_whose_picture_is_larger_than_itself_is_refused_by_the_header() {
    let mut bytes = Vec::new();
    GifEncoder::new(&mut bytes).encode_frame(Frame::new(RgbaImage::from_pixel(8, 8, Rgba([9; 4])))).unwrap();
    let header = [0x2C, 0, 0, 0, 0, 8, 0, 8, 0];
    let at = bytes.windows(9).position(|window| window == header).expect("the picture's header");
    bytes[at + 5..at + 9].fill(0xFF);
    assert_eq!(Photo::decode(&bytes), Err(PhotoError::TooLarge { width: 65_535, height: 65_535 }));
}

/// With orientation 6, the picture must be rotated clockwise.
#[test]
fn exif_orientation_is_applied() {
    let corner = |x, y| if x < 16 && y < 16 { Rgb([250, 10, 10]) } else { Rgb([10, 10, 250]) };
    let jpeg = encoded(RgbImage::from_fn(48, 32, corner), ImageFormat::Jpeg);
    let exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let photo = Photo::decode(&with_segment(&jpeg, 0xE1, exif)).expect("a JPEG with EXIF opens");
    assert_eq!((photo.width, photo.height, photo.original), (32, 48, (32, 48)));
    let red = |x: usize, y: usize| photo.rgb[(y * 32 + x) * 3] > 128;
    assert_eq!([red(28, 4), red(4, 4), red(28, 44), red(4, 44)], [true, false, false, false]);
}

#[test]
fn transparent_pixels_are_blended_with_white() {
    let pixels = [[0, 0, 0, 0], [0, 0, 0, 128], [255, 0, 0, 255]];
    let image = RgbaImage::from_fn(3, 1, |x, _| Rgba(pixels[x as usize]));
    let photo = Photo::decode(&encoded(image, ImageFormat::Png)).expect("a transparent PNG opens");
    assert_eq!(photo.rgb, [255, 255, 255, 127, 127, 127, 255, 0, 0]);
    assert!(photo.notes.is_empty());
}

#[test]
fn large_photos_are_scaled_down() {
    let image = RgbImage::from_pixel(MAX_SIDE * 5 / 4, 800, Rgb([10, 20, 30]));
    let photo = Photo::decode(&encoded(image, ImageFormat::Bmp)).expect("a large photo opens");
    assert_eq!((photo.width, photo.height, photo.original), (MAX_SIDE, 640, (MAX_SIDE * 5 / 4, 800)));
    assert_eq!(photo.rgb, [10u8, 20, 30].repeat(MAX_SIDE as usize * 640));
}

/// Some cameras leave the end mark out, and some programs add bytes: the picture is the same.
#[test]
fn bytes_around_the_picture_do_not_matter() {
    let jpeg = encoded(noise(64, 48), ImageFormat::Jpeg);
    let whole = Photo::decode(&jpeg).unwrap();
    let first_segment = 4 + usize::from(u16::from_be_bytes([jpeg[4], jpeg[5]])) - 2 + 2;
    for (what, bytes) in [
        ("no end mark", jpeg[..jpeg.len() - 2].to_vec()),
        ("a trailer", [&jpeg[..], b"SEFH\0\0trailer of a phone"].concat()),
        ("zeros between segments", [&jpeg[..first_segment], &[0; 12], &jpeg[first_segment..]].concat()),
        ("fill bytes before the end mark", [&jpeg[..jpeg.len() - 2], &[0xFF; 4], &jpeg[jpeg.len() - 2..]].concat()),
    ] {
        assert_eq!(Photo::decode(&bytes).as_ref(), Ok(&whole), "{what}");
    }
}

#[test]
fn rare_codings_are_named() {
    let jpeg = encoded(noise(16, 16), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    let changed = |at: usize, byte: u8| {
        let mut bytes = jpeg.clone();
        bytes[at] = byte;
        Photo::decode(&bytes)
    };
    assert_eq!(changed(frame + 1, 0xC9), Err(PhotoError::RareJpeg(RareJpeg::Arithmetic)));
    assert_eq!(changed(frame + 1, 0xC3), Err(PhotoError::RareJpeg(RareJpeg::Lossless)));
    assert_eq!(changed(frame + 1, 0xC5), Err(PhotoError::RareJpeg(RareJpeg::Hierarchical)));
    assert_eq!(changed(frame + 4, 12), Err(PhotoError::RareJpeg(RareJpeg::TwelveBits)));
}

/// Writes bits, highest first, with a zero after each 0xFF (T.81, section F.1.2.3).
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u32,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        for at in (0..count).rev() {
            self.pending = self.pending << 1 | value >> at & 1;
            self.count += 1;
            if self.count == 8 {
                self.bytes.push(self.pending as u8);
                if self.pending == 0xFF {
                    self.bytes.push(0);
                }
                (self.pending, self.count) = (0, 0);
            }
        }
    }

    /// Put a block's mean, as its difference to the one before, and no other coefficient.
    fn block(&mut self, difference: i32) {
        let size = 32 - difference.unsigned_abs().leading_zeros();
        self.put(size, 4); // the code of size n is n itself, in four bits
        let low = if difference < 0 { difference + (1 << size) - 1 } else { difference };
        self.put(low as u32, size);
        self.put(0, 1); // the end of the block
    }

    fn finish(mut self) -> Vec<u8> {
        while self.count > 0 {
            self.put(1, 1);
        }
        self.bytes
    }
}

/// Write a JPEG whose three components have scans of their own, with `[columns, rows]` of flat 8 × 8 blocks of the luma, and chroma
/// of half the size.
fn in_own_scans([width, height]: [u16; 2], level: impl Fn(usize, usize, usize) -> i32) -> Vec<u8> {
    let segment =
        |marker: u8, payload: &[u8]| [&[0xFF, marker], &(payload.len() as u16 + 2).to_be_bytes()[..], payload].concat();
    let mut file = vec![0xFF, 0xD8];
    file.extend(segment(0xDB, &[&[0], &[8; 64][..]].concat())); // the mean of a block is stored once
    let ([w0, w1], [h0, h1]) = (width.to_be_bytes(), height.to_be_bytes());
    file.extend(segment(0xC0, &[8, h0, h1, w0, w1, 3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0]));
    // Twelve codes of four bits for the means; one of one bit for the end of a block.
    file.extend(segment(0xC4, &[&[0, 0, 0, 0, 12][..], &[0; 12], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]].concat()));
    file.extend(segment(0xC4, &[&[0x10, 1][..], &[0; 15], &[0]].concat()));
    for component in 0..3u8 {
        let side = |pixels: u16| usize::from(if component == 0 { pixels } else { pixels.div_ceil(2) }).div_ceil(8);
        file.extend(segment(0xDA, &[1, component + 1, 0, 0, 63, 0]));
        let (mut bits, mut before) = (Bits::default(), 0);
        for row in 0..side(height) {
            for column in 0..side(width) {
                let mean = level(component.into(), column, row) - 128;
                bits.block(mean - before);
                before = mean;
            }
        }
        file.extend(bits.finish());
    }
    file.extend([0xFF, 0xD9]);
    file
}

/// Scans of single components, of sizes that are no multiple of a block. The expected colours are those of JFIF's formula.
#[test]
fn components_may_have_scans_of_their_own() {
    let level = |component: usize, column: usize, row: usize| match component {
        0 => 60 + 20 * column as i32 + 10 * row as i32,
        1 => 100 + 20 * row as i32,
        _ => 150 - 15 * column as i32,
    };
    for size in [[48, 32], [41, 27], [33, 17]] {
        let photo = Photo::decode(&in_own_scans(size, level)).unwrap();
        assert_eq!((photo.width, photo.height), (size[0].into(), size[1].into()));
        // In the middle of each block of chroma, where no decoder smooths between blocks.
        for (column, row) in [(0, 0), (1, 0), (0, 1)] {
            let (x, y) = (16 * column + 6, 16 * row + 6);
            if x >= usize::from(size[0]) || y >= usize::from(size[1]) {
                continue;
            }
            let [luma, blue, red] =
                [level(0, 2 * column, 2 * row), level(1, column, row), level(2, column, row)].map(f64::from);
            let expected = [
                luma + 1.402 * (red - 128.0),
                luma - 0.344_136 * (blue - 128.0) - 0.714_136 * (red - 128.0),
                luma + 1.772 * (blue - 128.0),
            ];
            let at = (y * usize::from(size[0]) + x) * 3;
            for (actual, expected) in photo.rgb[at..at + 3].iter().zip(expected) {
                assert!(
                    (f64::from(*actual) - expected).abs() < 3.0,
                    "{size:?}, block {column}, {row}: {actual}, expected {expected}"
                );
            }
        }
    }
}
