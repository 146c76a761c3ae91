//! Where the numbers are made: but for `kernels`, the only place that names a backend.

use burn::tensor::{Device, ExecutionError, Tensor};
use serde::{Deserialize, Serialize};

/// What a person may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// The processor: burn-flex.
    Cpu,
    /// A graphics adapter through wgpu: WebGPU in the browser; Vulkan, Metal or DirectX natively.
    Gpu,
    /// An NVIDIA adapter by its index, natively.
    Cuda(usize),
}

#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    #[error("this build has no {0} engine; build it with `--features {0}`")]
    NotBuilt(&'static str),
    #[error("no graphics adapter could be opened ({0}); use the CPU instead")]
    NoAdapter(String),
    #[error(
        "CUDA device {index} could not be opened ({reason}); it needs an NVIDIA adapter and driver: use the CPU instead"
    )]
    NoCuda { index: usize, reason: String },
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the device could not give a result back: {0}")]
pub struct ReadError(String);

impl From<ExecutionError> for ReadError {
    fn from(error: ExecutionError) -> Self {
        Self(error.to_string())
    }
}

/// The values of a tensor, row-major. The only way in which results leave a device: a browser must not wait for them.
pub async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ReadError> {
    let data = tensor.into_data_async().await?;
    data.try_into_vec_as::<f32>().map_err(|e| ReadError(format!("{e:?}")))
}

/// Opens a device. On the GPU this asks the system for an adapter and may take a second.
pub async fn open(kind: DeviceKind) -> Result<Device, DeviceError> {
    match kind {
        DeviceKind::Cpu => cpu(),
        DeviceKind::Gpu => gpu().await,
        DeviceKind::Cuda(index) => cuda(index),
    }
}

#[cfg(feature = "cuda")]
fn cuda(index: usize) -> Result<Device, DeviceError> {
    let reason = |reason: String| DeviceError::NoCuda { index, reason };
    // The driver is loaded when it is first used; without one that ends in a panic.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let opened = std::panic::catch_unwind(|| {
        let device = Device::cuda(index);
        burn::tensor::Tensor::<1>::zeros([1], &device).into_data();
        device
    });
    std::panic::set_hook(hook);
    opened.map_err(|_| reason("the driver does not answer".into()))
}

#[cfg(not(feature = "cuda"))]
fn cuda(_: usize) -> Result<Device, DeviceError> {
    Err(DeviceError::NotBuilt("cuda"))
}

#[cfg(feature = "cpu")]
fn cpu() -> Result<Device, DeviceError> {
    Ok(Device::flex())
}

#[cfg(not(feature = "cpu"))]
fn cpu() -> Result<Device, DeviceError> {
    Err(DeviceError::NotBuilt("cpu"))
}

#[cfg(feature = "gpu")]
async fn gpu() -> Result<Device, DeviceError> {
    // The runtime may be set up once; whoever asks again gets the same device.
    static OPENED: std::sync::OnceLock<Device> = std::sync::OnceLock::new();
    if let Some(device) = OPENED.get() {
        return Ok(device.clone());
    }
    let device = Device::wgpu_options().init_async().await.map_err(|e| DeviceError::NoAdapter(e.to_string()))?;
    Ok(OPENED.get_or_init(|| device).clone())
}

#[cfg(not(feature = "gpu"))]
async fn gpu() -> Result<Device, DeviceError> {
    Err(DeviceError::NotBuilt("gpu"))
}
