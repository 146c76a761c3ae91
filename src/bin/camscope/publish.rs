//! `camscope publish`, `unpublish` and `export`: checkpoints to the site, off it again, and to PyTorch.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use camscope::checkpoint::{Accuracy, StateDict, decode, publish, unpublish};
use camscope::device::{DeviceKind, open};
use camscope::model::NetworkConfig;

use crate::run_folder::RunFolder;

/// Put a run's best epoch on the site: folded, as float16, with its accuracy in the manifest.
#[derive(clap::Args)]
pub struct PublishArgs {
    /// The run's folder.
    run: PathBuf,
    /// The site's models folder.
    #[arg(long, default_value = "www/models")]
    to: PathBuf,
    /// Short name for addresses; the network's by default.
    #[arg(long)]
    name: Option<String>,
    /// Title on the page.
    #[arg(long)]
    title: Option<String>,
    #[arg(long)]
    licence: Option<String>,
}

/// Take a model off the site.
#[derive(clap::Args)]
pub struct UnpublishArgs {
    name: String,
    #[arg(long, default_value = "www/models")]
    from: PathBuf,
}

/// Write a checkpoint as .safetensors with PyTorch's names.
#[derive(clap::Args)]
pub struct ExportArgs {
    /// A .bpk file.
    model: PathBuf,
    #[arg(long)]
    out: PathBuf,
}

pub fn run_publish(args: PublishArgs) -> anyhow::Result<ExitCode> {
    let device = pollster::block_on(open(DeviceKind::Cpu))?;
    let (run, options) = RunFolder::open(&args.run)?;
    let best = run.best()?;
    let (mut card, network) =
        decode(std::fs::read(&best).with_context(|| format!("{} cannot be read", best.display()))?, &device)?;
    let config: NetworkConfig = serde_json::from_value(card.network)?;
    card.network = serde_json::to_value(config.folded())?;
    card.name = args.name.unwrap_or(card.name);
    card.title = args.title.unwrap_or(card.title);
    card.licence = args.licence.unwrap_or(card.licence);
    let data = options.data_name();
    let epoch = run.state.epochs.iter().find(|epoch| epoch.number == run.state.best);
    card.accuracy =
        epoch.map(|e| Accuracy { top1: e.held_out_accuracy as f32, on: format!("the test images of {data}") });
    let card = pollster::block_on(publish(&args.to, &network.folded(), card))?;
    println!("{} ({} bytes)", args.to.join(&card.file).display(), card.bytes);
    Ok(ExitCode::SUCCESS)
}

pub fn run_unpublish(args: UnpublishArgs) -> anyhow::Result<ExitCode> {
    let card = unpublish(&args.from, &args.name)?;
    println!("took {} and {} off {}", card.name, card.file, args.from.display());
    Ok(ExitCode::SUCCESS)
}

pub fn run_export(args: ExportArgs) -> anyhow::Result<ExitCode> {
    let device = pollster::block_on(open(DeviceKind::Cpu))?;
    let (card, network) = decode(
        std::fs::read(&args.model).with_context(|| format!("{} cannot be read", args.model.display()))?,
        &device,
    )?;
    let config: NetworkConfig = serde_json::from_value(card.network)?;
    let state = StateDict::of(&network, &config).map_err(anyhow::Error::msg)?;
    state.write(&args.out)?;
    println!("{}: {} tensors", args.out.display(), state.tensors.len());
    Ok(ExitCode::SUCCESS)
}
