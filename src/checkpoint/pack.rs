//! Encoding of networks as burnpack files: float16 in the file, float32 in the network.

use std::pin::Pin;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Bytes, DType, Device, ExecutionError, Tensor, TensorData};
use burn_store::burn_pack::{Error as PackError, MAGIC_NUMBER, Reader, Tensor as PackTensor, Writer};
use burn_store::{ApplyError, BurnpackStore, FloatCastAdapter, ModuleStore};
use sha2::{Digest, Sha256};

use super::ModelCard;
use crate::device::ReadError;
use crate::model::{ConfigError, Network};

/// Key of the [`ModelCard`] in a burnpack file's metadata. With it a checkpoint explains itself.
const CARD: &str = "camscope";
/// Hexadecimal digits of the hash in a file's name.
const HASH_IN_NAME: usize = 12;

/// Why a checkpoint cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The bytes are not a burnpack file.
    #[error("this is not a camscope checkpoint (a burnpack file starts with other bytes); choose a .bpk file")]
    NotBurnpack,
    /// The file is incomplete or inconsistent; says where.
    #[error("the checkpoint is incomplete or damaged ({0}); download it again")]
    Damaged(String),
    /// The file has no model card.
    #[error("the checkpoint has no model card, so camscope did not write it; choose a .bpk file from camscope")]
    NoCard,
    /// The model card cannot be parsed or written.
    #[error("the checkpoint's model card cannot be read ({0}); another version of camscope may have written it")]
    Card(#[from] serde_json::Error),
    /// The card describes a network that cannot be built.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The tensors are not those of the card's network; says which.
    #[error("the weights do not fit the network: {0}; the file is of another architecture")]
    Architecture(String),
    /// The file is not the one that the card names.
    #[error(
        "the weights file is not the one that its card names: expected SHA-256 {expected}, found {found}; the file was \
         changed or downloaded incompletely: download it again"
    )]
    Hash {
        /// SHA-256 in the card.
        expected: String,
        /// SHA-256 of the file.
        found: String,
    },
    /// The file cannot be encoded.
    #[error("the weights cannot be written: {0}")]
    Write(String),
    /// The device returned no weights.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Encode a network and its card as a `.bpk` file for the site: weights in float16, and equal weights give equal bytes.
///
/// # Errors
/// [`CheckpointError::Read`] if the device fails, [`CheckpointError::Write`] if the file cannot be encoded.
pub async fn encode(network: &Network, card: &ModelCard) -> Result<Vec<u8>, CheckpointError> {
    let mut weights = Weights::default();
    network.visit(&mut weights);
    let mut tensors = Vec::with_capacity(weights.tensors.len());
    for (name, data) in weights.tensors {
        let data = data.await.map_err(ReadError::from)?;
        let (bytes, shape, dtype) = data.convert_dtype(DType::F16).into_parts();
        // Parameter ids are random and only serve a running training. Without them equal weights give equal bytes.
        tensors.push(PackTensor::new(name, dtype, shape, None, bytes));
    }
    let mut writer = Writer::new(tensors).with_metadata(CARD, &serde_json::to_string(card)?);
    for (key, value) in BurnpackStore::default_metadata() {
        writer = writer.with_metadata(&key, &value);
    }
    Ok(writer.into_bytes().map_err(|e| CheckpointError::Write(e.to_string()))?.to_vec())
}

/// Encode a network as [`encode`] does, and return its card with the file's name, size and hash filled in.
///
/// # Errors
/// As for [`encode`].
pub async fn encode_named(network: &Network, mut card: ModelCard) -> Result<(ModelCard, Vec<u8>), CheckpointError> {
    (card.file, card.bytes, card.sha256) = (String::new(), 0, String::new());
    let bytes = encode(network, &card).await?;
    card.sha256 = sha256_hex(&bytes);
    card.bytes = bytes.len() as u64;
    card.file = format!("{}-{}.bpk", card.name, &card.sha256[..HASH_IN_NAME]);
    Ok((card, bytes))
}

/// Visitor that starts reading every tensor of a network; a browser can only await the data.
#[derive(Default)]
struct Weights {
    /// Path of the module that is being visited.
    path: Vec<String>,
    /// Path and data of each tensor.
    tensors: Vec<(String, PendingData)>,
}

