//! Decoding of photos: photos come out upright, and every other file is a typed error.

use std::io::Cursor;

use camscope::photo::{Kind, MAX_SIDE, Note, Photo, PhotoError};
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
    assert_eq!(Photo::decode(b"notes.txt, renamed holiday.jpg\n"), Err(PhotoError::NotAPhoto(Kind::Text)));
    assert_eq!(Photo::decode(b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"), Err(PhotoError::NotAPhoto(Kind::Pdf)));
    assert_eq!(Photo::decode(b"\x00\x01\xFE\xFF\x80\x90"), Err(PhotoError::NotAPhoto(Kind::Unknown)));
}

#[test]
fn cut_files_are_truncated() {
    let (jpeg, png) = (encoded(noise(64, 64), ImageFormat::Jpeg), encoded(noise(64, 64), ImageFormat::Png));
    assert_eq!(Photo::decode(cut(&jpeg)), Err(PhotoError::Truncated));
    assert_eq!(Photo::decode(&jpeg[..jpeg.len() - 2]), Err(PhotoError::Truncated));
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
