//! The methods against pytorch-grad-cam (`tests/fixtures/torch_cams.py`), and against each other where theory says that
//! they agree.

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor, TensorData};
use camscope::cam::{CamError, class_maps, explain};
use camscope::core::method::{CamOptions, Method};
use camscope::model::Network;

use crate::networks::{filled, noise};
use crate::support::{fetched, fixture, project, report, span, values};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    network: String,
    options: serde_json::Map<String, serde_json::Value>,
    size: usize,
    method: Method,
    stage: Option<usize>,
    #[serde(default)]
    eigen_smooth: bool,
    #[serde(default)]
    tta: bool,
    maps: Vec<Vec<f32>>,
}

/// Classes whose maps are in the fixture.
const CLASSES: [usize; 2] = [3, 7];

fn photo(size: usize) -> Tensor<4> {
    Tensor::from_data(TensorData::new(noise("photo", 3 * size * size), [1, 3, size, size]), &Device::flex())
}

/// Return the maps of `classes`, and their width in cells.
fn maps(network: &Network, size: usize, options: &CamOptions, classes: &[usize]) -> (Vec<Vec<f32>>, usize) {
    let maps = explain(network, photo(size), None, options, classes, async |_, _| ControlFlow::Continue(()));
    let maps = pollster::block_on(maps).unwrap();
    let [count, height, width] = maps.dims();
    assert_eq!(count, classes.len());
    (values(maps).chunks_exact(height * width).map(<[f32]>::to_vec).collect(), width)
}

/// Return Pearson's correlation coefficient.
fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let mean = |v: &[f32]| v.iter().map(|&x| f64::from(x)).sum::<f64>() / v.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |f: fn(f64, f64) -> f64| {
        a.iter().zip(b).map(|(&a, &b)| f(f64::from(a) - mean_a, f64::from(b) - mean_b)).sum::<f64>()
    };
    product(|a, b| a * b) / (product(|a, _| a * a) * product(|_, b| b * b)).sqrt()
}

/// Return the map's means over the cells of a grid of 8 × 8.
fn averaged(map: &[f32], width: usize) -> Vec<f32> {
    let cell = width / 8;
    let mut sums = vec![0.0; 64];
    for (i, value) in map.iter().enumerate() {
        sums[i / width / cell * 8 + i % width / cell] += value / (cell * cell) as f32;
    }
    sums
}

#[test]
fn every_method_agrees_with_pytorch_grad_cam() {
    let mut worst = (1.0, 0.0f32);
    for golden in fixture::<Vec<Golden>>("cams.json") {
        let (_, network) = filled(&golden.network, &golden.options);
        let Golden { method, eigen_smooth, tta, size, .. } = golden;
        let stage = golden.stage.map(|stage| stage + 1); // the fixture counts from 0
        let (actual, width) = maps(&network, size, &CamOptions { method, stage, tta, eigen_smooth }, &CLASSES);
        let eigen = eigen_smooth || matches!(method, Method::EigenCam | Method::EigenGradCam);
        for ((actual, expected), class) in actual.iter().zip(&golden.maps).zip(CLASSES) {
            let what = format!("{}, {method}, stage {stage:?}, class {class}", golden.network);
            let actual = if method == Method::FullGrad { averaged(actual, width) } else { actual.clone() };
            assert_eq!(actual.len(), expected.len(), "{what}");
            let correlation = correlation(&actual, expected);
            // The sign of a principal component is arbitrary. Ours is chosen so that it grows with the channels' sum.
            let sign = if eigen { correlation.signum() } else { 1.0 };
            let error = actual.iter().zip(expected).map(|(a, b)| (a - b * sign as f32).abs()).fold(0.0, f32::max);
            let error = error / span(expected);
            worst = (f64::min(worst.0, correlation * sign), worst.1.max(error));
            assert!(correlation * sign >= 0.999, "{what}: correlation {correlation}");
            assert!(error <= 0.01, "{what}: error {error} of the range");
        }
    }
    report(&format!(
        "maps against pytorch-grad-cam: correlation at least {:.6}, error at most {:.2e} of the range",
        worst.0, worst.1
    ));
}

/// With global average pooling and a linear head, the last stage's gradients are the head's weights divided by the
/// number of cells. So these methods give the CAM divided by that number.
#[test]
fn cam_grad_cam_hires_cam_and_xgrad_cam_are_one_on_gap_networks() {
    for (name, size) in [("resnet-20", 32), ("vgg11-gap", 64), ("googlenet", 96), ("efficientnet-lite0", 64)] {
        let network = camscope::model::NetworkConfig::named(name, 10).unwrap().init(&Device::flex()).unwrap();
        let (cam, width) = maps(&network, size, &CamOptions::default(), &CLASSES);
        let cells = cam[0].len() as f32;
        for method in [Method::GradCam, Method::HiResCam, Method::XGradCam] {
            let (actual, actual_width) =
                maps(&network, size, &CamOptions { method, ..CamOptions::default() }, &CLASSES);
            assert_eq!(actual_width, width);
            for (actual, cam) in actual.iter().zip(&cam) {
                let error = actual.iter().zip(cam).map(|(a, c)| (a * cells - c).abs()).fold(0.0, f32::max);
                assert!(error <= 1e-3 * span(cam), "{name}, {method}: error {error}, range {}", span(cam));
            }
        }
    }
}

