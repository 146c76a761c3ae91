//! A session: one model on one device, photos in, predictions with their maps out.
//!
//! The page's worker and the native binary are thin shells around it.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::OnceLock;

use burn::tensor::{Device, Tensor, TensorData};

use super::cache::{CachedFeatures, CachedInference, CachedPhoto, Scores};
use super::error::EngineError;
use super::predictions::{predictions, with_maps};
use crate::cam::{Head, explain};
use crate::checkpoint::{ModelCard, decode, sha256_hex, verify, weights};
use crate::core::inference::{Inference, Prediction, Timing, softmax};
use crate::core::method::CamOptions;
use crate::device::{ReadError, read, read_pair};
use crate::kernels::Recording;
use crate::model::{Network, Output};
use crate::photo::Photo;

/// Largest number of the second model's classes in a comparison. A lesson's classes are fewer.
pub const MAX_COMPARED_CLASSES: usize = 50;

/// A network and its card.
pub(super) struct Model {
    /// The forward pass of one photo, recorded on adapters. Declared first, so that it is dropped before the network.
    recorded: Option<Recording<Output>>,
    /// Whether recording was attempted.
    is_warm: bool,
    /// Whether a pass has run.
    is_used: bool,
    pub card: ModelCard,
    pub network: Network,
    /// The network's head, read from the device when it is first needed.
    head: OnceLock<Head>,
}

impl Model {
    fn new(card: ModelCard, network: Network) -> Self {
        Self { recorded: None, is_warm: false, is_used: false, card, network, head: OnceLock::new() }
    }

    /// Record the forward pass, if the device can and it has not been tried.
    fn record(&mut self, device: &Device) {
        if !std::mem::replace(&mut self.is_warm, true) {
            let side = self.card.preprocessing.size as usize;
            self.recorded = Recording::new([1, 3, side, side], device, |x| self.network.forward(x));
        }
    }

    /// Run the network on a photo's crop, interleaved RGB, and return the values of its logits and features, and the shape
    /// of the features.
    async fn forward(&self, rgb: &[u8], device: &Device) -> Result<([Vec<f32>; 2], [usize; 4]), ReadError> {
        let preprocessing = &self.card.preprocessing;
        let Output { features, logits } = match &self.recorded {
            Some(recorded) if recorded.is_usable() => recorded.run(preprocessing.values(rgb))?.clone(),
            _ => self.network.forward(preprocessing.normalise(rgb, device)),
        };
        let shape = features.dims();
        Ok((read_pair(logits, features).await?, shape))
    }

    /// Return the head's values.
    async fn head(&self) -> Result<&Head, ReadError> {
        match self.head.get() {
            Some(head) => Ok(head),
            None => {
                let head = Head::read(&self.network).await?;
                Ok(self.head.get_or_init(|| head))
            }
        }
    }
}

/// A model on a device, with the cached inferences and features of photos, and optionally a second model to compare
/// with.
///
/// ```
/// # use burn::tensor::{Device, Tensor, TensorData};
/// # use camscope::core::method::CamOptions;
/// # use camscope::engine::{EngineError, Session};
/// # use std::ops::ControlFlow::Continue;
/// let session = Session::new(Device::flex(), || 0.0);
/// let options = CamOptions::default();
/// let maps = session.explain(0, &options, &[1], async |_, _| Continue(()));
/// assert!(matches!(pollster::block_on(maps), Err(EngineError::NoModel)));
/// ```
pub struct Session {
    pub(super) device: Device,
    pub(super) clock: fn() -> f64,
    pub(super) model: Option<Model>,
    cached_photos: HashMap<u32, CachedPhoto>,
    pub(super) cached_features: HashMap<u32, CachedFeatures>,
    /// The model that was fine-tuned or loaded last, beside `model`.
    second: Option<Model>,
}

impl Session {
    /// Create a session without a model. `clock` returns milliseconds since any fixed point in time; browsers and
    /// systems have different ones.
    pub fn new(device: Device, clock: fn() -> f64) -> Self {
        let (cached_photos, cached_features) = (HashMap::new(), HashMap::new());
        Self { device, clock, model: None, cached_photos, cached_features, second: None }
    }

