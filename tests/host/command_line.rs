//! The binary as people call it: names, values outside their range, pipes that close.

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn camscope(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_camscope"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str]) -> Output {
    camscope(arguments).output().unwrap()
}

fn told(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// `camscope … | head -1`, as it is when whoever reads is gone already.
#[test]
fn a_closed_pipe_is_no_fault() {
    for arguments in [&["info"][..], &["methods"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let done = camscope(arguments).stdout(writer).output().unwrap();
        assert!(done.status.success() && done.stderr.is_empty(), "{arguments:?}: {done:?}");
    }
}

#[test]
fn a_network_has_one_name_and_pytorchs_spelling_will_do() {
    let line = |name: &str| {
        let out = run(&["info", name]);
        assert!(out.status.success(), "{out:?}");
        String::from_utf8(out.stdout).unwrap().lines().last().unwrap().to_owned()
    };
    for (name, spellings) in [
        ("resnet-20", &["resnet20", "ResNet-20"][..]),
        ("resnet-50", &["resnet50"]),
        ("vgg16-bn", &["vgg16_bn"]),
        ("squeezenet1.1", &["squeezenet1_1"]),
        ("efficientnet-lite0", &["efficientnet_lite0"]),
    ] {
        assert!(line(name).starts_with(name));
        spellings.iter().for_each(|spelling| assert_eq!(line(spelling), line(name)));
    }
    // One list everywhere.
    let all = run(&["info"]).stdout.iter().filter(|&&byte| byte == b'\n').count();
    assert_eq!(all, camscope::model::networks().len());
    let unknown = told(&run(&["info", "resnet-19"]));
    assert!(unknown.contains("resnet-18") && unknown.contains("googlenet"), "{unknown}");
    let folder = tempfile::tempdir().unwrap();
    let weights = folder.path().join("weights.pth");
    std::fs::write(&weights, b"").unwrap();
    for command in [&["import", "resnet-19", "weights.pth"][..], &["train", "--model", "resnet-19"]] {
        assert!(told(&train_or_import(command, folder.path())).contains("resnet-18"), "{command:?}");
    }
}

/// The command with what it needs besides.
fn train_or_import(arguments: &[&str], folder: &Path) -> Output {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let photos = folder.join("photos");
    for class in ["a", "b"] {
        std::fs::create_dir_all(photos.join(class)).unwrap();
        let picture = image::RgbImage::from_pixel(8, 8, image::Rgb([9; 3]));
        (0..4).for_each(|i| picture.save(photos.join(class).join(format!("{i}.png"))).unwrap());
    }
    let data = format!("folder:{}", photos.display());
    let out = path("run");
    let more: &[&str] = if arguments[0] == "train" { &["--data", &data, "--out", &out] } else { &[] };
    camscope(&[arguments, more].concat()).current_dir(folder).output().unwrap()
}

#[test]
fn values_that_no_network_takes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (option, value, expected) in [
        ("--size", "0", "from 1 to 2048"),
        ("--size", "4000000000", "from 1 to 2048"),
        ("--batch", "0", "at least 1"),
        ("--validation", "1.5", "a share above 0"),
        ("--validation", "0", "a share above 0"),
        ("--data", "photos", "stl10, cifar10, folder"),
    ] {
        let mut arguments = vec!["train", "--model", "resnet-20", option, value];
        if option == "--data" {
            arguments.extend(["--out", "run"]);
            assert!(told(&run(&arguments)).contains(expected), "{option} {value}");
            continue;
        }
        let told = told(&train_or_import(&arguments, folder.path()));
        assert!(told.contains(expected), "{option} {value}: {told}");
    }
    for arguments in [
        &["info", "resnet-20", "--size", "0"][..],
        &["info", "resnet-20", "--size", "99999"],
        &["bench-train", "--size", "0"],
    ] {
        assert!(told(&run(arguments)).contains("--size"), "{arguments:?}");
    }
}

#[test]
fn a_preset_a_file_and_the_command_line_replace_each_other_in_turn() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("own.toml"), "epochs = 2\nbatch = 3\nheld_out = 0.5\n").unwrap();
    let done = train_or_import(
        &["train", "--preset", "cifar-fast", "--config", "own.toml", "--batch", "4", "--size", "16"],
        folder.path(),
    );
    assert!(done.status.success(), "{done:?}");
    let kept = std::fs::read_to_string(folder.path().join("run/config.toml")).unwrap();
    let kept: toml::Table = kept.parse().unwrap();
    let number = |name: &str| kept[name].as_integer().unwrap();
    assert_eq!((number("size"), number("batch"), number("epochs")), (16, 4, 2), "command line, command line, file");
    assert_eq!((kept["model"].as_str(), kept["lr"].as_float()), (Some("resnet-20"), Some(0.4)), "preset");
    assert_eq!(kept["test"].as_float(), Some(0.5), "by its older name");

    std::fs::write(folder.path().join("own.toml"), "epoch = 2\n").unwrap();
    let unknown = told(&train_or_import(&["train", "--model", "resnet-20", "--config", "own.toml"], folder.path()));
    assert!(unknown.contains("there is no option \"epoch\""), "{unknown}");
}

/// Two photos a class: one is for testing, one to learn from, and none is left to choose the best epoch by.
#[test]
fn data_without_validation_images_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (photos, out) = (folder.path().join("photos"), folder.path().join("run"));
    for class in ["a", "b"] {
        std::fs::create_dir_all(photos.join(class)).unwrap();
        let picture = image::RgbImage::from_pixel(8, 8, image::Rgb([9; 3]));
        (0..2).for_each(|i| picture.save(photos.join(class).join(format!("{i}.png"))).unwrap());
    }
    let data = format!("folder:{}", photos.display());
    let out = out.to_string_lossy();
    let refused = told(&run(&["train", "--model", "resnet-20", "--size", "16", "--data", &data, "--out", &out]));
    assert!(refused.contains("no validation images") && refused.contains("three photos"), "{refused}");
}
