//! The methods against pytorch-grad-cam (`tests/fixtures/torch_cams.py`), and against what theory says of them.

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor, TensorData};
use camscope::cam::{CamError, class_maps, explain};
use camscope::core::method::{CamOptions, Method};
use camscope::model::Network;

use crate::networks::{filled, noise};
use crate::support::{fixture, project, span, tell, values};

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

/// Classes of the fixture.
const CLASSES: [usize; 2] = [3, 7];

fn photo(size: usize) -> Tensor<4> {
    Tensor::from_data(TensorData::new(noise("photo", 3 * size * size), [1, 3, size, size]), &Device::flex())
}

/// Maps of `classes`, and how many cells they are wide.
fn maps(network: &Network, size: usize, wanted: &CamOptions, classes: &[usize]) -> (Vec<Vec<f32>>, usize) {
    let told = explain(network, photo(size), None, wanted, classes, async |_, _| ControlFlow::Continue(()));
    let maps = pollster::block_on(told).unwrap();
    let [count, height, width] = maps.dims();
    assert_eq!(count, classes.len());
    (values(maps).chunks_exact(height * width).map(<[f32]>::to_vec).collect(), width)
}

fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let mean = |v: &[f32]| v.iter().map(|&x| f64::from(x)).sum::<f64>() / v.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |f: fn(f64, f64) -> f64| {
        a.iter().zip(b).map(|(&a, &b)| f(f64::from(a) - mean_a, f64::from(b) - mean_b)).sum::<f64>()
    };
    product(|a, b| a * b) / (product(|a, _| a * a) * product(|_, b| b * b)).sqrt()
}

/// Means over the cells of a grid of 8 × 8.
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
        let stage = golden.stage.map(|stage| stage + 1); // counted from 0 there
        let (found, width) = maps(&network, size, &CamOptions { method, stage, tta, eigen_smooth }, &CLASSES);
        let eigen = eigen_smooth || matches!(method, Method::EigenCam | Method::EigenGradCam);
        for ((found, expected), class) in found.iter().zip(&golden.maps).zip(CLASSES) {
            let what = format!("{}, {method}, stage {stage:?}, class {class}", golden.network);
            let found = if method == Method::FullGrad { averaged(found, width) } else { found.clone() };
            assert_eq!(found.len(), expected.len(), "{what}");
            let related = correlation(&found, expected);
            // A principal component has no sign of its own; ours grows with the channels' sum.
            let sign = if eigen { related.signum() } else { 1.0 };
            let off = found.iter().zip(expected).map(|(a, b)| (a - b * sign as f32).abs()).fold(0.0, f32::max);
            let off = off / span(expected);
            worst = (f64::min(worst.0, related * sign), worst.1.max(off));
            assert!(related * sign >= 0.999, "{what}: correlation {related}");
            assert!(off <= 0.01, "{what}: {off} of the range");
        }
    }
    tell(&format!(
        "maps against pytorch-grad-cam: correlation {:.6} or more, off by {:.2e} of the range or less",
        worst.0, worst.1
    ));
}

/// Under global average pooling and a linear head, the last stage's gradients are the head's weights over the places.
#[test]
fn cam_grad_cam_hires_cam_and_xgrad_cam_are_one_on_gap_networks() {
    for (name, size) in [("resnet-20", 32), ("vgg11-gap", 64), ("googlenet", 96), ("efficientnet-lite0", 64)] {
        let network = camscope::model::NetworkConfig::named(name, 10).unwrap().init(&Device::flex()).unwrap();
        let (cam, width) = maps(&network, size, &CamOptions::default(), &CLASSES);
        let places = cam[0].len() as f32;
        for method in [Method::GradCam, Method::HiResCam, Method::XGradCam] {
            let (found, of) = maps(&network, size, &CamOptions { method, ..CamOptions::default() }, &CLASSES);
            assert_eq!(of, width);
            for (found, cam) in found.iter().zip(&cam) {
                let off = found.iter().zip(cam).map(|(f, c)| (f * places - c).abs()).fold(0.0, f32::max);
                assert!(off <= 1e-3 * span(cam), "{name}, {method}: {off} of {}", span(cam));
            }
        }
    }
}

