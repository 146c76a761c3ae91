//! Configuration of a training run: one struct for the command line, a `--preset`, a `--config` file and the run folder's
//! `config.toml`.

use std::path::Path;

use anyhow::{Context, bail};
use camscope::core::preprocessing::{Preprocessing, PreprocessingError};
use camscope::data::{DataSource, Split, formats_help};
use camscope::model::{NetworkConfig, names};
use camscope::train::TrainConfig;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::evaluation_data::say_left_out;

/// Options of a run. Defaults come first; the preset, the `--config` file and the command line replace values, in this order.
#[derive(Debug, Clone, Serialize, Deserialize, Args)]
pub struct RunConfig {
    #[arg(long, help = format!("Training data: {}", formats_help(|format| !format.has_boxes())))]
    pub data: Option<DataSource>,
    #[arg(long, help = format!("Network to train: {}", names()))]
    pub model: Option<String>,
    /// Value of the network's configuration, as `width=0.25`; can be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<String>,
    /// Side of the network's input in pixels
    #[arg(long, default_value_t = 224)]
    #[serde(default = "default_size")]
    pub size: u32,
    /// Share of the training images that chooses the best epoch, if the data has no validation images of its own
    #[arg(long, default_value_t = 0.1)]
    #[serde(default = "default_validation")]
    pub validation: f64,
    /// Share of the images kept for testing, if the data sets neither test nor validation images apart
    #[arg(long, default_value_t = 0.2, alias = "held-out")]
    #[serde(default = "default_test", alias = "held_out")]
    pub test: f64,
    /// Weights to start from: a .bpk file, or a state_dict with PyTorch's names. A head for other classes is replaced
    #[arg(long)]
    pub init: Option<String>,
    /// Number of stages, from the input on, that keep their weights
    #[arg(long)]
    pub freeze: Option<usize>,
    #[command(flatten)]
    #[serde(flatten)]
    pub train: TrainConfig,
}

fn default_size() -> u32 {
    224
}

fn default_validation() -> f64 {
    0.1
}

fn default_test() -> f64 {
    0.2
}

/// Known good settings.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Preset {
    /// The source article's setting: VGG16-GAP, 224 px, Adam at 1e-5, batches of 64, 100 epochs
    SeedStl10,
    /// He et al. 2016, section 4.2: SGD 0.1, momentum 0.9, weight decay 1e-4, crop and flip, steps at 82 and 123 of 164
    /// epochs, batches of 128
    CifarResnet,
    /// A short run on CIFAR-10: SGD with a one-cycle schedule, 30 epochs
    CifarFast,
}

impl Preset {
    fn toml(self) -> &'static str {
        match self {
            Self::SeedStl10 => {
                "model = 'vgg16-gap'\nsize = 224\nepochs = 100\nbatch = 64\nlr = 1e-5\noptimizer = 'adam'\nweight_decay = 0.0\n\
                 schedule = 'constant'\naugment = 'none'"
            }
            Self::CifarResnet => {
                "model = 'resnet-20'\nsize = 32\nepochs = 164\nbatch = 128\nlr = 0.1\noptimizer = 'sgd'\nmomentum = 0.9\n\
                 weight_decay = 1e-4\nschedule = 'step'\nsteps = [82, 123]\naugment = 'crop-flip'"
            }
            Self::CifarFast => {
                "model = 'resnet-20'\nsize = 32\nepochs = 30\nbatch = 128\nlr = 0.4\noptimizer = 'sgd'\nmomentum = 0.9\n\
                 weight_decay = 5e-4\nschedule = 'one-cycle'\naugment = 'crop-flip'"
            }
        }
    }
}

