//! `camscope eval`: how often a model is right, class by class.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use camscope::checkpoint::ModelCard;
use camscope::data::{Boxed, load_tiny_imagenet, load_voc, load_yolo};
use camscope::train::{Evaluation, Examples, evaluate};

use crate::model::{Device, Models, load};
use crate::options::{first_names, test_images};

/// Judge a model by labelled photos.
#[derive(clap::Args)]
pub struct Args {
    /// A name in the manifest, or a .bpk file.
    #[arg(long)]
    model: String,
    #[command(flatten)]
    models: Models,
    /// `stl10:DIR`, `cifar10:DIR` or `folder:DIR` (of a folder without test/ everything is judged); or with boxes, by which
    /// the maps are judged too: `tiny-imagenet:DIR` (its validation images), `yolo:DIR` (images/ and labels/) or
    /// `voc:DIR` (.xml beside photos). DIR may
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

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let device = args.device.open()?;
    let (card, network) = load(&args.model, &args.models.models, &device)?;
    let examples = labelled(&args, &card)?;
    let found = pollster::block_on(evaluate(&network, &examples, args.batch, &device))?;
    match args.json {
        true => println!("{}", serde_json::to_string(&found)?),
        false => print(&card, &found),
    }
    Ok(ExitCode::SUCCESS)
}

/// The images to judge by, their labels the model's classes, with boxes if the data has them.
fn labelled(args: &Args, card: &ModelCard) -> anyhow::Result<Examples> {
    Ok(match boxed(&args.data, &args.rename, card)? {
        Some(Boxed { data, boxes, .. }) => Examples::photos(Arc::new(data), &card.recipe).with_boxes(boxes),
        None => Examples::photos(Arc::new(test_images(&args.data, card)?), &card.recipe),
    })
}

/// Photos with boxes, `tiny-imagenet:DIR`, `yolo:DIR` or `voc:DIR`, labelled by the model's classes; `None` for other kinds of data.
pub fn boxed(data: &str, rename: &[String], card: &ModelCard) -> anyhow::Result<Option<Boxed>> {
    let mut names = card.classes.clone();
    for pair in rename {
        let found = pair
            .split_once('=')
            .and_then(|(theirs, ours)| Some((theirs, card.classes.iter().position(|class| class == ours.trim())?)));
        let Some((theirs, class)) = found else {
            anyhow::bail!(
                "--rename takes DATA=MODEL with a class of the model ({}), not \"{pair}\"",
                first_names(&card.classes)
            )
        };
        names[class] = theirs.trim().to_owned();
    }
    let boxed = match data.split_once(':') {
        Some(("tiny-imagenet", path)) => load_tiny_imagenet(Path::new(path), &card.recipe, &names)?,
        Some(("yolo", path)) => load_yolo(Path::new(path), &card.recipe, &names)?,
        Some(("voc", path)) => load_voc(Path::new(path), &card.recipe, &names)?,
        _ => return Ok(None),
    };
    boxed.skipped.iter().for_each(|reason| eprintln!("left out {reason}"));
    if boxed.left_out > 0 {
        eprintln!(
            "left out {} objects that are no class of the model, or not in the square that it sees",
            boxed.left_out
        );
    }
    anyhow::ensure!(
        !boxed.data.is_empty(),
        "no object in the data is a class of the model; `--rename DATA=MODEL` tells which"
    );
    Ok(Some(boxed))
}

fn print(card: &ModelCard, found: &Evaluation) {
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
    if let Some(found) = &found.localisation {
        println!();
        let line = |what: &str, share: f64| println!("{what:<58} {:>6.2} %", share * 100.0);
        line("localisation error (class or box wrong, overlap below 0.5)", found.error);
        line("the same, the right class given", found.error_class_known);
        line("pointing game: maximum of the map inside the box", found.pointing);
        line("evidence inside the box", found.evidence_inside);
    }
}
