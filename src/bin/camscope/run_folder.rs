//! A training run on disk: `config.toml`, `state.json`, `metrics.csv`, `curves.svg`, and the weights named by it.
//!
//! `state.json` is what counts: it is replaced in one step after the files it names are there, so that a run killed at
//! any moment goes on from its last whole epoch.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use burn::tensor::Device;
use camscope::checkpoint::{ModelCard, decode, encode_exactly, replace_file};
use camscope::train::{Epoch, Progress, TrainConfig};
use serde::{Deserialize, Serialize};

use crate::curves;
use crate::run_config::RunConfig;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    pub epochs: Vec<Epoch>,
    /// Number of the epoch with the highest validation accuracy; the first of equals.
    pub best: usize,
    /// The best epoch on the test images, evaluated once after the last epoch; `None` before that, or without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestResult>,
    /// Mean losses of [`STEPS`] steps, of fewer at an epoch's end, each with the number of its last one.
    #[serde(default)]
    pub losses: Vec<(usize, f32)>,
}

/// How a finished run does on images that had no part in it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    pub images: usize,
    /// Mean cross-entropy, in nats.
    pub loss: f64,
    /// Share of right answers, 0 to 1.
    pub accuracy: f64,
}

/// Steps whose losses are kept as one mean: single batches scatter, and long runs have many.
const STEPS: usize = 10;

pub struct RunFolder {
    path: PathBuf,
    pub state: State,
    /// Losses of the steps since the last kept mean, with their numbers.
    recent: Vec<(usize, f32)>,
}

impl RunFolder {
    /// A new run; `path` must not hold one yet.
    pub fn create(path: &Path, config: &RunConfig) -> anyhow::Result<Self> {
        if path.join("state.json").exists() || path.join("config.toml").exists() {
            bail!("{} holds a run already; go on with it by --resume, or choose another --out", path.display());
        }
        std::fs::create_dir_all(path).with_context(|| format!("{} cannot be made", path.display()))?;
        let run = Self { path: path.to_owned(), state: State::default(), recent: Vec::new() };
        run.replace("config.toml", toml::to_string_pretty(config)?.as_bytes())?;
        Ok(run)
    }

    /// A run that is there, with the configuration it began with.
    pub fn open(path: &Path) -> anyhow::Result<(Self, RunConfig)> {
        let read = |name| {
            std::fs::read_to_string(path.join(name))
                .with_context(|| format!("{} holds no run: no {name}", path.display()))
        };
        let config = toml::from_str(&read("config.toml")?).context("config.toml is damaged")?;
        let state = match path.join("state.json").exists() {
            true => serde_json::from_str(&read("state.json")?).context("state.json is damaged")?,
            false => State::default(), // killed within the first epoch
        };
        Ok((Self { path: path.to_owned(), state, recent: Vec::new() }, config))
    }

    fn weights(&self, epoch: usize) -> PathBuf {
        self.path.join(format!("epoch-{epoch}.bpk"))
    }

    fn optimizer(&self, epoch: usize) -> PathBuf {
        self.path.join(format!("epoch-{epoch}.optimizer"))
    }

    /// The best epoch's weights.
    pub fn best(&self) -> anyhow::Result<PathBuf> {
        match self.state.best {
            0 => bail!("{} has no finished epoch yet", self.path.display()),
            best => Ok(self.weights(best)),
        }
    }

    /// Where the run stands after its last whole epoch, and the card of its weights; `None` before the first.
    pub fn progress(&self, config: &TrainConfig, device: &Device) -> anyhow::Result<Option<(ModelCard, Progress)>> {
        let Some(last) = self.state.epochs.last() else { return Ok(None) };
        let weights = self.weights(last.number);
        let bytes = std::fs::read(&weights).with_context(|| format!("{} cannot be read", weights.display()))?;
        let (card, network) = decode(bytes, device)?;
        let optimizer = config.optimizer().load(self.optimizer(last.number));
        let optimizer = optimizer.context("the optimizer's state cannot be read")?;
        Ok(Some((card, Progress { network, optimizer, epoch: last.number })))
    }

    /// Takes in a step's loss; it is on disk with its epoch.
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

    /// Keeps a finished epoch; the last and the best one's weights stay, older ones go.
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
        self.keep_losses(); // a run that goes on after a kill begins here
        self.replace("state.json", serde_json::to_string_pretty(&self.state)?.as_bytes())?;

        // Only what the new state no longer names.
        for old in [before, Some(best_before)].into_iter().flatten() {
            let _ = std::fs::remove_file(self.optimizer(old));
            if old != self.state.best {
                let _ = std::fs::remove_file(self.weights(old));
            }
        }
        self.replace("metrics.csv", self.metrics().as_bytes())?;
        self.replace("curves.svg", curves::svg(&self.state.epochs)?.as_bytes())
    }

    /// Keep what the best epoch does on the test images.
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
