//! `camscope train`: training on labelled photos, kept in a run folder that can be resumed after any kill.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, bail};
use burn::module::Module;
use burn::tensor::Device;
use camscope::checkpoint::{ModelCard, StateDict, decode};
use camscope::model::{Network, NetworkConfig};
use camscope::train::{Event, Examples, Progress, evaluate, fit};
use clap::ArgMatches;
use clap::parser::ValueSource;
use indicatif::{ProgressBar, ProgressStyle};

use crate::evaluation_data::first_names;
use crate::model::Devices;
use crate::output::say;
use crate::run_config::{Preset, RunConfig};
use crate::run_folder::{RunFolder, TestResult};

/// Train a network.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: RunConfig,
    /// Known good settings; other options replace single values
    #[arg(long, value_enum, alias = "recipe")]
    preset: Option<Preset>,
    /// TOML file with values, named like the options, such as a run's config.toml
    #[arg(long = "config", value_name = "FILE")]
    config_file: Option<PathBuf>,
    /// cpu, gpu, cuda or cuda:INDEX; several CUDA devices, as `cuda:0,1`, share every batch
    #[arg(long, default_value = "cpu")]
    device: Devices,
    /// On a GPU, use only camscope's own kernels: nothing is timed first, and all products are float32 instead of TF32
    #[arg(long)]
    no_tuning: bool,
    /// Stop if a file of the data set cannot be used
    #[arg(long)]
    strict: bool,
    /// Folder for the run: weights of the last and the best epoch, metrics.csv, curves.svg, config.toml
    #[arg(long, required_unless_present = "resume")]
    out: Option<PathBuf>,
    /// Resume the run in this folder, with its own config.toml
    #[arg(long, conflicts_with_all = ["out", "preset", "config_file"])]
    resume: Option<PathBuf>,
}

/// Run the command; `given` holds which options the command line sets.
pub fn run(args: Args, given: &ArgMatches) -> anyhow::Result<ExitCode> {
    let (path, resumed) = match (&args.resume, &args.out) {
        (Some(path), _) => (path.clone(), Some(RunFolder::open(path)?)),
        (None, Some(path)) => (path.clone(), None),
        (None, None) => bail!("--out FOLDER says where the run goes"),
    };
    let config = match &resumed {
        Some((run, _)) if run.chosen_on_test => bail!(
            "{} was begun by a version without validation images, which chose the best epoch on the test images; begin a \
             new run with its config.toml: camscope train --config {0}/config.toml --out FOLDER",
            path.display()
        ),
        Some((_, config)) => config.clone(),
        None => args.config.layered(given, args.preset, args.config_file.as_deref())?,
    };
    if resumed.is_some() {
        check_resumed(given, &path)?;
    }
    let devices = args.device.open()?;
    let device = devices[0].clone();
    device.seed(config.train.seed);

    let split = config.load_data()?;
    if args.strict && !split.skipped.is_empty() {
        bail!("{} files cannot be used, the first: {}", split.skipped.len(), split.skipped[0]);
    }
    if split.validation.is_empty() {
        bail!(
            "the data leaves no validation images, by which the best epoch is chosen: give every class three photos or \
             more, or a val/ folder"
        );
    }
    let classes = split.train.classes.clone();
    anyhow::ensure!(
        classes.len() > 1,
        "the data has one class, {}; to learn is to tell apart, so give each class a folder of its own",
        classes.join(", ")
    );
    let preprocessing = config.preprocessing()?;
    let [train, validation, test] =
        [split.train, split.validation, split.test].map(|data| Examples::photos(Arc::new(data), &preprocessing));
    let kept = match &resumed {
        Some((run, _)) => run.progress(&config.train, &device)?,
        None => None,
    };
    // A resumed run needs neither the file of --init nor new weights: its own weights hold everything.
    let start_classes = classes;
    let (card, mut start) = match kept {
        Some(kept) => kept,
        None => {
            let (network_config, network) = begin(&config, start_classes.len(), &device)?;
            let card = card(&config, network_config, start_classes.clone(), train.len())?;
            (card, Progress { network, optimizer: config.train.optimizer(), epoch: 0 })
        }
    };
    anyhow::ensure!(
        card.classes == start_classes,
        "{} was begun with the classes {}, and the data has {} now; begin a new run with its config.toml: camscope train --config \
         {0}/config.toml --out FOLDER",
        path.display(),
        first_names(&card.classes),
        first_names(&start_classes)
    );
    check_size(&start.network, preprocessing.size as usize)?;
    start.network = frozen(start.network, config.freeze.unwrap_or(0))?;
    if !args.no_tuning {
        args.device.tune(&start.network, preprocessing.size as usize);
    }
    let mut run = match resumed {
        Some((run, _)) => run,
        None => RunFolder::create(&path, &config)?,
    };
    if start.epoch >= config.train.epochs {
        say!("{} is finished: all {} epochs are done", path.display(), config.train.epochs);
        return report_result(&mut run, &validation, &test, config.train.batch, &device);
    }
    say!(
        "{} · {} training, {} validation, {} test photos · {} · epoch {} of {}",
        config.model.as_deref().unwrap_or("network"),
        train.len(),
        validation.len(),
        test.len(),
        args.device,
        start.epoch + 1,
        config.train.epochs
    );
    let mut log = Log::new(run, config.train.batch)?;
    let trained = pollster::block_on(fit(start, &train, &validation, &config.train, &devices, async |event| {
        log.event(event, &card)
    }));
    let mut run = log.finish()?;

    let go_on = format!("resume with: camscope train --resume {}", path.display());
    let epoch = trained.with_context(|| format!("the finished epochs are kept; {go_on}"))?.epoch;
    if epoch < config.train.epochs {
        say!("Stopped after epoch {epoch}; {go_on}");
        return Ok(ExitCode::SUCCESS);
    }
    report_result(&mut run, &validation, &test, config.train.batch, &device)
}

