//! Every family against PyTorch (`tests/fixtures/torch_networks.py`): logits, input gradients, tensor names.

use std::collections::BTreeMap;

use burn::module::Module as _;
use burn::tensor::{Device, Tensor, TensorData};
use camscope::cam::class_maps;
use camscope::checkpoint::{Imported, StateDict, import};
use camscope::core::preprocessing::Preprocessing;
use camscope::data::{Augment, batch};
use camscope::model::{Network, NetworkConfig};

use crate::support::{assert_close, fixture, project, report, source, span, values};

#[derive(serde::Deserialize)]
struct Golden {
    name: String,
    options: serde_json::Map<String, serde_json::Value>,
    size: usize,
    parameters: usize,
    logits: Vec<f32>,
    gradient: Vec<f32>,
    gradient_size: Vec<f32>,
}

const CLASSES: usize = 10;
/// Cells per side of the grid over which the fixture averages gradients.
const GRID: usize = 4;

/// Return the fixtures of all networks.
fn goldens() -> Vec<Golden> {
    let files = std::fs::read_dir(project("tests/fixtures/networks")).unwrap();
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert!(names.len() >= 14, "{names:?}");
    names.iter().map(|name| fixture(&format!("networks/{name}"))).collect()
}

/// Return the numbers that `noise` in the script computes: a hash of the index and the name.
pub fn noise(name: &str, count: usize) -> Vec<f32> {
    let seed = name.bytes().fold(0x811C_9DC5u32, |seed, byte| (seed ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let mix = |i: u32| {
        let x = i.wrapping_mul(0x9E37_79B1).wrapping_add(seed);
        let x = (x ^ (x >> 15)).wrapping_mul(0x85EB_CA77);
        let x = (x ^ (x >> 13)).wrapping_mul(0xC2B2_AE3D);
        (((x ^ (x >> 16)) >> 8) as f32) / 8_388_608.0 - 1.0
    };
    (0..count as u32).map(mix).collect()
}

/// Return a network with the fixtures' parameters, which are set by PyTorch's tensor names.
pub fn filled(name: &str, options: &serde_json::Map<String, serde_json::Value>) -> (NetworkConfig, Network) {
    let device = Device::flex();
    let config = NetworkConfig::named(name, CLASSES).unwrap().with(options.clone()).unwrap();
    let mut state = StateDict::of(&config.init(&device).unwrap(), &config).unwrap();
    if options.contains_key("batch_norm") {
        // torchvision's VGG has biases before its norms; ours has none there.
        let weights = state.tensors.iter().filter(|(_, (shape, _))| shape.len() == 4);
        let biases =
            weights.map(|(name, (shape, _))| (name.replace("weight", "bias"), (vec![shape[0]], vec![0.0; shape[0]])));
        let biases: Vec<_> = biases.collect();
        state.tensors.extend(biases);
    }
    for (name, (shape, values)) in &mut state.tensors {
        let (scale, offset) = match shape.len() {
            1 if name.ends_with("running_var") => (0.5, 1.0),
            1 if name.ends_with("weight") => (0.25, 1.0),
            1 => (0.1, 0.0),
            _ => ((6.0 / shape[1..].iter().product::<usize>() as f64).sqrt() as f32, 0.0),
        };
        *values = noise(name, values.len()).into_iter().map(|v| offset + scale * v).collect();
    }
    let network = state.into_network("a formula".as_ref(), &config, &device).unwrap();
    (config, network)
}

#[test]
fn every_family_agrees_with_pytorch() {
    for golden in goldens() {
        let (_, network) = filled(&golden.name, &golden.options);
        let (name, side) = (&golden.name, golden.size);
        let cost = network.cost(side, side);
        assert_eq!(cost.iter().map(|stage| stage.parameters).sum::<usize>(), golden.parameters, "{name}: parameters");
        let photo = TensorData::new(noise("photo", 3 * side * side), [1, 3, side, side]);
        let output = network.forward(Tensor::from_data(photo.clone(), &Device::flex()));
        let [_, k, h, w] = output.features.dims();
        assert_eq!(cost[cost.len() - 2].output, [k, h, w], "{name}: features");
        let logits = values(output.logits);
        assert_close(&format!("{name}: logits"), &logits, &golden.logits, 2e-4 * span(&golden.logits));

        let device = Device::flex().autodiff();
        let folded = network.folded().to_device(&device);
        let x = Tensor::<4>::from_data(photo, &device).require_grad();
        let output = folded.forward(x.clone());
        let folded_logits = values(output.logits.clone().inner());
        assert_close(&format!("{name}: folded"), &folded_logits, &golden.logits, 5e-4 * span(&golden.logits));
        let gradients = output.logits.slice([0..1, 3..4]).sum().backward();
        let gradient = values(x.grad(&gradients).unwrap());
        let actual = averaged(&gradient, side, |v| v);
        assert_close(&format!("{name}: gradient"), &actual, &golden.gradient, 2e-3 * span(&golden.gradient));
        let actual = averaged(&gradient, side, f32::abs);
        assert_close(
            &format!("{name}: gradient's size"),
            &actual,
            &golden.gradient_size,
            2e-3 * span(&golden.gradient_size),
        );
    }
}

/// Return the means of `f` of the gradient over the cells of a grid, channel by channel.
fn averaged(gradient: &[f32], side: usize, f: impl Fn(f32) -> f32) -> Vec<f32> {
    let cell = side / GRID;
    let mut sums = vec![0f64; 3 * GRID * GRID];
    for (i, &value) in gradient.iter().enumerate() {
        let (c, y, x) = (i / (side * side), i / side % side, i % side);
        sums[(c * GRID + y / cell) * GRID + x / cell] += f64::from(f(value));
    }
    sums.into_iter().map(|sum| (sum / (cell * cell) as f64) as f32).collect()
}

/// The expected values, in millions, are those of the papers and of torchvision's documentation.
#[test]
fn costs_are_those_of_the_papers() {
    let millions = |name: &str, size, classes| {
        let network = NetworkConfig::named(name, classes).unwrap().init(&Device::flex()).unwrap();
        let cost = network.cost(size, size);
        let parameters: usize = cost.iter().map(|stage| stage.parameters).sum();
        let multiply_adds: u64 = cost.iter().map(|stage| stage.multiply_adds).sum();
        [parameters as f64 / 1e6, multiply_adds as f64 / 1e6]
    };
    for (name, size, classes, parameters, multiply_adds) in [
        ("resnet-20", 32, 10, 0.27, 40.6),
        ("resnet-18", 224, 1000, 11.69, 1814.0),
        ("resnet-50", 224, 1000, 25.56, 4089.0),
        ("resnet-152", 224, 1000, 60.19, 11514.0),
        ("googlenet", 224, 1000, 6.62, 1498.0),
        ("squeezenet1.1", 224, 1000, 1.24, 349.0),
        ("efficientnet-lite0", 224, 1000, 4.65, 385.0),
    ] {
        let [p, m] = millions(name, size, classes);
        assert!((p - parameters).abs() < 0.01, "{name}: {p} million parameters, not {parameters}");
        assert!((m / multiply_adds - 1.0).abs() < 0.01, "{name}: {m} million multiply-adds, not {multiply_adds}");
    }
}

/// With NIN's head, the maps include the bias and the ReLU, so their mean alone is the logit.
#[test]
fn the_mean_of_a_map_of_nins_head_is_the_logit() {
    for golden in goldens() {
        let (_, network) = filled(&golden.name, &golden.options);
        if network.rectified {
            let photo = TensorData::new(noise("photo", 3 * 96 * 96), [1, 3, 96, 96]);
            let output = network.forward(Tensor::from_data(photo, &Device::flex()));
            let maps = values(class_maps(&network, output.features, &(0..CLASSES).collect::<Vec<_>>()));
            let cells = maps.len() / CLASSES;
            let means: Vec<f32> = maps.chunks(cells).map(|map| map.iter().sum::<f32>() / cells as f32).collect();
            assert_close(&golden.name, &means, &values(output.logits), 1e-4);
        }
    }
}

/// Written as safetensors and read again, a state_dict is the same to the bit.
#[test]
fn state_dicts_round_trip() {
    let folder = tempfile::tempdir().unwrap();
    for golden in goldens() {
        let (config, network) = filled(&golden.name, &golden.options);
        let path = folder.path().join(format!("{}.safetensors", golden.name));
        let state = StateDict::of(&network, &config).unwrap();
        state.write(&path).unwrap();
        let again = StateDict::read(&path, &config).unwrap().into_network(&path, &config, &Device::flex()).unwrap();
        assert_eq!(StateDict::of(&again, &config).unwrap().tensors, state.tensors, "{}", golden.name);
    }
}

/// The card of a network without a known source says so.
#[test]
fn cards_of_imported_weights_name_their_licence_and_source() {
    let folder = tempfile::tempdir().unwrap();
    let device = Device::flex();
    for (name, licence, source) in [
        ("resnet-20", "BSD-2-Clause", "akamaster/pytorch_resnet_cifar10"),
        ("resnet-18", "BSD-3-Clause", "torchvision"),
        ("plain-20", "unknown", "unknown source"),
    ] {
        let config = camscope::model::find(name).unwrap().config;
        let path = folder.path().join(format!("{name}.safetensors"));
        StateDict::of(&config.init(&device).unwrap(), &config).unwrap().write(&path).unwrap();
        let Imported { card, .. } = import(name, &path, None, &device).unwrap();
        assert_eq!((card.licence.as_str(), card.source.contains(source)), (licence, true), "{name}: {}", card.source);
    }
}

#[test]
fn the_error_for_another_networks_file_names_the_tensors() {
    let device = Device::flex();
    let (twenty, eighteen) =
        (NetworkConfig::named("resnet-20", 10).unwrap(), NetworkConfig::named("resnet-18", 10).unwrap());
    let state = StateDict::of(&twenty.init(&device).unwrap(), &twenty).unwrap();
    let error = state.into_network("net.pth".as_ref(), &eighteen, &device).map(|_| ()).expect_err("another network");
    let text = error.to_string();
    assert!(
        text.starts_with("net.pth does not hold this network: conv1.weight has the shape [16, 3, 3, 3] instead of"),
        "{text}"
    );
    assert!(text.contains("and 99 more") && text.ends_with("and 29 more, which this network does not have"), "{text}");
}

/// Compares the predictions of public CIFAR ResNets on the CIFAR-10 test images with PyTorch's
/// (`tests/fixtures/torch_cifar.py`): those of the smallest network on all 10,000 images, those of the others on every
/// tenth. (On these JPEG copies PyTorch's accuracies are 81.1, 82.5, 82.7 and 83.2 %; on the original images the
/// authors state 91.7 to 93.4 %.)
#[test]
fn public_cifar_resnets_predict_as_in_pytorch() {
    let (folder, data) = (project("../shared/data/resnet-cifar10"), project("../shared/data/cifar10-test.zip"));
    let Ok(files) = std::fs::read_dir(&folder) else {
        return report(&format!("skipped: {} is missing", folder.display()));
    };
    let golden: BTreeMap<String, String> = fixture("cifar_resnets.json");
    let preprocessing = Preprocessing { resize: 32, size: 32, mean: [0.0; 3], std: [1.0; 3] };
    let images = source("folder", &data).load(&preprocessing).unwrap().test;
    if let Some(path) = std::env::var_os("CAMSCOPE_PIXELS") {
        std::fs::write(path, &images.rgb).unwrap(); // for the script
    }
    assert_eq!((images.len(), golden.len()), (10_000, 4));
    for path in files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "th")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let family = name.split('-').next().unwrap();
        let Imported { card, network, .. } = import(family, &path, None, &Device::flex()).expect("a CIFAR ResNet");
        let expected = golden[family].as_bytes();
        let positions: Vec<usize> = (0..10_000).step_by(if family == "resnet20" { 1 } else { 10 }).collect();
        let mut equal = 0;
        for positions in positions.chunks(250) {
            let x = card.preprocessing.normalise(&batch(&images, positions, 32, Augment::None, 0), &Device::flex());
            for (scores, &i) in values(network.forward(x).logits).chunks(10).zip(positions) {
                let best = (0..10).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap();
                equal += usize::from(best == usize::from(expected[i] - b'0'));
            }
        }
        let share = equal as f64 / positions.len() as f64;
        report(&format!("{family}: {:.2} % of {} predictions equal PyTorch's", share * 100.0, positions.len()));
        assert!(share >= 0.998, "{family}: {share}");
    }
}

/// The file is a zip container with a state_dict inside a checkpoint, with names of data-parallel training, float16 and
/// a transposed view.
#[test]
fn files_of_torch_save_are_read() {
    let config = NetworkConfig::named("resnet-20", 10).unwrap();
    let state = StateDict::read(&project("tests/fixtures/state_dict.pth"), &config).unwrap();
    let tensor = |name: &str| state.tensors[name].clone();
    assert_eq!(tensor("a"), (vec![2, 3], vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]));
    assert_eq!(tensor("half"), (vec![2, 3], vec![0.0, 0.25, 0.5, 0.75, 1.0, 1.25]));
    assert_eq!(tensor("turned"), (vec![3, 2], vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.pth");
    std::fs::write(&text, "not a checkpoint").unwrap();
    let error = StateDict::read(&text, &config).expect_err("a text file").to_string();
    assert!(error.contains("cannot be read as a PyTorch state_dict"), "{error}");
}
