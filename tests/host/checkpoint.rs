//! Checkpoints survive writing and reading, and bad files are refused.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use burn_store::{BurnpackStore, ModuleStore};
use camscope::checkpoint::{
    CheckpointError, ModelCard, decode, encode, publish, read_manifest, sha256_hex, verify, weights,
};
use camscope::core::preprocessing::Preprocessing;
use camscope::model::{Network, NetworkConfig, VggGapConfig};

use crate::support::{Filler, values};

fn tiny() -> VggGapConfig {
    VggGapConfig { depth: 11, width: 0.0625, ..VggGapConfig::default() }
}

/// Return a card and the network of `config`, filled by a [`Filler`] that starts from `start`.
fn model(config: VggGapConfig, start: u32) -> (ModelCard, Network) {
    let config = NetworkConfig::VggGap(config);
    let mut network = config.init(&Device::flex()).expect("a valid configuration");
    Filler::new(start).fill(&mut network);
    let card = ModelCard {
        name: "tiny".into(),
        title: "Tiny".into(),
        classes: (0..config.classes()).map(|class| format!("class {class}")).collect(),
        network: config,
        preprocessing: Preprocessing { resize: 32, size: 32, mean: [127.5; 3], std: [127.5; 3] },
        licence: "MIT".into(),
        source: "a formula".into(),
        accuracy: None,
        file: String::new(),
        bytes: 0,
        sha256: String::new(),
    };
    (card, network)
}

fn parameters(network: &Network) -> Vec<f32> {
    struct Values(Vec<f32>);
    impl ModuleVisitor for Values {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.extend(values(param.val()));
        }
    }
    let mut visitor = Values(Vec::new());
    network.visit(&mut visitor);
    visitor.0
}

/// Return the error with which a file is refused.
fn refusal(bytes: Vec<u8>) -> CheckpointError {
    decode(bytes, &Device::flex()).map(|(card, _)| card).expect_err("a file to be refused")
}

/// A model that is imported twice keeps its file name, so visitors need not fetch it again.
#[test]
fn the_same_weights_are_the_same_bytes() {
    let (card, network) = model(tiny(), 1);
    let bytes = pollster::block_on(encode(&network, &card)).expect("a network can be written");
    let (card, again) = decode(bytes.clone(), &Device::flex()).expect("what was written can be read");
    assert_eq!(pollster::block_on(encode(&again, &card)).expect("a network can be written"), bytes);
}

/// Half a unit in float16's last place is 2⁻¹¹ of the value.
#[test]
fn weights_survive_within_float16() {
    let (card, network) = model(tiny(), 1);
    let bytes = pollster::block_on(encode(&network, &card)).expect("a network can be written");
    let (decoded_card, decoded) = decode(bytes, &Device::flex()).expect("what was written can be read");
    assert_eq!(decoded_card, card);
    let (before, after) = (parameters(&network), parameters(&decoded));
    assert_eq!(before.len(), after.len());
    for (b, a) in before.iter().zip(&after) {
        assert!((b - a).abs() <= b.abs() / 2048.0 + 1e-7, "{b} became {a}");
    }
}

#[test]
fn another_architecture_is_refused() {
    let (card, network) = model(tiny(), 1);
    let others = [
        VggGapConfig { width: 0.125, ..tiny() },
        VggGapConfig { depth: 13, ..tiny() },
        VggGapConfig { batch_norm: true, ..tiny() },
        VggGapConfig { classes: 9, ..tiny() },
    ];
    for other in others {
        let config = format!("{other:?}");
        let error =
            refusal(pollster::block_on(encode(&network, &model(other, 1).0)).expect("a network can be written"));
        assert!(matches!(error, CheckpointError::Architecture(_)), "{config}: {error}");
    }
    let (_, deeper) = model(VggGapConfig { depth: 13, ..tiny() }, 1);
    let error = refusal(pollster::block_on(encode(&deeper, &card)).expect("a network can be written"));
    assert!(matches!(error, CheckpointError::Architecture(_)), "tensors left over: {error}");

    let names = ModelCard { classes: vec!["one".into()], ..card };
    let error = refusal(pollster::block_on(encode(&network, &names)).expect("a network can be written"));
    assert!(error.to_string().contains("1 class names for 10 logits"), "{error}");
}

#[test]
fn a_cut_file_is_refused() {
    let (card, network) = model(tiny(), 1);
    let bytes = pollster::block_on(encode(&network, &card)).expect("a network can be written");
    for length in [bytes.len() * 6 / 10, bytes.len() * 9 / 10, bytes.len() - 1] {
        let error = refusal(bytes[..length].to_vec());
        assert!(matches!(error, CheckpointError::Damaged(_)), "{length} of {} bytes: {error}", bytes.len());
    }
    for length in (0..bytes.len()).step_by(997) {
        refusal(bytes[..length].to_vec()); // wherever the file ends, reading it is an error and no panic
    }
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    for bytes in [Vec::new(), b"abc".to_vec(), b"PK\x03\x04".repeat(100), vec![0; 1000]] {
        let error = refusal(bytes);
        assert!(matches!(error, CheckpointError::NotBurnpack), "{error}");
    }
    let mut foreign = BurnpackStore::from_bytes(None);
    foreign.collect_from(&model(tiny(), 1).1).expect("a network can be collected");
    let error = refusal(foreign.get_bytes().expect("a network can be written").to_vec());
    assert!(matches!(error, CheckpointError::NoCard), "{error}");
}

#[test]
fn an_altered_file_has_another_hash() {
    assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); // FIPS 180-2
    let (mut card, network) = model(tiny(), 1);
    let mut bytes = pollster::block_on(encode(&network, &card)).expect("a network can be written");
    card.sha256 = sha256_hex(&bytes);
    verify(&bytes, &card).expect("the file itself");
    *bytes.last_mut().expect("bytes") ^= 1;
    let error = verify(&bytes, &card).expect_err("another file");
    assert!(matches!(&error, CheckpointError::Hash { .. }), "{error}");
    assert!(error.to_string().contains(&card.sha256) && error.to_string().contains(&sha256_hex(&bytes)), "{error}");
}

#[test]
fn publishing_names_the_file_by_its_hash_and_drops_the_old_one() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let models = dir.path().join("models");
    let (card, network) = model(tiny(), 1);
    let first = pollster::block_on(publish(&models, &network, card.clone())).expect("a folder to write to");
    assert_eq!(first.file, format!("tiny-{}.bpk", &first.sha256[..12]));
    let bytes = std::fs::read(models.join(&first.file)).expect("the file it names");
    assert_eq!(first.bytes, bytes.len() as u64);
    verify(&bytes, &first).expect("the hash it names");
    weights(bytes, &first, &Device::flex()).expect("weights that fit");
    assert_eq!(read_manifest(&models).expect("a manifest").models, std::slice::from_ref(&first));

    let again = pollster::block_on(publish(&models, &network, first.clone())).expect("the same weights again");
    assert_eq!(again, first);
    assert!(models.join(&first.file).exists());

    let second = pollster::block_on(publish(&models, &model(tiny(), 2).1, card)).expect("other weights");
    assert_ne!(second.file, first.file);
    let mut names: Vec<String> = std::fs::read_dir(&models)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["manifest.json", second.file.as_str(), "tiny.json"]);
    assert_eq!(read_manifest(&models).expect("a manifest").models, [second]);
}
