//! Files of the previous version can still be read.

use std::process::Command;

use burn::tensor::Device;
use camscope::checkpoint::{decode, read_manifest};
use camscope::core::archive::Archive;
use camscope::core::preprocessing::Preprocessing;
use camscope::model::NetworkConfig;

use crate::support::project;

/// The previous version published the networks in `www/models`. Their cards have the key `recipe` instead of
/// `preprocessing`.
#[test]
fn checkpoints_of_the_version_before_open() {
    let folder = project("www/models");
    let files = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
    let mut opened = 0;
    for path in files.filter(|path| path.extension().is_some_and(|ending| ending == "bpk")) {
        let bytes = std::fs::read(&path).unwrap();
        let (card, network) =
            decode(bytes, &Device::flex()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(card.classes.len(), network.linear.weight.dims()[1], "{}", card.name);
        opened += 1;
    }
    assert!(opened >= 6, "{opened} checkpoints");
    let everyday = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
    let mut everyday = everyday.filter(|path| path.to_string_lossy().contains("vgg16-gap-everyday-"));
    let (card, _) = decode(std::fs::read(everyday.next().unwrap()).unwrap(), &Device::flex()).unwrap();
    assert_eq!(card.preprocessing, Preprocessing::symmetric(64));
}

#[test]
fn manifests_of_the_version_before_open() {
    let folder = tempfile::tempdir().unwrap();
    let card = r#"{ "models": [{ "name": "a", "title": "A", "classes": ["x", "y"], "licence": "MIT", "source": "s",
        "network": { "family": "vgg-gap", "depth": 16, "width": 0.25, "activation": { "leaky-relu": 0.2 },
            "batch_norm": false, "pools": 4, "classes": 2 },
        "recipe": { "resize": 32, "size": 32, "mean": [127.5, 127.5, 127.5], "std": [127.5, 127.5, 127.5] } }] }"#;
    std::fs::write(folder.path().join("manifest.json"), card).unwrap();
    let manifest = read_manifest(folder.path()).unwrap();
    assert_eq!(manifest.models[0].preprocessing, Preprocessing::symmetric(32));
    assert!(matches!(manifest.models[0].network, NetworkConfig::VggGap(_)));

    // A card with a size that no network accepts is refused with a message. Otherwise a later division by zero would
    // panic.
    std::fs::write(folder.path().join("manifest.json"), card.replace("\"size\": 32", "\"size\": 0")).unwrap();
    let error = read_manifest(folder.path()).unwrap_err().to_string();
    assert!(error.contains("the input's size must be from 1 to 2048 pixels, not 0"), "{error}");
}

/// The previous version exported `project-0.1.zip`: two classes of drawn stripes and dots, and a network fine-tuned
/// from `plain-20`.
#[test]
fn exported_projects_of_the_version_before_open() {
    let archive = Archive::unpack(&std::fs::read(project("tests/fixtures/project-0.1.zip")).unwrap()).unwrap();
    let (saved, outcome) = (&archive.project, archive.project.outcome.as_ref().unwrap());
    assert_eq!((saved.name.as_str(), saved.base.as_str(), saved.threshold), ("Stripes and dots", "plain-20", 0.4));
    assert_eq!(saved.classes.iter().map(|class| class.name.as_str()).collect::<Vec<_>>(), ["stripes", "dots / 점"]);
    assert_eq!((saved.photos.len(), archive.photos.len(), saved.settings.epochs), (10, 10, 5));
    assert_eq!((outcome.answers.len(), outcome.classes.len()), (10, 2));
    let (card, network) = decode(archive.weights.clone().unwrap(), &Device::flex()).unwrap();
    assert_eq!(
        (card.classes.as_slice(), network.linear.weight.dims()[1]),
        (&["stripes".to_owned(), "dots / 점".into()][..], 2)
    );
    // Packed and unpacked again, it is the same.
    let again = Archive::unpack(&archive.pack().unwrap()).unwrap();
    assert_eq!((&again.project, &again.photos, &again.weights), (&archive.project, &archive.photos, &archive.weights));
}

/// The previous version chose the best epoch on the test images. It wrote no `validation` into a run's config, and no
/// key with that word into its state.
#[test]
fn runs_of_the_version_before_say_what_their_epoch_was_chosen_by() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    std::fs::create_dir_all(path("run")).unwrap();
    std::fs::write(
        path("run/config.toml"),
        "data = \"folder:photos\"\nmodel = \"plain-20\"\nsize = 32\nheld_out = 0.2\n",
    )
    .unwrap();
    let state = r#"{ "epochs": [{ "number": 1, "lr": 0.1, "train_loss": 2.0, "held_out_loss": 1.5, "held_out_accuracy": 0.5 }],
        "best": 1, "losses": [[1, 2.0]] }"#;
    std::fs::write(path("run/state.json"), state).unwrap();
    let models = std::fs::read_dir(project("www/models")).unwrap().map(|file| file.unwrap().path());
    let weights = models.into_iter().find(|file| file.to_string_lossy().contains("plain-20-")).unwrap();
    std::fs::copy(weights, path("run/epoch-1.bpk")).unwrap();
    let camscope = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_camscope")).args(arguments).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (published, stderr) = camscope(&["publish", &path("run"), "--to", &path("models"), "--name", "old"]);
    assert!(published, "{stderr}");
    let manifest = read_manifest(folder.path().join("models").as_path()).unwrap();
    let accuracy = manifest.models[0].accuracy.clone().unwrap();
    assert_eq!(
        (accuracy.top1, accuracy.on.as_str()),
        (0.5, "the test images of photos, by which the best epoch was chosen")
    );
    let (resumed, stderr) = camscope(&["train", "--resume", &path("run")]);
    assert!(!resumed && stderr.contains("without validation images"), "{stderr}");
}
