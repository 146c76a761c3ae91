//! PyTorch's state_dict: its tensors into our networks and back.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::{Param, RunningState};
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::tensor::{Dtype, TensorView};

use super::tensor_names::{Unwrapped, unwrapped};
use super::torch_file::{self, CARD, Contents};
use crate::model::{ConvBlock, Network, NetworkConfig, PyTorchNames};

/// Why a state_dict cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateDictError {
    /// The file is not a state_dict.
    #[error("{path} cannot be read as a PyTorch state_dict: {reason}")]
    Read {
        /// The file.
        path: String,
        /// The parser's error.
        reason: String,
    },
    /// A tensor has values that no network can compute with.
    #[error(
        "{path}: {tensor} has {what}, so the network would answer nonsense; take an earlier checkpoint of the training"
    )]
    Values {
        /// The file.
        path: String,
        /// Name of the tensor.
        tensor: String,
        /// What is wrong with its values.
        what: String,
    },
    /// The tensors are not those of the network.
    #[error("{path} does not hold this network: {what}")]
    Misfit {
        /// The file.
        path: String,
        /// The first tensors that do not fit.
        what: String,
    },
    /// The file cannot be written.
    #[error("{path} cannot be written: {reason}")]
    Write {
        /// The file.
        path: String,
        /// What went wrong.
        reason: String,
    },
    /// The network cannot be built.
    #[error(transparent)]
    Config(#[from] crate::model::ConfigError),
}

/// The tensors of a PyTorch model by name.
#[derive(Debug, Default)]
pub struct StateDict {
    /// Shape and row-major values of each tensor. A tensor that does not hold floats has no values.
    pub tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    /// The model card as JSON, if the file is an export of ours.
    pub card: Option<String>,
    /// What was chosen of the file or renamed, for people.
    pub notes: Vec<String>,
}

/// Return the names of all tensors of a network, as PyTorch's public checkpoints have them.
fn names(config: &NetworkConfig) -> Result<Vec<String>, StateDictError> {
    let network = config.init(&Device::flex())?;
    let convs = config.pytorch_names(&network).convs.into_iter();
    let mut names: Vec<String> = convs
        .flat_map(|(conv, norm)| {
            let of_norm = ["weight", "bias", "running_mean", "running_var"].map(|part| format!("{norm}.{part}"));
            [format!("{conv}.weight"), format!("{conv}.bias")].into_iter().chain(of_norm)
        })
        .collect();
    names.extend(["weight", "bias"].map(|part| format!("{}.{part}", config.pytorch_head())));
    Ok(names)
}

/// Number of tensors that an error names.
const NAMED: usize = 3;

impl StateDict {
    /// Read the weights of a network of `config` out of a `.safetensors` file or a file of `torch.save`, of any version.
    ///
    /// The weights may lie anywhere in the file, as training scripts and other libraries write them; [`Self::notes`] says which were
    /// taken.
    ///
    /// # Errors
    /// [`StateDictError::Read`], [`StateDictError::Values`] for a weight that is infinite or not a number.
    pub fn read(path: &Path, config: &NetworkConfig) -> Result<Self, StateDictError> {
        let name = path.display().to_string();
        let fault = |reason: String| StateDictError::Read { path: name.clone(), reason };
        let Contents { tensors, card } = torch_file::read(path).map_err(fault)?;
        let Unwrapped { tensors, notes } = unwrapped(tensors, &names(config)?, config.pytorch_head());
        let bad = |values: &[f32]| values.iter().copied().find(|value| !value.is_finite());
        match tensors.iter().find_map(|(tensor, (_, values))| Some((tensor, bad(values)?))) {
            Some((tensor, value)) => {
                let what =
                    if value.is_nan() { "values that are not numbers (NaN)" } else { "infinite values" }.to_owned();
                Err(StateDictError::Values { path: name, tensor: tensor.clone(), what })
            }
            None => Ok(Self { tensors, card, notes }),
        }
    }

    /// Return the largest magnitude among weights and biases, and its tensor. Statistics of batch norms do not count.
    pub fn largest(&self) -> Option<(String, f32)> {
        let is_weight = |name: &&String| name.ends_with(".weight") || name.ends_with(".bias");
        let of = |values: &[f32]| values.iter().fold(0f32, |largest, value| largest.max(value.abs()));
        let all = self.tensors.keys().filter(is_weight).map(|name| (name.clone(), of(&self.tensors[name].1)));
        all.max_by(|(_, a), (_, b)| a.total_cmp(b))
    }

