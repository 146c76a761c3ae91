//! Teaching: a few photos of the person's own classes, a new head (and, if asked for, the last stage) on what the
//! frozen stages of the loaded model make of them.

use std::ops::ControlFlow;

use burn::nn::{Initializer, LinearConfig};
use burn::tensor::Tensor;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::session::{CachedInference, EngineError, Session, predictions, softmax};
use crate::checkpoint::{Accuracy, ModelCard};
use crate::core::geometry::Rect;
use crate::core::inference::Prediction;
use crate::core::lesson::{Answer, Lesson, LessonEvent, TrainablePart};
use crate::data::{Augment, augment, stratified};
use crate::device::read;
use crate::model::{Network, Stage, run};
use crate::photo::Photo;
use crate::train::{Event, Examples, Optimizer, Progress, Schedule, TrainConfig, fit};

/// Changed copies of a photo that are learnt from beside itself.
const COPIES: u64 = 4;

/// Photos that are judged at once when the training is over.
const ANSWERED: usize = 64;

/// What the frozen stages made of a photo and its changed copies.
pub(super) struct CachedFeatures {
    /// `[1 + copies, c, h, w]`: the input of the last stage, the photo itself first.
    inputs: Tensor<4>,
    /// What the last stage makes of that, as far as a head asks for it: for a linear head only the means.
    features: Tensor<4>,
    /// What the network saw of the photo, in its pixels.
    window: Rect,
}

/// The outcome of a lesson.
#[derive(Debug)]
pub struct Taught {
    pub card: ModelCard,
    /// The whole network, frozen stages included.
    pub network: Network,
    pub answers: Vec<Answer>,
}

impl Session {
    /// Runs the network on a photo, and on changed copies of it if these are to be learnt from; what they make of
    /// it is kept under `id`.
    ///
    /// # Errors
    /// [`EngineError::NoModel`].
    pub fn study(&mut self, id: u32, photo: &Photo, copies: bool) -> Result<(), EngineError> {
        let model = self.model.as_ref().ok_or(EngineError::NoModel)?;
        let preprocessing = &model.card.preprocessing;
        let part = preprocessing.crop(photo.width, photo.height);
        let mut rgb = photo.square(part, preprocessing.size);
        let plain = rgb.clone();
        for copy in 0..if copies { COPIES } else { 0 } {
            let mut rng = StdRng::seed_from_u64(u64::from(id) << 8 | copy);
            augment(Augment::CropFlipColour, &plain, preprocessing.size as usize, &mut rng, &mut rgb);
        }
        let (frozen, last) = split(&model.network);
        let inputs = run(frozen, preprocessing.normalise(&rgb, &self.device));
        let features = run(last, inputs.clone());
        let features = if model.network.rectified { features } else { features.mean_dim(3).mean_dim(2) };
        self.studied.insert(id, CachedFeatures { inputs, features, window: photo.in_file(part) });
        Ok(())
    }