    /// Create a session with the same model and an empty cache, for another thread.
    pub fn fork(&self) -> Self {
        let model = self.model.as_ref().map(|model| Model::new(model.card.clone(), model.network.clone()));
        Self { model, ..Self::new(self.device.clone(), self.clock) }
    }

    /// Check `bytes` against the card's hash and build the model.
    ///
    /// # Errors
    /// [`EngineError::Checkpoint`] if the bytes are not the card's weights; the model before stays.
    pub fn load(&mut self, card: ModelCard, bytes: Vec<u8>) -> Result<(), EngineError> {
        verify(&bytes, &card)?;
        let network = weights(bytes, &card, &self.device)?;
        self.set_model(card, network);
        Ok(())
    }

    /// Compile an adapter's shaders before the weights arrive, by running the model's network with random weights.
    pub fn compile(&self, card: &ModelCard) {
        // An error comes again with the model itself, which reports it.
        if let Ok(network) = card.network.init(&self.device) {
            let side = card.preprocessing.size as usize;
            drop(network.folded().forward(Tensor::zeros([1, 3, side, side], &self.device)));
        }
    }

    /// Use a network that is already built, and drop everything cached with the one before.
    pub fn set_model(&mut self, card: ModelCard, network: Network) {
        self.cached_photos.clear();
        self.cached_features.clear();
        self.model = Some(Model::new(card, network));
    }

    pub(super) fn loaded(&self) -> Result<&Model, EngineError> {
        self.model.as_ref().ok_or(EngineError::NoModel)
    }

    /// Return the loaded model's card.
    pub fn card(&self) -> Option<&ModelCard> {
        self.model.as_ref().map(|model| &model.card)
    }

    /// Return the number of stages of the loaded network; 0 without a model.
    pub fn stages(&self) -> usize {
        self.model.as_ref().map_or(0, |model| model.network.stages.len())
    }

    /// Return whether [`Session::warm_up`] would make the next photo faster.
    pub fn is_cold(&self) -> bool {
        self.model.as_ref().is_some_and(|model| !model.is_warm)
    }

    /// Prepare the device for photos: it compiles its shaders and packs the weights. An adapter records the pass, and later
    /// ones only replay it. Without this call, the second photo is recorded.
    ///
    /// # Errors
    /// [`EngineError::NoModel`], [`EngineError::Read`].
    pub async fn warm_up(&mut self) -> Result<(), EngineError> {
        let model = self.model.as_mut().ok_or(EngineError::NoModel)?;
        model.record(&self.device);
        if model.recorded.is_some() || !model.is_used {
            let side = model.card.preprocessing.size as usize;
            model.forward(&vec![0; 3 * side * side], &self.device).await?;
        }
        model.head().await?;
        Ok(())
    }

    /// Predict the `top` most probable classes of `photo` with their CAMs, in one forward pass, and cache the result
    /// under `id`.
    ///
    /// # Errors
    /// [`EngineError::NoModel`], [`EngineError::NotFinite`], [`EngineError::Read`].
    pub async fn infer(&mut self, id: u32, photo: &Photo, top: usize) -> Result<Inference, EngineError> {
        if let Some(model) = &mut self.model
            && std::mem::replace(&mut model.is_used, true)
        {
            model.record(&self.device);
        }
        let model = self.loaded()?;
        let (inference, cached) = self.infer_with(model, photo, top).await?;
        self.cached_photos.insert(id, cached);
        Ok(inference)
    }

    /// Load a second model from a `.bpk` file: what [`Session::compare`] calls "after". Returns its card.
    ///
    /// # Errors
    /// [`EngineError::Checkpoint`] if `bytes` are not a checkpoint; the second model before stays.
    pub fn load_second(&mut self, bytes: Vec<u8>) -> Result<&ModelCard, EngineError> {
        let (size, hash) = (bytes.len() as u64, sha256_hex(&bytes));
        let (mut card, network) = decode(bytes, &self.device)?;
        (card.bytes, card.sha256) = (size, hash);
        Ok(self.set_second(card, network))
    }

    /// Use a network that is already built as the second model. Returns its card.
    pub fn set_second(&mut self, card: ModelCard, network: Network) -> &ModelCard {
        &self.second.insert(Model::new(card, network)).card
    }

