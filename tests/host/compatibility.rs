//! Files of earlier versions still open.

use burn::tensor::Device;
use camscope::checkpoint::{decode, read_manifest};
use camscope::core::archive::Archive;
use camscope::core::preprocessing::Preprocessing;
use camscope::model::NetworkConfig;

use crate::support::project;

/// The networks in `www/models` were published by the version before: their cards say `recipe` for `preprocessing`.
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
    assert!(opened >= 6, "{opened}");
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

    // A card with a size that no network takes is refused by name, not met later by a division by zero.
    std::fs::write(folder.path().join("manifest.json"), card.replace("\"size\": 32", "\"size\": 0")).unwrap();
    let told = read_manifest(folder.path()).unwrap_err().to_string();
    assert!(told.contains("the input's size must be from 1 to 2048 pixels, not 0"), "{told}");
}

/// `project-0.1.zip` was exported by the version before, from two classes of drawn stripes and dots, taught on `plain-20`.
#[test]
fn exported_projects_of_the_version_before_open() {
    let archive = Archive::unpack(&std::fs::read(project("tests/fixtures/project-0.1.zip")).unwrap()).unwrap();
    let (of, outcome) = (&archive.project, archive.project.outcome.as_ref().unwrap());
    assert_eq!((of.name.as_str(), of.base.as_str(), of.threshold), ("Stripes and dots", "plain-20", 0.4));
    assert_eq!(of.classes.iter().map(|class| class.name.as_str()).collect::<Vec<_>>(), ["stripes", "dots / 점"]);
    assert_eq!((of.photos.len(), archive.photos.len(), of.settings.epochs), (10, 10, 5));
    assert_eq!((outcome.answers.len(), outcome.classes.len()), (10, 2));
    let (card, network) = decode(archive.weights.clone().unwrap(), &Device::flex()).unwrap();
    assert_eq!(
        (card.classes.as_slice(), network.linear.weight.dims()[1]),
        (&["stripes".to_owned(), "dots / 점".into()][..], 2)
    );
    // Out and in again: nothing is lost.
    let again = Archive::unpack(&archive.pack().unwrap()).unwrap();
    assert_eq!((&again.project, &again.photos, &again.weights), (&archive.project, &archive.photos, &archive.weights));
}
