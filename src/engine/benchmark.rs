//! How fast a network is on this device, on noise: behind *Measure this device* and the benchmarks.

use std::ops::ControlFlow;
use std::sync::Arc;

use burn::tensor::s;

use super::{EngineError, Session};
use crate::cam::class_maps;
use crate::core::benchmark::{BenchmarkResult, BenchmarkSpec};
use crate::core::preprocessing::Preprocessing;
use crate::data::{Augment, Dataset};
use crate::device::read;
use crate::model::{Network, NetworkConfig};
use crate::train::{Event, Examples, Optimizer, Progress, Schedule, TrainConfig, fit};

/// Of a network that is built for the spec.
const CLASSES: usize = 10;
/// Classes whose maps are made, as the page shows them.
const MAPS: usize = 5;
/// Of a spec's training: small enough for any network at its random beginning.
const LEARNING_RATE: f64 = 1e-4;

impl Session {
    /// Times passes through a network, or training steps; the first, in which a device makes itself ready, apart.
    /// `progress` hears how many are done, of how many; where it breaks, the result is what there is by then.
    ///
    /// # Errors
    /// [`EngineError::NoModel`], [`EngineError::Network`] for a name that no network has,
    /// [`EngineError::NotFinite`] where the device gives no numbers.
    pub async fn benchmark(
        &self,
        spec: &BenchmarkSpec,
        mut progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<BenchmarkResult, EngineError> {
        let network = match &spec.network {
            Some(name) => NetworkConfig::named(name, CLASSES).and_then(|config| config.init(&self.device))?,
            None => self.loaded()?.network.clone(),
        };
        let size = spec.size as usize;
        let multiply_adds = network.cost(size, size).iter().map(|stage| stage.multiply_adds).sum();
        let result = match spec.training {
            false => self.passes(network.folded(), spec, &mut progress).await?,
            true => self.steps(network, spec, &mut progress).await?,
        };
        Ok(BenchmarkResult { multiply_adds, ..result })
    }

    async fn passes(
        &self,
        network: Network,
        spec: &BenchmarkSpec,
        progress: &mut impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<BenchmarkResult, EngineError> {
        let mut result = BenchmarkResult::default();
        let rgb = noise(spec.batch * side_bytes(spec.size));
        let classes: Vec<usize> = (0..MAPS.min(network.linear.weight.dims()[1])).collect();
        for run in 0..=spec.runs {
            let start = (self.clock)();
            let output = network.forward(Preprocessing::symmetric(spec.size).normalise(&rgb, &self.device));
            let logits = read(output.logits).await?;
            let forward = (self.clock)();
            read(class_maps(&network, output.features.slice(s![0..1]), &classes)).await?;
            let maps = (self.clock)();
            if !logits.iter().all(|logit| logit.is_finite()) {
                return Err(EngineError::NotFinite);
            }
            match run {
                0 => result.first = (forward - start) as f32,
                _ => {
                    result.runs.push((forward - start) as f32);
                    result.maps.push((maps - forward) as f32);
                }
            }
            result.logits = logits;
            if progress(run, spec.runs).await.is_break() {
                break;
            }
        }
        Ok(result)
    }

    /// Plain steps of stochastic gradient descent on one batch over and over.
    async fn steps(
        &self,
        network: Network,
        spec: &BenchmarkSpec,
        progress: &mut impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<BenchmarkResult, EngineError> {
        let classes = network.linear.weight.dims()[1];
        let names = (0..classes).map(|class| class.to_string()).collect();
        let mut data = Dataset { classes: names, side: spec.size as usize, ..Dataset::default() };
        for (i, image) in noise(spec.batch * side_bytes(spec.size)).chunks(side_bytes(spec.size)).enumerate() {
            data.push(image, i % classes);
        }
        // Nothing is held out: between two steps lies no judging.
        let nothing = Dataset { classes: data.classes.clone(), side: data.side, ..Dataset::default() };
        let [data, nothing] =
            [data, nothing].map(|data| Examples::photos(Arc::new(data), &Preprocessing::symmetric(spec.size)));
        let config = TrainConfig {
            epochs: spec.runs + 1,
            batch: spec.batch,
            lr: LEARNING_RATE,
            optimizer: Optimizer::Sgd,
            momentum: 0.0,
            weight_decay: 0.0,
            schedule: Schedule::Constant,
            augment: Augment::None,
            ..TrainConfig::default()
        };
        let start = Progress { network, optimizer: config.optimizer(), epoch: 0 };
        let (mut result, mut last) = (BenchmarkResult::default(), (self.clock)());
        let device = self.device.clone();
        fit(start, &data, &nothing, &config, &[device], async |event| {
            let Event::Step { done, loss, .. } = event else { return ControlFlow::Continue(()) };
            let now = (self.clock)();
            match done {
                1 => result.first = (now - last) as f32,
                _ => result.runs.push((now - last) as f32),
            }
            result.losses.push(loss);
            let told = progress(done - 1, spec.runs).await;
            last = (self.clock)();
            told
        })
        .await?;
        Ok(result)
    }
}

fn side_bytes(size: u32) -> usize {
    3 * (size * size) as usize
}

/// Bytes that look random and are the same everywhere: the high ones of a multiplicative hash of their places (Knuth,
/// "The Art of Computer Programming", volume 3, section 6.4), so that another program can be given the same.
pub fn noise(bytes: usize) -> Vec<u8> {
    (0..bytes as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}
