//! The training loop: PyTorch's optimizers and schedules, overfitting to a few images, runs that resume after a kill.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{DType, Device, Tensor, TensorData};
use camscope::core::preprocessing::Preprocessing;
use camscope::data::{Augment, Dataset};
use camscope::model::{Activation, Network, NetworkConfig, run};
use camscope::train::{Examples, Optimizer, Precision, Progress, Schedule, TrainConfig, evaluate, fit};

use crate::support::{assert_close, fixture, values};

#[derive(serde::Deserialize)]
struct Golden {
    a: Vec<f32>,
    b: Vec<f32>,
    start: Vec<f32>,
    adam: Vec<f32>,
    adam_decay: Vec<f32>,
    adamw: Vec<f32>,
    sgd: Vec<f32>,
    sgd_momentum: Vec<f32>,
    cosine: Vec<f32>,
    step: Vec<f32>,
}

#[derive(Module, Debug)]
struct Parameter {
    w: Param<Tensor<1>>,
}

/// Return the parameters after three steps of the fixture's loss.
fn three_steps(golden: &Golden, config: &TrainConfig) -> Vec<f32> {
    let device = Device::flex().autodiff();
    let tensor = |values: &[f32]| Tensor::<1>::from_data(TensorData::new(values.to_vec(), [values.len()]), &device);
    let mut module = Parameter { w: Param::from_tensor(tensor(&golden.start)) };
    let mut optimizer = config.optimizer();
    for _ in 0..3 {
        let error = module.w.val() - tensor(&golden.b);
        let loss = (error.clone() * error * tensor(&golden.a)).sum() * 0.5;
        let gradients = GradientsParams::from_grads(loss.backward(), &module);
        module = optimizer.step(config.lr, module, gradients);
    }
    values(module.w.val().inner())
}

#[test]
fn optimizers_agree_with_pytorch() {
    let golden: Golden = fixture("training.json");
    let steps = |optimizer, lr, momentum, weight_decay| {
        three_steps(&golden, &TrainConfig { optimizer, lr, momentum, weight_decay, ..TrainConfig::default() })
    };
    for (name, actual, expected) in [
        ("Adam", steps(Optimizer::Adam, 0.01, 0.0, 0.0), &golden.adam),
        ("Adam with decay", steps(Optimizer::Adam, 0.01, 0.0, 0.1), &golden.adam_decay),
        ("AdamW", steps(Optimizer::Adamw, 0.01, 0.0, 0.1), &golden.adamw),
        ("SGD", steps(Optimizer::Sgd, 0.05, 0.0, 0.0), &golden.sgd),
        ("SGD with momentum", steps(Optimizer::Sgd, 0.05, 0.9, 0.01), &golden.sgd_momentum),
    ] {
        assert_close(name, &actual, expected, 2e-6);
    }
}

#[test]
fn schedules_agree_with_pytorch() {
    let golden: Golden = fixture("training.json");
    let rates = |schedule, steps: &[usize]| {
        let config = TrainConfig { lr: 0.1, epochs: 10, schedule, steps: steps.to_vec(), ..TrainConfig::default() };
        (0..10).map(|epoch| config.rate_at(f64::from(epoch) / 10.0) as f32).collect::<Vec<_>>()
    };
    assert_close("cosine", &rates(Schedule::Cosine, &[]), &golden.cosine, 1e-7);
    assert_close("step", &rates(Schedule::Step, &[3, 7]), &golden.step, 1e-7);
    assert_eq!(rates(Schedule::Constant, &[]), [0.1; 10]);
    let cycle = rates(Schedule::OneCycle, &[]);
    assert!(cycle[0] < 1e-4 && cycle[2] == 0.1 && cycle[9] < 0.01, "{cycle:?}");
}

/// Return eight images of noise, two of each class. A network can only memorise them.
fn eight_images(side: usize) -> Dataset {
    let mut data = Dataset { classes: ["a", "b", "c", "d"].map(str::to_owned).into(), side, ..Dataset::default() };
    for i in 0..8u32 {
        let pixel = |j: u32| (i * 7919 + j * 104_729 + 12_345).wrapping_mul(2_654_435_761).rotate_left(11) as u8;
        data.push(&(0..(side * side * 3) as u32).map(pixel).collect::<Vec<_>>(), i as usize / 2);
    }
    data
}