/// Refuse options beside `--resume` that would have no effect.
fn check_resumed(given: &ArgMatches, path: &Path) -> anyhow::Result<()> {
    const ALLOWED: [&str; 4] = ["resume", "device", "no_tuning", "strict"];
    let is_set = |id: &&clap::Id| given.value_source(id.as_str()) == Some(ValueSource::CommandLine);
    // Groups of options have ids, too.
    let is_option = |id: &&clap::Id| {
        given.try_contains_id(id.as_str()).unwrap_or(false) && !id.as_str().contains(char::is_uppercase)
    };
    let others: Vec<String> = given
        .ids()
        .filter(is_option)
        .filter(is_set)
        .filter(|id| !ALLOWED.contains(&id.as_str()))
        .map(|id| format!("--{}", id.as_str().replace('_', "-")))
        .collect();
    anyhow::ensure!(
        others.is_empty(),
        "a resumed run keeps its own settings, so {} would have no effect; begin a new run from its weights instead: camscope train \
         --config {1}/config.toml {0} … --init {1}/epoch-N.bpk --out FOLDER",
        others.join(" "),
        path.display()
    );
    Ok(())
}

/// Check that photos of `side` pixels leave the network something to pool.
fn check_size(network: &Network, side: usize) -> anyhow::Result<()> {
    let fits = |side: usize| network.cost(side, side).iter().all(|stage| !stage.output.contains(&0));
    if fits(side) {
        return Ok(());
    }
    let least = (side..=2048).find(|&side| fits(side));
    match least {
        Some(least) => bail!(
            "--size {side} is too small for this network, whose layers halve it several times; it needs {least} or more"
        ),
        None => bail!("--size {side} is too small for this network"),
    }
}

/// Evaluate the best epoch on the test images, once, and print its accuracy.
fn report_result(
    run: &mut RunFolder,
    validation: &Examples,
    test: &Examples,
    batch: usize,
    device: &Device,
) -> anyhow::Result<ExitCode> {
    let weights = run.best()?;
    if run.state.test.is_none() && !test.is_empty() {
        let bytes = std::fs::read(&weights).with_context(|| format!("{} cannot be read", weights.display()))?;
        let (_, network) = decode(bytes, device)?;
        let found = pollster::block_on(evaluate(&network.folded(), test, batch, device))?;
        run.keep_test(TestResult { images: test.len(), loss: found.loss, accuracy: found.accuracy })?;
    }
    if let Some(best) = run.state.epochs.iter().find(|e| e.number == run.state.best) {
        let accuracy = best.validation_accuracy * 100.0;
        let by = format!("{accuracy:.2} % of {} validation photos", validation.len());
        say!("Best: epoch {}, {by}: {}", best.number, weights.display());
    }
    match run.state.test {
        Some(test) => say!("Test: {:.2} % of {} photos", test.accuracy * 100.0, test.images),
        None => say!("Test: the data has no test images"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Progress of a training: prints it and keeps its epochs. Ctrl-C stops the training after the current step.
struct Log {
    run: RunFolder,
    batch: usize,
    bar: ProgressBar,
    begun: Instant,
    /// When a hidden bar's last line was printed.
    printed: Instant,
    photos: usize,
    stop: Arc<AtomicBool>,
    fault: Option<anyhow::Error>,
}

impl Log {
    fn new(run: RunFolder, batch: usize) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = stop.clone();
        ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)).context("cannot listen for Ctrl-C")?;
        let style = "{bar:30} {pos}/{len} steps · {per_sec} · {eta} left · {msg}";
        let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(style)?);
        Ok(Self { run, batch, bar, begun: Instant::now(), printed: Instant::now(), photos: 0, stop, fault: None })
    }

    fn event(&mut self, event: Event<'_>, card: &ModelCard) -> ControlFlow<()> {
        match event {
            Event::Step { done, total, loss } => self.step(done, total, loss),
            Event::Epoch { epoch, progress, .. } => {
                let line = format!(
                    "epoch {:>3}  lr {:.2e}  train loss {:.4}  validation loss {:.4}  accuracy {:.2} %  {:.0} s",
                    epoch.number,
                    epoch.lr,
                    epoch.train_loss,
                    epoch.validation_loss,
                    epoch.validation_accuracy * 100.0,
                    self.begun.elapsed().as_secs_f64()
                );
                self.bar.suspend(|| say!("{line}"));
                if let Err(error) = self.run.keep(epoch, progress, card) {
                    self.fault = Some(error);
                    return ControlFlow::Break(());
                }
            }
        }
        if self.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn step(&mut self, done: usize, total: usize, loss: f32) {
        if self.bar.length() != Some(total as u64) {
            self.bar.set_length(total as u64);
            self.bar.set_position(done as u64);
            self.bar.reset_eta();
        }
        self.photos += self.batch;
        self.run.step(done, loss);
        self.bar.set_position(done as u64);
        let speed = self.photos as f64 / self.begun.elapsed().as_secs_f64();
        self.bar.set_message(format!("{speed:.0} images/s · loss {loss:.3}"));
        if self.bar.is_hidden() && self.printed.elapsed().as_secs() >= 30 {
            self.printed = Instant::now();
            let left = (total - done) as f64 * self.batch as f64 / speed / 60.0;
            say!("step {done} of {total}  loss {loss:.3}  {speed:.0} images/s  {left:.0} minutes left");
        }
    }

    fn finish(self) -> anyhow::Result<RunFolder> {
        self.bar.finish_and_clear();
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.run),
        }
    }
}

