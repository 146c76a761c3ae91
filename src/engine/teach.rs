//! Fine-tuning on a few photos of a person's own classes: a new head, and optionally the last stage.
//!
//! The frozen stages run once per photo. Training works on their cached output.

use std::ops::ControlFlow;

use burn::tensor::Tensor;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::cache::{CachedFeatures, Scores};
use super::error::EngineError;
use super::learner::{Learner, LessonInputs, split_last, train_config};
use super::predictions::with_maps;
use super::session::Session;
use crate::cam::class_maps;
use crate::checkpoint::{Accuracy, ModelCard};
use crate::core::geometry::Rect;
use crate::core::inference::{Prediction, softmax};
use crate::core::lesson::{Answer, Lesson, LessonEvent, TrainablePart};
use crate::data::{Augment, augment, stratified};
use crate::device::{read, read_pair};
use crate::model::{Network, run};
use crate::photo::Photo;
use crate::train::{Event, Progress, fit};

/// Augmented copies per photo, besides the photo itself.
const COPIES: u64 = 4;

/// Photos per batch when the new model predicts all photos of the lesson.
const ANSWER_BATCH: usize = 64;

/// The outcome of a lesson.
#[derive(Debug)]
pub struct Taught {
    /// The new model's card, without file name, size and hash.
    pub card: ModelCard,
    /// The whole network, frozen stages included.
    pub network: Network,
    /// The new model's predictions for all photos of the lesson, in its order.
    pub answers: Vec<Answer>,
}

impl Session {
    /// Run the loaded network on a photo to train on, and cache its features under `id`.
    ///
    /// With `copies`, four augmented copies are cached too. They depend on `id` alone, so every device trains on the
    /// same pixels.
    ///
    /// # Errors
    /// [`EngineError::NoModel`].
    pub fn extract_features(&mut self, id: u32, photo: &Photo, copies: bool) -> Result<(), EngineError> {
        let model = self.loaded()?;
        let preprocessing = &model.card.preprocessing;
        let crop = preprocessing.crop(photo.width, photo.height);
        let mut rgb = photo.square(crop, preprocessing.size);
        let original = rgb.clone();
        for copy in 0..if copies { COPIES } else { 0 } {
            let mut rng = StdRng::seed_from_u64(u64::from(id) << 8 | copy);
            augment(Augment::CropFlipColour, &original, preprocessing.size as usize, &mut rng, &mut rgb);
        }
        let (frozen, last) = split_last(&model.network);
        let inputs = run(frozen, preprocessing.normalise(&rgb, &self.device));
        let features = run(last, inputs.clone());
        let features = if model.network.rectified { features } else { features.mean_dim(3).mean_dim(2) };
        self.cached_features.insert(id, CachedFeatures { inputs, features, crop: photo.in_file(crop) });
        Ok(())
    }

    /// Fine-tune on photos with cached features, and keep the weights of the epoch that does best on the held-out
    /// photos; on the training photos if none is held out.
    ///
    /// The loaded model is unchanged. Progress goes to `on_event`; training stops when it breaks.
    ///
    /// # Errors
    /// [`EngineError::NoModel`], [`EngineError::IncompleteLesson`], [`EngineError::NoFeatures`],
    /// [`EngineError::Stopped`] if no epoch was finished, [`EngineError::Train`] if the training fails, and
    /// [`EngineError::Read`] if the device fails.
    pub async fn teach(
        &self,
        lesson: &Lesson,
        mut on_event: impl AsyncFnMut(LessonEvent) -> ControlFlow<()>,
    ) -> Result<Taught, EngineError> {
        let model = self.loaded()?;
        if !is_complete(lesson) {
            return Err(EngineError::IncompleteLesson);
        }
        let settings = &lesson.settings;
        let data = self.lesson_inputs(lesson)?;
        let (to_train, held_out) = stratified(&data.labels, settings.held_out, settings.seed);
        let train = data.with_copies(&to_train);
        let validation = data.originals(if held_out.is_empty() { &to_train } else { &held_out });
        let watched = self.watched(lesson, &model.network);

        let learner = Learner::new(&model.network, settings.part, lesson.classes.len());
        let config = train_config(settings);
        let start = Progress { network: learner.network.clone(), optimizer: config.optimizer(), epoch: 0 };
        // Accuracy and negative loss of the best epoch so far, and its network. Of equal epochs the last counts.
        let mut best: Option<((f64, f64), Network)> = None;
        let devices = [self.device.clone()];
        let begun = (self.clock)();
        let done = fit(start, &train, &validation, &config, &devices, async |event| {
            let event = match event {
                Event::Step { done, total, loss } => LessonEvent::Step { done, total, loss },
                Event::Epoch { epoch, progress, .. } => {
                    let score = (epoch.validation_accuracy, -epoch.validation_loss);
                    if best.as_ref().is_none_or(|(highest, _)| score >= *highest) {
                        best = Some((score, progress.network.clone()));
                    }
                    let watched = match &watched {
                        Some(watched) => watched.predict(&progress.network, &lesson.classes).await.ok(),
                        None => None,
                    };
                    LessonEvent::Epoch {
                        number: epoch.number,
                        of: config.epochs,
                        train_loss: epoch.train_loss,
                        held_out: (!held_out.is_empty()).then_some((epoch.validation_loss, epoch.validation_accuracy)),
                        watched,
                        milliseconds: (self.clock)() - begun,
                    }
                }
            };
            on_event(event).await
        });
        done.await?;
        let ((accuracy, _), trained) = best.ok_or(EngineError::Stopped)?;

        let answers = self.answers(lesson, &data, &held_out, &trained).await?;
        let accuracy = (!held_out.is_empty() && accuracy.is_finite()).then(|| Accuracy {
            top1: accuracy as f32,
            on: format!("{} held-out photos, which also chose the epoch", held_out.len()),
        });
        let network = learner.join(&model.network, &trained);
        Ok(Taught { card: card(&model.card, lesson, accuracy), network, answers })
    }

