//! Files of PyTorch tensors: `torch.save`'s of any version, and safetensors. Pickled code is never run.

use std::collections::HashMap;
use std::path::Path;

use pytorch_reader::{DType, PytorchReader};
use safetensors::tensor::{Dtype, SafeTensors};

/// Shape and row-major values of tensors by name. A tensor that does not hold floats has no values.
pub type Tensors = HashMap<String, (Vec<usize>, Vec<f32>)>;

/// Read a `.safetensors` file, or a file of `torch.save`.
///
/// # Errors
/// The parser's message.
pub fn read(path: &Path) -> Result<Tensors, String> {
    match path.extension().is_some_and(|e| e == "safetensors") {
        true => safetensors(path),
        false => pickled(path),
    }
}

/// Read a file of `torch.save`.
fn pickled(path: &Path) -> Result<Tensors, String> {
    let open = |key: Option<&str>| match key {
        Some(key) => PytorchReader::with_top_level_key(path, key),
        None => PytorchReader::new(path),
    };
    // Training scripts often save the state_dict as an entry among others.
    let reader = open(Some("state_dict")).or_else(|_| open(None)).map_err(|e| e.to_string())?;
    let mut tensors = HashMap::new();
    for (name, tensor) in reader.into_tensors() {
        let bytes = tensor.read().map_err(|e| format!("{name}: {e}"))?;
        let values = match tensor.dtype() {
            DType::F32 => floats(&bytes, f32::from_le_bytes),
            DType::F64 => floats(&bytes, |b| f64::from_le_bytes(b) as f32),
            DType::F16 => floats(&bytes, |b| half::f16::from_le_bytes(b).to_f32()),
            DType::BF16 => floats(&bytes, |b| half::bf16::from_le_bytes(b).to_f32()),
            _ => Vec::new(), // counters of batch norms
        };
        tensors.insert(name, (tensor.shape().to_vec(), values));
    }
    Ok(tensors)
}

/// Read a `.safetensors` file.
fn safetensors(path: &Path) -> Result<Tensors, String> {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let file = SafeTensors::deserialize(&bytes).map_err(|e| e.to_string())?;
    let mut tensors = HashMap::new();
    for (name, view) in file.iter() {
        let values = match view.dtype() {
            Dtype::F32 => floats(view.data(), f32::from_le_bytes),
            Dtype::F64 => floats(view.data(), |b| f64::from_le_bytes(b) as f32),
            Dtype::F16 => floats(view.data(), |b| half::f16::from_le_bytes(b).to_f32()),
            Dtype::BF16 => floats(view.data(), |b| half::bf16::from_le_bytes(b).to_f32()),
            _ => Vec::new(),
        };
        tensors.insert(name.to_owned(), (view.shape().to_vec(), values));
    }
    Ok(tensors)
}

/// Decode numbers of `N` bytes each.
fn floats<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&chunk| read(chunk)).collect()
}