fn preprocessing(side: usize) -> Preprocessing {
    Preprocessing { resize: side as u32, size: side as u32, mean: [127.5; 3], std: [127.5; 3] }
}

#[test]
fn every_family_overfits_eight_images() {
    let thin = |name: &str, options: serde_json::Value| {
        let serde_json::Value::Object(options) = options else { panic!("an object") };
        NetworkConfig::named(name, 4).unwrap().with(options).unwrap()
    };
    let vgg = |options| thin("vgg11-gap", options);
    let families = [
        (vgg(serde_json::json!({ "width": 0.125, "batch_norm": true })), 32),
        (
            vgg(
                serde_json::json!({ "width": 0.125, "batch_norm": true, "head": "nin", "activation": Activation::Relu }),
            ),
            32,
        ),
        (vgg(serde_json::json!({ "width": 0.125, "batch_norm": true, "head": "conv1024", "pools": 4 })), 32),
        (thin("resnet-20", serde_json::json!({})), 16),
        (thin("plain-20", serde_json::json!({})), 16),
        (thin("resnet-18", serde_json::json!({})), 32),
        (thin("googlenet", serde_json::json!({})), 32),
        (thin("squeezenet1.1", serde_json::json!({})), 32),
        (thin("efficientnet-lite0", serde_json::json!({})), 32),
    ];
    for (config, side) in families {
        let device = Device::flex();
        device.seed(3);
        let data = Examples::photos(Arc::new(eight_images(side)), &preprocessing(side));
        let rectified = matches!(&config, NetworkConfig::SqueezeNet(_));
        let train = TrainConfig {
            epochs: 120,
            batch: 8,
            lr: if rectified { 1e-3 } else { 3e-3 },
            optimizer: Optimizer::Adam,
            weight_decay: 0.0,
            schedule: Schedule::Constant,
            augment: Augment::None,
            ..TrainConfig::default()
        };
        let start = Progress { network: config.init(&device).unwrap(), optimizer: train.optimizer(), epoch: 0 };
        let mut accuracy = 0.0;
        let until_memorised = async |event: camscope::train::Event<'_>| match event {
            camscope::train::Event::Epoch { epoch, .. } if epoch.validation_accuracy == 1.0 => {
                accuracy = epoch.validation_accuracy;
                ControlFlow::Break(())
            }
            camscope::train::Event::Epoch { epoch, .. } => {
                accuracy = epoch.validation_accuracy;
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Continue(()),
        };
        pollster::block_on(fit(start, &data, &data, &train, std::slice::from_ref(&device), until_memorised)).unwrap();
        assert_eq!(accuracy, 1.0, "{config:?}");
    }
}

#[test]
fn frozen_stages_stay_and_the_others_are_trained() {
    let device = Device::flex();
    device.seed(3);
    let data = Examples::photos(Arc::new(eight_images(16)), &preprocessing(16));
    let mut network = NetworkConfig::named("resnet-20", 4).unwrap().init(&device).unwrap();
    network.stages = network.stages.into_iter().enumerate().map(|(i, s)| if i < 3 { s.freeze() } else { s }).collect();
    let train = TrainConfig { epochs: 2, batch: 8, augment: Augment::None, ..TrainConfig::default() };
    let stage = |network: &camscope::model::Network, i: usize| {
        values(run(&network.stages[..=i], Tensor::ones([1, 3, 16, 16], &Device::flex())))
    };
    let (before, last) = (stage(&network, 2), stage(&network, 3));
    let start = Progress { network, optimizer: train.optimizer(), epoch: 0 };
    let result = pollster::block_on(fit(start, &data, &data, &train, std::slice::from_ref(&device), async |_| {
        ControlFlow::Continue(())
    }))
    .unwrap();
    assert_eq!(stage(&result.network, 2), before);
    assert_ne!(stage(&result.network, 3), last);
}

