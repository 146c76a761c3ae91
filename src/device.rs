//! Where the numbers are made: the only place that names a backend.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

/// What a person may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// The processor: burn-flex.
    Cpu,
    /// A graphics adapter through wgpu: WebGPU in the browser; Vulkan, Metal or DirectX natively.
    Gpu,
}

#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    #[error("this build has no {0} engine; build it with `--features {0}`")]
    NotBuilt(&'static str),
    #[error("no graphics adapter could be opened ({0}); use the CPU instead")]
    NoAdapter(String),
}

/// Opens a device. On the GPU this asks the system for an adapter and may take a second.
pub async fn open(kind: DeviceKind) -> Result<Device, DeviceError> {
    match kind {
        DeviceKind::Cpu => cpu(),
        DeviceKind::Gpu => gpu().await,
    }
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
    Device::wgpu_options().init_async().await.map_err(|e| DeviceError::NoAdapter(e.to_string()))
}

#[cfg(not(feature = "gpu"))]
async fn gpu() -> Result<Device, DeviceError> {
    Err(DeviceError::NotBuilt("gpu"))
}
