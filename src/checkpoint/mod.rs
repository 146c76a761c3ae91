//! Weights at rest: the manifest that tells which models there are, and the burnpack files it names.

mod card;
#[cfg(feature = "cli")]
mod import;
mod pack;
#[cfg(feature = "cli")]
mod publish;
#[cfg(feature = "cli")]
mod state_dict;

pub use card::{Accuracy, Manifest, ModelCard};
#[cfg(feature = "cli")]
pub use import::{ImportError, import};
pub use pack::{CheckpointError, decode, encode, encode_exactly, encode_named, sha256_hex, verify, weights};
#[cfg(feature = "cli")]
pub use publish::{PublishError, publish, read_manifest, replace_file, unpublish, write_manifest};
#[cfg(feature = "cli")]
pub use state_dict::{StateDict, StateDictError};