#[test]
fn evaluation_counts_every_photo() {
    let device = Device::flex();
    let data = Examples::photos(Arc::new(eight_images(16)), &preprocessing(16));
    let network = NetworkConfig::named("resnet-20", 4).unwrap().init(&device).unwrap();
    let evaluation = pollster::block_on(evaluate(&network, &data, 3, &device)).unwrap();
    assert_eq!(evaluation.images, 8);
    assert_eq!(evaluation.confusion.iter().flatten().sum::<usize>(), 8);
    assert_eq!(evaluation.top5, 1.0, "with four classes every class is among the first five");
    let correct: usize = (0..4).map(|c| evaluation.confusion[c][c]).sum();
    assert_eq!(evaluation.accuracy, correct as f64 / 8.0);
    let mean = evaluation.per_class.iter().sum::<f64>() / 4.0;
    assert!((mean - evaluation.accuracy).abs() < 1e-12, "with equal classes the accuracy is the mean of theirs");
}

fn camscope(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_camscope"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Write ten dark and ten light photos into a folder per class.
fn write_photos(root: &Path) {
    for (class, level) in [("dark", 40u8), ("light", 200)] {
        std::fs::create_dir_all(root.join(class)).unwrap();
        for i in 0..10u8 {
            let pixel = |x: u32, y: u32| {
                image::Rgb([level + i, level.wrapping_add((x * 3) as u8), level.wrapping_sub(y as u8)])
            };
            image::RgbImage::from_fn(16, 16, pixel).save(root.join(class).join(format!("{i}.png"))).unwrap();
        }
    }
}

#[test]
fn a_killed_run_resumes_to_the_same_losses() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    write_photos(&folder.path().join("photos"));
    let data = format!("folder:{}", path("photos"));
    let train = |out: &str| {
        camscope(&[
            "train",
            "--data",
            &data,
            "--model",
            "resnet-20",
            "--size",
            "16",
            "--epochs",
            "6",
            "--batch",
            "4",
            "--lr",
            "0.01",
            "--optimizer",
            "sgd",
            "--out",
            out,
        ])
    };
    let (whole, cut) = (path("whole"), path("cut"));
    let output = train(&whole).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let mut killed = train(&cut).spawn().unwrap();
    let state = folder.path().join("cut/state.json");
    while !state.exists() {
        assert!(killed.try_wait().unwrap().is_none(), "the run ended before it could be killed");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    killed.kill().unwrap(); // SIGKILL
    killed.wait().unwrap();
    let epochs = std::fs::read_to_string(&state).unwrap().matches("number").count();
    assert!((1..6).contains(&epochs), "{epochs} epochs were done when the run was killed");
    let resumed = camscope(&["train", "--resume", &cut]).output().unwrap();
    assert!(resumed.status.success(), "{}", String::from_utf8_lossy(&resumed.stderr));

    // Of ten photos per class, two are test photos and one is a validation photo, which chooses the best epoch. The
    // test photos are evaluated once, at the end.
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("14 training, 2 validation, 4 test photos"), "{stdout}");
    assert!(stdout.contains(" of 2 validation photos") && stdout.contains(" % of 4 photos"), "{stdout}");
    let record: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.path().join("whole/state.json")).unwrap()).unwrap();
    assert_eq!(record["test"]["images"], 4);
    let best = record["best"].as_u64().unwrap();
    let most_accurate = |epochs: &serde_json::Value| {
        let accuracy = |epoch: &serde_json::Value| epoch["validation_accuracy"].as_f64().unwrap();
        let highest = epochs.as_array().unwrap().iter().map(accuracy).fold(0.0, f64::max);
        epochs.as_array().unwrap().iter().find(|epoch| accuracy(epoch) == highest).unwrap()["number"].as_u64().unwrap()
    };
    assert_eq!(best, most_accurate(&record["epochs"]));

    let metrics = |run: &str| std::fs::read_to_string(Path::new(run).join("metrics.csv")).unwrap();
    assert!(metrics(&whole).starts_with("epoch,lr,train_loss,validation_loss,validation_accuracy\n"));
    assert_eq!(metrics(&whole).lines().count(), 7);
    assert_eq!(metrics(&cut), metrics(&whole));
    // Both runs in one figure have the same steps, losses and accuracies.
    let figure = path("both.svg");
    let output = camscope(&["curves", &whole, &cut, "--to", &figure]).output().unwrap();
    let lines: Vec<_> = std::str::from_utf8(&output.stdout).unwrap().lines().skip(1).collect();
    assert!(lines.len() == 3 && lines[0] == lines[1] && lines[0].starts_with("resnet-20"), "{output:?}");
    let svg = std::fs::read_to_string(&figure).unwrap();
    assert!(svg.contains("training loss") && svg.matches("<polyline").count() >= 4);
    let missing = camscope(&["curves", &path("nothing"), "--to", &figure]).output().unwrap();
    assert!(String::from_utf8_lossy(&missing.stderr).contains("holds no run"), "{missing:?}");
    assert!(std::fs::read_to_string(Path::new(&whole).join("curves.svg")).unwrap().contains("<svg"));
    let weights = std::fs::read_dir(&whole)
        .unwrap()
        .filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|e| e == "bpk"));
    assert!((1..=2).contains(&weights.count()), "only the best and the last weights are kept");

    // A folder that contains a run is not overwritten.
    let again = train(&whole).output().unwrap();
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("--resume"));

    // A published run can be evaluated, compute maps and be unpublished again.
    let models = path("models");
    let run = |arguments: &[&str]| {
        let output = camscope(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["publish", &whole, "--to", &models, "--name", "levels"]);
    let card: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(Path::new(&models).join("levels.json")).unwrap()).unwrap();
    assert_eq!(card["accuracy"]["on"], "the 4 test images of photos, evaluated once");
    let evaluation = run(&["eval", "--model", "levels", "--models", &models, "--data", &data, "--json"]);
    let evaluation: serde_json::Value = serde_json::from_str(&evaluation).unwrap();
    assert_eq!(evaluation["images"], 20);
    assert!(evaluation["accuracy"].as_f64().unwrap() >= 0.5);
    let photo = path("photos/dark/3.png");
    let maps = run(&["cam", "--model", "levels", "--models", &models, "--json", &photo]);
    assert!(maps.contains("\"class\":\"dark\"") && maps.contains("\"class\":\"light\""), "{maps}");
    // A sheet has eight test images in two rows, each with a title, an overlay and the plain image. Another one shows a
    // photo's classes.
    let figure = path("sheet.png");
    run(&["cam", "--model", "levels", "--models", &models, "--data", &data, "--grid", "4x2", "--out", &figure]);
    let sheet = image::open(&figure).unwrap().into_rgb8();
    assert_eq!(sheet.dimensions(), (4 * 136 + 8, 2 * (2 * 15 + 2 * 128 + 8) + 8));
    let plain = |column: u32, row: u32| sheet.get_pixel(8 + column * 136 + 64, 8 + row * 294 + 30 + 128 + 64).0[0];
    assert!(plain(0, 0) < 128 && plain(3, 1) > 128, "the dark images are first, the light ones last");
    assert!(sheet.pixels().take(542 * 20).any(|pixel| pixel.0[0] < 128), "there are titles");
    run(&["cam", "--model", "levels", "--models", &models, "--per-class", "--out", &models, &photo]);
    let classes = image::open(Path::new(&models).join("3-classes.png")).unwrap();
    assert_eq!(classes.width(), 3 * 136 + 8, "the photo and its two classes");
    std::fs::remove_file(Path::new(&models).join("3-classes.png")).unwrap();
    run(&["unpublish", "levels", "--from", &models]);
    assert_eq!(std::fs::read_dir(&models).unwrap().count(), 1, "only the manifest is left");
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run_and_names_the_step() {
    let folder = tempfile::tempdir().unwrap();
    write_photos(&folder.path().join("photos"));
    let data = format!("folder:{}", folder.path().join("photos").display());
    let out = folder.path().join("run").to_string_lossy().into_owned();
    let output = camscope(&[
        "train",
        "--data",
        &data,
        "--model",
        "vgg11-gap",
        "--set",
        "width=0.125",
        "--size",
        "32",
        "--epochs",
        "50",
        "--batch",
        "4",
        "--lr",
        "1e30",
        "--optimizer",
        "sgd",
        "--schedule",
        "constant",
        "--out",
        &out,
    ])
    .output()
    .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("at step") && text.contains("lower learning rate"), "{text}");
}