impl RunConfig {
    /// Merge the values of a preset, then those of a config file, then those that the command line `given` sets.
    ///
    /// # Errors
    /// If the file cannot be read, names an unknown option, or has a value of another type.
    pub fn layered(self, given: &ArgMatches, preset: Option<Preset>, file: Option<&Path>) -> anyhow::Result<Self> {
        let mut values = toml::Table::try_from(&self)?;
        let set_by_hand: Vec<String> =
            values.keys().filter(|name| given.value_source(name) == Some(ValueSource::CommandLine)).cloned().collect();
        let by_hand: Vec<_> = set_by_hand.into_iter().map(|name| (name.clone(), values[&name].clone())).collect();
        if let Some(preset) = preset {
            values.extend(preset.toml().parse::<toml::Table>()?);
        }
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
            let own = text.parse::<toml::Table>().with_context(|| format!("{} is not valid TOML", path.display()))?;
            let known = Self::augment_args(clap::Command::new("train"));
            let unknown = own.keys().find(|name| {
                *name != "held_out" && known.get_arguments().all(|argument| argument.get_id().as_str() != *name)
            });
            if let Some(name) = unknown {
                bail!("{}: there is no option \"{name}\"; `camscope train --help` lists them", path.display());
            }
            if own.contains_key("held_out") {
                values.remove("test"); // its older name
            }
            values.extend(own);
        }
        values.extend(by_hand);
        let config: Self =
            values.try_into().context("a value of the configuration has another type than its option")?;
        config.checked()
    }

    /// Return the configuration, or an error for values that no run can use.
    pub fn checked(self) -> anyhow::Result<Self> {
        self.preprocessing().context("--size")?;
        let TrainConfig { batch, epochs, lr, weight_decay, momentum, .. } = self.train;
        anyhow::ensure!(batch > 0, "--batch must be at least 1, not 0");
        anyhow::ensure!(epochs > 0, "--epochs must be at least 1, not 0");
        anyhow::ensure!(lr.is_finite() && lr > 0.0, "--lr must be a number above 0, not {lr}");
        anyhow::ensure!((0.0..1.0).contains(&momentum), "--momentum must be from 0 to below 1, not {momentum}");
        anyhow::ensure!(
            weight_decay.is_finite() && weight_decay >= 0.0,
            "--weight-decay must be a number from 0 on, not {weight_decay}"
        );
        let (validation, test) = (self.validation, self.test);
        anyhow::ensure!(
            validation > 0.0 && validation < 1.0,
            "--validation must be a share above 0 and below 1, not {validation}: it chooses the best epoch"
        );
        anyhow::ensure!((0.0..1.0).contains(&test), "--test must be a share from 0 to below 1, not {test}");
        Ok(self)
    }

    /// Return the preprocessing: the short side resized to the network's input, the centre crop, values in [−1, 1].
    ///
    /// # Errors
    /// [`PreprocessingError`] for a size that no network takes.
    pub fn preprocessing(&self) -> Result<Preprocessing, PreprocessingError> {
        let Preprocessing { resize, size, mean, std } = Preprocessing::symmetric(self.size);
        Preprocessing::new(resize, size, mean, std)
    }

    /// Configure the network for `classes` classes.
    pub fn network(&self, classes: usize) -> anyhow::Result<NetworkConfig> {
        let Some(name) = &self.model else {
            bail!("--model NAME says which network to train; `camscope info` lists them")
        };
        let mut values = serde_json::Map::new();
        for pair in &self.set {
            let Some((name, value)) = pair.split_once('=') else { bail!("--set takes NAME=VALUE, not \"{pair}\"") };
            let value = serde_json::from_str(value).unwrap_or_else(|_| serde_json::Value::String(value.into()));
            values.insert(name.trim().to_owned(), value);
        }
        Ok(NetworkConfig::named(name, classes)?.with(values)?)
    }

    /// Return the data's name for people.
    pub fn data_name(&self) -> String {
        self.data.as_ref().map_or_else(String::new, DataSource::name)
    }

    /// Load the data, and split off test and validation images if the data does not set them apart.
    pub fn load_data(&self) -> anyhow::Result<Split> {
        let Some(data) = &self.data else {
            bail!("--data names the training data: {}", formats_help(|format| !format.has_boxes()))
        };
        let split = data.load(&self.preprocessing()?)?;
        say_left_out(&split.skipped, &split.notes);
        let seed = self.train.seed;
        Ok(split.with_test(self.test, seed).with_validation(self.validation, seed))
    }
}
