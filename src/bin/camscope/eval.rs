//! `camscope eval`: accuracy of a model, class by class.

use std::process::ExitCode;
use std::sync::Arc;

use camscope::checkpoint::ModelCard;
use camscope::data::{Boxed, DataSource, formats_help};
use camscope::train::{Evaluation, Examples, evaluate};

use crate::evaluation_data::{boxed, labelled};
use crate::model::{Device, Models, load};
use crate::output::say;

/// Evaluate a model on labelled photos.
#[derive(clap::Args)]
pub struct Args {
    /// Name in the manifest, or a .bpk file
    #[arg(long)]
    model: String,
    #[command(flatten)]
    models: Models,
    #[arg(long, help = format!("Labelled photos: of these the test images, else the validation images, else all. With boxes the maps are evaluated too: {}", formats_help(|_| true)))]
    data: DataSource,
    /// Names of the data's boxes for classes of the model, as `car=automobile`, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "DATA=MODEL")]
    rename: Vec<String>,
    /// cpu, gpu, cuda or cuda:INDEX
    #[arg(long, default_value = "cpu")]
    device: Device,
    /// Photos per batch
    #[arg(long, default_value_t = 64)]
    batch: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let device = args.device.open()?;
    let (card, network) = load(&args.model, &args.models.models, &device)?;
    let (which, examples) = examples(&args, &card)?;
    let found = pollster::block_on(evaluate(&network, &examples, args.batch, &device))?;
    match args.json {
        true => say!("{}", serde_json::to_string(&found)?),
        false => print(&card, which, &found),
    }
    Ok(ExitCode::SUCCESS)
}

/// Load the images to evaluate, labelled by the model's classes, and their boxes if the data has any; say which images these
/// are.
fn examples(args: &Args, card: &ModelCard) -> anyhow::Result<(&'static str, Examples)> {
    if let Some(Boxed { data, boxes, .. }) = boxed(&args.data, &args.rename, card)? {
        return Ok(("all", Examples::photos(Arc::new(data), &card.preprocessing).with_boxes(boxes)));
    }
    let (which, data) = labelled(&args.data, card)?;
    Ok((which, Examples::photos(Arc::new(data), &card.preprocessing)))
}

fn print(card: &ModelCard, which: &str, found: &Evaluation) {
    let width = card.classes.iter().map(|class| class.chars().count()).max().unwrap_or(0);
    for (i, class) in card.classes.iter().enumerate() {
        let photos: usize = found.confusion[i].iter().sum();
        if photos == 0 {
            continue;
        }
        let wrong = (0..card.classes.len()).filter(|&j| j != i).max_by_key(|&j| found.confusion[i][j]);
        let taken =
            wrong.filter(|&j| found.confusion[i][j] > 0).map(|j| format!("most often taken for {}", card.classes[j]));
        say!("{class:<width$} {:>6.2} % of {photos:>5}  {}", found.per_class[i] * 100.0, taken.unwrap_or_default());
    }
    say!(
        "{:<width$} {:>6.2} % of {:>5}  top five {:.2} %, mean loss {:.4}",
        if which == "all" { "all".to_owned() } else { format!("all {which} images") },
        found.accuracy * 100.0,
        found.images,
        found.top5 * 100.0,
        found.loss
    );
    if let Some(found) = &found.localisation {
        say!();
        let line = |what: &str, share: f64| say!("{what:<58} {:>6.2} %", share * 100.0);
        line("localisation error (class or box wrong, overlap below 0.5)", found.error);
        line("localisation error, correct class given", found.error_class_known);
        line("pointing game: maximum of the map inside the box", found.pointing);
        line("evidence inside the box", found.evidence_inside);
    }
}
