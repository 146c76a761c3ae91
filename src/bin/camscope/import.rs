//! `camscope import`: other people's weights into our format.

use std::path::PathBuf;
use std::process::ExitCode;

use camscope::checkpoint::{import, publish};
use camscope::device::{DeviceKind, open};

/// Turn a PyTorch or safetensors checkpoint into a model of the site.
#[derive(clap::Args)]
pub struct Args {
    /// What the file holds, as torchvision names it (resnet18, vgg16_bn, squeezenet1_1, googlenet), resnet20 and its
    /// like for CIFAR-10, or efficientnet-lite0.
    family: String,
    /// The state_dict: anything `torch.save` wrote, or .safetensors. No code in it is run.
    file: PathBuf,
    /// The site's models folder.
    #[arg(long, default_value = "www/models")]
    out: PathBuf,
    /// Another name on the site than the family's.
    #[arg(long)]
    name: Option<String>,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let device = pollster::block_on(open(DeviceKind::Cpu))?;
    let (mut card, network) = import(&args.family, &args.file, &device)?;
    card.name = args.name.unwrap_or(card.name);
    let card = pollster::block_on(publish(&args.out, &network, card))?;
    println!("{} ({} bytes)", args.out.join(&card.file).display(), card.bytes);
    Ok(ExitCode::SUCCESS)
}
