//! Metrics of maps against torch-cam, pytorch-grad-cam and RISE's definition (`tests/fixtures/torch_measures.py`), and
//! against values computed by hand.

use std::ops::ControlFlow;
use std::process::Command;

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use camscope::cam::{CamError, faithfulness, sanity};
use camscope::core::method::{CamOptions, Method};
use camscope::core::metrics::{Faithfulness, Randomised};
use camscope::core::resample::bilinear;

use crate::networks::{filled, noise};
use crate::support::{fetched, fixture, project, report};

#[derive(serde::Deserialize)]
struct Golden {
    network: String,
    options: serde_json::Map<String, serde_json::Value>,
    size: usize,
    class: usize,
    probability: f32,
    drop: f32,
    increase: f32,
    deletion: Vec<f32>,
    insertion: Vec<f32>,
    deletion_area: f32,
    insertion_area: f32,
    road_most: Vec<f32>,
    road_least: Vec<f32>,
    road: f32,
}

/// Cells per side of the map that is measured.
const GRID: usize = 6;
/// Factor of the heads' weights. Without it the probabilities would be too close to 0 and 1.
const HEAD_SCALE: f64 = 0.2;

fn photo(size: usize) -> Tensor<4> {
    Tensor::from_data(TensorData::new(noise("photo", 3 * size * size), [1, 3, size, size]), &Device::flex())
}

#[test]
fn faithfulness_agrees_with_torch_cam_and_pytorch_grad_cam() {
    let mut worst = 0.0f32;
    for golden in fixture::<Vec<Golden>>("measures.json") {
        let (_, mut network) = filled(&golden.network, &golden.options);
        network.linear.weight = Param::from_tensor(network.linear.weight.val() * HEAD_SCALE);
        let mut map = bilinear(&noise("map", GRID * GRID), GRID, GRID, golden.size, golden.size);
        let ties = noise("ties", map.len());
        map.iter_mut().zip(ties).for_each(|(value, tie)| *value += 1e-3 * tie);
        let mut passes = Vec::new();
        let progress = async |done, of| {
            passes.push((done, of));
            ControlFlow::Continue(())
        };
        let x = photo(golden.size);
        let result = pollster::block_on(faithfulness(&network, x, &map, golden.class, Some(0.0), progress)).unwrap();
        assert_eq!(passes.last(), Some(&(76, 76)));
        let mut compare = |what: &str, actual: &[f32], expected: &[f32], tolerance: f32| {
            assert_eq!(actual.len(), expected.len(), "{}: {what}", golden.network);
            for (actual, expected) in actual.iter().zip(expected) {
                worst = worst.max((actual - expected).abs());
                let close = (actual - expected).abs() <= tolerance;
                assert!(close, "{}: {what}: actual {actual}, expected {expected}", golden.network);
            }
        };
        compare("probability", &[result.probability], &[golden.probability], 1e-4);
        compare("drop", &[result.drop()], &[golden.drop], 1e-4);
        compare("deletion", &result.deletion, &golden.deletion, 1e-4);
        compare("insertion", &result.insertion, &golden.insertion, 1e-4);
        let areas = [result.deletion_area(), result.insertion_area()];
        compare("areas", &areas, &[golden.deletion_area, golden.insertion_area], 1e-4);
        // ROAD solves a system of a thousand equations, here to a residual of 1e-5 of the right-hand side.
        compare("most first", &result.road_most, &golden.road_most, 1e-3);
        compare("least first", &result.road_least, &golden.road_least, 1e-3);
        compare("road", &[result.road()], &[golden.road], 1e-3);
        assert_eq!(result.increases(), golden.increase > 0.0);
    }
    report(&format!("metrics against torch-cam, pytorch-grad-cam and RISE: error at most {worst:.2e}"));
}

#[test]
fn metrics_agree_with_hand_computed_values() {
    let result = Faithfulness {
        probability: 0.8,
        masked: 0.2,
        deletion: vec![1.0, 0.5, 0.0],
        insertion: vec![0.0, 0.0, 1.0, 1.0],
        road_most: vec![0.1, 0.3],
        road_least: vec![0.7, 0.9],
    };
    let close = |a: f32, b: f32| assert!((a - b).abs() < 1e-6, "{a} {b}");
    close(result.drop(), 0.75);
    close(result.deletion_area(), 0.5);
    close(result.insertion_area(), 0.5);
    close(result.road(), 0.3);
    assert!(!result.increases());
    let better = Faithfulness { masked: 0.9, ..result };
    close(better.drop(), 0.0);
    assert!(better.increases());
}

/// Return the result of the sanity check for each randomised layer.
fn sanity_steps(method: Method) -> Vec<Randomised> {
    let (_, network) = filled("resnet-20", &serde_json::Map::new());
    let options = CamOptions { method, ..CamOptions::default() };
    let steps = sanity(&network, photo(32), &options, 3, async |_, _| ControlFlow::Continue(()));
    pollster::block_on(steps).unwrap()
}

