//! `camscope eval`: how often a model is right, class by class.

use std::process::ExitCode;
use std::sync::Arc;

use camscope::checkpoint::ModelCard;
use camscope::data::{Boxed, DataSource, formats_help};
use camscope::train::{Evaluation, Examples, evaluate};

use crate::judged::{boxed, labelled};
use crate::model::{Device, Models, load};
use crate::output::say;

/// Judge a model by labelled photos.
#[derive(clap::Args)]
pub struct Args {
    /// A name in the manifest, or a .bpk file.
    #[arg(long)]
    model: String,
    #[command(flatten)]
    models: Models,
    #[arg(long, help = format!("Photos to judge by, of these the test images if there are any; with boxes the maps are judged too: {}", formats_help(true)))]
    data: DataSource,
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
    let (which, examples) = examples(&args, &card)?;
    let found = pollster::block_on(evaluate(&network, &examples, args.batch, &device))?;
    match args.json {
        true => say!("{}", serde_json::to_string(&found)?),
        false => print(&card, which, &found),
    }
    Ok(ExitCode::SUCCESS)
}

/// The images to judge by with the model's classes as labels, and boxes if the data has them; and which images these are.
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
        line("the same, the right class given", found.error_class_known);
        line("pointing game: maximum of the map inside the box", found.pointing);
        line("evidence inside the box", found.evidence_inside);
    }
}