/// Several devices that share a batch give the same weights as one device, for a network without batch norm.
#[test]
fn devices_share_a_batch() {
    let device = Device::flex();
    device.seed(3);
    let config = NetworkConfig::named("squeezenet1.1", 4).unwrap();
    let network = config.init(&device).unwrap();
    // The batches have 5 and 3 images. Three devices get 2, 2 and 1 of them, or one each.
    let train = TrainConfig { epochs: 2, batch: 5, lr: 0.01, optimizer: Optimizer::Sgd, ..TrainConfig::default() };
    let data = Examples::photos(Arc::new(eight_images(32)), &preprocessing(32));
    let train_on = |devices: &[Device]| {
        let start = Progress { network: network.clone(), optimizer: train.optimizer(), epoch: 0 };
        let mut losses = Vec::new();
        let result = pollster::block_on(fit(start, &data, &data, &train, devices, async |event| {
            if let camscope::train::Event::Step { loss, .. } = event {
                losses.push(loss);
            }
            ControlFlow::Continue(())
        }));
        (values(result.unwrap().network.linear.weight.val()), losses)
    };
    let (weights, losses) = train_on(std::slice::from_ref(&device));
    let (shared, shared_losses) = train_on(&[device.clone(), device.clone(), device.clone()]);
    assert_eq!(losses.len(), 4);
    assert_close("losses", &shared_losses, &losses, 1e-5);
    assert_close("weights", &shared, &weights, 1e-5);
    assert_ne!(weights, values(network.linear.weight.val()));
}

