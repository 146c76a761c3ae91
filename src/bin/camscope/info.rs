//! `camscope info`: stages, shapes and cost of networks.

use std::process::ExitCode;

use camscope::core::preprocessing::MAX_INPUT_SIDE;
use camscope::device::{DeviceKind, open};
use camscope::model::{find, networks};

use crate::output::say;

/// Print a network's stages, shapes, parameters and multiply-adds; without a name, the totals of all networks.
#[derive(clap::Args)]
pub struct Args {
    /// Name of a network, also in PyTorch's spelling
    name: Option<String>,
    /// Number of classes; default: that of its public weights
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    classes: Option<u64>,
    /// Side of the photo in pixels; default: that of its public weights
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_INPUT_SIDE)))]
    size: Option<u32>,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let device = pollster::block_on(open(DeviceKind::Cpu))?;
    let entries = match &args.name {
        Some(name) => vec![find(name)?],
        None => networks(),
    };
    for entry in entries {
        let size = args.size.unwrap_or(entry.weights.preprocessing.size) as usize;
        let classes = args.classes.map_or(entry.config.classes(), |classes| classes as usize);
        let cost = entry.config.with_classes(classes).init(&device)?.cost(size, size);
        if args.name.is_some() {
            say!("{:<8} {:>16} {:>14} {:>16}", "stage", "output", "parameters", "multiply-adds");
            for (i, stage) in cost.iter().enumerate() {
                let which = if i + 1 == cost.len() { "head".to_owned() } else { (i + 1).to_string() };
                let [c, h, w] = stage.output;
                let shape = format!("{c}×{h}×{w}");
                say!("{which:<8} {shape:>16} {:>14} {:>16}", stage.parameters, stage.multiply_adds);
            }
        }
        let parameters: usize = cost.iter().map(|stage| stage.parameters).sum();
        let multiply_adds: u64 = cost.iter().map(|stage| stage.multiply_adds).sum();
        say!(
            "{:<20} {size:>3} px  {classes:>4} classes  {:>7.2} M parameters  {:>9.1} M multiply-adds",
            entry.name,
            parameters as f64 / 1e6,
            multiply_adds as f64 / 1e6
        );
    }
    Ok(ExitCode::SUCCESS)
}