/// CAM uses the head's weights, so it changes when they are random. Eigen-CAM does not use the head, so it stays the
/// same.
#[test]
fn the_sanity_check_tells_apart_maps_that_change_and_maps_that_do_not() {
    let cam = sanity_steps(Method::Cam);
    let layers: Vec<&str> = cam.iter().map(|step| &*step.layer).collect();
    assert_eq!(layers, ["head", "stage 4", "stage 3", "stage 2", "stage 1"]);
    assert!(cam.iter().all(|step| step.similarity.is_some_and(|s| s.abs() < 0.8)), "{cam:?}");
    assert_eq!(cam, sanity_steps(Method::Cam), "the random weights are the same each time");
    let eigen = sanity_steps(Method::EigenCam);
    assert_eq!(eigen[0].similarity, Some(1.0), "{eigen:?}");
    assert!(eigen[4].similarity.is_some_and(|s| s < 0.95), "{eigen:?}");
}

#[test]
fn measuring_can_be_stopped() {
    let (_, network) = filled("resnet-20", &serde_json::Map::new());
    let stop = async |done, _| if done >= 8 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let map = noise("map", 32 * 32);
    let result = pollster::block_on(faithfulness(&network, photo(32), &map, 3, None, stop));
    assert_eq!(result, Err(CamError::Stopped));
    let stop = async |_, _| ControlFlow::Break(());
    let result = pollster::block_on(sanity(&network, photo(32), &CamOptions::default(), 3, stop));
    assert_eq!(result, Err(CamError::Stopped));
}

/// Runs the command line on two photos with YOLO boxes. `score` measures several methods; for CAM its values are those
/// of `eval`.
#[test]
fn the_command_line_measures_methods_side_by_side() {
    if !fetched() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (photo, label) in [("cat.png", "0 0.5 0.45 0.5 0.6"), ("coffee.png", "1 0.5 0.5 0.8 0.8")] {
        let stem = photo.trim_end_matches(".png");
        for part in ["images", "labels"] {
            std::fs::create_dir_all(folder.path().join(part)).unwrap();
        }
        std::fs::copy(project("www/photos").join(photo), folder.path().join("images").join(photo)).unwrap();
        std::fs::write(folder.path().join("labels").join(format!("{stem}.txt")), label).unwrap();
    }
    std::fs::write(folder.path().join("classes.txt"), "tabby\nespresso\n").unwrap();
    let (data, models) = (format!("yolo:{}", folder.path().display()), project("www/models").display().to_string());
    let run = |arguments: &[&str]| {
        let common = ["--models", &models, "--model", "efficientnet-lite0"];
        let output = Command::new(env!("CARGO_BIN_EXE_camscope")).args([arguments, &common].concat()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), String::from_utf8(output.stdout).unwrap(), stderr)
    };
    let json = |arguments: &[&str]| -> serde_json::Value {
        let (_, stdout, stderr) = run(arguments);
        serde_json::from_str(&stdout).unwrap_or_else(|e| panic!("{e}: {stdout}{stderr}"))
    };
    let scores = json(&["score", "--data", &data, "--json", "--method", "cam,eigen-cam", "--measure", "boxes"]);
    let evaluation = &json(&["eval", "--data", &data, "--json"])["localisation"];
    assert_eq!(scores.as_array().unwrap().len(), 2);
    for key in ["objects", "error", "error_class_known", "pointing", "evidence_inside"] {
        let (score, eval) = (scores[0]["boxes"][key].as_f64().unwrap(), evaluation[key].as_f64().unwrap());
        assert!((score - eval).abs() < 1e-6, "{key}: {score}, eval {eval}");
    }
    // The cat's box again, in the format of Pascal VOC, on a photo of 451 × 300 pixels.
    let voc = folder.path().join("voc");
    std::fs::create_dir(&voc).unwrap();
    std::fs::copy(project("www/photos/cat.png"), voc.join("cat.png")).unwrap();
    let corners = "<xmin>113.75</xmin><ymin>46</ymin><xmax>338.25</xmax><ymax>225</ymax>";
    let text = format!(
        "<annotation><size><width>451</width><height>300</height></size><object><name>tabby</name><bndbox>{corners}</bndbox></object></annotation>"
    );
    std::fs::write(voc.join("cat.xml"), text).unwrap();
    std::fs::remove_file(folder.path().join("labels/coffee.txt")).unwrap();
    let localisation = |data: &str| json(&["eval", "--data", data, "--json"])["localisation"].clone();
    assert_eq!(localisation(&format!("voc:{}", voc.display())), localisation(&data));
    assert_ne!(scores[0]["boxes"]["evidence_inside"], scores[1]["boxes"]["evidence_inside"]);

    let (photo, broken) = (project("www/photos/coffee.png"), folder.path().join("broken.png"));
    std::fs::write(&broken, "no photo").unwrap();
    let photos = [broken.to_str().unwrap(), photo.to_str().unwrap()];
    let (success, table, stderr) = run(&[&["score", "--measure", "faithfulness,sanity"], &photos[..]].concat());
    assert!(success && stderr.contains("broken.png is left out"), "{stderr}");
    assert!(table.contains("average drop") && table.contains("stage 9") && table.ends_with("1 photo\n"), "{table}");
    let (success, _, stderr) = run(&["score", "--measure", "boxes", photos[1]]);
    assert!(!success && stderr.contains("--data with boxes") && stderr.contains("yolo:DIR"), "{stderr}");
}