/// Return the weights of all convolutions, concatenated.
fn convolution_weights(network: &Network) -> Vec<f32> {
    struct All(Vec<f32>);
    impl ModuleVisitor for All {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            assert_eq!(param.dtype(), DType::F32);
            if D == 4 {
                self.0.extend(values(param.val()));
            }
        }
    }
    let mut all = All(Vec::new());
    network.visit(&mut all);
    all.0
}

/// A step in mixed precision differs from one in full precision by the rounding of float16, which switches a ReLU where
/// its input is close to zero. The head's weights are tiny here, so without scaling of the loss most gradients would be
/// rounded to zero.
#[test]
fn mixed_precision_takes_the_steps_of_full_precision() {
    let device = Device::flex();
    let photos =
        Dataset { rgb: eight_images(32).rgb.repeat(8), labels: eight_images(32).labels.repeat(8), ..eight_images(32) };
    let data = Examples::photos(Arc::new(photos), &preprocessing(32));
    let thin_vgg = serde_json::json!({ "width": 0.125, "pools": 4 });
    let vgg = NetworkConfig::named("vgg11-gap", 4).unwrap().with(thin_vgg.as_object().unwrap().clone()).unwrap();
    for config in [NetworkConfig::named("resnet-20", 4).unwrap(), vgg] {
        device.seed(3);
        let mut network = config.init(&device).unwrap();
        network.linear.weight = network.linear.weight.map(|weight| (weight * 1e-3).detach());
        let before = convolution_weights(&network);
        let step = |precision| {
            let train = TrainConfig {
                epochs: 1,
                batch: 64,
                lr: 1.0,
                optimizer: Optimizer::Sgd,
                momentum: 0.0,
                weight_decay: 0.0,
                schedule: Schedule::Constant,
                augment: Augment::None,
                precision,
                ..TrainConfig::default()
            };
            let start = Progress { network: network.clone(), optimizer: train.optimizer(), epoch: 0 };
            let devices = [device.clone()];
            let result =
                pollster::block_on(fit(start, &data, &data, &train, &devices, async |_| ControlFlow::Continue(())));
            let after = convolution_weights(&result.unwrap().network);
            after.iter().zip(&before).map(|(after, before)| after - before).collect()
        };
        let norm = |step: &[f32]| step.iter().map(|d| f64::from(*d).powi(2)).sum::<f64>().sqrt();
        let (full, mixed): (Vec<f32>, Vec<f32>) = (step(Precision::Full), step(Precision::Mixed));
        let difference: Vec<f32> = full.iter().zip(&mixed).map(|(full, mixed)| full - mixed).collect();
        let difference = norm(&difference) / norm(&full);
        assert!(difference > 0.0 && difference < 0.25, "{config:?}: the steps differ by {difference} of their norm");
    }
}

