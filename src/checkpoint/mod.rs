//! Weights at rest: the manifest that tells which models there are, and the burnpack files it names.

mod card;
#[cfg(feature = "cli")]
mod import;
#[cfg(feature = "net")]
mod pack;
#[cfg(feature = "cli")]
mod publish;

pub use card::{Accuracy, Manifest, ModelCard};
#[cfg(feature = "cli")]
pub use import::{ImportError, import_efficientnet_lite0};
#[cfg(feature = "net")]
pub use pack::{CheckpointError, decode, encode, sha256_hex, verify, weights};
#[cfg(feature = "cli")]
pub use publish::{PublishError, publish, read_manifest, write_manifest};
