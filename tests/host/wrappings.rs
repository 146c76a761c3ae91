//! Checkpoints as training scripts and other libraries write them: the same weights in many wrappings.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use camscope::checkpoint::{Imported, StateDict, import};
use camscope::model::NetworkConfig;
use safetensors::tensor::{Dtype, TensorView};

type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn config(name: &str, classes: usize) -> NetworkConfig {
    NetworkConfig::named(name, classes).unwrap()
}

/// Return random weights of a network under the names of PyTorch's public checkpoints.
fn weights(config: &NetworkConfig) -> Tensors {
    StateDict::of(&config.init(&Device::flex()).unwrap(), config).unwrap().tensors
}

fn write(path: &Path, tensors: &Tensors) {
    let bytes: Vec<Vec<u8>> =
        tensors.values().map(|(_, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect()).collect();
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, (shape, _)), bytes)| (name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    std::fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

fn renamed(tensors: &Tensors, name: impl Fn(&str) -> String) -> Tensors {
    tensors.iter().map(|(old, tensor)| (name(old), tensor.clone())).collect()
}

/// Import a file that holds the tensors; return its weights as an export has them, and the notes.
fn imported(network: &str, tensors: &Tensors) -> Result<(Imported, Tensors), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.pth");
    write(&path, tensors);
    let found = import(network, &path, None, &Device::flex()).map_err(|error| error.to_string())?;
    let again = StateDict::of(&found.network, &found.card.network).unwrap().tensors;
    Ok((found, again))
}

#[test]
fn weights_are_found_in_any_wrapping() {
    let plain = weights(&config("resnet-20", 10));
    let (_, expected) = imported("resnet-20", &plain).unwrap();
    for prefix in [
        "state_dict.",
        "model.",
        "net.",
        "model_state_dict.",
        "module.",
        "_orig_mod.",
        "state_dict.model.",
        "model._orig_mod.module.",
        "ema.module.",
    ] {
        let (found, actual) = imported("resnet-20", &renamed(&plain, |name| format!("{prefix}{name}"))).unwrap();
        assert_eq!(actual, expected, "{prefix}");
        let is_told = found.notes.iter().any(|note| note.contains("were taken"));
        assert_eq!(is_told, !["module.", "_orig_mod."].contains(&prefix), "{prefix}: {:?}", found.notes);
    }
    // The training's own weights, not their average; and what lies beside them.
    let averaged: Tensors = plain
        .iter()
        .map(|(name, (shape, values))| (format!("ema.{name}"), (shape.clone(), vec![0.5; values.len()])))
        .collect();
    let mut both = renamed(&plain, |name| format!("model.{name}"));
    both.extend(averaged);
    both.insert("optimizer.state.0.exp_avg".into(), (vec![2], vec![0.0; 2]));
    let (found, actual) = imported("resnet-20", &both).unwrap();
    assert_eq!(actual, expected);
    assert!(
        found.notes[0].contains("below \"model.\" were taken") && found.notes[0].contains("\"ema.\""),
        "{:?}",
        found.notes
    );
    let mut beside = plain.clone();
    beside.insert("optimizer.state.0.exp_avg".into(), (vec![2], vec![0.0; 2]));
    assert_eq!(imported("resnet-20", &beside).unwrap().1, expected);
}