/// Training the last stage on cached features gives the same weights as training the whole network with the other
/// stages frozen.
#[test]
fn features_of_frozen_stages_can_be_cached() {
    let device = Device::flex();
    device.seed(3);
    let mut network = NetworkConfig::named("squeezenet1.1", 4).unwrap().init(&device).unwrap();
    let stages = network.stages.len();
    let photos = Arc::new(eight_images(32));
    let train = TrainConfig { epochs: 3, batch: 3, augment: Augment::None, ..TrainConfig::default() };
    let train_on = |network: Network, data: &Examples| {
        let start = Progress { network, optimizer: train.optimizer(), epoch: 0 };
        let devices = [device.clone()];
        let result =
            pollster::block_on(fit(start, data, data, &train, &devices, async |_| ControlFlow::Continue(()))).unwrap();
        values(result.network.linear.weight.val())
    };
    let (first, last) = (network.stages[..stages - 1].to_vec(), network.stages[stages - 1..].to_vec());
    let x = preprocessing(32).normalise(&photos.rgb, &device);
    let features = run(&first, x);
    let tail = Network { stages: last.clone(), ..network.clone() };
    let from_features = train_on(tail, &Examples::cached(features, photos.labels.clone(), 4));
    network.stages = first.into_iter().map(Module::freeze).chain(last).collect();
    let from_photos = train_on(network, &Examples::photos(photos, &preprocessing(32)));
    assert_close("weights", &from_features, &from_photos, 1e-5);
}

#[test]
fn malformed_devices_are_refused() {
    for (text, expected) in
        [("cuda:0,x", "found \"cuda:x\""), ("gpu,cpu", "cuda:0,1"), ("cuda:1,1", "twice"), ("tpu", "found \"tpu\"")]
    {
        let output = camscope(&["train", "--device", text, "--out", "nowhere"]).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && stderr.contains(expected), "{text}: {stderr}");
    }
}

/// The scores are equal at the start. Three photos of one class and one of another then move the bias towards the first
/// class, unless every class has the same weight.
#[test]
fn balanced_classes_have_equal_weight() {
    let device = Device::flex();
    let mut network = NetworkConfig::named("resnet-20", 2).unwrap().init(&device).unwrap();
    network.stages.clear();
    let [k, _] = network.linear.weight.dims();
    network.linear.weight = Param::from_tensor(Tensor::zeros([k, 2], &device));
    network.linear.bias = Some(Param::from_tensor(Tensor::zeros([2], &device)));
    let data = Examples::cached(Tensor::ones([4, k, 1, 1], &device), vec![0, 0, 0, 1], 2);
    let bias_after_a_step = |balanced| {
        let train = TrainConfig {
            epochs: 1,
            batch: 4,
            lr: 1.0,
            optimizer: Optimizer::Sgd,
            weight_decay: 0.0,
            schedule: Schedule::Constant,
            balanced,
            ..TrainConfig::default()
        };
        let start = Progress { network: network.clone(), optimizer: train.optimizer(), epoch: 0 };
        let devices = [device.clone()];
        let result =
            pollster::block_on(fit(start, &data, &data, &train, &devices, async |_| ControlFlow::Continue(())));
        values(result.unwrap().network.linear.bias.unwrap().val())
    };
    // Mean of p − y over the four photos, where p = 1/2.
    assert_close("equal weight per photo", &bias_after_a_step(false), &[0.25, -0.25], 1e-6);
    assert_close("equal weight per class", &bias_after_a_step(true), &[0.0, 0.0], 1e-6);
}
