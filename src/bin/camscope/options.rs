//! What a training run is made of: one struct for the command line, a `--recipe`, a `--config` file and the run's own
//! record of it.

use anyhow::{Context, anyhow, bail};
use camscope::checkpoint::ModelCard;
use camscope::data::{Augment, Dataset, HeldOut, Split, load_cifar10, load_folder, load_stl10};
use camscope::model::NetworkConfig;
use camscope::recipe::Recipe;
use camscope::train::{Optimizer, Precision, Schedule, TrainConfig};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Every value may be left open; later sources fill or replace: recipe, `--config`, command line.
#[derive(Debug, Clone, Default, Serialize, Deserialize, clap::Args)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// `stl10:DIR`, `cifar10:DIR` (their binary files) or `folder:DIR` (a sub-folder per class); DIR may be a .zip.
    #[arg(long)]
    pub data: Option<String>,
    /// vgg16-gap, resnet-20, plain-20, resnet-50, googlenet, squeezenet1.1, efficientnet-lite0, … (`camscope info`).
    #[arg(long)]
    pub model: Option<String>,
    /// A value of the network's configuration, as `width=0.25`; may be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<String>,
    /// Side of the network's input in pixels.
    #[arg(long)]
    pub size: Option<u32>,
    #[arg(long)]
    pub epochs: Option<usize>,
    /// Photos per step.
    #[arg(long)]
    pub batch: Option<usize>,
    /// Learning rate, or the highest that the schedule reaches.
    #[arg(long)]
    pub lr: Option<f64>,
    #[arg(long, value_enum)]
    pub optimizer: Option<Optimizer>,
    #[arg(long)]
    pub momentum: Option<f64>,
    #[arg(long)]
    pub weight_decay: Option<f64>,
    #[arg(long, value_enum)]
    pub schedule: Option<Schedule>,
    /// Epochs after which `--schedule step` divides the rate by ten, with commas between.
    #[arg(long, value_delimiter = ',')]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<usize>,
    #[arg(long, value_enum)]
    pub augment: Option<Augment>,
    /// Every class has the same say in the loss, however few its photos are.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub balanced: bool,
    /// `mixed` calculates in float16 where that does no harm: for adapters that are faster so.
    #[arg(long, value_enum)]
    pub precision: Option<Precision>,
    #[arg(long)]
    pub seed: Option<u64>,
    /// Share that a folder without test/ keeps for testing.
    #[arg(long)]
    pub held_out: Option<f64>,
    /// Begin with these weights: a .bpk of ours, or a state_dict with PyTorch's names. A head for other classes is new.
    #[arg(long)]
    pub init: Option<String>,
    /// So many stages, from the input on, keep their weights.
    #[arg(long)]
    pub freeze: Option<usize>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Preset {
    /// The source article's own setting: VGG16-GAP, 224 px, Adam at 1e-5, batches of 64, 100 epochs.
    SeedStl10,
    /// He et al. 2016, section 4.2: SGD 0.1, momentum 0.9, weight decay 1e-4, crop and flip, steps at 82 and 123 of 164
    /// epochs, batches of 128.
    CifarResnet,
    /// As good as a quarter of an hour on a graphics adapter gets: SGD with one cycle, 30 epochs.
    CifarFast,
}

impl Preset {
    fn text(self) -> &'static str {
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

impl Options {
    /// The recipe's values, then the config file's, then these.
    pub fn over(self, preset: Option<Preset>, config: Option<&std::path::Path>) -> anyhow::Result<Self> {
        let mut all = toml::Table::new();
        if let Some(preset) = preset {
            all.extend(preset.text().parse::<toml::Table>()?);
        }
        if let Some(path) = config {
            let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
            let text = text.parse::<toml::Table>().with_context(|| format!("{} is no TOML", path.display()))?;
            all.extend(text);
        }
        all.extend(toml::Table::try_from(self)?);
        all.try_into().context("a value of the configuration is not what it should be")
    }

    pub fn train_config(&self) -> TrainConfig {
        let default = TrainConfig::default();
        TrainConfig {
            epochs: self.epochs.unwrap_or(default.epochs),
            batch: self.batch.unwrap_or(default.batch).max(1),
            lr: self.lr.unwrap_or(default.lr),
            optimizer: self.optimizer.unwrap_or(default.optimizer),
            momentum: self.momentum.unwrap_or(default.momentum),
            weight_decay: self.weight_decay.unwrap_or(default.weight_decay),
            schedule: self.schedule.unwrap_or(default.schedule),
            steps: self.steps.clone(),
            augment: self.augment.unwrap_or(default.augment),
            balanced: self.balanced,
            precision: self.precision.unwrap_or(default.precision),
            seed: self.seed.unwrap_or(default.seed),
        }
    }

    /// Short side to the network's input, the centre square, values in [-1, 1].
    pub fn recipe(&self) -> Recipe {
        let size = self.size.unwrap_or(224);
        Recipe { resize: size, size, mean: [127.5; 3], std: [127.5; 3] }
    }

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

    /// What the data goes by: the kind's name, or for a folder its own.
    pub fn data_name(&self) -> &str {
        let data = self.data.as_deref().unwrap_or_default();
        data.split_once(':').map_or(data, |(kind, path)| match kind {
            "folder" => std::path::Path::new(path).file_stem().and_then(|stem| stem.to_str()).unwrap_or("a folder"),
            kind => kind,
        })
    }

    pub fn load_data(&self) -> anyhow::Result<Split> {
        let Some(data) = &self.data else {
            bail!("--data says what to learn from: stl10:DIR, cifar10:DIR or folder:DIR")
        };
        load_data(data, &self.recipe(), self.held_out.unwrap_or(0.2), self.seed.unwrap_or(1))
    }
}

/// Loads `stl10:DIR`, `cifar10:DIR` or `folder:DIR`.
pub fn load_data(data: &str, recipe: &Recipe, share: f64, seed: u64) -> anyhow::Result<Split> {
    let split = match data.split_once(':') {
        Some(("stl10", path)) => load_stl10(path.as_ref())?,
        Some(("cifar10", path)) => load_cifar10(path.as_ref())?,
        Some(("folder", path)) => load_folder(path.as_ref(), recipe, HeldOut { share, seed })?,
        _ => bail!("--data takes stl10:DIR, cifar10:DIR or folder:DIR, not \"{data}\""),
    };
    for skipped in &split.skipped {
        eprintln!("left out {skipped}");
    }
    Ok(split)
}

/// The test images of `data`, or all where none are set apart; their classes are the model's.
pub fn test_images(data: &str, card: &ModelCard) -> anyhow::Result<Dataset> {
    let split = load_data(data, &card.recipe, 0.0, 0)?;
    let data = if split.test.is_empty() { split.train } else { split.test };
    let theirs = first_names(&data.classes);
    data.relabelled(&card.classes).map_err(|unknown| {
        let ours = first_names(&card.classes);
        anyhow!("the model has no class \"{unknown}\": its classes are {ours}; the data's {theirs}")
    })
}

/// The first ten, and how many more.
pub fn first_names(names: &[String]) -> String {
    let first = names.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
    match names.len() {
        0..=10 => first,
        all => format!("{first} and {} more", all - 10),
    }
}