type PendingData = Pin<Box<dyn Future<Output = Result<TensorData, ExecutionError>>>>;

impl ModuleVisitor for Weights {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.tensors.push((self.path.join("."), Box::pin(param.val().into_data_async())));
    }
}

/// Encode a network and its card as a `.bpk` file from which training can resume.
///
/// Weights are in float32 and keep their parameter ids, by which an optimizer finds its state. Reads the device
/// synchronously, so it works natively only.
///
/// # Errors
/// [`CheckpointError::Write`].
pub fn encode_exactly(network: &Network, card: &ModelCard) -> Result<Vec<u8>, CheckpointError> {
    let mut store = BurnpackStore::from_bytes(None).metadata(CARD, serde_json::to_string(card)?);
    let write = |e: PackError| CheckpointError::Write(e.to_string());
    store.collect_from(network).map_err(write)?;
    Ok(store.get_bytes().map_err(write)?.to_vec())
}

/// Decode a `.bpk` file into its card and network.
///
/// # Errors
/// [`CheckpointError`] if the bytes are not a burnpack file, are incomplete, have no card, or are of another
/// architecture.
pub fn decode(bytes: Vec<u8>, device: &Device) -> Result<(ModelCard, Network), CheckpointError> {
    let has_magic = bytes.starts_with(&MAGIC_NUMBER.to_le_bytes());
    let reader = Reader::from_bytes(Bytes::from_bytes_vec(bytes.clone())).map_err(|error| match error {
        PackError::InvalidHeader if has_magic => CheckpointError::Damaged("it ends within its header".into()),
        other => damaged(other),
    })?;
    let card: ModelCard = match reader.metadata().get(CARD) {
        Some(card) => serde_json::from_str(card)?,
        None => return Err(CheckpointError::NoCard),
    };
    let network = weights(bytes, &card, device)?;
    Ok((card, network))
}

/// Build the network that `card` describes with the weights of a `.bpk` file. The file's own card is ignored.
///
/// # Errors
/// [`CheckpointError::Architecture`] if the tensors are not those of the network, and as for [`decode`].
pub fn weights(bytes: Vec<u8>, card: &ModelCard, device: &Device) -> Result<Network, CheckpointError> {
    let config = &card.network;
    if config.classes() != card.classes.len() {
        let text = format!("{} class names for {} logits", card.classes.len(), config.classes());
        return Err(CheckpointError::Architecture(text));
    }
    let mut network = config.init(device)?;
    let mut store = BurnpackStore::from_bytes(Some(Bytes::from_bytes_vec(bytes)))
        .with_from_adapter(FloatCastAdapter::to(DType::F32))
        .validate(false)
        .allow_partial(true);
    let result = store.apply_to(&mut network).map_err(damaged)?;
    match result.errors.first() {
        Some(ApplyError::LoadError { message, .. }) => return Err(CheckpointError::Damaged(message.clone())),
        Some(error) => return Err(CheckpointError::Architecture(error.to_string())),
        None => {}
    }
    if let Some((missing, _)) = result.missing.first() {
        let text = format!("{} tensors are missing, among them {missing}", result.missing.len());
        return Err(CheckpointError::Architecture(text));
    }
    if let Some(unused) = result.unused.first() {
        let text = format!("{} tensors have no place in it, among them {unused}", result.unused.len());
        return Err(CheckpointError::Architecture(text));
    }
    Ok(network)
}

/// Check a weights file against the hash in its card.
///
/// # Errors
/// [`CheckpointError::Hash`] if they differ.
pub fn verify(bytes: &[u8], card: &ModelCard) -> Result<(), CheckpointError> {
    let found = sha256_hex(bytes);
    match found == card.sha256 {
        true => Ok(()),
        false => Err(CheckpointError::Hash { expected: card.sha256.clone(), found }),
    }
}

/// Return the SHA-256 of `bytes` in lower-case hexadecimal.
///
/// ```
/// # use camscope::checkpoint::sha256_hex;
/// assert!(sha256_hex(b"abc").starts_with("ba7816bf"));
/// ```
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Distinguish files that are not burnpack from damaged ones.
fn damaged(error: PackError) -> CheckpointError {
    match error {
        PackError::InvalidMagicNumber | PackError::InvalidHeader => CheckpointError::NotBurnpack,
        other => CheckpointError::Damaged(other.to_string()),
    }
}
