//! `camscope train`: a VGG-GAP on a folder of classes, published to the site's models folder.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use camscope::checkpoint::{Accuracy, ModelCard, publish};
use camscope::data::load_folder;
use camscope::device::{DeviceKind, open};
use camscope::model::{NetworkConfig, VggGapConfig};
use camscope::recipe::Recipe;
use camscope::train::{Event, TrainConfig, evaluate, fit};
use indicatif::{ProgressBar, ProgressStyle};

/// Train a VGG-GAP and publish it.
#[derive(clap::Args)]
pub struct Args {
    /// Folder or .zip with one sub-folder of images per class.
    #[arg(long)]
    data: PathBuf,
    /// The same for the test images; a `test/` beside a `train/` inside --data needs no --test.
    #[arg(long)]
    test: Option<PathBuf>,
    /// The data set's name, for the model's card.
    #[arg(long)]
    data_name: String,
    /// The model's name on the site.
    #[arg(long)]
    name: String,
    /// The model's title on the page.
    #[arg(long)]
    title: String,
    #[arg(long, default_value = "research use, as the data set it was trained on")]
    licence: String,
    #[arg(long, default_value_t = 16)]
    depth: usize,
    #[arg(long, default_value_t = 1.0)]
    width: f64,
    /// How many of the five stages end in a pool.
    #[arg(long, default_value_t = 5)]
    pools: usize,
    /// Side of the network's input in pixels.
    #[arg(long, default_value_t = 224)]
    size: u32,
    #[arg(long, default_value_t = 10)]
    epochs: usize,
    #[arg(long, default_value_t = 128)]
    batch: usize,
    #[arg(long, default_value_t = 3e-3)]
    lr: f64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The site's models folder.
    #[arg(long, default_value = "www/models")]
    out: PathBuf,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let side = args.size as usize;
    let train = load_folder(&args.data, "train", side)?;
    let test = load_folder(args.test.as_ref().unwrap_or(&args.data), "test", side)?;
    anyhow::ensure!(train.classes == test.classes, "training and test images have different classes");

    let device = pollster::block_on(open(DeviceKind::Cpu))?;
    device.seed(args.seed);
    let vgg = VggGapConfig {
        depth: args.depth,
        width: args.width,
        pools: args.pools,
        batch_norm: true,
        classes: train.classes.len(),
        ..VggGapConfig::default()
    };
    let network = NetworkConfig::VggGap(vgg.clone());
    let recipe = Recipe { resize: args.size, size: args.size, mean: [127.5; 3], std: [127.5; 3] };
    let config = TrainConfig {
        epochs: args.epochs,
        batch: args.batch,
        learning_rate: args.lr,
        seed: args.seed,
        ..TrainConfig::default()
    };

    let bar = ProgressBar::new(0)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} steps · {eta} left · loss {msg}")?);
    let trained = fit(network.init(&device)?, &train, &test, &recipe, &config, &device, |event, _| {
        match event {
            Event::Step { done, total, loss } => {
                bar.set_length(total as u64);
                bar.set_position(done as u64);
                bar.set_message(format!("{loss:.3}"));
            }
            Event::Epoch(epoch) => {
                let line = format!(
                    "epoch {:>3}  train loss {:.4}  test loss {:.4}  test accuracy {:.2} %",
                    epoch.number,
                    epoch.train_loss,
                    epoch.held_out_loss,
                    epoch.held_out_accuracy * 100.0
                );
                bar.suspend(|| println!("{line}"));
            }
        }
        ControlFlow::Continue(())
    });
    let folded = pollster::block_on(trained)?.folded();
    bar.finish_and_clear();

    let (_, right) = pollster::block_on(evaluate(&folded, &test, &recipe, args.batch, &device))?;
    let top1 = right.iter().filter(|&&right| right).count() as f32 / right.len() as f32;
    let card = ModelCard {
        name: args.name,
        title: args.title,
        network: serde_json::to_value(network.folded())?,
        classes: train.classes,
        recipe,
        licence: args.licence,
        source: format!(
            "trained by `camscope train` on the {} training images of {}: VGG-{} of width {}, LeakyReLU(0.2), batch \
             norm (folded), {} pools, {} px; {} epochs of AdamW, one-cycle to {}, batch {}, shifts and mirror images, \
             seed {}",
            train.labels.len(),
            args.data_name,
            vgg.depth,
            vgg.width,
            vgg.pools,
            args.size,
            config.epochs,
            config.learning_rate,
            config.batch,
            config.seed
        ),
        accuracy: Some(Accuracy { top1, on: format!("the {} test images of {}", test.len(), args.data_name) }),
        file: String::new(),
        bytes: 0,
        sha256: String::new(),
    };
    let card = publish(&args.out, &folded, card).context("the trained network could not be published")?;
    println!("{} ({} bytes), test accuracy {:.2} %", args.out.join(&card.file).display(), card.bytes, top1 * 100.0);
    Ok(ExitCode::SUCCESS)
}
