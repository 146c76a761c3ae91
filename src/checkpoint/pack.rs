//! Networks to burnpack bytes and back: float16 in the file, float32 in the network.

use std::pin::Pin;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Bytes, DType, Device, ExecutionError, Tensor, TensorData};
use burn_store::burn_pack::{Error as PackError, MAGIC_NUMBER, Reader, Tensor as PackTensor, Writer};
use burn_store::{ApplyError, BurnpackStore, FloatCastAdapter, ModuleStore};
use sha2::{Digest, Sha256};

use super::ModelCard;
use crate::device::ReadError;
use crate::model::{ConfigError, Network};

/// Key of the [`ModelCard`] in a burnpack file's metadata: a checkpoint explains itself.
const CARD: &str = "camscope";
/// Hexadecimal digits of the hash that a file's name shows.
const HASH_IN_NAME: usize = 12;

/// Why bytes are not the weights that were asked for.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error("this is not a camscope checkpoint (a burnpack file begins with other bytes); choose a .bpk file")]
    NotBurnpack,
    #[error("the checkpoint is cut short or damaged ({0}); download it again")]
    Damaged(String),
    #[error("the checkpoint does not say what network it holds; it was not written by camscope")]
    NoCard,
    #[error("the checkpoint's description cannot be read ({0}); it was written by another version")]
    Card(#[from] serde_json::Error),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("the weights do not fit the network: {0}; the file belongs to another architecture")]
    Architecture(String),
    #[error(
        "the weights file is not the one the manifest names: expected SHA-256 {expected}, found {found}; it was \
         altered or not downloaded to its end"
    )]
    Hash { expected: String, found: String },
    #[error("the weights cannot be written: {0}")]
    Write(String),
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The network as the bytes of a `.bpk` file for the site, which holds `card` too: float16, and the same bytes for the
/// same weights.
pub async fn encode(network: &Network, card: &ModelCard) -> Result<Vec<u8>, CheckpointError> {
    let mut weights = Weights::default();
    network.visit(&mut weights);
    let mut tensors = Vec::with_capacity(weights.found.len());
    for (name, data) in weights.found {
        let data = data.await.map_err(ReadError::from)?;
        let (bytes, shape, dtype) = data.convert_dtype(DType::F16).into_parts();
        // The random numbers by which a running training tells parameters apart are left out.
        tensors.push(PackTensor::new(name, dtype, shape, None, bytes));
    }
    let mut writer = Writer::new(tensors).with_metadata(CARD, &serde_json::to_string(card)?);
    for (key, value) in BurnpackStore::default_metadata() {
        writer = writer.with_metadata(&key, &value);
    }
    Ok(writer.into_bytes().map_err(|e| CheckpointError::Write(e.to_string()))?.to_vec())
}

/// The same, and the card with the file's name, size and hash filled in.
pub async fn encode_named(network: &Network, mut card: ModelCard) -> Result<(ModelCard, Vec<u8>), CheckpointError> {
    (card.file, card.bytes, card.sha256) = (String::new(), 0, String::new());
    let bytes = encode(network, &card).await?;
    card.sha256 = sha256_hex(&bytes);
    card.bytes = bytes.len() as u64;
    card.file = format!("{}-{}.bpk", card.name, &card.sha256[..HASH_IN_NAME]);
    Ok((card, bytes))
}

/// Every tensor of a network by its path, on its way from the device: a browser cannot wait for it otherwise.
#[derive(Default)]
struct Weights {
    path: Vec<String>,
    found: Vec<(String, PendingData)>,
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
        self.found.push((self.path.join("."), Box::pin(param.val().into_data_async())));
    }
}

/// The network as the bytes of a `.bpk` file from which training can go on: float32, with the parameters' identities, by
/// which an optimizer finds its state. Reads the device synchronously: native only.
pub fn encode_exactly(network: &Network, card: &ModelCard) -> Result<Vec<u8>, CheckpointError> {
    let mut store = BurnpackStore::from_bytes(None).metadata(CARD, serde_json::to_string(card)?);
    let write = |e: PackError| CheckpointError::Write(e.to_string());
    store.collect_from(network).map_err(write)?;
    Ok(store.get_bytes().map_err(write)?.to_vec())
}

/// The card and the network of a `.bpk` file.
///
/// # Errors
/// [`CheckpointError`] for bytes that are no burnpack, cut short, without a card, or of another architecture.
pub fn decode(bytes: Vec<u8>, device: &Device) -> Result<(ModelCard, Network), CheckpointError> {
    let begins_right = bytes.starts_with(&MAGIC_NUMBER.to_le_bytes());
    let reader = Reader::from_bytes(Bytes::from_bytes_vec(bytes.clone())).map_err(|error| match error {
        PackError::InvalidHeader if begins_right => CheckpointError::Damaged("it ends within its header".into()),
        other => damaged(other),
    })?;
    let card: ModelCard = match reader.metadata().get(CARD) {
        Some(card) => serde_json::from_str(card)?,
        None => return Err(CheckpointError::NoCard),
    };
    let network = weights(bytes, &card, device)?;
    Ok((card, network))
}

/// The network that `card` describes, with the weights of a `.bpk` file's bytes.
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

/// Checks a file's bytes against the hash in its card.
pub fn verify(bytes: &[u8], card: &ModelCard) -> Result<(), CheckpointError> {
    let found = sha256_hex(bytes);
    match found == card.sha256 {
        true => Ok(()),
        false => Err(CheckpointError::Hash { expected: card.sha256.clone(), found }),
    }
}

/// SHA-256 as lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn damaged(error: PackError) -> CheckpointError {
    match error {
        PackError::InvalidMagicNumber | PackError::InvalidHeader => CheckpointError::NotBurnpack,
        other => CheckpointError::Damaged(other.to_string()),
    }
}
