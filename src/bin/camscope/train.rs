//! `camscope train`: a network on labelled photos, into a run folder that survives whatever happens to it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, bail};
use burn::module::Module;
use camscope::checkpoint::{ModelCard, StateDict, decode};
use camscope::model::{Network, NetworkConfig};
use camscope::train::{Event, Examples, Progress, TrainConfig, fit};
use indicatif::{ProgressBar, ProgressStyle};

use crate::model::Devices;
use crate::options::{Options, Preset};
use crate::run_folder::RunFolder;

/// Train a network.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    options: Options,
    /// A known good setting; single values may be replaced.
    #[arg(long, value_enum)]
    recipe: Option<Preset>,
    /// Values from a TOML file, named as the options are: such as a run's own config.toml.
    #[arg(long)]
    config: Option<PathBuf>,
    /// cpu, gpu, cuda or cuda:INDEX; several CUDA devices, as `cuda:0,1`, share every batch.
    #[arg(long, default_value = "cpu")]
    device: Devices,
    /// End at once where a file of the data set cannot be used.
    #[arg(long)]
    strict: bool,
    /// Folder for the run: weights of the last and the best epoch, metrics.csv, curves.svg, config.toml.
    #[arg(long, required_unless_present = "resume")]
    out: Option<PathBuf>,
    /// Go on with the run in this folder, with its own config.toml.
    #[arg(long, conflicts_with_all = ["out", "recipe", "config"])]
    resume: Option<PathBuf>,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (path, resumed) = match (&args.resume, &args.out) {
        (Some(path), _) => (path.clone(), Some(RunFolder::open(path)?)),
        (None, Some(path)) => (path.clone(), None),
        (None, None) => bail!("--out FOLDER says where the run goes"),
    };
    let options = match &resumed {
        Some((_, options)) => options.clone(),
        None => args.options.over(args.recipe, args.config.as_deref())?,
    };
    let config = options.train_config();
    let recipe = options.recipe();
    let devices = args.device.open()?;
    let device = devices[0].clone();
    device.seed(config.seed);

    let split = options.load_data()?;
    if args.strict && !split.skipped.is_empty() {
        bail!("{} files cannot be used, the first: {}", split.skipped.len(), split.skipped[0]);
    }
    let classes = split.train.classes.clone();
    let [train, test] = [split.train, split.test].map(|data| Examples::photos(Arc::new(data), &recipe));
    let kept = match &resumed {
        Some((run, _)) => run.progress(&config, &device)?,
        None => None,
    };
    // A run that goes on needs neither --init's file nor fresh weights: its own hold everything.
    let (card, mut start) = match kept {
        Some(kept) => kept,
        None => {
            let (network_config, network) = begin(&options, classes.len(), &device)?;
            let card = card(&options, &config, &network_config, &classes, train.len())?;
            (card, Progress { network, optimizer: config.optimizer(), epoch: 0 })
        }
    };
    start.network = frozen(start.network, options.freeze)?;
    let mut run = match resumed {
        Some((run, _)) => run,
        None => RunFolder::create(&path, &options)?,
    };
    println!(
        "{} · {} photos to learn from, {} to test · {} · epoch {} of {}",
        options.model.as_deref().unwrap_or("network"),
        train.len(),
        test.len(),
        args.device,
        start.epoch + 1,
        config.epochs
    );

    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)).context("Ctrl-C cannot be listened for")?;
    let style = "{bar:30} {pos}/{len} steps · {per_sec} · {eta} left · {msg}";
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(style)?);
    let (begun, mut told, mut seen, mut fault) = (Instant::now(), Instant::now(), 0usize, None);
    let trained = fit(start, &train, &test, &config, &devices, async |event| {
        match event {
            Event::Step { done, total, loss } => {
                if bar.length() != Some(total as u64) {
                    bar.set_length(total as u64);
                    bar.set_position(done as u64);
                    bar.reset_eta();
                }
                seen += config.batch;
                run.step(done, loss);
                bar.set_position(done as u64);
                let speed = seen as f64 / begun.elapsed().as_secs_f64();
                bar.set_message(format!("{speed:.0} images/s · loss {loss:.3}"));
                if bar.is_hidden() && told.elapsed().as_secs() >= 30 {
                    told = Instant::now();
                    let left = (total - done) as f64 * config.batch as f64 / speed / 60.0;
                    println!("step {done} of {total}  loss {loss:.3}  {speed:.0} images/s  {left:.0} minutes left");
                }
            }
            Event::Epoch { epoch, progress, .. } => {
                let line = format!(
                    "epoch {:>3}  lr {:.2e}  train loss {:.4}  held-out loss {:.4}  accuracy {:.2} %  {:.0} s",
                    epoch.number,
                    epoch.lr,
                    epoch.train_loss,
                    epoch.held_out_loss,
                    epoch.held_out_accuracy * 100.0,
                    begun.elapsed().as_secs_f64()
                );
                bar.suspend(|| println!("{line}"));
                if let Err(error) = run.keep(epoch, progress, &card) {
                    fault = Some(error);
                    return ControlFlow::Break(());
                }
            }
        }
        if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let trained = pollster::block_on(trained);
    bar.finish_and_clear();
    if let Some(fault) = fault {
        return Err(fault);
    }
    let go_on = format!("go on with: camscope train --resume {}", path.display());
    let epoch = trained.with_context(|| format!("the finished epochs are kept; {go_on}"))?.epoch;
    if epoch < config.epochs {
        println!("Stopped after epoch {epoch}; {go_on}");
        return Ok(ExitCode::SUCCESS);
    }
    let best = run.state.epochs.iter().find(|e| e.number == run.state.best);
    if let Some(best) = best {
        let name = run.best()?.display().to_string();
        println!(
            "Best: epoch {}, {:.2} % of {} test photos: {name}",
            best.number,
            best.held_out_accuracy * 100.0,
            test.len()
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// The network to begin with: fresh, or with the weights of `--init`.
fn begin(options: &Options, classes: usize, device: &burn::tensor::Device) -> anyhow::Result<(NetworkConfig, Network)> {
    let Some(init) = &options.init else {
        let config = options.network(classes)?;
        let network = config.init(device)?;
        return Ok((config, network));
    };
    let path = Path::new(init);
    let fresh =
        |config: &NetworkConfig| config.clone().with(serde_json::Map::from_iter([("classes".into(), classes.into())]));
    if path.extension().is_none_or(|e| e != "bpk") {
        let config = options.network(classes)?;
        let state = StateDict::read(path)?;
        // With a head for other classes, everything but the head is taken.
        let theirs = state.classes(&config).unwrap_or(classes);
        let whole = config.clone().with(serde_json::Map::from_iter([("classes".into(), theirs.into())]))?;
        let network = state.into_network(path, &whole, device)?;
        return Ok((config.clone(), with_head(network, &config, theirs != classes, device)?));
    }
    let bytes = std::fs::read(path).with_context(|| format!("{init} cannot be read"))?;
    let (card, network) = decode(bytes, device)?;
    let theirs: NetworkConfig = serde_json::from_value(card.network)?;
    let config = fresh(&theirs)?;
    if options.model.is_some() && options.network(classes)? != config {
        bail!("{init} holds another network than --model and --set describe; leave them out to train the one it holds");
    }
    let network = with_head(network, &config, theirs.classes() != classes, device)?;
    Ok((config, network))
}

fn with_head(
    mut network: Network,
    config: &NetworkConfig,
    new: bool,
    device: &burn::tensor::Device,
) -> anyhow::Result<Network> {
    if new {
        network.linear = config.init(device)?.linear;
    }
    Ok(network)
}

fn frozen(mut network: Network, stages: Option<usize>) -> anyhow::Result<Network> {
    let stages = stages.unwrap_or(0);
    if stages > network.stages.len() {
        bail!("--freeze {stages}: the network has only {} stages", network.stages.len());
    }
    let all = std::mem::take(&mut network.stages);
    network.stages =
        all.into_iter().enumerate().map(|(i, stage)| if i < stages { stage.freeze() } else { stage }).collect();
    Ok(network)
}

fn card(
    options: &Options,
    config: &TrainConfig,
    network: &NetworkConfig,
    classes: &[String],
    photos: usize,
) -> anyhow::Result<ModelCard> {
    let data = options.data_name();
    let name = options.model.clone().unwrap_or_else(|| "network".into());
    Ok(ModelCard {
        title: format!("{name} · {} classes of {data}", classes.len()),
        name,
        network: serde_json::to_value(network)?,
        classes: classes.to_vec(),
        recipe: options.recipe(),
        licence: "research use, as the data set it was trained on".into(),
        source: format!(
            "trained by `camscope train` on the {photos} training images of {data}: {}; {} epochs of {:?}, {:?} schedule, \
             highest learning rate {}, batch {}, augmentation {:?}, seed {}",
            serde_json::to_string(network)?,
            config.epochs,
            config.optimizer,
            config.schedule,
            config.lr,
            config.batch,
            config.augment,
            config.seed
        ),
        accuracy: None,
        file: String::new(),
        bytes: 0,
        sha256: String::new(),
    })
}