/// NIN's head is rectified at every place: HiResCAM still shows what the score is made of, and CAM is what the head sees.
#[test]
fn under_nins_head_hires_cam_is_the_positive_part_without_the_bias() {
    let (_, network) = filled("squeezenet1.1", &serde_json::Map::new());
    let features = network.forward(photo(96)).features;
    let (cam, _) = maps(&network, 96, &CamOptions::default(), &CLASSES);
    assert_eq!(cam.concat(), values(class_maps(&network, features, &CLASSES)));
    let (hires, _) = maps(&network, 96, &CamOptions { method: Method::HiResCam, ..CamOptions::default() }, &CLASSES);
    let (bias, places) = (values(network.linear.bias.as_ref().unwrap().val()), cam[0].len() as f32);
    for ((cam, hires), class) in cam.iter().zip(&hires).zip(CLASSES) {
        for (cam, hires) in cam.iter().zip(hires) {
            let part = if *cam > 0.0 { cam - bias[class] } else { 0.0 };
            assert!((hires * places - part).abs() < 1e-2 * part.abs().max(1.0), "{hires} for {part}");
        }
    }
}

#[test]
fn classes_come_in_the_order_asked_for_and_the_same_one_by_one() {
    let (_, network) = filled("resnet-20", &serde_json::Map::new());
    for method in Method::ALL {
        let wanted = CamOptions { method, ..CamOptions::default() };
        let (together, _) = maps(&network, 32, &wanted, &[7, 3, 7]);
        let (alone, _) = maps(&network, 32, &wanted, &[3]);
        assert_eq!(together[0], together[2], "{method}");
        let off = together[1].iter().zip(&alone[0]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off <= 1e-4 * span(&alone[0]).max(1e-6), "{method}: {off} of {}", span(&alone[0]));
        assert_eq!(together[0] == together[1], !method.info().class_specific, "{method}: a class has a map of its own");
    }
}

#[test]
fn a_stage_that_is_not_there_is_named_and_a_stop_is_heard() {
    let (_, network) = filled("resnet-20", &serde_json::Map::new());
    let ask = |method, stage, after: usize| {
        let wanted = CamOptions { method, stage, ..CamOptions::default() };
        let mut told = Vec::new();
        let maps = explain(&network, photo(32), None, &wanted, &CLASSES, async |done, of| {
            told.push((done, of));
            if told.len() == after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let maps = pollster::block_on(maps).map(values);
        (maps, told)
    };
    let (found, _) = ask(Method::GradCam, Some(5), 0);
    assert_eq!(found, Err(CamError::Stage { stage: 5, stages: 4 }));
    for (method, of) in [(Method::ScoreCam, 64), (Method::AblationCam, 64), (Method::Occlusion, 196)] {
        let (found, told) = ask(method, None, 2);
        assert_eq!((found, told), (Err(CamError::Stopped), vec![(8, of), (16, of)]), "{method}");
        assert_eq!(ask(method, None, 0).1.last(), Some(&(of, of)), "{method}");
    }
}

/// The command line draws what the library computes, and lists every method with its caveats.
#[test]
#[ignore = "needs `make models photos`"]
fn the_command_line_knows_every_method() {
    let run = |arguments: &[&str]| {
        let done = std::process::Command::new(env!("CARGO_BIN_EXE_camscope")).args(arguments).output().unwrap();
        (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap())
    };
    let (table, _) = run(&["methods"]);
    let rows: Vec<&str> = table.lines().skip(2).collect();
    assert_eq!(rows.len(), Method::ALL.len());
    for (row, method) in rows.iter().zip(Method::ALL) {
        assert!(row.starts_with(&format!("| `{method}` | ")) && row.contains(method.info().paper), "{row}");
        assert!(row.split('|').all(|cell| !cell.contains("method-")), "there are words for it: {row}");
    }
    let (photo, models) = (project("www/photos/rocket.jpg"), project("www/models"));
    let cam = |more: &[&str]| {
        let model =
            ["cam", "--json", "--model", "vgg16-gap-cifar10", "--top", "2", "--models", models.to_str().unwrap()];
        run(&[&model, more, &[photo.to_str().unwrap()]].concat())
    };
    for method in Method::ALL {
        let (line, told) = cam(&["--method", method.info().name]);
        let line: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{method}: {e}: {told}"));
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
