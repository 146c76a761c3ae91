//! What fuzzing starts from: small whole files of every kind that is read. `seeds FOLDER` writes them to FOLDER/photo and
//! FOLDER/checkpoint.

use std::fs::{create_dir_all, write};
use std::io::Cursor;
use std::path::Path;

use burn::tensor::Device;
use camscope::checkpoint::{ModelCard, encode};
use camscope::core::preprocessing::Preprocessing;
use camscope::model::NetworkConfig;
use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, ImageFormat, RgbImage};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let folder = std::env::args().nth(1).ok_or("usage: seeds FOLDER")?;
    let (photos, checkpoints) = (Path::new(&folder).join("photo"), Path::new(&folder).join("checkpoint"));
    create_dir_all(&photos)?;
    create_dir_all(&checkpoints)?;

    let rgb = DynamicImage::from(RgbImage::from_fn(24, 16, |x, y| image::Rgb([x as u8 * 10, y as u8 * 15, 90])));
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp] {
        let name = format.extensions_str()[0];
        write(photos.join(format!("rgb.{name}")), encoded(&rgb, format)?)?;
    }
    for (name, picture) in [
        ("grey.png", DynamicImage::from(rgb.to_luma8())),
        ("clear.png", rgb.to_rgba8().into()),
        ("deep.png", rgb.to_rgb16().into()),
    ] {
        write(photos.join(name), encoded(&picture, ImageFormat::Png)?)?;
    }
    write(photos.join("grey.jpg"), encoded(&rgb.to_luma8().into(), ImageFormat::Jpeg)?)?;
    let mut gif = Vec::new();
    let mut frames = GifEncoder::new(&mut gif);
    for turn in [0, 180] {
        frames.encode_frame(Frame::new(rgb.huerotate(turn).to_rgba8()))?;
    }
    drop(frames);
    write(photos.join("two.gif"), gif)?;

    for (name, config) in [("vgg11-gap", r#"{"width": 0.015625}"#), ("resnet-20", "{}")] {
        let config = NetworkConfig::named(name, 3)?.with(serde_json::from_str(config)?)?;
        let card = ModelCard {
            name: "tiny".into(),
            title: "Tiny".into(),
            network: config.clone(),
            classes: ["a", "b", "c"].map(str::to_owned).into(),
            preprocessing: Preprocessing { resize: 32, size: 32, mean: [127.5; 3], std: [127.5; 3] },
            licence: "MIT".into(),
            source: "nowhere".into(),
            accuracy: None,
            file: String::new(),
            bytes: 0,
            sha256: String::new(),
        };
        let file = pollster::block_on(encode(&config.init(&Device::flex())?, &card))?;
        // Most of a file is weights, which may be anything; cut short, the search stays with the header.
        write(checkpoints.join(format!("{name}.start")), &file[..file.len().min(2048)])?;
        if file.len() < 100_000 {
            write(checkpoints.join(format!("{name}.bpk")), file)?;
        }
    }
    Ok(())
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Outcome<Vec<u8>> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format)?;
    Ok(out.into_inner())
}
