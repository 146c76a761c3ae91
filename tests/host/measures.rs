//! What is measured of maps: against torch-cam, pytorch-grad-cam and RISE's definition (`tests/fixtures/torch_measures.py`),
//! and against values worked out by hand.

use std::ops::ControlFlow;
use std::process::Command;

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use camscope::cam::{CamError, faithfulness, sanity};
use camscope::core::method::{CamOptions, Method};
use camscope::core::metrics::{Faithfulness, Randomised};
use camscope::core::resample::bilinear;

use crate::networks::{filled, noise};
use crate::support::{fixture, project, tell};

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

/// Cells a side of the map that is measured, and what the heads are multiplied by.
const GRID: usize = 6;
const TEMPER: f64 = 0.2;

fn photo(size: usize) -> Tensor<4> {
    Tensor::from_data(TensorData::new(noise("photo", 3 * size * size), [1, 3, size, size]), &Device::flex())
}

#[test]
fn faithfulness_agrees_with_torch_cam_and_pytorch_grad_cam() {
    let mut worst = 0.0f32;
    for golden in fixture::<Vec<Golden>>("measures.json") {
        let (_, mut network) = filled(&golden.network, &golden.options);
        network.linear.weight = Param::from_tensor(network.linear.weight.val() * TEMPER);
        let mut map = bilinear(&noise("map", GRID * GRID), GRID, GRID, golden.size, golden.size);
        let ties = noise("ties", map.len());
        map.iter_mut().zip(ties).for_each(|(value, tie)| *value += 1e-3 * tie);
        let mut passes = Vec::new();
        let told = async |done, of| {
            passes.push((done, of));
            ControlFlow::Continue(())
        };
        let x = photo(golden.size);
        let found = pollster::block_on(faithfulness(&network, x, &map, golden.class, Some(0.0), told)).unwrap();
        assert_eq!(passes.last(), Some(&(76, 76)));
        let mut compare = |what: &str, found: &[f32], expected: &[f32], tolerance: f32| {
            assert_eq!(found.len(), expected.len(), "{}: {what}", golden.network);
            for (found, expected) in found.iter().zip(expected) {
                worst = worst.max((found - expected).abs());
                let close = (found - expected).abs() <= tolerance;
                assert!(close, "{}: {what}: {found}, there {expected}", golden.network);
            }
        };
        compare("probability", &[found.probability], &[golden.probability], 1e-4);
        compare("drop", &[found.drop()], &[golden.drop], 1e-4);
        compare("deletion", &found.deletion, &golden.deletion, 1e-4);
        compare("insertion", &found.insertion, &golden.insertion, 1e-4);
        let areas = [found.deletion_area(), found.insertion_area()];
        compare("areas", &areas, &[golden.deletion_area, golden.insertion_area], 1e-4);
        // A system of a thousand equations, here solved to 1e-5 of its right side.
        compare("most first", &found.road_most, &golden.road_most, 1e-3);
        compare("least first", &found.road_least, &golden.road_least, 1e-3);
        compare("road", &[found.road()], &[golden.road], 1e-3);
        assert_eq!(found.increases(), golden.increase > 0.0);
    }
    tell(&format!("measures against torch-cam, pytorch-grad-cam and RISE: off by {worst:.2e} or less"));
}

#[test]
fn measures_are_what_one_works_out_by_hand() {
    let found = Faithfulness {
        probability: 0.8,
        masked: 0.2,
        deletion: vec![1.0, 0.5, 0.0],
        insertion: vec![0.0, 0.0, 1.0, 1.0],
        road_most: vec![0.1, 0.3],
        road_least: vec![0.7, 0.9],
    };
    let close = |a: f32, b: f32| assert!((a - b).abs() < 1e-6, "{a} {b}");
    close(found.drop(), 0.75);
    close(found.deletion_area(), 0.5);
    close(found.insertion_area(), 0.5);
    close(found.road(), 0.3);
    assert!(!found.increases());
    let better = Faithfulness { masked: 0.9, ..found };
    close(better.drop(), 0.0);
    assert!(better.increases());
}

fn similarities(method: Method) -> Vec<Randomised> {
    let (_, network) = filled("resnet-20", &serde_json::Map::new());
    let wanted = CamOptions { method, ..CamOptions::default() };
    let found = sanity(&network, photo(32), &wanted, 3, async |_, _| ControlFlow::Continue(()));
    pollster::block_on(found).unwrap()
}

