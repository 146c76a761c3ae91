//! EfficientNet-Lite0 on 250 ImageNet photos, compared with the reference in NumPy (`tests/fixtures/imagenet.py`).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::process::Command;

use burn::tensor::Device;
use camscope::photo::Photo;

use crate::model::{efficientnet, top5};
use crate::support::{fetched, fixture, project, report, values};

#[test]
fn accuracy_agrees_with_the_reference() {
    if !fetched() {
        return;
    }
    let data = project("../shared/data/tiny-imagenet-stl.zip");
    let Ok(file) = File::open(&data) else {
        return report(&format!(
            "skipped: {} is missing, and its licence does not allow us to ship it",
            data.display()
        ));
    };
    let mut archive = zip::ZipArchive::new(file).expect("a zip archive");
    let (card, network) = efficientnet();
    let golden: BTreeMap<String, [usize; 2]> = fixture("imagenet.json");
    assert_eq!(golden.len(), 250);
    let (mut correct, mut reference_correct, mut equal) = (0, 0, 0);
    for (name, [label, reference]) in golden {
        let mut bytes = Vec::new();
        let mut photo = archive.by_name(&format!("tiny-imagenet-200/val/images/{name}")).expect("a photo of the set");
        photo.read_to_end(&mut bytes).expect("a readable photo");
        let photo = Photo::decode(&bytes).expect("a JPEG");
        let rgb = photo.square(card.preprocessing.crop(photo.width, photo.height), card.preprocessing.size);
        let top = top5(&values(network.forward(card.preprocessing.normalise(&rgb, &Device::flex())).logits))[0];
        correct += usize::from(top == label);
        reference_correct += usize::from(reference == label);
        equal += usize::from(reference == top);
    }
    report(&format!(
        "of 250 photos {correct} correct, by the reference {reference_correct}; {equal} predictions equal"
    ));
    assert!(
        correct.abs_diff(reference_correct) * 100 <= 250,
        "{correct} correct, by the reference {reference_correct}: more than 1 percentage point apart"
    );
    // JPEG decoders and resamplers differ, so close scores may change their order. Photos this small have many of them.
    assert!(equal >= 225, "only {equal} of 250 predictions equal the reference's");
}

/// Runs the command line on the boxes of Tiny ImageNet, with a model that has other names for some of the classes.
#[test]
fn eval_measures_localisation_with_boxes() {
    if !fetched() {
        return;
    }
    let data = project("../shared/data/tiny-imagenet-stl.zip");
    if !data.exists() {
        return report(&format!(
            "skipped: {} is missing, and its licence does not allow us to ship it",
            data.display()
        ));
    }
    let (data, models) = (format!("tiny-imagenet:{}", data.display()), project("www/models").display().to_string());
    let arguments =
        ["--model", "vgg16-gap-cifar10", "--models", &models, "--data", &data, "--rename", "car=automobile"];
    let output =
        Command::new(env!("CARGO_BIN_EXE_camscope")).arg("eval").args(arguments).arg("--json").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let evaluation: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    for key in ["images", "accuracy", "top5", "per_class", "confusion", "loss"] {
        assert!(!evaluation[key].is_null(), "{key} is missing: {evaluation}");
    }
    // Four synsets of cars, birds, three of cats and trucks, deer, six of dogs, two of ships, with 50 photos each.
    assert_eq!(
        (evaluation["images"].as_u64(), evaluation["localisation"]["objects"].as_u64()),
        (Some(1150), Some(1150))
    );
    let share = |key: &str| evaluation["localisation"][key].as_f64().expect("a share");
    assert!(
        share("error") >= share("error_class_known")
            && share("error") >= 1.0 - evaluation["accuracy"].as_f64().unwrap()
    );
    // The boxes cover 59 % of the photos on average. A random map has about this value for both.
    assert!(share("pointing") > 0.7 && share("evidence_inside") > 0.59, "{}", evaluation["localisation"]);
}