    /// Collect the cached inputs of the trainable part for all photos of the lesson.
    fn lesson_inputs(&self, lesson: &Lesson) -> Result<LessonInputs, EngineError> {
        let input = |&(photo, _): &(u32, usize)| {
            let cached = self.cached_features.get(&photo).ok_or(EngineError::NoFeatures)?;
            Ok(match lesson.settings.part {
                TrainablePart::Head => cached.features.clone(),
                TrainablePart::LastStage => cached.inputs.clone(),
            })
        };
        let inputs = lesson.photos.iter().map(input).collect::<Result<_, EngineError>>()?;
        let labels = lesson.photos.iter().map(|&(_, label)| label).collect();
        Ok(LessonInputs { inputs, labels, classes: lesson.classes.len() })
    }

    /// Return the watched photo with its input to the trainable part; for a head, the last stage's output.
    fn watched(&self, lesson: &Lesson, network: &Network) -> Option<Watched> {
        let (photo, class) = lesson.watched?;
        let cached = self.cached_features.get(&photo)?;
        let x = cached.inputs.clone().narrow(0, 0, 1);
        let input = match lesson.settings.part {
            TrainablePart::Head => run(split_last(network).1, x),
            TrainablePart::LastStage => x,
        };
        Some(Watched { input, crop: cached.crop, class })
    }

    /// Predict all photos of the lesson with `trained`, the trainable part after training.
    async fn answers(
        &self,
        lesson: &Lesson,
        data: &LessonInputs,
        held_out: &[usize],
        trained: &Network,
    ) -> Result<Vec<Answer>, EngineError> {
        let mut answers = Vec::with_capacity(lesson.photos.len());
        let all: Vec<usize> = (0..lesson.photos.len()).collect();
        for batch in data.originals(&all).in_order(ANSWER_BATCH) {
            let logits = read(trained.forward(batch.inputs(0..batch.len(), &self.device)).logits).await?;
            for logits in logits.chunks(lesson.classes.len()) {
                let i = answers.len();
                let (photo, class) = lesson.photos[i];
                let probabilities = softmax(logits);
                answers.push(Answer { photo, class, held_out: held_out.contains(&i), probabilities });
            }
        }
        Ok(answers)
    }
}

/// Return whether the lesson has two classes or more, each with a photo.
fn is_complete(lesson: &Lesson) -> bool {
    let has_photo = |class: usize| lesson.photos.iter().any(|&(_, label)| label == class);
    lesson.classes.len() >= 2 && (0..lesson.classes.len()).all(has_photo)
}

/// A photo whose map of one class is reported after every epoch.
struct Watched {
    /// Input of the trainable part, `[1, c, h, w]`.
    input: Tensor<4>,
    /// The crop, in pixels of the upright photo in the file.
    crop: Rect,
    /// Index of the class.
    class: usize,
}

impl Watched {
    /// Predict the class with `trainable`, the trainable part of the network; `classes` are the names of all classes.
    async fn predict(&self, trainable: &Network, classes: &[String]) -> Result<Prediction, EngineError> {
        let features = run(&trainable.stages, self.input.clone());
        let maps = class_maps(trainable, features.clone(), &[self.class]);
        let [_, height, width] = maps.dims();
        let [logits, maps] = read_pair(trainable.head(features), maps).await?;
        let scores = Scores { probabilities: softmax(&logits), logits, crop: self.crop };
        let found = with_maps(&maps, [height, width], classes, &scores, &[self.class]);
        found.into_iter().next().ok_or(EngineError::Class { class: self.class, classes: classes.len() })
    }
}

/// Return the card of a model that was fine-tuned from `base`.
fn card(base: &ModelCard, lesson: &Lesson, accuracy: Option<Accuracy>) -> ModelCard {
    let part = match lesson.settings.part {
        TrainablePart::Head => "a new head",
        TrainablePart::LastStage => "a new head and the last stage",
    };
    ModelCard {
        name: lesson.name.clone(),
        title: lesson.title.clone(),
        network: base.network.clone().with_classes(lesson.classes.len()),
        classes: lesson.classes.clone(),
        source: format!(
            "{part} on {}, fine-tuned on {} photos: {} epochs of Adam, highest learning rate {}, batch {}, seed {}",
            base.title,
            lesson.photos.len(),
            lesson.settings.epochs,
            lesson.settings.lr,
            lesson.settings.batch,
            lesson.settings.seed
        ),
        accuracy,
        file: String::new(),
        bytes: 0,
        sha256: String::new(),
        ..base.clone()
    }
}
