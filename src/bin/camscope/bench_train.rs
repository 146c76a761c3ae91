//! `camscope bench-train`: training speed of a network, in images per second.

use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use camscope::core::preprocessing::{MAX_INPUT_SIDE, Preprocessing};
use camscope::data::{Augment, Dataset};
use camscope::model::NetworkConfig;
use camscope::train::{Event, Examples, Optimizer, Precision, Progress, Schedule, TrainConfig, fit};

use crate::model::Devices;
use crate::output::say;

/// Time training steps on noise and print one JSON object.
#[derive(clap::Args)]
pub struct Args {
    #[arg(long, default_value = "resnet-20", help = format!("Network to train: {}", camscope::model::names()))]
    model: String,
    /// Side of the photos in pixels
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_INPUT_SIDE)))]
    size: u32,
    /// Photos per step
    #[arg(long, default_value_t = 128)]
    batch: usize,
    /// Number of timed steps, after two untimed ones
    #[arg(long, default_value_t = 5)]
    steps: usize,
    /// cpu, gpu, cuda or cuda:INDEX; several CUDA devices, as `cuda:0,1`, share every batch
    #[arg(long, default_value = "cpu")]
    device: Devices,
    /// On a GPU, use only camscope's own kernels, as for `camscope train`
    #[arg(long)]
    no_tuning: bool,
    /// Float types, as for `camscope train`
    #[arg(long, value_enum, default_value_t = Precision::Full)]
    precision: Precision,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    const CLASSES: usize = 10;
    let devices = args.device.open()?;
    let side = args.size as usize;
    let classes = (0..CLASSES).map(|class| class.to_string()).collect();
    let mut data = Dataset { classes, side, ..Dataset::default() };
    // The first event comes after two steps, and the last one after none: see `fit`, which reads a loss behind the next step.
    let (batch, steps) = (args.batch.max(1), args.steps.max(1) + 2);
    for i in 0..batch * steps {
        let noise = |j: usize| ((i * 7919 + j * 104_729) as u32).wrapping_mul(2_654_435_761).to_le_bytes()[3];
        data.push(&(0..side * side * 3).map(noise).collect::<Vec<_>>(), i % CLASSES);
    }
    let nothing = Dataset { classes: data.classes.clone(), side, ..Dataset::default() };
    // Without validation photos, nothing but steps is timed. Batches are prepared beside the steps, as in any training.
    let config = TrainConfig {
        epochs: 1,
        batch,
        lr: 0.01,
        optimizer: Optimizer::Sgd,
        schedule: Schedule::Constant,
        augment: Augment::CropFlip,
        precision: args.precision,
        ..TrainConfig::default()
    };
    let preprocessing = Preprocessing::symmetric(args.size);
    let [data, nothing] = [data, nothing].map(|data| Examples::photos(Arc::new(data), &preprocessing));
    let network = NetworkConfig::named(&args.model, CLASSES)?.init(&devices[0])?;
    if !args.no_tuning {
        args.device.tune(&network, side);
    }
    let start = Progress { network, optimizer: config.optimizer(), epoch: 0 };
    let (mut last, mut seconds) = (Instant::now(), Vec::new());
    pollster::block_on(fit(start, &data, &nothing, &config, &devices, async |event| {
        if matches!(event, Event::Step { .. }) {
            seconds.push(last.elapsed().as_secs_f64());
            last = Instant::now();
        }
        ControlFlow::Continue(())
    }))?;
    // The last step's update of the weights is still on its way, and a driver may not like an exit in the middle of it.
    devices.iter().try_for_each(|device| device.sync())?;
    let mut warm = seconds[1..=args.steps.max(1)].to_vec();
    warm.sort_by(f64::total_cmp);
    let line = serde_json::json!({
        "model": args.model,
        "size": args.size,
        "batch": batch,
        "device": args.device.to_string(),
        "precision": args.precision,
        "images_per_second": batch as f64 / warm[warm.len() / 2],
        "peak_bytes": peak_memory()?,
    });
    say!("{line}");
    Ok(ExitCode::SUCCESS)
}

/// Return the peak memory of this process in bytes; `None` on systems other than Linux.
fn peak_memory() -> anyhow::Result<Option<u64>> {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return Ok(None) };
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.map(|line| line.trim().trim_end_matches(" kB").parse::<u64>()).transpose();
    Ok(kibibytes.context("/proc/self/status holds no number after VmHWM")?.map(|kibibytes| kibibytes * 1024))
}
