//! PyTorch's state_dict, from `torch.save` or safetensors, into our networks and back. No pickled code is ever run.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use burn::module::{Param, RunningState};
use burn::tensor::{Device, Tensor, TensorData};
use pytorch_reader::{DType, PytorchReader};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::model::{ConvBlock, Network, NetworkConfig, PyTorchNames};

#[derive(Debug, thiserror::Error)]
pub enum StateDictError {
    #[error("{path} cannot be read as a PyTorch state_dict: {reason}")]
    Read { path: String, reason: String },
    #[error("{path} does not hold this network: {what}")]
    Misfit { path: String, what: String },
    #[error("{path} cannot be written: {reason}")]
    Write { path: String, reason: String },
    #[error(transparent)]
    Config(#[from] crate::model::ConfigError),
}

/// Float tensors by name: shape and row-major values.
#[derive(Debug, Default)]
pub struct StateDict {
    pub tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

/// How many names an error tells.
const NAMED: usize = 3;

impl StateDict {
    /// Reads a `.safetensors` file, or anything `torch.save` has ever written; a `state_dict` entry and the `module.`
    /// of data-parallel training are looked through.
    pub fn read(path: &Path) -> Result<Self, StateDictError> {
        let fault = |reason: String| StateDictError::Read { path: path.display().to_string(), reason };
        let tensors = match path.extension().is_some_and(|e| e == "safetensors") {
            true => safetensors(path),
            false => pickled(path),
        };
        let tensors = tensors.map_err(fault)?;
        let plain = |name: String| name.strip_prefix("module.").map(str::to_owned).unwrap_or(name);
        Ok(Self { tensors: tensors.into_iter().map(|(name, tensor)| (plain(name), tensor)).collect() })
    }

    /// How many classes the head of such a network has here; `None` where there is none.
    pub fn classes(&self, config: &NetworkConfig) -> Option<usize> {
        self.tensors.get(&format!("{}.weight", config.pytorch_head())).and_then(|(shape, _)| shape.first().copied())
    }

    /// Moves the tensors into a new network of `config`. A VGG-GAP that has no head of ours keeps its initial one.
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
            // NIN's head is a 1×1 convolution, whose weight has two dimensions more.
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
        let left: Vec<_> =
            self.tensors.keys().filter(|name| !known(name)).map(|name| format!("{name} is unknown")).collect();
        faults.extend(left);
        if faults.is_empty() {
            return Ok(network);
        }
        let more = match faults.len() > NAMED {
            true => format!(", and {} more", faults.len() - NAMED),
            false => String::new(),
        };
        let what = format!("{}{more}", faults[..faults.len().min(NAMED)].join(", "));
        Err(StateDictError::Misfit { path: path.display().to_string(), what })
    }

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
        // A convolution before a norm needs no bias, but some checkpoints have one.
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

    /// The tensors of `network` under PyTorch's names. Reads the device synchronously.
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
        fault.map_or(Ok(Self { tensors }), Err)
    }

    /// Writes a `.safetensors` file.
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
        let file = safetensors::serialize(views, None).map_err(|e| fault(e.to_string()))?;
        std::fs::write(path, file).map_err(|e| fault(e.to_string()))
    }
}

type Tensors = HashMap<String, (Vec<usize>, Vec<f32>)>;

fn pickled(path: &Path) -> Result<Tensors, String> {
    let open = |key: Option<&str>| match key {
        Some(key) => PytorchReader::with_top_level_key(path, key),
        None => PytorchReader::new(path),
    };
    // Training scripts put the state_dict beside other things.
    let reader = open(Some("state_dict")).or_else(|_| open(None)).map_err(|e| e.to_string())?;
    let mut tensors = HashMap::new();
    for (name, tensor) in reader.into_tensors() {
        let bytes = tensor.read().map_err(|e| format!("{name}: {e}"))?;
        let values = match tensor.dtype() {
            DType::F32 => floats(&bytes, f32::from_le_bytes),
            DType::F64 => floats(&bytes, |b| f64::from_le_bytes(b) as f32),
            DType::F16 => floats(&bytes, |b| half::f16::from_le_bytes(b).to_f32()),
            DType::BF16 => floats(&bytes, |b| half::bf16::from_le_bytes(b).to_f32()),
            _ => Vec::new(), // counters
        };
        tensors.insert(name, (tensor.shape().to_vec(), values));
    }
    Ok(tensors)
}

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

fn floats<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&chunk| read(chunk)).collect()
}
