//! Device selection. Apart from `kernels`, this is the only module that names a backend.

use burn::tensor::{Device, ExecutionError, Tensor, TensorData, Transaction};
use serde::{Deserialize, Serialize};

#[cfg(feature = "autotune")]
pub use crate::kernels::tuning;

/// Device that a user can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// Processor, through burn-flex.
    Cpu,
    /// Graphics adapter, through wgpu: WebGPU in the browser; Vulkan, Metal or DirectX natively.
    Gpu,
    /// NVIDIA adapter by its index, natively.
    Cuda(usize),
}

/// Reason why a device could not be opened. The page shows the same texts, from `www/words`.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The build lacks this kind of device; the value names the feature.
    #[error("this build has no {0} engine; build it with `--features {0}`")]
    NotBuilt(&'static str),
    /// No graphics adapter answered; the value says why.
    #[error("no graphics adapter could be opened ({0}); use the CPU instead")]
    NoAdapter(String),
    /// The CUDA device did not answer.
    #[error(
        "CUDA device {index} could not be opened ({reason}); it needs an NVIDIA adapter and driver: use the CPU instead"
    )]
    NoCuda {
        /// Index of the device.
        index: usize,
        /// What went wrong.
        reason: String,
    },
}

/// A device failed to compute a result or to return it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the device could not give a result back: {0}")]
pub struct ReadError(String);

impl From<ExecutionError> for ReadError {
    fn from(error: ExecutionError) -> Self {
        Self(error.to_string())
    }
}

/// Copy the values of a tensor from its device, row-major. Code for the browser must read results only through this
/// function, because a browser cannot block on a device.
///
/// # Errors
/// [`ReadError`] if the device fails.
pub async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ReadError> {
    values(tensor.into_data_async().await?)
}

/// Copy the values of two tensors from their device in one read-back; see [`read`].
///
/// # Errors
/// [`ReadError`] if the device fails.
pub async fn read_pair<const A: usize, const B: usize>(a: Tensor<A>, b: Tensor<B>) -> Result<[Vec<f32>; 2], ReadError> {
    let data = Transaction::default().register(a).register(b).execute_async().await?;
    let values = data.into_iter().map(values).collect::<Result<Vec<_>, _>>()?;
    values.try_into().map_err(|values: Vec<_>| ReadError(format!("{} tensors instead of 2", values.len())))
}

fn values(data: TensorData) -> Result<Vec<f32>, ReadError> {
    data.try_into_vec_as::<f32>().map_err(|e| ReadError(format!("{e:?}")))
}

/// Open a device. A GPU asks the system for an adapter, which may take a second.
///
/// # Errors
/// [`DeviceError`] if the build lacks the device, or the system has none.
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
    // The driver is loaded on first use, which panics if there is none.
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
    // The runtime can be initialised only once, so later calls return the same device.
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
