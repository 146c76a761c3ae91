//! `camscope eval`: how often a model is right, class by class.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use camscope::checkpoint::ModelCard;
use camscope::data::{Boxed, Dataset, load_tiny_imagenet, load_yolo};
use camscope::recipe::Window;
use camscope::train::{Evaluation, Examples, Localisation, evaluate, localise};
use serde::Serialize;

use crate::model::{Device, Models, load};
use crate::options::load_data;

/// Judge a model by labelled photos.
#[derive(clap::Args)]
pub struct Args {
    /// A name in the manifest, or a .bpk file.
    #[arg(long)]
    model: String,
    #[command(flatten)]
    models: Models,
    /// `stl10:DIR`, `cifar10:DIR` or `folder:DIR` (of a folder without test/ everything is judged); or with boxes, by which
    /// the maps are judged too: `tiny-imagenet:DIR` (its validation images) or `yolo:DIR` (images/ and labels/). DIR may
    /// be a .zip.
    #[arg(long)]
    data: String,
    /// What the data's boxes call a class of the model, as `car=automobile`; with commas between.
    #[arg(long, value_delimiter = ',', value_name = "DATA=MODEL")]
    rename: Vec<String>,
    #[arg(long, default_value = "cpu")]
    device: Device,
    #[arg(long, default_value_t = 64)]
    batch: usize,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// All that is found, as `--json` prints it.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    evaluation: Evaluation,
    #[serde(skip_serializing_if = "Option::is_none")]
    localisation: Option<Localisation>,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let device = args.device.open()?;
    let (card, network) = load(&args.model, &args.models.models, &device)?;
    let (data, boxes) = labelled(&args, &card)?;
    let examples = Examples::photos(Arc::new(data.clone()), &card.recipe);
    let evaluation = pollster::block_on(evaluate(&network, &examples, args.batch, &device))?;
    let localisation = match boxes {
        Some(boxes) => {
            let judged = localise(&network, &data, &boxes, &card.recipe, args.batch, &device);
            Some(pollster::block_on(judged)?)
        }
        None => None,
    };
    let report = Report { evaluation, localisation };
    match args.json {
        true => println!("{}", serde_json::to_string(&report)?),
        false => print(&card, &report),
    }
    Ok(ExitCode::SUCCESS)
}

/// The images to judge by, their labels the model's classes, and the boxes if there are any.
fn labelled(args: &Args, card: &ModelCard) -> anyhow::Result<(Dataset, Option<Vec<Vec<Window>>>)> {
    let mut names = card.classes.clone();
    for pair in &args.rename {
        let found = pair
            .split_once('=')
            .and_then(|(theirs, ours)| Some((theirs, card.classes.iter().position(|class| class == ours.trim())?)));
        let Some((theirs, class)) = found else {
            anyhow::bail!(
                "--rename takes DATA=MODEL with a class of the model ({}), not \"{pair}\"",
                some(&card.classes)
            )
        };
        names[class] = theirs.trim().to_owned();
    }
    let boxed = match args.data.split_once(':') {
        Some(("tiny-imagenet", path)) => load_tiny_imagenet(Path::new(path), &card.recipe, &names)?,
        Some(("yolo", path)) => load_yolo(Path::new(path), &card.recipe, &names)?,
        _ => {
            let split = load_data(&args.data, &card.recipe, 0.0, 0)?;
            let data = if split.test.is_empty() { split.train } else { split.test };
            let (ours, theirs) = (some(&card.classes), some(&data.classes));
            anyhow::ensure!(data.classes == card.classes, "the model's classes are {ours}; the data's {theirs}");
            return Ok((data, None));
        }
    };
    let Boxed { data, boxes, left_out, skipped } = boxed;
    skipped.iter().for_each(|reason| eprintln!("left out {reason}"));
    if left_out > 0 {
        eprintln!("left out {left_out} objects that are no class of the model, or not in the square that it sees");
    }
    anyhow::ensure!(
        !data.is_empty(),
        "no object in the data is a class of the model; `--rename DATA=MODEL` tells which"
    );
    Ok((data, Some(boxes)))
}

/// The first ten, and how many more.
fn some(names: &[String]) -> String {
    let first = names.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
    match names.len() {
        0..=10 => first,
        all => format!("{first} and {} more", all - 10),
    }
}

fn print(card: &ModelCard, Report { evaluation: found, localisation }: &Report) {
    let width = card.classes.iter().map(|class| class.chars().count()).max().unwrap_or(0);
    for (i, class) in card.classes.iter().enumerate() {
        let photos: usize = found.confusion[i].iter().sum();
        if photos == 0 {
            continue;
        }
        let wrong = (0..card.classes.len()).filter(|&j| j != i).max_by_key(|&j| found.confusion[i][j]);
        let taken =
            wrong.filter(|&j| found.confusion[i][j] > 0).map(|j| format!("most often taken for {}", card.classes[j]));
        println!("{class:<width$} {:>6.2} % of {photos:>5}  {}", found.per_class[i] * 100.0, taken.unwrap_or_default());
    }
    println!(
        "{:<width$} {:>6.2} % of {:>5}  top five {:.2} %, mean loss {:.4}",
        "all",
        found.accuracy * 100.0,
        found.images,
        found.top5 * 100.0,
        found.loss
    );
    if let Some(found) = localisation {
        println!();
        let line = |what: &str, share: f64| println!("{what:<58} {:>6.2} %", share * 100.0);
        line("localisation error (class or box wrong, overlap below 0.5)", found.error);
        line("the same, the right class given", found.error_class_known);
        line("pointing game: maximum of the map inside the box", found.pointing);
        line("evidence inside the box", found.evidence_inside);
    }
}