/// NIN's head has a ReLU at every cell. CAM is the head's output per cell. HiResCAM is each cell's
/// contribution without the bias where the ReLU passes it, and 0 elsewhere.
#[test]
fn under_nins_head_hires_cam_is_the_positive_part_without_the_bias() {
    let (_, network) = filled("squeezenet1.1", &serde_json::Map::new());
    let features = network.forward(photo(96)).features;
    let (cam, _) = maps(&network, 96, &CamOptions::default(), &CLASSES);
    assert_eq!(cam.concat(), values(class_maps(&network, features, &CLASSES)));
    let (hires, _) = maps(&network, 96, &CamOptions { method: Method::HiResCam, ..CamOptions::default() }, &CLASSES);
    let (bias, cells) = (values(network.linear.bias.as_ref().unwrap().val()), cam[0].len() as f32);
    for ((cam, hires), class) in cam.iter().zip(&hires).zip(CLASSES) {
        for (cam, hires) in cam.iter().zip(hires) {
            let expected = if *cam > 0.0 { cam - bias[class] } else { 0.0 };
            let actual = hires * cells;
            assert!((actual - expected).abs() < 1e-2 * expected.abs().max(1.0), "{actual} instead of {expected}");
        }
    }
}

#[test]
fn maps_come_in_the_order_of_the_classes_and_do_not_depend_on_the_others() {
    let (_, network) = filled("resnet-20", &serde_json::Map::new());
    for method in Method::ALL {
        let options = CamOptions { method, ..CamOptions::default() };
        let (together, _) = maps(&network, 32, &options, &[7, 3, 7]);
        let (alone, _) = maps(&network, 32, &options, &[3]);
        assert_eq!(together[0], together[2], "{method}");
        let error = together[1].iter().zip(&alone[0]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(error <= 1e-4 * span(&alone[0]).max(1e-6), "{method}: error {error}, range {}", span(&alone[0]));
        assert_eq!(
            together[0] == together[1],
            !method.info().class_specific,
            "{method}: whether each class has its own map"
        );
    }
}

#[test]
fn a_missing_stage_is_an_error_and_a_run_can_be_stopped() {
    let (_, network) = filled("resnet-20", &serde_json::Map::new());
    let run = |method, stage, stop_after: usize| {
        let options = CamOptions { method, stage, ..CamOptions::default() };
        let mut progress = Vec::new();
        let maps = explain(&network, photo(32), None, &options, &CLASSES, async |done, of| {
            progress.push((done, of));
            if progress.len() == stop_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let maps = pollster::block_on(maps).map(values);
        (maps, progress)
    };
    let (maps, _) = run(Method::GradCam, Some(5), 0);
    assert_eq!(maps, Err(CamError::Stage { stage: 5, stages: 4 }));
    for (method, of) in [(Method::ScoreCam, 64), (Method::AblationCam, 64), (Method::Occlusion, 196)] {
        let (maps, progress) = run(method, None, 2);
        assert_eq!((maps, progress), (Err(CamError::Stopped), vec![(8, of), (16, of)]), "{method}");
        assert_eq!(run(method, None, 0).1.last(), Some(&(of, of)), "{method}");
    }
}

/// The command line computes maps by every method, and lists every method with its caveats.
#[test]
fn the_command_line_knows_every_method() {
    if !fetched() {
        return;
    }
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_camscope")).args(arguments).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (table, _) = run(&["methods"]);
    let rows: Vec<&str> = table.lines().skip(2).collect();
    assert_eq!(rows.len(), Method::ALL.len());
    for (row, method) in rows.iter().zip(Method::ALL) {
        assert!(row.starts_with(&format!("| `{method}` | ")) && row.contains(method.info().paper), "{row}");
        assert!(row.split('|').all(|cell| !cell.contains("method-")), "a message id instead of its text: {row}");
    }
    let (photo, models) = (project("www/photos/rocket.jpg"), project("www/models"));
    let cam = |more: &[&str]| {
        let model =
            ["cam", "--json", "--model", "vgg16-gap-cifar10", "--top", "2", "--models", models.to_str().unwrap()];
        run(&[&model, more, &[photo.to_str().unwrap()]].concat())
    };
    for method in Method::ALL {
        let (line, stderr) = cam(&["--method", method.info().name]);
        let line: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{method}: {e}: {stderr}"));
        assert_eq!(line["method"], method.info().name);
        assert_eq!(line["predictions"].as_array().unwrap().len(), 2);
        let values = line["predictions"][0]["map"]["values"].as_array().unwrap();
        assert!(values.iter().any(|value| value.as_f64().unwrap() != 0.0), "{method}");
    }
    let (line, _) = cam(&["--method", "grad-cam", "--stage", "9"]);
    assert!(line.contains("there is no stage 9; the network's are 1 to 5"), "{line}");
    let (line, _) = cam(&["--method", "layer-cam", "--stage", "1", "--flips", "--principal", "--classes", "cat"]);
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&line["stage"], &line["predictions"][0]["class"]), (&1.into(), &"cat".into()));
}