    /// Trains on photos that were studied, tells how it goes, and keeps the weights that did best on those held out. The
    /// loaded model stays what it is.
    ///
    /// # Errors
    /// [`EngineError::Lesson`] where there is nothing to tell apart, [`EngineError::NotStudied`] for a photo that was not,
    /// [`EngineError::Stopped`] where no epoch was finished,
    /// [`EngineError::Train`] from the training itself.
    pub async fn teach(
        &self,
        lesson: &Lesson,
        mut on_event: impl AsyncFnMut(LessonEvent) -> ControlFlow<()>,
    ) -> Result<Taught, EngineError> {
        let model = self.model.as_ref().ok_or(EngineError::NoModel)?;
        let filled = (0..lesson.classes.len()).filter(|class| lesson.photos.iter().any(|(_, label)| label == class));
        if filled.count() < lesson.classes.len() || lesson.classes.len() < 2 {
            return Err(EngineError::Lesson);
        }
        let studied = |photo: u32| self.studied.get(&photo).ok_or(EngineError::NotStudied);
        let (frozen, last) = split(&model.network);
        let labels: Vec<usize> = lesson.photos.iter().map(|&(_, label)| label).collect();
        let settings = &lesson.settings;
        let (to_learn, held_out) = stratified(&labels, settings.held_out, settings.seed);

        let learner = Learner::new(&model.network, settings.part, lesson.classes.len());
        let all = lesson.photos.iter().map(|&(photo, _)| {
            let studied = studied(photo)?;
            Ok(match settings.part {
                TrainablePart::Head => studied.features.clone(),
                TrainablePart::LastStage => studied.inputs.clone(),
            })
        });
        let all: Vec<Tensor<4>> = all.collect::<Result<_, EngineError>>()?;
        let plain = |positions: &[usize]| {
            let inputs = positions.iter().map(|&i| all[i].clone().narrow(0, 0, 1)).collect();
            let labels = positions.iter().map(|&i| labels[i]).collect();
            Examples::cached(Tensor::cat(inputs, 0), labels, lesson.classes.len())
        };
        let copied = to_learn.iter().flat_map(|&i| std::iter::repeat_n(labels[i], all[i].dims()[0])).collect();
        let inputs = to_learn.iter().map(|&i| all[i].clone()).collect();
        let train = Examples::cached(Tensor::cat(inputs, 0), copied, lesson.classes.len());
        let judged = plain(if held_out.is_empty() { &to_learn } else { &held_out });

        let config = TrainConfig {
            epochs: settings.epochs,
            batch: settings.batch,
            lr: settings.lr,
            optimizer: Optimizer::Adam,
            weight_decay: 0.0,
            schedule: Schedule::Cosine,
            augment: Augment::None,
            balanced: settings.balanced,
            seed: settings.seed,
            ..TrainConfig::default()
        };
        // The watched photo on its way to the part that learns: for a head alone its features, which stay as they are.
        let watched = lesson.watched.and_then(|(photo, class)| {
            let studied = self.studied.get(&photo)?;
            let x = studied.inputs.clone().narrow(0, 0, 1);
            let x = match settings.part {
                TrainablePart::Head => run(last, x),
                TrainablePart::LastStage => x,
            };
            Some((x, studied.window, class))
        });
        let start = Progress { network: learner.network.clone(), optimizer: config.optimizer(), epoch: 0 };
        let mut best: Option<((f64, f64), Network)> = None;
        let devices = [self.device.clone()];
        let begun = (self.clock)();
        let done = fit(start, &train, &judged, &config, &devices, async |event| {
            let event = match event {
                Event::Step { done, total, loss } => LessonEvent::Step { done, total, loss },
                Event::Epoch { epoch, progress, .. } => {
                    let figure = (epoch.validation_accuracy, -epoch.validation_loss);
                    if best.as_ref().is_none_or(|(most, _)| figure >= *most) {
                        best = Some((figure, progress.network.clone()));
                    }
                    let watched = match &watched {
                        Some((x, window, class)) => {
                            map_of(&progress.network, x.clone(), *window, *class, &lesson.classes).await.ok()
                        }
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
        let (figure, tail) = best.ok_or(EngineError::Stopped)?;
        let mut answers = Vec::with_capacity(all.len());
        for batch in plain(&(0..all.len()).collect::<Vec<_>>()).in_order(ANSWERED) {
            let logits = read(tail.forward(batch.inputs(0..batch.len(), &self.device)).logits).await?;
            for logits in logits.chunks(lesson.classes.len()) {
                let i = answers.len();
                let (photo, class) = lesson.photos[i];
                let probabilities = softmax(logits);
                answers.push(Answer { photo, class, held_out: held_out.contains(&i), probabilities });
            }
        }
        let network = learner.whole(&tail, frozen, last);
        let accuracy = (!held_out.is_empty() && figure.0.is_finite()).then(|| Accuracy {
            top1: figure.0 as f32,
            on: format!("{} photos that were not learnt from", held_out.len()),
        });
        Ok(Taught { card: card(&model.card, lesson, accuracy), network, answers })
    }
}

/// The stages that never learn, and the last one.
fn split(network: &Network) -> (&[Stage], &[Stage]) {
    network.stages.split_at(network.stages.len().saturating_sub(1))
}

/// The part of a network that learns, as a network of its own.
struct Learner {
    network: Network,
    part: TrainablePart,
}

impl Learner {
    fn new(base: &Network, part: TrainablePart, classes: usize) -> Self {
        let [channels, _] = base.linear.weight.dims();
        let device = base.linear.weight.device();
        // Nothing is known yet: all classes are equally probable, on every device the same. What is rectified begins
        // above zero, where gradients flow.
        let mut linear = LinearConfig::new(channels, classes).with_initializer(Initializer::Zeros).init(&device);
        if base.rectified {
            linear.bias = Some(Initializer::Ones.init([classes], &device));
        }
        let stages = match part {
            TrainablePart::Head => Vec::new(),
            TrainablePart::LastStage => split(base).1.to_vec(),
        };
        Self { network: Network { stages, linear, rectified: base.rectified }, part }
    }

    /// The whole network with what `tail`, this part, has become.
    fn whole(&self, tail: &Network, frozen: &[Stage], last: &[Stage]) -> Network {
        let last = match self.part {
            TrainablePart::Head => last,
            TrainablePart::LastStage => &tail.stages,
        };
        Network { stages: [frozen, last].concat(), linear: tail.linear.clone(), rectified: self.network.rectified }
    }
}

/// The map of `class` in what `tail`, the part that learns, takes in of a photo.
async fn map_of(
    tail: &Network,
    x: Tensor<4>,
    window: Rect,
    class: usize,
    classes: &[String],
) -> Result<Prediction, EngineError> {
    let features = run(&tail.stages, x);
    let logits = read(tail.head(features.clone())).await?;
    let seen = CachedInference { features, probabilities: softmax(&logits), logits, window };
    let found = predictions(tail, classes, &seen, &[class]).await?;
    found.into_iter().next().ok_or(EngineError::Class { class, classes: classes.len() })
}

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
            "{part} on {}, taught on {} photos: {} epochs of Adam, highest learning rate {}, batch {}, seed {}",
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