    /// Return whether the weights have batch norms. A network that was exported from the site has none: they are folded.
    pub fn has_norms(&self) -> bool {
        self.tensors.keys().any(|name| name.ends_with("running_mean"))
    }

    /// Return the number of classes of the head that a network of `config` would have; `None` if there is no head.
    pub fn classes(&self, config: &NetworkConfig) -> Option<usize> {
        self.tensors.get(&format!("{}.weight", config.pytorch_head())).and_then(|(shape, _)| shape.first().copied())
    }

    /// Build a network of `config` with these tensors. `path` is for error messages.
    ///
    /// A VGG-GAP whose checkpoint has no GAP head keeps a new one.
    ///
    /// # Errors
    /// [`StateDictError::Misfit`] names the first tensors that are missing, of another shape, or left over.
    pub fn into_network(
        mut self,
        path: &Path,
        config: &NetworkConfig,
        device: &Device,
    ) -> Result<Network, StateDictError> {
        let network = config.init(device)?;
        let PyTorchNames { convs, head_is_new, ignored } = config.pytorch_names(&network);
        let head = config.pytorch_head();
        let mut faults = Vec::new();
        let mut convs = convs.into_iter();
        let mut network = network.map_convs(&mut |block| {
            let (conv, norm) = convs.next().unwrap_or_default();
            self.fill(block, &conv, &norm, device, &mut faults)
        });
        if !head_is_new || self.tensors.contains_key(&format!("{head}.weight")) {
            let [k, classes] = network.linear.weight.dims();
            let name = format!("{head}.weight");
            // NIN's head is a 1×1 convolution, whose weight has two more dimensions.
            if let Some((shape, _)) = self.tensors.get_mut(&name)
                && shape.ends_with(&[1, 1])
            {
                shape.truncate(2);
            }
            if let Some(weight) = self.take::<2>(&name, [classes, k], device, &mut faults) {
                network.linear.weight = Param::from_tensor(weight.transpose());
            }
            if let Some(bias) = self.take::<1>(&format!("{head}.bias"), [classes], device, &mut faults) {
                network.linear.bias = Some(Param::from_tensor(bias));
            }
        }
        let known = |name: &String| {
            name.ends_with("num_batches_tracked") || ignored.iter().any(|prefix| name.starts_with(prefix))
        };
        let left: Vec<&String> = self.tensors.keys().filter(|name| !known(name)).collect();
        if faults.is_empty() && left.is_empty() {
            return Ok(network);
        }
        let some = |all: &[String]| match all.len() > NAMED {
            true => format!("{}, and {} more", all[..NAMED].join(", "), all.len() - NAMED),
            false => all.join(", "),
        };
        let mut what = vec![some(&faults)];
        if !left.is_empty() {
            let left: Vec<String> = left.into_iter().map(|name| format!("{name} {:?}", self.tensors[name].0)).collect();
            what.push(format!("the file has {}, which this network does not have", some(&left)));
        }
        what.retain(|part| !part.is_empty());
        Err(StateDictError::Misfit { path: path.display().to_string(), what: what.join("; ") })
    }

    /// Fill a block with the tensors of the convolution `conv` and the batch norm `norm`.
    fn fill(
        &mut self,
        mut block: ConvBlock,
        conv: &str,
        norm: &str,
        device: &Device,
        faults: &mut Vec<String>,
    ) -> ConvBlock {
        let shape = block.conv.weight.dims();
        let channels = shape[0];
        if let Some(weight) = self.take(&format!("{conv}.weight"), shape, device, faults) {
            block.conv.weight = Param::from_tensor(weight);
        }
        // A convolution before a batch norm needs no bias, but some checkpoints have one.
        let bias = format!("{conv}.bias");
        if (block.norm.is_none() || self.tensors.contains_key(&bias))
            && let Some(bias) = self.take(&bias, [channels], device, faults)
        {
            block.conv.bias = Some(Param::from_tensor(bias));
        }
        if let Some(batch_norm) = &mut block.norm {
            let mut part = |name: &str| self.take(&format!("{norm}.{name}"), [channels], device, faults);
            let parts = [part("weight"), part("bias"), part("running_mean"), part("running_var")];
            if let [Some(gamma), Some(beta), Some(mean), Some(var)] = parts {
                batch_norm.gamma = Param::from_tensor(gamma);
                batch_norm.beta = Param::from_tensor(beta);
                batch_norm.running_mean = RunningState::new(mean);
                batch_norm.running_var = RunningState::new(var);
            }
        }
        block
    }

