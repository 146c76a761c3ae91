//! Options of every command: model and device.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::LazyLock;
use std::time::Instant;

use crate::output::say;
use anyhow::{Context, bail};
use camscope::checkpoint::{ModelCard, decode, read_manifest, verify, write_manifest};
use camscope::core::names::same_name;
use camscope::device::{DeviceKind, open};
use camscope::engine::Session;
use camscope::model::Network;

/// `cpu`, `gpu`, `cuda` or `cuda:1` on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device(pub DeviceKind);

impl Device {
    pub fn open(self) -> anyhow::Result<burn::tensor::Device> {
        Ok(open_all(&[self])?.remove(0))
    }
}

/// Open the devices, and keep what is timed on them.
fn open_all(devices: &[Device]) -> anyhow::Result<Vec<burn::tensor::Device>> {
    let opened = devices.iter().map(|device| Ok(pollster::block_on(open(device.0))?)).collect::<anyhow::Result<_>>()?;
    #[cfg(feature = "autotune")]
    if devices.iter().any(|device| device.0 != DeviceKind::Cpu) {
        crate::tuning::keep(&devices.iter().map(|device| device.0).collect::<Vec<_>>());
    }
    Ok(opened)
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            DeviceKind::Cpu => f.write_str("cpu"),
            DeviceKind::Gpu => f.write_str("gpu"),
            DeviceKind::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

impl std::str::FromStr for Device {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("expected cpu, gpu, cuda or cuda:INDEX, found \"{text}\"");
        Ok(Self(match text {
            "cpu" => DeviceKind::Cpu,
            "gpu" => DeviceKind::Gpu,
            "cuda" => DeviceKind::Cuda(0),
            _ => DeviceKind::Cuda(text.strip_prefix("cuda:").and_then(|i| i.parse().ok()).ok_or_else(fault)?),
        }))
    }
}

/// One device, or several of the same kind: `cuda:0,1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Devices(Vec<Device>);

impl Devices {
    /// Open the devices, at least one.
    pub fn open(&self) -> anyhow::Result<Vec<burn::tensor::Device>> {
        open_all(&self.0)
    }

    /// Train `network` with the faster kernels, on photos of `side` × `side` pixels; see [`crate::tuning`]. The kernels of
    /// the CPU are not tuned, nor are any in a build without the feature `autotune`.
    pub fn tune(&self, network: &Network, side: usize) {
        #[cfg(feature = "autotune")]
        if self.0.iter().any(|device| device.0 != DeviceKind::Cpu) {
            crate::tuning::start(network, side);
        }
        let _ = (network, side);
    }
}

impl std::fmt::Display for Devices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<String> = self.0.iter().map(Device::to_string).collect();
        f.write_str(&names.join(" and "))
    }
}

impl std::str::FromStr for Devices {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut all = text.split(',');
        let first: Device = all.next().unwrap_or_default().parse()?;
        let others = all.map(|index| match first.0 {
            DeviceKind::Cuda(_) => format!("cuda:{index}").parse(),
            _ => Err(format!("expected one device, or several as cuda:0,1, found \"{text}\"")),
        });
        let all = std::iter::once(Ok(first)).chain(others).collect::<Result<Vec<_>, _>>()?;
        let twice = all.iter().enumerate().any(|(i, device)| all[..i].contains(device));
        if twice { Err(format!("\"{text}\" names a device twice")) } else { Ok(Self(all)) }
    }
}

/// Folder in which models are found by name.
#[derive(clap::Args)]
pub struct Models {
    /// Folder of the site's models
    #[arg(long, default_value = "www/models")]
    pub models: PathBuf,
}

/// Model for inference, and its device.
#[derive(clap::Args)]
pub struct ModelArgs {
    /// Name in the manifest, or a .bpk file
    #[arg(long, default_value = "efficientnet-lite0")]
    model: String,
    #[command(flatten)]
    models: Models,
    /// cpu, gpu, cuda or cuda:INDEX
    #[arg(long, default_value = "cpu")]
    pub device: Device,
}

impl ModelArgs {
    /// Open a session with the model loaded.
    pub fn session(&self) -> anyhow::Result<Session> {
        session(&self.model, &self.models.models, self.device)
    }

    /// Return the model's card and a session for images of a data set. They are cropped as the card says already, so the
    /// session takes them whole.
    pub fn session_for_cropped(&self) -> anyhow::Result<(ModelCard, Session)> {
        let device = self.device.open()?;
        let (card, network) = load(&self.model, &self.models.models, &device)?;
        let mut session = Session::new(device, milliseconds);
        let mut whole = card.clone();
        whole.preprocessing.resize = whole.preprocessing.size;
        session.set_model(whole, network);
        Ok((card, session))
    }
}

/// Load the card and network of `model`: a name in the manifest, or a `.bpk` file.
pub fn load(model: &str, models: &Path, device: &burn::tensor::Device) -> anyhow::Result<(ModelCard, Network)> {
    let path = Path::new(model);
    if path.extension().is_some_and(|e| e == "bpk") {
        let bytes = std::fs::read(path).with_context(|| format!("{model} cannot be read"))?;
        return decode(bytes, device).with_context(|| format!("{model} cannot be used"));
    }
    let manifest =
        read_manifest(models).context("no models were found; `make models` fetches them, or use --models DIR")?;
    let Some(card) = manifest.models.iter().find(|card| same_name(&card.name, model)) else {
        let names: Vec<_> = manifest.models.iter().map(|card| card.name.as_str()).collect();
        bail!("there is no model \"{model}\"; there are: {}", names.join(", "));
    };
    let path = models.join(&card.file);
    let bytes = std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    verify(&bytes, card)?;
    let (_, network) = decode(bytes, device)?;
    Ok((card.clone(), network))
}

/// Open a session on `device` with `model` loaded.
pub fn session(model: &str, models: &Path, device: Device) -> anyhow::Result<Session> {
    let device = device.open()?;
    let (card, network) = load(model, models, &device)?;
    let mut session = Session::new(device, milliseconds);
    session.set_model(card, network);
    Ok(session)
}

/// Return the milliseconds since the first call.
pub fn milliseconds() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_secs_f64() * 1000.0
}

/// Rewrite the manifest of the models folder `dir`.
pub fn write_manifest_of(dir: &Path) -> anyhow::Result<ExitCode> {
    let manifest = write_manifest(dir)?;
    say!("{}: {} models", dir.join("manifest.json").display(), manifest.models.len());
    Ok(ExitCode::SUCCESS)
}
