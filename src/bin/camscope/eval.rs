//! `camscope eval`: how often a model is right, class by class.

use std::process::ExitCode;

use camscope::train::evaluate;

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
    /// `stl10:DIR`, `cifar10:DIR` or `folder:DIR`; of a folder without test/ everything is judged.
    #[arg(long)]
    data: String,
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
    let split = load_data(&args.data, &card.recipe, 0.0, 0)?;
    let data = if split.test.is_empty() { split.train } else { split.test };
    anyhow::ensure!(
        data.classes == card.classes,
        "the model's classes are {:?}, the data's {:?}",
        card.classes,
        data.classes
    );
    let found = pollster::block_on(evaluate(&network, &data, &card.recipe, args.batch, &device))?;
    if args.json {
        println!("{}", serde_json::to_string(&found)?);
        return Ok(ExitCode::SUCCESS);
    }
    let width = card.classes.iter().map(|class| class.chars().count()).max().unwrap_or(0);
    for (i, class) in card.classes.iter().enumerate() {
        let photos: usize = found.confusion[i].iter().sum();
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
    Ok(ExitCode::SUCCESS)
}
