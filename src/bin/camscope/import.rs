//! `camscope import`: PyTorch and safetensors checkpoints as models of the site.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use camscope::checkpoint::{Imported, import, publish};
use camscope::device::{DeviceKind, open};

use crate::output::say;

/// Turn a PyTorch or safetensors checkpoint into a model of the site.
#[derive(clap::Args)]
pub struct Args {
    #[arg(help = format!("Network in the file: {}; PyTorch's spelling is accepted", camscope::model::names()))]
    network: String,
    /// The state_dict: a file of `torch.save`, or .safetensors. No code in it is run
    file: PathBuf,
    /// Folder of the site's models
    #[arg(long, default_value = "www/models")]
    out: PathBuf,
    /// Text file with the names of the classes, one a line, for a network with classes of its own
    #[arg(long, value_name = "FILE")]
    classes: Option<PathBuf>,
    /// Name on the site; default: the network's
    #[arg(long)]
    name: Option<String>,
}

/// Return the lines of a text file that are not empty.
fn lines(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let device = pollster::block_on(open(DeviceKind::Cpu))?;
    let classes = args.classes.as_deref().map(lines).transpose()?;
    let Imported { mut card, network, notes } = import(&args.network, &args.file, classes, &device)?;
    notes.iter().for_each(|note| eprintln!("note: {note}"));
    card.name = args.name.unwrap_or(card.name);
    let card = pollster::block_on(publish(&args.out, &network, card))?;
    say!("{} ({} bytes)", args.out.join(&card.file).display(), card.bytes);
    Ok(ExitCode::SUCCESS)
}