    /// Run inference on a photo with the loaded model and, if there is one, with the second model.
    ///
    /// Returns the loaded model's `top` classes and up to [`MAX_COMPARED_CLASSES`] of the second model's. Nothing is
    /// cached.
    ///
    /// # Errors
    /// [`EngineError::NoModel`], [`EngineError::NotFinite`], [`EngineError::Read`].
    pub async fn compare(&self, photo: &Photo, top: usize) -> Result<(Inference, Option<Inference>), EngineError> {
        let model = self.loaded()?;
        let (before, _) = self.infer_with(model, photo, top).await?;
        let after = match &self.second {
            Some(second) => Some(self.infer_with(second, photo, MAX_COMPARED_CLASSES).await?.0),
            None => None,
        };
        Ok((before, after))
    }

    async fn infer_with(
        &self,
        model: &Model,
        photo: &Photo,
        top: usize,
    ) -> Result<(Inference, CachedPhoto), EngineError> {
        let preprocessing = &model.card.preprocessing;
        let start = (self.clock)();
        let crop = preprocessing.crop(photo.width, photo.height);
        let rgb = photo.square(crop, preprocessing.size);
        let ([logits, features], shape) = model.forward(&rgb, &self.device).await?;
        if logits.iter().any(|logit| !logit.is_finite()) {
            return Err(EngineError::NotFinite);
        }
        let network_done = (self.clock)();

        let probabilities = softmax(&logits);
        let mut order: Vec<usize> = (0..logits.len()).collect();
        order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
        order.truncate(top);
        let (width, height) = photo.original;
        let scores = Scores { logits, probabilities, crop: photo.in_file(crop) };
        let cached = CachedInference { features, shape, scores };
        let predictions = predictions(model.head().await?, &model.card.classes, &cached, &order);
        let maps_done = (self.clock)();

        let inference = Inference {
            width,
            height,
            crop: crop.scaled(1.0 / f64::from(photo.width), 1.0 / f64::from(photo.height)),
            predictions,
            timing: Timing { network: network_done - start, maps: maps_done - network_done, ..Timing::default() },
        };
        Ok((inference, CachedPhoto { rgb, inference: cached }))
    }

    /// Compute the maps of any `classes` of photo `id` by any method.
    ///
    /// Methods of many passes call `progress(done, total)` after every batch of them, and stop when it breaks.
    ///
    /// # Errors
    /// [`EngineError::NoModel`], [`EngineError::NoInference`], [`EngineError::Class`], [`EngineError::Cam`],
    /// [`EngineError::Read`].
    pub async fn explain(
        &self,
        id: u32,
        options: &CamOptions,
        classes: &[usize],
        progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<Vec<Prediction>, EngineError> {
        let model = self.loaded()?;
        let CachedPhoto { rgb, inference } = self.cached(id, classes)?;
        let x = model.card.preprocessing.normalise(rgb, &self.device);
        let features = Tensor::from_data(TensorData::new(inference.features.clone(), inference.shape), &self.device);
        let maps = explain(&model.network, x, Some(features), options, classes, progress).await?;
        let [_, height, width] = maps.dims();
        Ok(with_maps(&read(maps).await?, [height, width], &model.card.classes, &inference.scores, classes))
    }

    /// Return what is cached of photo `id`, if the model has all of `classes`.
    pub(super) fn cached(&self, id: u32, classes: &[usize]) -> Result<&CachedPhoto, EngineError> {
        let photo = self.cached_photos.get(&id).ok_or(EngineError::NoInference)?;
        let count = photo.inference.scores.logits.len();
        match classes.iter().find(|&&class| class >= count) {
            Some(&class) => Err(EngineError::Class { class, classes: count }),
            None => Ok(photo),
        }
    }

    /// Return whether an inference of photo `id` is cached.
    pub fn has_seen(&self, id: u32) -> bool {
        self.cached_photos.contains_key(&id)
    }

    /// Drop everything cached for photo `id`.
    pub fn forget(&mut self, id: u32) {
        self.cached_photos.remove(&id);
        self.cached_features.remove(&id);
    }
}
