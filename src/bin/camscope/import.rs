//! `camscope import`: PyTorch and safetensors checkpoints as models of the site.

use std::path::PathBuf;
use std::process::ExitCode;

use camscope::checkpoint::{import, publish};
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
    /// Name on the site; default: the network's
    #[arg(long)]
    name: Option<String>,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let device = pollster::block_on(open(DeviceKind::Cpu))?;
    let (mut card, network) = import(&args.network, &args.file, &device)?;
    card.name = args.name.unwrap_or(card.name);
    let card = pollster::block_on(publish(&args.out, &network, card))?;
    say!("{} ({} bytes)", args.out.join(&card.file).display(), card.bytes);
    Ok(ExitCode::SUCCESS)
}
