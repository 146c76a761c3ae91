//! Files of PyTorch tensors: `torch.save`'s of any version, and safetensors. Pickled code is never run.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use pytorch_reader::{DType, PytorchReader};
use safetensors::tensor::{Dtype, SafeTensors};

use crate::core::file_kind::FileKind;

/// Shape and row-major values of tensors by name. A tensor that does not hold floats has no values.
pub type Tensors = HashMap<String, (Vec<usize>, Vec<f32>)>;

/// Key of a model card in a file's metadata.
pub const CARD: &str = "camscope";

/// What a file holds.
pub struct Contents {
    /// The tensors. Those of nested dictionaries have the keys joined by dots as their names.
    pub tensors: Tensors,
    /// The model card as JSON, if the file is an export of ours.
    pub card: Option<String>,
}

/// Read a `.safetensors` file, or a file of `torch.save`.
///
/// # Errors
/// What the file is instead, or the parser's message.
pub fn read(path: &Path) -> Result<Contents, String> {
    let mut head = Vec::new();
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    file.take(512).read_to_end(&mut head).map_err(|e| e.to_string())?;
    if let Some(what) = other_kind(path, &head) {
        return Err(what.to_owned());
    }
    // Its header's length, and the JSON that follows.
    let is_safetensors = head.get(8) == Some(&b'{');
    if is_safetensors { safetensors(path) } else { Ok(Contents { tensors: pickled(path)?, card: None }) }
}

/// Say what a file is that people take for a checkpoint.
fn other_kind(path: &Path, head: &[u8]) -> Option<&'static str> {
    let is_zip = head.starts_with(b"PK");
    let has = |end: &str| is_zip && zip_has(path, end);
    match FileKind::of(head) {
        FileKind::LfsPointer => {
            Some("it is a placeholder of Git LFS; `git lfs pull` fetches the file that it stands for")
        }
        FileKind::Html => Some("it is a web page; open its address in a browser, and save the file itself"),
        FileKind::Zeros => Some("it holds zeros alone; copy it again"),
        FileKind::Text if head.trim_ascii_start().starts_with(b"{") => Some(
            "it is JSON, such as the index of a checkpoint in several parts; save the whole state_dict in one file",
        ),
        _ if has("constants.pkl") => Some(
            "it is a TorchScript archive; save its weights: torch.save(torch.jit.load(FILE, \"cpu\").state_dict(), \"weights.pth\")",
        ),
        _ => None,
    }
}

/// Return whether a `.zip` has an entry whose name ends with `end`, and code beside it.
fn zip_has(path: &Path, end: &str) -> bool {
    let archive = std::fs::File::open(path).ok().and_then(|file| zip::ZipArchive::new(file).ok());
    archive.is_some_and(|archive| {
        let names: Vec<&[u8]> = archive.file_names_raw().collect();
        let is_code = |name: &&[u8]| name.windows(6).any(|part| part == b"/code/");
        names.iter().any(|name| name.ends_with(end.as_bytes())) && names.iter().any(is_code)
    })
}

/// Read a file of `torch.save`.
fn pickled(path: &Path) -> Result<Tensors, String> {
    let reader = PytorchReader::new(path).map_err(|e| e.to_string())?;
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
fn safetensors(path: &Path) -> Result<Contents, String> {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let file = SafeTensors::deserialize(&bytes).map_err(|e| e.to_string())?;
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| e.to_string())?;
    let card = header.metadata().as_ref().and_then(|metadata| metadata.get(CARD).cloned());
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
    Ok(Contents { tensors, card })
}

/// Decode numbers of `N` bytes each.
fn floats<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&chunk| read(chunk)).collect()
}
