//! `camscope publish`, `unpublish` and `export`: put checkpoints on the site, remove them, and convert them for PyTorch.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use camscope::checkpoint::{Accuracy, StateDict, decode, publish, unpublish};
use camscope::device::{DeviceKind, open};

use crate::output::say;
use crate::run_folder::RunFolder;

/// Put a run's best epoch on the site: folded, as float16, with its accuracy in the manifest.
#[derive(clap::Args)]
pub struct PublishArgs {
    /// Run folder
    run: PathBuf,
    /// Folder of the site's models
    #[arg(long, default_value = "www/models")]
    to: PathBuf,
    /// Short name for addresses; default: the network's
    #[arg(long)]
    name: Option<String>,
    /// Title on the page
    #[arg(long)]
    title: Option<String>,
    /// Licence of the weights, for the model card
    #[arg(long)]
    licence: Option<String>,
}

/// Remove a model from the site.
#[derive(clap::Args)]
pub struct UnpublishArgs {
    /// Name of the model
    name: String,
    /// Folder of the site's models
    #[arg(long, default_value = "www/models")]
    from: PathBuf,
}

/// Write a checkpoint as .safetensors with PyTorch's names.
#[derive(clap::Args)]
pub struct ExportArgs {
    /// A .bpk file
    model: PathBuf,
    /// File for the tensors
    #[arg(long)]
    out: PathBuf,
}

pub fn run_publish(args: PublishArgs) -> anyhow::Result<ExitCode> {
    let device = pollster::block_on(open(DeviceKind::Cpu))?;
    let (run, config) = RunFolder::open(&args.run)?;
    let best = run.best()?;
    let (mut card, network) =
        decode(std::fs::read(&best).with_context(|| format!("{} cannot be read", best.display()))?, &device)?;
    card.network = card.network.folded();
    card.name = args.name.unwrap_or(card.name);
    card.title = args.title.unwrap_or(card.title);
    card.licence = args.licence.unwrap_or(card.licence);
    card.accuracy = accuracy(&run, &config.data_name());
    let card = pollster::block_on(publish(&args.to, &network.folded(), card))?;
    say!("{} ({} bytes)", args.to.join(&card.file).display(), card.bytes);
    Ok(ExitCode::SUCCESS)
}

/// Return the best epoch's accuracy: on the test images if they were evaluated, else on the images that chose the epoch.
fn accuracy(run: &RunFolder, data: &str) -> Option<Accuracy> {
    let state = &run.state;
    if let Some(test) = state.test {
        let on = format!("the {} test images of {data}, evaluated once", test.images);
        return Some(Accuracy { top1: test.accuracy as f32, on });
    }
    let best = state.epochs.iter().find(|epoch| epoch.number == state.best)?;
    let images = if run.chosen_on_test { "test" } else { "validation" };
    let on = format!("the {images} images of {data}, by which the best epoch was chosen");
    Some(Accuracy { top1: best.validation_accuracy as f32, on })
}

pub fn run_unpublish(args: UnpublishArgs) -> anyhow::Result<ExitCode> {
    let card = unpublish(&args.from, &args.name)?;
    say!("removed {} and {} from {}", card.name, card.file, args.from.display());
    Ok(ExitCode::SUCCESS)
}

pub fn run_export(args: ExportArgs) -> anyhow::Result<ExitCode> {
    let device = pollster::block_on(open(DeviceKind::Cpu))?;
    let (card, network) = decode(
        std::fs::read(&args.model).with_context(|| format!("{} cannot be read", args.model.display()))?,
        &device,
    )?;
    let mut state = StateDict::of(&network, &card.network).map_err(anyhow::Error::msg)?;
    state.card = Some(serde_json::to_string(&card)?);
    state.write(&args.out)?;
    say!("{}: {} tensors", args.out.display(), state.tensors.len());
    Ok(ExitCode::SUCCESS)
}
