//! `camscope import`: other people's weights into our format.

use std::path::PathBuf;
use std::process::ExitCode;

use camscope::checkpoint::{import_efficientnet_lite0, publish};
use camscope::device::{DeviceKind, open};
use clap::ValueEnum;

/// Turn a PyTorch checkpoint into a model of the site.
#[derive(clap::Args)]
pub struct Args {
    network: Importable,
    /// The state_dict, as `torch.save` wrote it.
    file: PathBuf,
    /// The site's models folder.
    #[arg(long, default_value = "www/models")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Importable {
    EfficientnetLite0,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let device = pollster::block_on(open(DeviceKind::Cpu))?;
    let (card, network) = match args.network {
        Importable::EfficientnetLite0 => import_efficientnet_lite0(&args.file, &device)?,
    };
    let card = publish(&args.out, &network, card)?;
    println!("{} ({} bytes)", args.out.join(&card.file).display(), card.bytes);
    Ok(ExitCode::SUCCESS)
}
