//! The command line: names, values outside their range, pipes that close.

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn camscope(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_camscope"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Return what a run that must fail writes to standard error.
pub fn error_of_command(arguments: &[&str]) -> String {
    error_of(&run(arguments))
}

fn run(arguments: &[&str]) -> Output {
    camscope(arguments).output().unwrap()
}

/// Return what a failed run wrote to standard error.
fn error_of(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// As in `camscope … | head -1`, when the reader has ended already.
#[test]
fn a_closed_pipe_is_no_error() {
    for arguments in [&["info"][..], &["methods"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = camscope(arguments).stdout(writer).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}

#[test]
fn a_network_has_one_name_and_other_spellings_are_accepted() {
    let line = |name: &str| {
        let output = run(&["info", name]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().lines().last().unwrap().to_owned()
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
    // `info` lists the networks of the library.
    let all = run(&["info"]).stdout.iter().filter(|&&byte| byte == b'\n').count();
    assert_eq!(all, camscope::model::networks().len());
    let unknown = error_of(&run(&["info", "resnet-19"]));
    assert!(unknown.contains("resnet-18") && unknown.contains("googlenet"), "{unknown}");
    let folder = tempfile::tempdir().unwrap();
    let weights = folder.path().join("weights.pth");
    std::fs::write(&weights, b"").unwrap();
    for command in [&["import", "resnet-19", "weights.pth"][..], &["train", "--model", "resnet-19"]] {
        assert!(error_of(&train_or_import(command, folder.path())).contains("resnet-18"), "{command:?}");
    }
}

/// Run the command in `folder`. `train` gets a data set of four photos per class and an output folder.
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
            assert!(error_of(&run(&arguments)).contains(expected), "{option} {value}");
            continue;
        }
        let error = error_of(&train_or_import(&arguments, folder.path()));
        assert!(error.contains(expected), "{option} {value}: {error}");
    }
    for arguments in [
        &["info", "resnet-20", "--size", "0"][..],
        &["info", "resnet-20", "--size", "99999"],
        &["bench-train", "--size", "0"],
    ] {
        assert!(error_of(&run(arguments)).contains("--size"), "{arguments:?}");
    }
}

#[test]
fn the_command_line_overrides_a_file_which_overrides_a_preset() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("own.toml"), "epochs = 2\nbatch = 3\nheld_out = 0.5\n").unwrap();
    let output = train_or_import(
        &["train", "--preset", "cifar-fast", "--config", "own.toml", "--batch", "4", "--size", "16"],
        folder.path(),
    );
    assert!(output.status.success(), "{output:?}");
    let config = std::fs::read_to_string(folder.path().join("run/config.toml")).unwrap();
    let config: toml::Table = config.parse().unwrap();
    let number = |name: &str| config[name].as_integer().unwrap();
    assert_eq!(
        (number("size"), number("batch"), number("epochs")),
        (16, 4, 2),
        "from the command line, the command line, the file"
    );
    assert_eq!((config["model"].as_str(), config["lr"].as_float()), (Some("resnet-20"), Some(0.4)), "from the preset");
    assert_eq!(config["test"].as_float(), Some(0.5), "from the file, by its older name");

    std::fs::write(folder.path().join("own.toml"), "epoch = 2\n").unwrap();
    let unknown = error_of(&train_or_import(&["train", "--model", "resnet-20", "--config", "own.toml"], folder.path()));
    assert!(unknown.contains("there is no option \"epoch\""), "{unknown}");
}

/// With two photos per class, one is a test photo and one a training photo. None is left for validation.
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
    let error = error_of(&run(&["train", "--model", "resnet-20", "--size", "16", "--data", &data, "--out", &out]));
    assert!(error.contains("no validation images") && error.contains("three photos"), "{error}");
}

/// Write photos of the classes into `folder`, and return the data source.
fn classes_in(folder: &Path, classes: &[&str]) -> String {
    for class in classes {
        std::fs::create_dir_all(folder.join(class)).unwrap();
        let picture = image::RgbImage::from_pixel(8, 8, image::Rgb([9; 3]));
        (0..4).for_each(|i| picture.save(folder.join(class).join(format!("{i}.png"))).unwrap());
    }
    format!("folder:{}", folder.display())
}

#[test]
fn a_resumed_run_keeps_its_settings() {
    let folder = tempfile::tempdir().unwrap();
    let (photos, run_folder) = (folder.path().join("photos"), folder.path().join("run"));
    let (data, out) = (classes_in(&photos, &["ants", "bees"]), run_folder.to_string_lossy().into_owned());
    let begun = run(&[
        "train",
        "--model",
        "resnet-20",
        "--size",
        "16",
        "--epochs",
        "1",
        "--batch",
        "4",
        "--data",
        &data,
        "--out",
        &out,
    ]);
    assert!(begun.status.success(), "{begun:?}");
    let error = error_of(&run(&["train", "--resume", &out, "--epochs", "5", "--lr", "1e-4"]));
    assert!(error.contains("--epochs") && error.contains("--lr") && error.contains("--init"), "{error}");
    let again = run(&["train", "--resume", &out, "--device", "cpu"]);
    let text = String::from_utf8_lossy(&again.stdout);
    assert!(
        again.status.success() && text.contains("is finished: all 1 epochs are done") && text.contains("Best: epoch 1"),
        "{again:?}"
    );
    std::fs::rename(photos.join("ants"), photos.join("cats")).unwrap();
    let error = error_of(&run(&["train", "--resume", &out]));
    assert!(error.contains("ants, bees") && error.contains("bees, cats"), "{error}");
}

#[test]
fn what_no_run_can_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (&["--model", "vgg16-gap", "--set", "width=0.25", "--size", "28"][..], "--size 28 is too small"),
        (&["--model", "vgg16-gap", "--set", "width=0.25", "--size", "15"], "it needs 32 or more"),
        (&["--model", "resnet-20", "--epochs", "0"], "--epochs must be at least 1"),
        (&["--model", "resnet-20", "--lr=-0.1"], "--lr must be a number above 0"),
        (&["--model", "resnet-20", "--lr", "NaN"], "--lr must be a number above 0"),
        (&["--model", "resnet-20", "--momentum", "1"], "--momentum must be from 0"),
        (&["--model", "resnet-20", "--weight-decay=-1"], "--weight-decay must be"),
    ] {
        let all = [&["train"], arguments].concat();
        let error = error_of(&train_or_import(&all, folder.path()));
        assert!(error.contains(expected), "{arguments:?}: {error}");
        assert!(!folder.path().join("run/state.json").exists(), "{arguments:?}");
    }
    let alone = classes_in(&folder.path().join("alone"), &["cats"]);
    let out = folder.path().join("out").to_string_lossy().into_owned();
    let error = error_of(&run(&["train", "--model", "resnet-20", "--size", "16", "--data", &alone, "--out", &out]));
    assert!(error.contains("one class, cats"), "{error}");
}
