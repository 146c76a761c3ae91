//! Randomly changed files: a reader accepts or refuses them, but neither panics nor allocates memory without bound.

use std::io::Cursor;

use burn::tensor::Device;
use camscope::checkpoint::{ModelCard, StateDict, decode, encode, read_manifest};
use camscope::core::preprocessing::Preprocessing;
use camscope::model::NetworkConfig;

use crate::support::source;
use camscope::photo::Photo;
use image::{ImageFormat, RgbImage};
use proptest::prelude::*;

/// A few replaced bytes, and sometimes a missing end.
#[derive(Debug, Clone)]
struct Mutation {
    edits: Vec<(prop::sample::Index, u8)>,
    cut: Option<prop::sample::Index>,
}

impl Mutation {
    /// Return the changed bytes.
    fn of(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for (at, value) in &self.edits {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        if let Some(cut) = self.cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        bytes
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8);
    (edits, prop::option::weighted(0.3, any::<prop::sample::Index>())).prop_map(|(edits, cut)| Mutation { edits, cut })
}

fn checkpoint() -> Vec<u8> {
    let config = NetworkConfig::named("vgg11-gap", 3).unwrap();
    let thin = serde_json::Map::from_iter([("width".to_owned(), 0.015625.into())]);
    let config = config.with(thin).unwrap();
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
    pollster::block_on(encode(&config.init(&Device::flex()).unwrap(), &card)).unwrap()
}

fn photo(format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    RgbImage::from_fn(24, 16, |x, y| image::Rgb([x as u8 * 10, y as u8 * 15, 90])).write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// Run `reader` on `count` mutations of `bytes`.
fn survives(count: u32, bytes: &[u8], reader: impl Fn(&[u8])) {
    let config = ProptestConfig { cases: count, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(mutation in mutation())| reader(&mutation.of(bytes)));
}

#[test]
fn photos() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Bmp] {
        survives(2000, &photo(format), |bytes| {
            if let Ok(photo) = Photo::decode(bytes) {
                assert_eq!(photo.rgb.len(), photo.width as usize * photo.height as usize * 3);
            }
        });
    }
}

#[test]
fn checkpoints() {
    let bytes = checkpoint();
    survives(5000, &bytes, |bytes| drop(decode(bytes.to_vec(), &Device::flex())));
    // Most of a file is weights, which may have any value. Hence the header, which has the structure, is also changed
    // alone.
    let header = bytes.len().min(600);
    survives(5000, &bytes[..header], |start| {
        drop(decode([start, &bytes[start.len().min(header)..]].concat(), &Device::flex()));
    });
}

#[test]
fn state_dicts() {
    let folder = tempfile::tempdir().unwrap();
    let config = NetworkConfig::named("resnet-20", 3).unwrap();
    let path = folder.path().join("net.safetensors");
    StateDict::of(&config.init(&Device::flex()).unwrap(), &config).unwrap().write(&path).unwrap();
    let safe = std::fs::read(&path).unwrap();
    let pickled = std::fs::read(crate::support::project("tests/fixtures/state_dict.pth")).unwrap();
    for (name, bytes, count) in [("net.safetensors", &safe, 150), ("net.pth", &pickled, 500)] {
        let path = folder.path().join(name);
        survives(count, bytes, |bytes| {
            std::fs::write(&path, bytes).unwrap();
            drop(StateDict::read(&path, &config).map(|state| state.into_network(&path, &config, &Device::flex())));
        });
    }
}

#[test]
fn manifests_and_data_sets() {
    let folder = tempfile::tempdir().unwrap();
    let card = serde_json::json!({ "models": [{ "name": "a", "title": "A", "network": { "family": "squeezenet", "classes": 1 }, "classes": ["x"], "licence": "MIT",
        "recipe": { "resize": 32, "size": 32, "mean": [0, 0, 0], "std": [1, 1, 1] }, "source": "s" }] });
    let manifest = folder.path().join("manifest.json");
    survives(500, card.to_string().as_bytes(), |bytes| {
        std::fs::write(&manifest, bytes).unwrap();
        drop(read_manifest(folder.path()));
    });
    let record: Vec<u8> = (0..2 * 3073u32).map(|i| (i % 10) as u8).collect();
    survives(200, &record, |bytes| {
        std::fs::write(folder.path().join("data_batch_1.bin"), bytes).unwrap();
        drop(source("cifar10", folder.path()).load(&Preprocessing::symmetric(32)));
    });
    std::fs::write(folder.path().join("train_X.bin"), [7; 96 * 96 * 3]).unwrap();
    survives(200, &[1], |bytes| {
        std::fs::write(folder.path().join("train_y.bin"), bytes).unwrap();
        drop(source("stl10", folder.path()).load(&Preprocessing::symmetric(32)));
    });
}