/// Eigen-CAM sees no head: a random one changes nothing. CAM is made of it.
#[test]
fn a_map_that_does_not_change_is_told_from_one_that_does() {
    let cam = similarities(Method::Cam);
    let layers: Vec<&str> = cam.iter().map(|step| &*step.layer).collect();
    assert_eq!(layers, ["head", "stage 4", "stage 3", "stage 2", "stage 1"]);
    assert!(cam.iter().all(|step| step.similarity.is_some_and(|s| s.abs() < 0.8)), "{cam:?}");
    assert_eq!(cam, similarities(Method::Cam), "the same random weights each time");
    let eigen = similarities(Method::EigenCam);
    assert_eq!(eigen[0].similarity, Some(1.0), "{eigen:?}");
    assert!(eigen[4].similarity.is_some_and(|s| s < 0.95), "{eigen:?}");
}

#[test]
fn measuring_can_be_stopped() {
    let (_, network) = filled("resnet-20", &serde_json::Map::new());
    let stop = async |done, _| if done >= 8 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let map = noise("map", 32 * 32);
    let found = pollster::block_on(faithfulness(&network, photo(32), &map, 3, None, stop));
    assert_eq!(found, Err(CamError::Stopped));
    let stop = async |_, _| ControlFlow::Break(());
    let found = pollster::block_on(sanity(&network, photo(32), &CamOptions::default(), 3, stop));
    assert_eq!(found, Err(CamError::Stopped));
}

/// The command line on two photos with YOLO boxes: `score` says of CAM what `eval` says, and measures methods side by side.
#[test]
#[ignore = "needs `make models photos`"]
fn the_command_line_measures_methods_side_by_side() {
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
        let done = Command::new(env!("CARGO_BIN_EXE_camscope")).args([arguments, &common].concat()).output().unwrap();
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        (done.status.success(), String::from_utf8(done.stdout).unwrap(), told)
    };
    let json = |arguments: &[&str]| -> serde_json::Value {
        let (_, out, told) = run(arguments);
        serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{told}"))
    };
    let scores = json(&["score", "--data", &data, "--json", "--method", "cam,eigen-cam", "--measure", "boxes"]);
    let judged = &json(&["eval", "--data", &data, "--json"])["localisation"];
    assert_eq!(scores.as_array().unwrap().len(), 2);
    for key in ["objects", "error", "error_class_known", "pointing", "evidence_inside"] {
        let (score, eval) = (scores[0]["boxes"][key].as_f64().unwrap(), judged[key].as_f64().unwrap());
        assert!((score - eval).abs() < 1e-6, "{key}: {score}, eval {eval}");
    }
    // The cat's box once more, as Pascal VOC has it: of a photo of 451 × 300.
    let voc = folder.path().join("voc");
    std::fs::create_dir(&voc).unwrap();
    std::fs::copy(project("www/photos/cat.png"), voc.join("cat.png")).unwrap();
    let corners = "<xmin>113.75</xmin><ymin>46</ymin><xmax>338.25</xmax><ymax>225</ymax>";
    let text = format!(
        "<annotation><size><width>451</width><height>300</height></size><object><name>tabby</name><bndbox>{corners}</bndbox></object></annotation>"
    );
    std::fs::write(voc.join("cat.xml"), text).unwrap();
    std::fs::remove_file(folder.path().join("labels/coffee.txt")).unwrap();
    let of_cat = |data: &str| json(&["eval", "--data", data, "--json"])["localisation"].clone();
    assert_eq!(of_cat(&format!("voc:{}", voc.display())), of_cat(&data));
    assert_ne!(scores[0]["boxes"]["evidence_inside"], scores[1]["boxes"]["evidence_inside"]);

    let (photo, broken) = (project("www/photos/coffee.png"), folder.path().join("broken.png"));
    std::fs::write(&broken, "no photo").unwrap();
    let photos = [broken.to_str().unwrap(), photo.to_str().unwrap()];
    let (fine, table, told) = run(&[&["score", "--measure", "faithfulness,sanity"], &photos[..]].concat());
    assert!(fine && told.contains("broken.png is left out"), "{told}");
    assert!(table.contains("average drop") && table.contains("stage 9") && table.ends_with("1 photo\n"), "{table}");
    let (fine, _, told) = run(&["score", "--measure", "boxes", photos[1]]);
    assert!(!fine && told.contains("--data with boxes") && told.contains("yolo:DIR"), "{told}");
}
