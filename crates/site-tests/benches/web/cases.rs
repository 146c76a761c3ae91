//! The timed cases: networks, sizes and devices. Their networks and the other libraries are added to a copy of the
//! site.

use std::path::Path;

use burn::tensor::Device;
use camscope::checkpoint::{ModelCard, publish, weights};
use camscope::core::preprocessing::Preprocessing;
use camscope::device::{DeviceKind, open};
use camscope::model::Network;

use crate::networks::{config, describe};
use crate::project;
use crate::scale;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// The logits of one photo, and separately five of its maps.
    Forward,
    /// One full training step.
    Step,
}

pub struct Case {
    /// Name as [`config`] understands it.
    pub network: &'static str,
    pub size: u32,
    /// Device as in the page's address.
    pub device: &'static str,
    pub batch: usize,
    pub work: Work,
    /// Timed runs of each library.
    pub rounds: usize,
}

const fn forward(network: &'static str, size: u32, device: &'static str, rounds: usize) -> Case {
    Case { network, size, device, batch: 1, work: Work::Forward, rounds }
}

const fn step(network: &'static str, device: &'static str, rounds: usize) -> Case {
    Case { network, size: 32, device, batch: 4, work: Work::Step, rounds }
}

/// Cases on WebGPU have few rounds: on a machine without a graphics adapter, a pass on the software adapter takes
/// seconds.
pub const CASES: [Case; 12] = [
    forward("vgg16-gap", 96, "cpu", 9),
    forward("vgg16-gap", 224, "cpu", 7),
    forward("resnet-18", 224, "cpu", 9),
    forward("efficientnet-lite0", 224, "cpu", 15),
    forward("vgg16-gap", 96, "webgpu", 3),
    forward("vgg16-gap", 224, "webgpu", 1),
    forward("resnet-18", 224, "webgpu", 3),
    forward("efficientnet-lite0", 224, "webgpu", 3),
    step("vgg16-gap-thin", "cpu", 5),
    step("resnet-20", "cpu", 5),
    step("vgg16-gap-thin", "webgpu", 3),
    step("resnet-20", "webgpu", 3),
];

impl Case {
    /// Return the model's name in the manifest of the site's copy, which is also the name of the folder with its
    /// description.
    pub fn name(&self) -> String {
        format!("bench-{}-{}", self.network, self.size)
    }
}

/// Publish the networks, with random weights, in the site at `root`. Write the files for the other libraries to its
/// folder `peers/`.
pub fn publish_all(root: &Path, cases: &[&Case]) {
    let device = pollster::block_on(open(DeviceKind::Cpu)).unwrap();
    device.seed(1);
    let peers = root.join("peers");
    let modules = project(".tools/peers/node_modules");
    for (from, to) in [
        ("@tensorflow/tfjs/dist", "tf"),
        ("@tensorflow/tfjs-backend-wasm/dist", "tf-wasm"),
        ("@tensorflow/tfjs-backend-webgpu/dist", "tf-webgpu"),
        ("onnxruntime-web/dist", "ort"),
    ] {
        copy_scripts(&modules.join(from), &peers.join(to));
    }
    let own = project("crates/site-tests/benches/web");
    for file in ["peers.html", "peers.js"] {
        std::fs::copy(own.join(file), peers.join(file)).unwrap();
    }
    let models = root.join("models");
    for case in cases {
        let folder = peers.join(case.name());
        if folder.exists() {
            continue;
        }
        let network = publish_one(&models, &case.name(), case.network, case.size, &device);
        describe(&folder, &network, case.size as usize, ".tools/onnx/bin/python");
    }
    for name in scale::networks() {
        publish_one(&models, &format!("bench-{name}"), name, 32, &device);
    }
}

/// Publish a network, and return it as the page reads it: rounded to float16.
fn publish_one(models: &Path, name: &str, network: &str, size: u32, device: &Device) -> Network {
    let config = config(network);
    let card = ModelCard {
        name: name.into(),
        title: network.into(),
        network: config.clone(),
        classes: (0..config.classes()).map(|class| class.to_string()).collect(),
        preprocessing: Preprocessing { resize: size, size, mean: [127.5; 3], std: [127.5; 3] },
        licence: "none".into(),
        source: "random weights".into(),
        accuracy: None,
        file: String::new(),
        bytes: 0,
        sha256: String::new(),
    };
    let network = config.init(device).unwrap();
    let card = pollster::block_on(publish(models, &network, card)).unwrap();
    weights(std::fs::read(models.join(&card.file)).unwrap(), &card, device).unwrap()
}

/// Copy the scripts and WebAssembly files of a folder.
fn copy_scripts(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    let entries = std::fs::read_dir(from).unwrap_or_else(|e| panic!("{}: {e}; run make bench-web", from.display()));
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|ending| ending == "js" || ending == "mjs" || ending == "wasm") {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}
