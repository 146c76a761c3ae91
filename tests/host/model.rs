//! Networks and their maps against the reference in NumPy.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use camscope::cam::class_maps;
use camscope::checkpoint::{ModelCard, read_manifest, verify, weights};
use camscope::model::{EfficientNetLiteConfig, Layer, Network, NetworkConfig, VggGapConfig};
use camscope::photo::Photo;

use crate::support::{Filler, assert_close, fetched, fixture, project, span, values};

#[derive(serde::Deserialize)]
struct VggGolden {
    batch_norm: bool,
    pools: usize,
    features: Vec<f32>,
    logits: Vec<f32>,
    maps: Vec<f32>,
}

#[derive(serde::Deserialize)]
struct EfficientNetGolden {
    logits: Vec<f32>,
    top: Vec<usize>,
    maps: Vec<f32>,
}

/// The network computes in float32, the reference in float64. The tolerance is a share of the values' range after
/// thirteen convolutions. Folding batch norms must not change the results either.
#[test]
fn vgg_agrees_with_numpy_folded_or_not() {
    for golden in fixture::<Vec<VggGolden>>("vgg.json") {
        let (batch_norm, pools) = (golden.batch_norm, golden.pools);
        let config = VggGapConfig { width: 0.0625, batch_norm, pools, ..Default::default() };
        let mut network = NetworkConfig::VggGap(config).init(&Device::flex()).expect("a valid configuration");
        let mut filler = Filler::new(1);
        let x = filler.tensor([1, 3, 64, 64], 1.0, 0.0);
        filler.fill(&mut network);

        for (name, network) in [("built", network.clone()), ("folded", network.folded())] {
            let output = network.forward(x.clone());
            let classes: Vec<usize> = (0..10).collect();
            let maps = class_maps(&network, output.features.clone(), &classes);
            let (maps, logits) = (values(maps), values(output.logits));
            let name = format!("{name}, batch norm {batch_norm}");
            let close = |what: &str, actual: &[f32], expected: &[f32]| {
                assert_close(&format!("{what} ({name})"), actual, expected, 1e-4 * span(expected));
            };
            close("features", &values(output.features), &golden.features);
            close("logits", &logits, &golden.logits);
            close("maps", &maps, &golden.maps);
            assert_mean_is_logit(&network, &classes, &maps, &logits);
        }
    }
}

/// The weights of the file are float16. Those of the reference are float32, and it computes in float64.
#[test]
fn efficientnet_agrees_with_numpy() {
    if !fetched() {
        return;
    }
    let (card, network) = efficientnet();
    let golden: EfficientNetGolden = fixture("efficientnet.json");
    let output = network.forward(card.preprocessing.normalise(&pattern(), &Device::flex()));
    let logits = values(output.logits);
    assert_close("logits", &logits, &golden.logits, 0.05);
    assert_eq!(top5(&logits), golden.top);

    let maps = values(class_maps(&network, output.features, &golden.top));
    assert_eq!(maps.len(), 5 * 7 * 7);
    for (actual, expected) in maps.chunks(49).zip(golden.maps.chunks(49)) {
        assert_close("map", actual, expected, 0.02 * span(expected));
    }
    let logits: Vec<f32> = golden.top.iter().map(|&class| logits[class]).collect();
    assert_mean_is_logit(&network, &golden.top, &maps, &logits);
}

/// Checks the whole way from the file to the class against Pillow and NumPy. The two resamplers differ by a grey level
/// at some pixels, so close scores may change their order.
#[test]
fn sample_photos_get_the_reference_classes() {
    if !fetched() {
        return;
    }
    let (card, network) = efficientnet();
    let mut photos = 0;
    for (name, expected) in fixture::<BTreeMap<String, Vec<usize>>>("photos.json") {
        let Ok(bytes) = std::fs::read(project("www/photos").join(&name)) else { continue };
        let photo = Photo::decode(&bytes).expect("a sample photo opens");
        let rgb = photo.square(card.preprocessing.crop(photo.width, photo.height), card.preprocessing.size);
        let actual = top5(&values(network.forward(card.preprocessing.normalise(&rgb, &Device::flex())).logits));
        assert!(expected[..2].contains(&actual[0]), "{name}: actual {actual:?}, expected {expected:?}");
        let common = actual.iter().filter(|class| expected.contains(class)).count();
        assert!(common >= 4, "{name}: actual {actual:?}, expected {expected:?}");
        photos += 1;
    }
    assert_eq!(photos, 5, "sample photos in www/photos; `make photos` fetches them");
}