/// Build the network to start from: with random weights, or with those of `--init`.
fn begin(config: &RunConfig, classes: usize, device: &Device) -> anyhow::Result<(NetworkConfig, Network)> {
    let Some(init) = &config.init else {
        let network_config = config.network(classes)?;
        let network = network_config.init(device)?;
        return Ok((network_config, network));
    };
    let path = Path::new(init);
    if path.extension().is_none_or(|e| e != "bpk") {
        let ours = config.network(classes)?;
        let state = StateDict::read(path, &ours)?;
        state.notes.iter().for_each(|note| eprintln!("note: {note}"));
        // With a head for other classes, everything but the head is taken.
        let theirs = state.classes(&ours).unwrap_or(classes);
        let network = state.into_network(path, &ours.clone().with_classes(theirs), device)?;
        let network = with_head(network, &ours, theirs != classes, device)?;
        return Ok((ours, network));
    }
    let bytes = std::fs::read(path).with_context(|| format!("{init} cannot be read"))?;
    let (card, network) = decode(bytes, device)?;
    let theirs = card.network.classes();
    let ours = card.network.with_classes(classes);
    if config.model.is_some() && config.network(classes)? != ours {
        bail!(
            "{init} holds another network than --model and --set describe; leave out both options to train the one in the file"
        );
    }
    let network = with_head(network, &ours, theirs != classes, device)?;
    Ok((ours, network))
}

fn with_head(mut network: Network, config: &NetworkConfig, new: bool, device: &Device) -> anyhow::Result<Network> {
    if new {
        network.linear = config.init(device)?.linear;
    }
    Ok(network)
}

fn frozen(mut network: Network, stages: usize) -> anyhow::Result<Network> {
    if stages > network.stages.len() {
        bail!("--freeze {stages}: the network has only {} stages", network.stages.len());
    }
    let all = std::mem::take(&mut network.stages);
    network.stages =
        all.into_iter().enumerate().map(|(i, stage)| if i < stages { stage.freeze() } else { stage }).collect();
    Ok(network)
}

fn card(config: &RunConfig, network: NetworkConfig, classes: Vec<String>, photos: usize) -> anyhow::Result<ModelCard> {
    let data = config.data_name();
    let name = config.model.clone().unwrap_or_else(|| "network".into());
    let train = &config.train;
    let source = format!(
        "trained by `camscope train` on {photos} training images of {data}: {}; {} epochs of {:?}, {:?} schedule, highest \
         learning rate {}, batch {}, augmentation {:?}, seed {}",
        serde_json::to_string(&network)?,
        train.epochs,
        train.optimizer,
        train.schedule,
        train.lr,
        train.batch,
        train.augment,
        train.seed
    );
    Ok(ModelCard {
        title: format!("{name} · {} classes of {data}", classes.len()),
        name,
        network,
        classes,
        preprocessing: config.preprocessing()?,
        licence: "research use, as the data set it was trained on".into(),
        source,
        accuracy: None,
        file: String::new(),
        bytes: 0,
        sha256: String::new(),
    })
}
