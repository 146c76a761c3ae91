//! Timing of networks on this device, for *Measure this device* and `?bench=` on the page. (`camscope bench` times the site's
//! models through `Session::infer`.)

use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::Arc;

use burn::tensor::s;

use super::{EngineError, Session};
use crate::cam::Head;
use crate::core::benchmark::{BenchmarkResult, BenchmarkSpec};
use crate::core::preprocessing::Preprocessing;
use crate::data::{Augment, Dataset};
use crate::device::{ReadError, read_pair};
use crate::kernels::Recording;
use crate::model::{Network, NetworkConfig};
use crate::train::{Event, Examples, Optimizer, Progress, Schedule, TrainConfig, fit};

/// Classes of a network that is built for the benchmark.
const CLASSES: usize = 10;
/// Maps per run, as many as the page shows.
const MAPS: usize = 5;
/// Learning rate of training steps, small enough for any network with random weights.
const LEARNING_RATE: f64 = 1e-4;

impl Session {
    /// Time forward passes through a network, or training steps. The first run warms the device up and is reported
    /// apart.
    ///
    /// `progress(done, total)` is called after every run. If it breaks, the runs so far are returned.
    ///
    /// # Errors
    /// [`EngineError::NoModel`], [`EngineError::Network`] if no network has that name, [`EngineError::NotFinite`],
    /// [`EngineError::Train`] or [`EngineError::Read`] if the device fails.
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
            false => self.time_inference(network.folded(), spec, &mut progress).await?,
            true => self.time_training(network, spec, &mut progress).await?,
        };
        Ok(BenchmarkResult { multiply_adds, ..result })
    }

    /// Time forward passes on a batch of noise, and the maps of its first photo.
    async fn time_inference(
        &self,
        network: Network,
        spec: &BenchmarkSpec,
        progress: &mut impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<BenchmarkResult, EngineError> {
        let mut result = BenchmarkResult::default();
        let rgb = noise(spec.batch * image_bytes(spec.size));
        let classes: Vec<usize> = (0..MAPS.min(network.linear.weight.dims()[1])).collect();
        let head = Head::read(&network).await?;
        let preprocessing = Preprocessing::symmetric(spec.size);
        let side = spec.size as usize;
        let recorded = Recording::new([spec.batch, 3, side, side], &self.device, |x| network.forward(x));
        for run in 0..=spec.runs {
            let start = (self.clock)();
            let output = match &recorded {
                Some(recorded) => recorded.run(preprocessing.values(&rgb)).map_err(ReadError::from)?.clone(),
                None => network.forward(preprocessing.normalise(&rgb, &self.device)),
            };
            let [logits, features] = read_pair(output.logits, output.features.slice(s![0..1])).await?;
            let forward = (self.clock)();
            black_box(head.class_maps(&features, &classes));
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

    /// Time steps of plain stochastic gradient descent, all on the same batch of noise.
    async fn time_training(
        &self,
        network: Network,
        spec: &BenchmarkSpec,
        progress: &mut impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<BenchmarkResult, EngineError> {
        let classes = network.linear.weight.dims()[1];
        let names = (0..classes).map(|class| class.to_string()).collect();
        let mut data = Dataset { classes: names, side: spec.size as usize, ..Dataset::default() };
        for (i, image) in noise(spec.batch * image_bytes(spec.size)).chunks(image_bytes(spec.size)).enumerate() {
            data.push(image, i % classes);
        }
        // Without validation photos, no evaluation falls between two steps.
        let empty = Dataset { classes: data.classes.clone(), side: data.side, ..Dataset::default() };
        let [train, validation] =
            [data, empty].map(|data| Examples::photos(Arc::new(data), &Preprocessing::symmetric(spec.size)));
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
        fit(start, &train, &validation, &config, &[device], async |event| {
            let Event::Step { done, loss, .. } = event else { return ControlFlow::Continue(()) };
            let now = (self.clock)();
            match done {
                1 => result.first = (now - last) as f32,
                _ => result.runs.push((now - last) as f32),
            }
            result.losses.push(loss);
            let flow = progress(done - 1, spec.runs).await;
            last = (self.clock)();
            flow
        })
        .await?;
        Ok(result)
    }
}

/// Return the bytes of a `size` × `size` RGB image.
fn image_bytes(size: u32) -> usize {
    3 * (size * size) as usize
}

/// Return pseudo-random bytes that are the same on every machine, so that other programs can be given the same input.
///
/// Each byte is the highest of a multiplicative hash of its position (Knuth, "The Art of Computer Programming", volume
/// 3, section 6.4).
///
/// ```
/// # use camscope::engine::noise;
/// assert_eq!(noise(4), [0, 158, 60, 218]);
/// ```
pub fn noise(bytes: usize) -> Vec<u8> {
    (0..bytes as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}
