//! Models in files: cards and the manifest, burnpack checkpoints, and PyTorch's state_dict.

mod card;
#[cfg(feature = "cli")]
mod import;
mod pack;
#[cfg(feature = "cli")]
mod publish;
#[cfg(feature = "cli")]
mod state_dict;
#[cfg(feature = "cli")]
mod tensor_names;
#[cfg(feature = "cli")]
mod torch_file;

pub use card::{Accuracy, Manifest, ModelCard};
#[cfg(feature = "cli")]
pub use import::{ImportError, Imported, import};
pub use pack::{CheckpointError, decode, encode, encode_exactly, encode_named, sha256_hex, verify, weights};
#[cfg(feature = "cli")]
pub use publish::{PublishError, publish, read_manifest, replace_file, unpublish, write_manifest};
#[cfg(feature = "cli")]
pub use state_dict::{StateDict, StateDictError};
