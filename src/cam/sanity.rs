//! Whether a map depends on what the network learnt: its weights are made random, from the head down, and the maps compared.

use std::ops::ControlFlow;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{CamError, explain};
use crate::core::method::CamOptions;
use crate::core::metrics::Randomised;
use crate::device::read;
use crate::model::Network;

/// The map of `class` for the photo `x [1, 3, h, w]`, and how alike it stays with a random head, with a random head and
/// last stage, and so on to the first (the cascade of Adebayo et al. 2018, "Sanity Checks for Saliency Maps", section 4.1).
/// Random weights have the mean and the deviation of those they replace. `progress`s how many maps are made, of how many.
///
/// # Errors
/// Those of [`explain`].
pub async fn sanity(
    network: &Network,
    x: Tensor<4>,
    options: &CamOptions,
    class: usize,
    mut progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Vec<Randomised>, CamError> {
    let mut network = network.clone().folded();
    let mut mapper = Randomise(StdRng::seed_from_u64(1));
    let (stages, of) = (network.stages.len(), network.stages.len() + 2);
    let mut learnt = Vec::new();
    let mut steps = Vec::with_capacity(stages + 1);
    for done in 0..of {
        let layer = match done {
            0 => String::new(),
            1 => {
                network.linear = network.linear.map(&mut mapper);
                "head".into()
            }
            _ => {
                let stage = stages + 1 - done;
                network.stages[stage] = network.stages[stage].clone().map(&mut mapper);
                format!("stage {}", stage + 1)
            }
        };
        let within = async |part: usize, parts: usize| progress(done * parts + part, of * parts).await;
        let map = read(explain(&network, x.clone(), None, options, &[class], within).await?).await?;
        match done {
            0 => learnt = ranks(&map),
            _ => steps.push(Randomised { layer, similarity: correlation(&learnt, &ranks(&map)) }),
        }
        if progress(done + 1, of).await.is_break() {
            return Err(CamError::Stopped);
        }
    }
    Ok(steps)
}

struct Randomise(StdRng);

impl ModuleMapper for Randomise {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|weights| {
            // Uniform with deviation 1; on the processor, so that every device gets the same.
            let mut draw = || (self.0.random::<f32>() - 0.5) * 12f32.sqrt();
            let values: Vec<f32> = (0..weights.shape().num_elements()).map(|_| draw()).collect();
            let noise = Tensor::<D>::from_data(TensorData::new(values, weights.shape()), &weights.device());
            let mean = weights.clone().mean();
            let deviation = (weights - mean.clone().unsqueeze()).square().mean().sqrt();
            noise * deviation.unsqueeze() + mean.unsqueeze()
        })
    }
}

/// Places in the order of the values, from 0; equals share the mean of theirs.
fn ranks(values: &[f32]) -> Vec<f32> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    for equals in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = from as f32 + (equals.len() - 1) as f32 / 2.0;
        equals.iter().for_each(|&place| ranks[place] = rank);
        from += equals.len();
    }
    ranks
}

/// Pearson's; of ranks it is Spearman's.
fn correlation(a: &[f32], b: &[f32]) -> Option<f32> {
    let centred = |v: &[f32]| -> Vec<f64> {
        let mean = v.iter().map(|&v| f64::from(v)).sum::<f64>() / v.len() as f64;
        v.iter().map(|&v| f64::from(v) - mean).collect()
    };
    let (a, b) = (centred(a), centred(b));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let size = (dot(&a, &a) * dot(&b, &b)).sqrt();
    (size > 0.0).then(|| (dot(&a, &b) / size) as f32)
}