#[test]
fn the_default_is_vgg16_gap() {
    struct Shapes(Vec<Vec<usize>>);
    impl ModuleVisitor for Shapes {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.val().dims().to_vec());
        }
    }
    let mut shapes = Shapes(Vec::new());
    NetworkConfig::VggGap(VggGapConfig::default()).init(&Device::flex()).expect("the default").visit(&mut shapes);

    let mut expected: Vec<Vec<usize>> = Vec::new();
    let mut c_in = 3;
    for c_out in [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512] {
        expected.extend([vec![c_out, c_in, 3, 3], vec![c_out]]);
        c_in = c_out;
    }
    expected.extend([vec![512, 10], vec![10]]);
    assert_eq!(expected.len(), 28);
    assert_eq!(shapes.0, expected);
}

#[test]
fn every_depth_has_its_number_of_convolutions() {
    let device = Device::flex();
    for (depth, convolutions) in [(11, 8), (13, 10), (16, 13), (19, 16)] {
        let config = VggGapConfig { depth, width: 0.0625, classes: 7, ..Default::default() };
        let network = NetworkConfig::VggGap(config).init(&device).expect("a valid depth");
        let layers = network.stages.iter().flat_map(|stage| &stage.layers);
        assert_eq!(layers.filter(|layer| matches!(layer, Layer::Conv(_))).count(), convolutions, "depth {depth}");
        let output = network.forward(Tensor::zeros([2, 3, 64, 32], &device));
        assert_eq!(output.features.dims(), [2, 32, 2, 1], "depth {depth}");
        assert_eq!(output.logits.dims(), [2, 7], "depth {depth}");
    }
}

#[test]
fn configuration_errors_say_what_is_allowed() {
    let text = |config: VggGapConfig| {
        NetworkConfig::VggGap(config).init(&Device::flex()).map(|_| ()).expect_err("outside the range").to_string()
    };
    let default = VggGapConfig::default;
    assert_eq!(
        text(VggGapConfig { depth: 12, ..default() }),
        "a VGG has a depth of 11, 13, 16 or 19, not 12; set \"depth\" to one of them"
    );
    assert_eq!(text(VggGapConfig { width: 0.0, ..default() }), "width must be above 0 and at most 4, not 0");
    assert_eq!(text(VggGapConfig { width: f64::NAN, ..default() }), "width must be above 0 and at most 4, not NaN");
    assert_eq!(text(VggGapConfig { pools: 6, ..default() }), "pools must be from 0 to 5, not 6");
    assert_eq!(text(VggGapConfig { classes: 0, ..default() }), "classes must be at least 1, not 0");
    let none = EfficientNetLiteConfig { batch_norm: true, classes: 0 };
    let error = NetworkConfig::EfficientnetLite(none).init(&Device::flex()).map(|_| ()).expect_err("no classes");
    assert_eq!(error.to_string(), "classes must be at least 1, not 0");
}

/// Return the shipped EfficientNet-Lite0 and its card.
pub fn efficientnet() -> (ModelCard, Network) {
    let models = project("www/models");
    let manifest = read_manifest(&models).expect("www/models/manifest.json; `make models` makes it");
    let card = manifest.models.into_iter().find(|card| card.name == "efficientnet-lite0").expect("the ImageNet model");
    let bytes = std::fs::read(models.join(&card.file)).expect("the file that the manifest names");
    verify(&bytes, &card).expect("the hash that the manifest names");
    let network = weights(bytes, &card, &Device::flex()).expect("weights that fit");
    (card, network)
}

/// Return the image that `pattern` in `reference.py` computes.
fn pattern() -> Vec<u8> {
    let wave = |t: i32| (t % 510 - 255).unsigned_abs() as u8;
    let pixel = |x: i32, y: i32| [wave(5 * x + 2 * y), wave(3 * y + x * y / 32), wave(255 + 4 * (x - y) + 2240)];
    (0..224).flat_map(|y| (0..224).flat_map(move |x| pixel(x, y))).collect()
}

/// Return the five classes with the largest logits, the largest first.
pub fn top5(logits: &[f32]) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..logits.len()).collect();
    classes.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    classes.truncate(5);
    classes
}

/// Assert that the mean of a class's map plus the class's bias is its logit, which holds because global average pooling
/// is linear.
fn assert_mean_is_logit(network: &Network, classes: &[usize], maps: &[f32], logits: &[f32]) {
    let bias = values(network.linear.bias.as_ref().expect("a bias").val());
    let cells = maps.len() / classes.len();
    let sums =
        maps.chunks(cells).zip(classes).map(|(map, &class)| map.iter().sum::<f32>() / cells as f32 + bias[class]);
    assert_close("mean of the map + bias", &sums.collect::<Vec<f32>>(), logits, 1e-3);
}