    /// Remove the tensor `name` and return it if it has the shape `expected`; otherwise add to `faults`.
    fn take<const D: usize>(
        &mut self,
        name: &str,
        expected: [usize; D],
        device: &Device,
        faults: &mut Vec<String>,
    ) -> Option<Tensor<D>> {
        match self.tensors.remove(name) {
            Some((shape, values)) if shape == expected && values.len() != shape.iter().product::<usize>() => {
                faults.push(format!("{name} does not hold floats"));
                None
            }
            Some((shape, values)) if shape == expected => {
                Some(Tensor::from_data(TensorData::new(values, expected), device))
            }
            Some((shape, _)) => {
                faults.push(format!("{name} has the shape {shape:?} instead of {expected:?}"));
                None
            }
            None => {
                faults.push(format!("{name} is missing"));
                None
            }
        }
    }

    /// Collect the tensors of `network` under PyTorch's names. Reads the device synchronously, so it works natively
    /// only.
    ///
    /// # Errors
    /// A text that says what the device answered.
    pub fn of(network: &Network, config: &NetworkConfig) -> Result<Self, String> {
        let PyTorchNames { convs, .. } = config.pytorch_names(network);
        let head = config.pytorch_head();
        let mut tensors = BTreeMap::new();
        let mut fault = None;
        let mut convs = convs.into_iter();
        network.clone().map_convs(&mut |block| {
            let (conv, norm) = convs.next().unwrap_or_default();
            let mut put = |name: String, data: TensorData| match data.clone().try_into_vec_as::<f32>() {
                Ok(values) => drop(tensors.insert(name, (data.shape().to_vec(), values))),
                Err(error) => fault = Some(format!("{error:?}")),
            };
            put(format!("{conv}.weight"), block.conv.weight.val().into_data());
            if let Some(bias) = &block.conv.bias {
                put(format!("{conv}.bias"), bias.val().into_data());
            }
            if let Some(batch_norm) = &block.norm {
                put(format!("{norm}.weight"), batch_norm.gamma.val().into_data());
                put(format!("{norm}.bias"), batch_norm.beta.val().into_data());
                put(format!("{norm}.running_mean"), batch_norm.running_mean.value().into_data());
                put(format!("{norm}.running_var"), batch_norm.running_var.value().into_data());
            }
            block
        });
        let mut put = |name: String, shape: Vec<usize>, data: TensorData| match data.try_into_vec_as::<f32>() {
            Ok(values) => drop(tensors.insert(name, (shape, values))),
            Err(error) => fault = Some(format!("{error:?}")),
        };
        let [k, classes] = network.linear.weight.dims();
        let shape = if network.rectified { vec![classes, k, 1, 1] } else { vec![classes, k] };
        put(format!("{head}.weight"), shape, network.linear.weight.val().transpose().into_data());
        if let Some(bias) = &network.linear.bias {
            put(format!("{head}.bias"), vec![classes], bias.val().into_data());
        }
        fault.map_or(Ok(Self { tensors, card: None, notes: Vec::new() }), Err)
    }

    /// Write a `.safetensors` file, with the model card in its metadata.
    ///
    /// # Errors
    /// [`StateDictError::Write`].
    pub fn write(&self, path: &Path) -> Result<(), StateDictError> {
        let bytes: BTreeMap<_, Vec<u8>> = self
            .tensors
            .iter()
            .map(|(name, (_, v))| (name, v.iter().flat_map(|v| v.to_le_bytes()).collect()))
            .collect();
        let fault = |reason: String| StateDictError::Write { path: path.display().to_string(), reason };
        let view = |(name, bytes)| {
            let (shape, _) = &self.tensors[name];
            TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (name, view)).map_err(|e| fault(e.to_string()))
        };
        let views = bytes.iter().map(|(&name, bytes)| view((name, bytes.as_slice()))).collect::<Result<Vec<_>, _>>()?;
        let metadata = self.card.as_ref().map(|card| [(CARD.to_owned(), card.clone())].into());
        let file = safetensors::serialize(views, metadata).map_err(|e| fault(e.to_string()))?;
        std::fs::write(path, file).map_err(|e| fault(e.to_string()))
    }
}
