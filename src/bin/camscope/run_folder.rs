//! A training run on disk: `config.toml`, `state.json`, `metrics.csv`, `curves.svg`, and weights.
//!
//! `state.json` decides what counts. It is replaced atomically after the files that it names exist, so a run killed at any
//! moment resumes from its last complete epoch.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use burn::tensor::Device;
use camscope::checkpoint::{ModelCard, decode, encode_exactly, replace_file};
use camscope::train::{Epoch, Progress, TrainConfig};
use serde::{Deserialize, Serialize};

use crate::curves;
use crate::run_config::RunConfig;

/// Content of `state.json`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    pub epochs: Vec<Epoch>,
    /// Number of the epoch with the highest validation accuracy; the first one if several are equal.
    pub best: usize,
    /// Result of the best epoch on the test images, evaluated once after the last epoch; `None` before, or without test
    /// images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestResult>,
    /// Mean losses over [`STEPS`] steps each (fewer at the end of an epoch), with the number of the last step.
    #[serde(default)]
    pub losses: Vec<(usize, f32)>,
}

/// Result of a finished run on images that it neither trained on nor chose its epoch by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    pub images: usize,
    /// Mean cross-entropy, in nats.
    pub loss: f64,
    /// Share of right answers, 0 to 1.
    pub accuracy: f64,
}

/// Number of steps whose losses are kept as one mean: losses of single batches scatter, and a long run has many.
const STEPS: usize = 10;

/// An open run folder.
pub struct RunFolder {
    path: PathBuf,
    pub state: State,
    /// Whether the run began with a version that had no validation images: its best epoch was chosen on the test images.
    pub chosen_on_test: bool,
    /// Losses of the steps since the last kept mean, with their numbers.
    recent: Vec<(usize, f32)>,
}

impl RunFolder {
    /// Create a new run. `path` must not hold one yet.
    pub fn create(path: &Path, config: &RunConfig) -> anyhow::Result<Self> {
        if path.join("state.json").exists() || path.join("config.toml").exists() {
            bail!("{} holds a run already; resume it with --resume, or choose another --out", path.display());
        }
        std::fs::create_dir_all(path).with_context(|| format!("{} cannot be created", path.display()))?;
        let run = Self { path: path.to_owned(), state: State::default(), chosen_on_test: false, recent: Vec::new() };
        run.replace("config.toml", toml::to_string_pretty(config)?.as_bytes())?;
        Ok(run)
    }

    /// Open an existing run with its configuration.
    pub fn open(path: &Path) -> anyhow::Result<(Self, RunConfig)> {
        let read = |name| {
            std::fs::read_to_string(path.join(name))
                .with_context(|| format!("{} holds no run: no {name}", path.display()))
        };
        let values: toml::Table = read("config.toml")?.parse().context("config.toml is damaged")?;
        let chosen_on_test = !values.contains_key("validation");
        let config: RunConfig = values.try_into().context("config.toml is damaged")?;
        let config = config.checked().context("config.toml")?;
        let state = match path.join("state.json").exists() {
            true => serde_json::from_str(&read("state.json")?).context("state.json is damaged")?,
            false => State::default(), // killed within the first epoch
        };
        Ok((Self { path: path.to_owned(), state, chosen_on_test, recent: Vec::new() }, config))
    }

    fn weights(&self, epoch: usize) -> PathBuf {
        self.path.join(format!("epoch-{epoch}.bpk"))
    }

    fn optimizer(&self, epoch: usize) -> PathBuf {
        self.path.join(format!("epoch-{epoch}.optimizer"))
    }

    /// Return the path of the best epoch's weights.
    pub fn best(&self) -> anyhow::Result<PathBuf> {
        match self.state.best {
            0 => bail!("{} has no finished epoch yet", self.path.display()),
            best => Ok(self.weights(best)),
        }
    }

    /// Load the progress after the last complete epoch and the card of its weights; `None` before the first.
    pub fn progress(&self, config: &TrainConfig, device: &Device) -> anyhow::Result<Option<(ModelCard, Progress)>> {
        let Some(last) = self.state.epochs.last() else { return Ok(None) };
        let weights = self.weights(last.number);
        let bytes = std::fs::read(&weights).with_context(|| format!("{} cannot be read", weights.display()))?;
        let (card, network) = decode(bytes, device)?;
        let optimizer = config.optimizer().load(self.optimizer(last.number));
        let optimizer = optimizer.context("the optimizer's state cannot be read")?;
        Ok(Some((card, Progress { network, optimizer, epoch: last.number })))
    }

    /// Record a step's loss. It is written to disk with its epoch.
    pub fn step(&mut self, done: usize, loss: f32) {
        self.recent.push((done, loss));
        if self.recent.len() == STEPS {
            self.keep_losses();
        }
    }

    fn keep_losses(&mut self) {
        if let Some(&(done, _)) = self.recent.last() {
            let mean = self.recent.iter().map(|(_, loss)| loss).sum::<f32>() / self.recent.len() as f32;
            self.state.losses.push((done, mean));
            self.recent.clear();
        }
    }

    /// Keep a finished epoch. The weights of the last and of the best epoch stay, older ones are removed.
    pub fn keep(&mut self, epoch: Epoch, progress: &Progress, card: &ModelCard) -> anyhow::Result<()> {
        let name = |path: PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.replace(&name(self.weights(epoch.number)), &encode_exactly(&progress.network, card)?)?;
        let state = progress.optimizer.into_bytes().context("the optimizer's state cannot be written")?;
        self.replace(&name(self.optimizer(epoch.number)), &state)?;

        let (before, best_before) = (self.state.epochs.last().map(|last| last.number), self.state.best);
        let best = self.state.epochs.iter().find(|e| e.number == best_before).map(|e| e.validation_accuracy);
        if best.is_none_or(|best| epoch.validation_accuracy > best) {
            self.state.best = epoch.number;
        }
        self.state.epochs.push(epoch);
        self.keep_losses(); // a run resumed after a kill starts here
        self.replace("state.json", serde_json::to_string_pretty(&self.state)?.as_bytes())?;

        // Remove only files that the new state no longer names.
        for old in [before, Some(best_before)].into_iter().flatten() {
            let _ = std::fs::remove_file(self.optimizer(old));
            if old != self.state.best {
                let _ = std::fs::remove_file(self.weights(old));
            }
        }
        self.replace("metrics.csv", self.metrics().as_bytes())?;
        self.replace("curves.svg", curves::svg(&self.state.epochs)?.as_bytes())
    }

    /// Keep the best epoch's result on the test images.
    pub fn keep_test(&mut self, test: TestResult) -> anyhow::Result<()> {
        self.state.test = Some(test);
        self.replace("state.json", serde_json::to_string_pretty(&self.state)?.as_bytes())
    }

    fn metrics(&self) -> String {
        let mut text = String::from("epoch,lr,train_loss,validation_loss,validation_accuracy\n");
        for e in &self.state.epochs {
            let Epoch { number, lr, train_loss, validation_loss, validation_accuracy } = e;
            text += &format!("{number},{lr},{train_loss},{validation_loss},{validation_accuracy}\n");
        }
        text
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.path.join(name);
        replace_file(&path, bytes).with_context(|| format!("{} cannot be written", path.display()))
    }
}
