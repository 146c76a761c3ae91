//! One model on one device: photos in, predictions with their maps out. The page's worker and the native binary
//! both are thin shells around this.

use std::collections::HashMap;
use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor};

use crate::cam::{CamError, class_maps, explain};
use crate::checkpoint::{CheckpointError, ModelCard, decode, sha256_hex, verify, weights};
use crate::core::evidence::{BOX_THRESHOLD, GRID, evidence_box};
use crate::core::geometry::Rect;
use crate::core::inference::{ClassMap, Inference, Prediction, Timing};
use crate::core::method::CamOptions;
use crate::core::resample::bilinear;
use crate::device::{ReadError, read};
use crate::model::{ConfigError, Network};
use crate::photo::Photo;
use crate::train::TrainError;

/// Classes whose maps a comparison holds at most.
pub const COMPARED: usize = 50;

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("No model is loaded yet.")]
    NoModel,
    #[error("The photo has not been looked at with this model yet.")]
    NotSeen,
    #[error("Class number {class} does not exist; the model tells {classes} apart.")]
    Class { class: usize, classes: usize },
    #[error(transparent)]
    Network(#[from] ConfigError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error("The network's result is not a number. The device may be at fault; try the CPU.")]
    NotFinite,
    #[error("There is nothing to tell apart yet: at least two classes are needed, with a photo or more in each.")]
    Lesson,
    #[error("The training was stopped before its first epoch was over: nothing has changed.")]
    Stopped,
    #[error("A photo was not studied with this model yet.")]
    NotStudied,
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Cam(#[from] CamError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl EngineError {
    /// Whether the device gives nothing back any more, so that nothing else will work either.
    pub fn is_device_fault(&self) -> bool {
        matches!(
            self,
            Self::Read(_)
                | Self::Train(TrainError::Read(_))
                | Self::Cam(CamError::Read(_))
                | Self::Checkpoint(CheckpointError::Read(_))
        )
    }
}

/// What of a photo is kept so that any class's map needs no new forward pass.
pub(super) struct CachedInference {
    pub features: Tensor<4>,
    pub logits: Vec<f32>,
    pub probabilities: Vec<f32>,
    pub window: Rect,
}

/// A photo that was looked at.
pub(super) struct CachedPhoto {
    /// The square that the network saw, as [`Preprocessing::normalise`](crate::recipe::Recipe::normalise) takes it.
    pub rgb: Vec<u8>,
    seen: CachedInference,
}

pub(super) struct Model {
    pub card: ModelCard,
    pub network: Network,
}

pub struct Session {
    pub(super) device: Device,
    pub(super) clock: fn() -> f64,
    pub(super) model: Option<Model>,
    seen: HashMap<u32, CachedPhoto>,
    pub(super) studied: HashMap<u32, super::teach::CachedFeatures>,
    /// What was taught or recalled last.
    taught: Option<Model>,
}

impl Session {
    /// `clock` tells milliseconds from any beginning: the browser's and the system's differ.
    pub fn new(device: Device, clock: fn() -> f64) -> Self {
        Self { device, clock, model: None, seen: HashMap::new(), studied: HashMap::new(), taught: None }
    }

    /// Another session with the same model, for another thread; it has seen nothing yet.
    pub fn beside(&self) -> Self {
        let model = self.model.as_ref().map(|model| Model { card: model.card.clone(), network: model.network.clone() });
        Self { model, ..Self::new(self.device.clone(), self.clock) }
    }

    /// Checks `bytes` against the card's hash and builds the model. On an error the model before stays.
    pub fn load(&mut self, card: ModelCard, bytes: Vec<u8>) -> Result<(), EngineError> {
        verify(&bytes, &card)?;
        let network = weights(bytes, &card, &self.device)?;
        self.set_model(card, network);
        Ok(())
    }

    /// Takes a network as it is.
    pub fn set_model(&mut self, card: ModelCard, network: Network) {
        self.seen.clear();
        self.studied.clear();
        self.model = Some(Model { card, network });
    }

    pub(super) fn loaded(&self) -> Result<&Model, EngineError> {
        self.model.as_ref().ok_or(EngineError::NoModel)
    }

    pub fn card(&self) -> Option<&ModelCard> {
        self.model.as_ref().map(|model| &model.card)
    }

    /// Has the device make itself ready for photos: shaders are compiled, weights laid out. What it shows is of no interest.
    ///
    /// # Errors
    /// [`EngineError::NoModel`], [`EngineError::Read`].
    pub async fn warm_up(&self) -> Result<(), EngineError> {
        let model = self.loaded()?;
        let nothing = vec![0; 3 * (model.card.preprocessing.size as usize).pow(2)];
        let output = model.network.forward(model.card.preprocessing.normalise(&nothing, &self.device));
        read(class_maps(&model.network, output.features, &[0])).await?;
        read(output.logits).await?;
        Ok(())
    }

    /// The `top` most probable classes of `photo` with their maps, all from one forward pass. What is needed for
    /// further maps is kept under `id`.
    pub async fn infer(&mut self, id: u32, photo: &Photo, top: usize) -> Result<Inference, EngineError> {
        let model = self.loaded()?;
        let (inference, kept) = self.infer_with(model, photo, top).await?;
        self.seen.insert(id, kept);
        Ok(inference)
    }

    /// Takes up a model beside the loaded one: what [`Session::compare`] calls "after".
    ///
    /// # Errors
    /// [`EngineError::Checkpoint`] where `bytes` are no checkpoint; the model taken up before stays.
    pub fn recall(&mut self, bytes: Vec<u8>) -> Result<&ModelCard, EngineError> {
        let named = (bytes.len() as u64, sha256_hex(&bytes));
        let (mut card, network) = decode(bytes, &self.device)?;
        (card.bytes, card.sha256) = named;
        Ok(self.set_taught(card, network))
    }

    /// The same with a network as it is.
    pub fn set_taught(&mut self, card: ModelCard, network: Network) -> &ModelCard {
        &self.taught.insert(Model { card, network }).card
    }

    /// One photo with the loaded model (its `top` classes) and, where there is one, with the model taken up beside it
    /// (as many classes as [`COMPARED`], which is all of a person's own).
    ///
    /// # Errors
    /// [`EngineError::NoModel`], [`EngineError::NotFinite`].
    pub async fn compare(&self, photo: &Photo, top: usize) -> Result<(Inference, Option<Inference>), EngineError> {
        let model = self.loaded()?;
        let (before, _) = self.infer_with(model, photo, top).await?;
        let after = match &self.taught {
            Some(taught) => Some(self.infer_with(taught, photo, COMPARED).await?.0),
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
        let seen_part = preprocessing.crop(photo.width, photo.height);
        let rgb = photo.square(seen_part, preprocessing.size);
        let output = model.network.forward(preprocessing.normalise(&rgb, &self.device));
        let logits = read(output.logits).await?;
        if logits.iter().any(|logit| !logit.is_finite()) {
            return Err(EngineError::NotFinite);
        }
        let network_done = (self.clock)();

        let probabilities = softmax(&logits);
        let mut order: Vec<usize> = (0..logits.len()).collect();
        order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
        order.truncate(top);
        let (width, height) = photo.original;
        let window = photo.in_file(seen_part);
        let seen = CachedInference { features: output.features, logits, probabilities, window };
        let predictions = predictions(&model.network, &model.card.classes, &seen, &order).await?;
        let maps_done = (self.clock)();

        let inference = Inference {
            width,
            height,
            window: seen_part.scaled(1.0 / f64::from(photo.width), 1.0 / f64::from(photo.height)),
            predictions,
            timing: Timing { network: network_done - start, maps: maps_done - network_done, ..Timing::default() },
        };
        Ok((inference, CachedPhoto { rgb, seen }))
    }

    /// The maps of any `classes` of a photo that was looked at, without a new forward pass.
    pub async fn maps(&self, id: u32, classes: &[usize]) -> Result<Vec<Prediction>, EngineError> {
        let model = self.loaded()?;
        let CachedPhoto { seen, .. } = self.kept(id, classes)?;
        predictions(&model.network, &model.card.classes, seen, classes).await
    }

    /// The same by any method; what takes many passes tells how many are done, of how many, and ends where that breaks.
    ///
    /// # Errors
    /// [`EngineError::NotSeen`] for a photo that was not looked at, [`EngineError::Class`], [`EngineError::Cam`].
    pub async fn explain(
        &self,
        id: u32,
        options: &CamOptions,
        classes: &[usize],
        progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<Vec<Prediction>, EngineError> {
        let model = self.loaded()?;
        let CachedPhoto { rgb, seen } = self.kept(id, classes)?;
        let x = model.card.preprocessing.normalise(rgb, &self.device);
        let maps = explain(&model.network, x, Some(seen.features.clone()), options, classes, progress).await?;
        with_maps(maps, &model.card.classes, seen, classes).await
    }

    /// How many stages the loaded network has.
    pub fn stages(&self) -> usize {
        self.model.as_ref().map_or(0, |model| model.network.stages.len())
    }

    /// What is kept of photo `id`, if the model has all of `classes`.
    pub(super) fn kept(&self, id: u32, classes: &[usize]) -> Result<&CachedPhoto, EngineError> {
        let kept = self.seen.get(&id).ok_or(EngineError::NotSeen)?;
        let count = kept.seen.logits.len();
        match classes.iter().find(|&&class| class >= count) {
            Some(&class) => Err(EngineError::Class { class, classes: count }),
            None => Ok(kept),
        }
    }

    /// Lets go of what was kept of a photo.
    pub fn forget(&mut self, id: u32) {
        self.seen.remove(&id);
        self.studied.remove(&id);
    }
}

/// The predictions for `classes`, with their maps; `names` are those of all classes.
pub(super) async fn predictions(
    network: &Network,
    names: &[String],
    seen: &CachedInference,
    classes: &[usize],
) -> Result<Vec<Prediction>, EngineError> {
    with_maps(class_maps(network, seen.features.clone(), classes), names, seen, classes).await
}

/// The predictions for `classes` with these maps, `[classes, h, w]`.
async fn with_maps(
    maps: Tensor<3>,
    names: &[String],
    seen: &CachedInference,
    classes: &[usize],
) -> Result<Vec<Prediction>, EngineError> {
    let [_, height, width] = maps.dims();
    let values = read(maps).await?;
    let predictions = classes.iter().zip(values.chunks_exact(width * height)).map(|(&index, map)| Prediction {
        index,
        class: names[index].clone(),
        logit: seen.logits[index],
        probability: seen.probabilities[index],
        evidence_box: box_in_photo(map, width, height, seen.window),
        map: ClassMap { width, height, values: map.to_vec() },
    });
    Ok(predictions.collect())
}

/// The paper's box on the map scaled up, in pixels of the upright photo.
fn box_in_photo(map: &[f32], width: usize, height: usize, window: Rect) -> Option<[f32; 4]> {
    let fine = bilinear(map, width, height, GRID, GRID);
    let found = evidence_box(&fine, GRID, BOX_THRESHOLD)?;
    let x = |cell: usize| (window.x + window.width * cell as f64 / GRID as f64) as f32;
    let y = |cell: usize| (window.y + window.height * cell as f64 / GRID as f64) as f32;
    Some([x(found.x0), y(found.y0), x(found.x1), y(found.y1)])
}

pub(super) fn softmax(logits: &[f32]) -> Vec<f32> {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exponentials: Vec<f32> = logits.iter().map(|logit| (logit - max).exp()).collect();
    let sum: f32 = exponentials.iter().sum();
    exponentials.into_iter().map(|e| e / sum).collect()
}
