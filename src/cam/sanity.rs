//! Sanity check of a map: randomise the network's weights from the head down, and compare the maps. A map that does not
//! change does not show what the network learnt.

use std::ops::ControlFlow;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{CamError, explain};
use crate::core::inference::ClassMap;
use crate::core::method::CamOptions;
use crate::core::metrics::Randomised;
use crate::device::read;
use crate::model::Network;

/// Measure how similar the map of `class` stays while weights are randomised: the head, then the head and the last
/// stage, and so on to the first stage (cascading randomisation, Adebayo et al. 2018, "Sanity Checks for Saliency
/// Maps", section 4.1).
///
/// `x` is one photo `[1, 3, h, w]`. Similarity is Spearman's rank correlation with the map of the trained network.
/// Random weights keep the mean and the standard deviation of those they replace. `progress(done, total)` reports the
/// share of the work done, in units that may change between calls; the measurement stops when it breaks.
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
    let mut randomise = Randomise(StdRng::seed_from_u64(1));
    let (stages, total) = (network.stages.len(), network.stages.len() + 2);
    let mut original = Vec::new();
    let mut steps = Vec::with_capacity(stages + 1);
    for done in 0..total {
        let layer = match done {
            0 => String::new(),
            1 => {
                network.linear = network.linear.map(&mut randomise);
                "head".into()
            }
            _ => {
                let stage = stages + 1 - done;
                network.stages[stage] = network.stages[stage].clone().map(&mut randomise);
                format!("stage {}", stage + 1)
            }
        };
        let within_map = async |part: usize, parts: usize| progress(done * parts + part, total * parts).await;
        let maps = explain(&network, x.clone(), None, options, &[class], within_map).await?;
        let [.., height, width] = maps.dims();
        let values = read(maps).await?;
        match done {
            0 => original = ranks(&values),
            _ => {
                let similarity = correlation(&original, &ranks(&values));
                steps.push(Randomised { layer, similarity, map: ClassMap { width, height, values } });
            }
        }
        if progress(done + 1, total).await.is_break() {
            return Err(CamError::Stopped);
        }
    }
    Ok(steps)
}

/// Replaces every float parameter by noise of the same mean and standard deviation.
struct Randomise(StdRng);

impl ModuleMapper for Randomise {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|weights| {
            // Uniform with standard deviation 1. Drawn on the processor, so that every device gets the same numbers.
            let mut draw = || (self.0.random::<f32>() - 0.5) * 12f32.sqrt();
            let values: Vec<f32> = (0..weights.shape().num_elements()).map(|_| draw()).collect();
            let noise = Tensor::<D>::from_data(TensorData::new(values, weights.shape()), &weights.device());
            let mean = weights.clone().mean();
            let deviation = (weights - mean.clone().unsqueeze()).square().mean().sqrt();
            noise * deviation.unsqueeze() + mean.unsqueeze()
        })
    }
}

/// Return the rank of each value, from 0; equal values share their mean rank.
fn ranks(values: &[f32]) -> Vec<f32> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for ties in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = first as f32 + (ties.len() - 1) as f32 / 2.0;
        ties.iter().for_each(|&cell| ranks[cell] = rank);
        first += ties.len();
    }
    ranks
}

/// Return Pearson's correlation, −1 to 1 (of ranks: Spearman's); `None` if either side is constant.
fn correlation(a: &[f32], b: &[f32]) -> Option<f32> {
    let centred = |v: &[f32]| -> Vec<f64> {
        let mean = v.iter().map(|&v| f64::from(v)).sum::<f64>() / v.len() as f64;
        v.iter().map(|&v| f64::from(v) - mean).collect()
    };
    let (a, b) = (centred(a), centred(b));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let norms = (dot(&a, &a) * dot(&b, &b)).sqrt();
    (norms > 0.0).then(|| (dot(&a, &b) / norms) as f32)
}
