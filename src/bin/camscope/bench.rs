//! `camscope bench`: time of each model on each device of this machine.

use std::process::ExitCode;

use camscope::checkpoint::read_manifest;
use camscope::device::DeviceKind;
use camscope::photo::Photo;

use crate::model::{Device, Models, milliseconds, session};
use crate::output::{say, text_of};

/// Time every model on every device: loading, the first photo, the median of further photos, and the share of the maps.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    models: Models,
    /// Number of runs after the first; their median is printed
    #[arg(long, default_value_t = 15)]
    runs: usize,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let manifest = read_manifest(&args.models.models)?;
    let photo = test_photo();
    say!(
        "{:<24} {:<7} {:>9} {:>9} {:>10} {:>12}",
        "model",
        "device",
        "load ms",
        "first ms",
        "median ms",
        "maps' share"
    );
    for card in &manifest.models {
        for device in [DeviceKind::Cpu, DeviceKind::Gpu].map(Device) {
            if let Err(error) = device.open() {
                say!("{:<24} {:<7} left out: {}", card.name, device.to_string(), text_of(&error));
                continue;
            }
            let start = milliseconds();
            let mut session = session(&card.name, &args.models.models, device)?;
            let load = milliseconds() - start;
            let mut inference = || pollster::block_on(session.infer(0, &photo, 5)).map(|inference| inference.timing);
            let first = inference()?;
            let mut warm = Vec::with_capacity(args.runs);
            for _ in 0..args.runs.max(1) {
                warm.push(inference()?);
            }
            warm.sort_by(|a, b| (a.network + a.maps).total_cmp(&(b.network + b.maps)));
            let median = warm[warm.len() / 2];
            let whole = median.network + median.maps;
            say!(
                "{:<24} {:<7} {load:>9.0} {:>9.1} {whole:>10.1} {:>10.1} %",
                card.name,
                device.to_string(),
                first.network + first.maps,
                100.0 * median.maps / whole
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Make a photo of 640 × 480 pixels with gradients and fine texture.
fn test_photo() -> Photo {
    let (width, height) = (640u32, 480u32);
    let pixel = |i: u32| {
        let (x, y) = (i % width, i / width);
        [(x * 255 / width) as u8, (y * 255 / height) as u8, ((x ^ y) & 255) as u8]
    };
    let rgb = (0..width * height).flat_map(pixel).collect();
    Photo { width, height, rgb, original: (width, height), orientation: 1, notes: Vec::new() }
}