/// Names of Hugging Face's ResNets (`transformers`, modeling_resnet.py) and of mmpretrain's.
#[test]
fn names_of_other_libraries_are_understood() {
    for (network, layers) in [("resnet-18", 2), ("resnet-50", 3)] {
        let plain = weights(&config(network, 3));
        let (_, expected) = imported(network, &plain).unwrap();
        let hugging_face = |name: &str| {
            let parts: Vec<&str> = name.split('.').collect();
            match parts.as_slice() {
                ["conv1", part] => format!("resnet.embedder.embedder.convolution.{part}"),
                ["bn1", part] => format!("resnet.embedder.embedder.normalization.{part}"),
                ["fc", part] => format!("classifier.1.{part}"),
                [layer, block, rest @ ..] => {
                    let stage: usize = layer["layer".len()..].parse().unwrap();
                    let rest = match rest {
                        ["downsample", "0", part] => format!("shortcut.convolution.{part}"),
                        ["downsample", "1", part] => format!("shortcut.normalization.{part}"),
                        [kind, part] => {
                            let (kind, number) = kind.split_at(kind.len() - 1);
                            let number: usize = number.parse().unwrap();
                            assert!((1..=layers).contains(&number));
                            let kind = if kind == "conv" { "convolution" } else { "normalization" };
                            format!("layer.{}.{kind}.{part}", number - 1)
                        }
                        other => panic!("{other:?}"),
                    };
                    format!("resnet.encoder.stages.{}.layers.{block}.{rest}", stage - 1)
                }
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(imported(network, &renamed(&plain, hugging_face)).unwrap().1, expected, "{network}");
        let mmpretrain = |name: &str| match name.strip_prefix("fc.") {
            Some(part) => format!("head.fc.{part}"),
            None => format!("backbone.{name}"),
        };
        assert_eq!(imported(network, &renamed(&plain, mmpretrain)).unwrap().1, expected, "{network}");
    }
}

#[test]
fn classes_are_the_files_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.pth");
    write(&path, &renamed(&weights(&config("resnet-20", 2)), |name| name.replace("linear.", "fc.1.")));
    let run = |classes: Option<&[&str]>| {
        import(
            "resnet-20",
            &path,
            classes.map(|names| names.iter().map(|name| name.to_string()).collect()),
            &Device::flex(),
        )
    };
    let numbered = run(None).unwrap();
    assert_eq!(numbered.card.classes, ["class 0", "class 1"]);
    let notes = numbered.notes.join("; ");
    assert!(notes.contains("--classes FILE") && notes.contains("\"fc.1\" was taken for the last layer"), "{notes}");
    assert_eq!(run(Some(&["ant", "bee"])).unwrap().card.classes, ["ant", "bee"]);
    assert_eq!(run(Some(&["ant"])).err().unwrap().to_string(), "the list names 1 classes, and the file has 2");
}

#[test]
fn export_and_import_are_inverse() {
    let (found, weights) = imported("resnet-20", &weights(&config("resnet-20", 10))).unwrap();
    let mut card = found.card.clone();
    (card.classes, card.title) = ((0..10).map(|class| format!("thing {class}")).collect(), "Mine".into());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.safetensors");
    let mut state = StateDict::of(&found.network, &card.network).unwrap();
    state.card = Some(serde_json::to_string(&card).unwrap());
    state.write(&path).unwrap();
    let again = import("resnet20", &path, None, &Device::flex()).unwrap();
    assert_eq!(StateDict::of(&again.network, &again.card.network).unwrap().tensors, weights);
    assert_eq!(
        (&again.card.classes, &again.card.title, &again.card.network),
        (&card.classes, &card.title, &card.network)
    );
}

#[test]
fn values_that_answer_nonsense_are_refused() {
    let plain = weights(&config("resnet-20", 10));
    let with = |value: f32| {
        let mut tensors = plain.clone();
        tensors.get_mut("layer2.1.conv1.weight").unwrap().1[7] = value;
        imported("resnet-20", &tensors).err().unwrap()
    };
    for (value, what) in [(f32::NAN, "not numbers (NaN)"), (f32::INFINITY, "infinite"), (1e6, "a value of 1000000")] {
        let error = with(value);
        assert!(error.contains("layer2.1.conv1.weight") && error.contains(what), "{error}");
    }
}

#[test]
fn errors_name_what_is_in_the_file() {
    let other = weights(&config("squeezenet1.1", 10));
    let error = imported("resnet-20", &other).err().unwrap();
    assert!(
        error.contains("conv1.weight is missing") && error.contains("the file has features.0.bias [64]"),
        "{error}"
    );
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, what) in [
        (
            "pointer.pth",
            &b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 1\n"[..],
            "git lfs pull",
        ),
        ("page.pth", b"<!DOCTYPE html><html></html>", "web page"),
        ("model.safetensors.index.json", b"{\"weight_map\": {}}", "several parts"),
        ("zeros.pth", &[0; 600], "zeros alone"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let error = import("resnet-20", &path, None, &Device::flex()).err().unwrap().to_string();
        assert!(error.contains(what), "{error}");
    }
}
