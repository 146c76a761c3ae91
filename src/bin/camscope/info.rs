//! `camscope info`: what a network is made of and what it costs.

use std::process::ExitCode;

use camscope::device::{DeviceKind, open};
use camscope::model::NetworkConfig;

/// Print a network's stages, shapes, parameters and multiply-adds; without a name, all networks' totals.
#[derive(clap::Args)]
pub struct Args {
    name: Option<String>,
    #[arg(long)]
    classes: Option<usize>,
    /// Side of the photo in pixels.
    #[arg(long)]
    size: Option<usize>,
}

const ALL: [&str; 26] = [
    "vgg11-gap",
    "vgg13-gap",
    "vgg16-gap",
    "vgg19-gap",
    "resnet-20",
    "resnet-32",
    "resnet-44",
    "resnet-56",
    "resnet-110",
    "plain-20",
    "plain-32",
    "plain-44",
    "plain-56",
    "plain-110",
    "resnet-18",
    "resnet-34",
    "resnet-50",
    "resnet-101",
    "resnet-152",
    "plain-18",
    "plain-34",
    "plain-50",
    "plain-101",
    "plain-152",
    "googlenet",
    "efficientnet-lite0",
];

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let device = pollster::block_on(open(DeviceKind::Cpu))?;
    let names = match &args.name {
        Some(name) => vec![name.as_str()],
        None => ALL.into_iter().chain(["squeezenet1.1"]).collect(),
    };
    for name in &names {
        let config = NetworkConfig::named(name, 1000)?;
        let small = matches!(&config, NetworkConfig::ResNet(resnet) if resnet.is_cifar());
        let size = args.size.unwrap_or(if small { 32 } else { 224 });
        let classes = args.classes.unwrap_or(if small || name.starts_with("vgg") { 10 } else { 1000 });
        let cost = NetworkConfig::named(name, classes)?.init(&device)?.cost(size, size);
        if args.name.is_some() {
            println!("{:<8} {:>16} {:>14} {:>16}", "stage", "output", "parameters", "multiply-adds");
            for (i, stage) in cost.iter().enumerate() {
                let which = if i + 1 == cost.len() { "head".to_owned() } else { (i + 1).to_string() };
                let [c, h, w] = stage.output;
                println!(
                    "{which:<8} {:>16} {:>14} {:>16}",
                    format!("{c}×{h}×{w}"),
                    stage.parameters,
                    stage.multiply_adds
                );
            }
        }
        let parameters: usize = cost.iter().map(|stage| stage.parameters).sum();
        let multiply_adds: u64 = cost.iter().map(|stage| stage.multiply_adds).sum();
        println!(
            "{name:<20} {size:>3} px  {classes:>4} classes  {:>7.2} M parameters  {:>9.1} M multiply-adds",
            parameters as f64 / 1e6,
            multiply_adds as f64 / 1e6
        );
    }
    Ok(ExitCode::SUCCESS)
}
