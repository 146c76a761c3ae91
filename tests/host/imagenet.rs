//! EfficientNet-Lite0 on 250 ImageNet photos, beside NumPy's answers (`tests/fixtures/imagenet.py`).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::process::Command;

use burn::tensor::Device;
use camscope::photo::Photo;

use crate::model::{efficientnet, top5};
use crate::support::{fixture, project, tell, values};

#[test]
#[ignore = "needs `make models`"]
fn right_as_often_as_the_reference() {
    let data = project("../shared/data/tiny-imagenet-stl.zip");
    let Ok(file) = File::open(&data) else {
        return tell(&format!("skipped: {} is not here, and its photos may not be handed on", data.display()));
    };
    let mut archive = zip::ZipArchive::new(file).expect("a zip archive");
    let (card, network) = efficientnet();
    let golden: BTreeMap<String, [usize; 2]> = fixture("imagenet.json");
    assert_eq!(golden.len(), 250);
    let (mut right, mut reference_right, mut equal) = (0, 0, 0);
    for (name, [label, reference]) in golden {
        let mut bytes = Vec::new();
        let mut photo = archive.by_name(&format!("tiny-imagenet-200/val/images/{name}")).expect("a photo of the set");
        photo.read_to_end(&mut bytes).expect("a readable photo");
        let photo = Photo::decode(&bytes).expect("a JPEG");
        let rgb = photo.square(card.preprocessing.crop(photo.width, photo.height), card.preprocessing.size);
        let top = top5(&values(network.forward(card.preprocessing.normalise(&rgb, &Device::flex())).logits))[0];
        right += usize::from(top == label);
        reference_right += usize::from(reference == label);
        equal += usize::from(reference == top);
    }
    tell(&format!("of 250 photos {right} right, the reference {reference_right}; {equal} answers equal"));
    assert!(
        right.abs_diff(reference_right) * 100 <= 250,
        "{right} right, the reference {reference_right}: over 1 point"
    );
    // Two JPEG decoders and two resamplers: near ties, many on photos this small, may change places.
    assert!(equal >= 225, "only {equal} of 250 answers equal the reference's");
}

/// The command line on the boxes of Tiny ImageNet, with a model that knows some of its things by other names.
#[test]
#[ignore = "needs `make models`"]
fn eval_judges_the_maps_by_boxes() {
    let data = project("../shared/data/tiny-imagenet-stl.zip");
    if !data.exists() {
        return tell(&format!("skipped: {} is not here, and its photos may not be handed on", data.display()));
    }
    let (data, models) = (format!("tiny-imagenet:{}", data.display()), project("www/models").display().to_string());
    let arguments =
        ["--model", "vgg16-gap-cifar10", "--models", &models, "--data", &data, "--rename", "car=automobile"];
    let found =
        Command::new(env!("CARGO_BIN_EXE_camscope")).arg("eval").args(arguments).arg("--json").output().unwrap();
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    let report: serde_json::Value = serde_json::from_slice(&found.stdout).expect("one JSON object");
    for key in ["images", "accuracy", "top5", "per_class", "confusion", "loss"] {
        assert!(!report[key].is_null(), "{key} is missing: {report}");
    }
    // Four synsets of cars, birds, three of cats and trucks, deer, six of dogs, two of ships, with 50 photos each.
    assert_eq!((report["images"].as_u64(), report["localisation"]["objects"].as_u64()), (Some(1150), Some(1150)));
    let share = |key: &str| report["localisation"][key].as_f64().expect("a share");
    assert!(
        share("error") >= share("error_class_known") && share("error") >= 1.0 - report["accuracy"].as_f64().unwrap()
    );
    // The boxes cover 59 % of the photos on average: a map that knows nothing points into them so often.
    assert!(share("pointing") > 0.7 && share("evidence_inside") > 0.59, "{}", report["localisation"]);
}
