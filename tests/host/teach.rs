//! Teaching: a session fine-tunes a network on a person's own classes, as in the page's engine.

use std::io::Read;
use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor, TensorData};
use camscope::checkpoint::{ModelCard, decode, encode};
use camscope::core::lesson::{Lesson, LessonEvent, LessonSettings, TrainablePart};
use camscope::engine::{EngineError, Session, Taught};
use camscope::model::{Network, run};
use camscope::photo::Photo;

use crate::model::efficientnet;
use crate::support::{fetched, project, report, values};

/// Return a photo of vertical or, if `across`, horizontal stripes. Even a random network can tell them apart, whatever
/// the colours.
fn stripes(i: u32, across: bool) -> Photo {
    let colour = |on: bool| if on { [200 + (i * 7 % 50) as u8, 90, 60] } else { [20, (i * 13 % 90) as u8, 120] };
    let pixel = |x: u32, y: u32| image::Rgb(colour((if across { y } else { x }) / 4 % 2 == 0));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(64, 48, pixel).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    Photo::decode(&bytes.into_inner()).unwrap()
}

fn clock() -> f64 {
    0.0
}

/// Return the small model that is in the repository.
fn small() -> (ModelCard, Network) {
    let files = std::fs::read_dir(project("www/models")).unwrap().map(|entry| entry.unwrap().path());
    let ours = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("vgg16-gap-cifar10") && name.ends_with(".bpk")
    };
    let path = files.into_iter().find(ours).expect("the small model is in the repository");
    decode(std::fs::read(path).unwrap(), &Device::flex()).unwrap()
}

fn lesson(photos: Vec<(u32, usize)>, settings: LessonSettings) -> Lesson {
    Lesson {
        name: "mine".into(),
        title: "Mine".into(),
        classes: vec!["down".into(), "across".into()],
        photos,
        settings,
        watched: Some((0, 0)),
    }
}

/// Run a lesson; return its result and all of its events.
fn teach(session: &Session, lesson: &Lesson) -> (Result<Taught, EngineError>, Vec<LessonEvent>) {
    let mut events = Vec::new();
    let taught = session.teach(lesson, async |event| {
        events.push(event);
        ControlFlow::Continue(())
    });
    (pollster::block_on(taught), events)
}

/// Return a session with the cached features of ten photos of stripes, and the photos' ids and classes.
fn striped(copies: bool) -> (Session, Vec<(u32, usize)>) {
    let (card, network) = small();
    let mut session = Session::new(Device::flex(), clock);
    session.set_model(card, network);
    let photos: Vec<(u32, usize)> = (0..10).map(|i| (i, (i % 2) as usize)).collect();
    for &(photo, class) in &photos {
        session.extract_features(photo, &stripes(photo, class == 1), copies).unwrap();
    }
    (session, photos)
}

#[test]
fn stripes_are_learnt_by_the_head_and_by_the_last_stage() {
    for part in [TrainablePart::Head, TrainablePart::LastStage] {
        let (mut session, photos) = striped(true);
        let lesson = lesson(photos, LessonSettings { part, ..LessonSettings::default() });
        let (taught, events) = teach(&session, &lesson);
        let taught = taught.unwrap();
        let epochs: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                LessonEvent::Epoch { number, train_loss, held_out, watched, .. } => {
                    Some((number, train_loss, held_out, watched))
                }
                LessonEvent::Step { .. } => None,
            })
            .collect();
        assert_eq!(epochs.len(), 20, "{part:?}");
        assert!(epochs[19].1 < &(epochs[0].1 * 0.5), "{part:?}: loss {} to {}", epochs[0].1, epochs[19].1);
        assert_eq!(taught.answers.iter().filter(|answer| answer.held_out).count(), 2);
        for answer in &taught.answers {
            assert!(answer.probabilities[answer.class] > 0.5, "{part:?}: {answer:?}");
            assert!((answer.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        }
        // The watched photo's map changes from the first epoch to the last.
        let map = |i: usize| &epochs[i].3.as_ref().unwrap().map.values;
        assert_ne!(map(0), map(19));

        // On the photo, the network from the file predicts what the trained part predicted from the cached features.
        let (before, answer) = (taught.card.clone(), taught.answers[4].clone());
        let file = pollster::block_on(encode(&taught.network, &taught.card)).unwrap();
        let (card, network) = decode(file, &Device::flex()).unwrap();
        assert_eq!((card.classes.as_slice(), card.accuracy.as_ref().unwrap().top1), (&before.classes[..], 1.0));
        session.set_model(card, network);
        let inference = pollster::block_on(session.infer(4, &stripes(4, answer.class == 1), 2)).unwrap();
        assert_eq!(inference.predictions[0].index, answer.class);
        assert!(
            (inference.predictions[0].probability - answer.probabilities[answer.class]).abs() < 0.02,
            "{part:?}: the file has float16"
        );
    }
}

#[test]
fn a_lesson_needs_two_classes_and_cached_features() {
    let (session, photos) = striped(false);
    let one_class = photos.iter().copied().filter(|&(_, class)| class == 0).collect();
    let (taught, _) = teach(&session, &lesson(one_class, LessonSettings::default()));
    assert!(taught.unwrap_err().to_string().contains("two classes"));
    let (taught, _) = teach(&session, &lesson(vec![(0, 0), (99, 1)], LessonSettings::default()));
    assert!(matches!(taught, Err(EngineError::NoFeatures)));
}

/// With one photo per class no photo can be held out. The result has no accuracy then.
#[test]
fn one_photo_per_class_is_enough() {
    let (session, photos) = striped(true);
    let (taught, events) = teach(&session, &lesson(photos[..2].to_vec(), LessonSettings::default()));
    let taught = taught.unwrap();
    assert!(taught.card.accuracy.is_none() && taught.answers.iter().all(|answer| !answer.held_out));
    let has_held_out = |event: &LessonEvent| matches!(event, LessonEvent::Epoch { held_out: Some(_), .. });
    assert!(!events.iter().any(has_held_out));
    assert!(taught.answers.iter().all(|answer| answer.probabilities[answer.class] > 0.5));
}

#[test]
fn a_stopped_lesson_keeps_its_best_weights() {
    let (session, photos) = striped(false);
    let mut epochs = 0;
    let lesson = lesson(photos, LessonSettings { epochs: 1000, ..LessonSettings::default() });
    let taught = pollster::block_on(session.teach(&lesson, async |event| {
        epochs += usize::from(matches!(event, LessonEvent::Epoch { .. }));
        if epochs == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }));
    assert_eq!(epochs, 5);
    assert!(taught.unwrap().answers.iter().all(|answer| answer.probabilities[answer.class] > 0.4));
    // Before the first epoch has ended there are no weights to keep: the head is still untrained.
    let stopped = pollster::block_on(session.teach(&lesson, async |_| ControlFlow::Break(())));
    assert!(matches!(stopped, Err(EngineError::Stopped)), "{:?}", stopped.is_ok());
}

/// The fine-tuned network is compared with the one before, directly and after it was read from its file.
#[test]
fn the_fine_tuned_network_is_compared_with_the_one_before() {
    let (mut session, photos) = striped(false);
    let photo = stripes(4, false);
    let (before, after) = pollster::block_on(session.compare(&photo, 3)).unwrap();
    assert_eq!((before.predictions.len(), after), (3, None));

    let (taught, _) = teach(&session, &lesson(photos, LessonSettings { augment: false, ..LessonSettings::default() }));
    let taught = taught.unwrap();
    let file = pollster::block_on(encode(&taught.network, &taught.card)).unwrap();
    let first = before.predictions;
    session.set_second(taught.card, taught.network);
    let (before, direct) = pollster::block_on(session.compare(&photo, 3)).unwrap();
    assert_eq!(before.predictions, first, "the first model is unchanged");
    let direct = direct.unwrap().predictions;
    assert_eq!(direct.iter().map(|p| p.class.as_str()).collect::<Vec<_>>(), ["down", "across"]);

    let card = session.load_second(file.clone()).unwrap();
    assert_eq!(
        (card.classes.as_slice(), card.bytes),
        (&["down".to_owned(), "across".to_owned()][..], file.len() as u64)
    );
    let loaded = pollster::block_on(session.compare(&photo, 3)).unwrap().1.unwrap().predictions;
    assert!((loaded[0].probability - direct[0].probability).abs() < 0.02, "the file has float16");
    assert!(session.load_second(b"no checkpoint".to_vec()).is_err());
    assert!(pollster::block_on(session.compare(&photo, 3)).unwrap().1.is_some(), "the model before it stays");
}

/// Uses real photos, and the page's default model and settings.
#[test]
fn cats_and_trucks_of_ten_photos_each() {
    if !fetched() {
        return;
    }
    let data = project("../shared/data/tiny-imagenet-stl.zip");
    let Ok(file) = std::fs::File::open(&data) else {
        return report(&format!(
            "skipped: {} is missing, and its licence does not allow us to ship it",
            data.display()
        ));
    };
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let (card, network) = efficientnet();
    let mut session = Session::new(Device::flex(), clock);
    session.set_model(card, network);
    let mut photos = Vec::new();
    for (class, synset) in ["n02123045", "n03796401"].iter().enumerate() {
        for i in 0..10u32 {
            let mut bytes = Vec::new();
            let name = format!("tiny-imagenet-200/train/{synset}/images/{synset}_{i}.JPEG");
            archive.by_name(&name).unwrap().read_to_end(&mut bytes).unwrap();
            let id = class as u32 * 10 + i;
            session.extract_features(id, &Photo::decode(&bytes).unwrap(), false).unwrap();
            photos.push((id, class));
        }
    }
    let settings = LessonSettings { augment: false, ..LessonSettings::default() };
    let (taught, events) = teach(&session, &lesson(photos, settings));
    let held_out = events.iter().rev().find_map(|event| match event {
        LessonEvent::Epoch { held_out, .. } => *held_out,
        LessonEvent::Step { .. } => None,
    });
    let correct = taught.unwrap().answers.iter().filter(|answer| answer.probabilities[answer.class] > 0.5).count();
    report(&format!("cats and trucks: held-out loss and accuracy {held_out:?}, {correct} of 20 correct"));
    assert!(held_out.unwrap().1 >= 0.9 && correct >= 19);
}

/// Checks gradients through the last stage, from its cached inputs, against finite differences of the loss.
#[test]
fn the_last_stages_gradient_is_the_slope_of_the_loss() {
    let device = Device::flex();
    let (_, network) = small();
    let last = network.stages.len() - 1;
    let x = TensorData::new(
        (0..3 * 32 * 32).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect::<Vec<_>>(),
        [1, 3, 32, 32],
    );
    let cached = run(&network.stages[..last], Tensor::from_data(x, &device));
    let loss = |inputs: Tensor<4>| network.head(network.stages[last].forward(inputs)).slice([0..1, 3..4]).sum();
    let autodiff = device.clone().autodiff();
    let tracked = Tensor::<4>::from_data(cached.clone().into_data(), &autodiff).require_grad();
    let tracking = burn::module::Module::to_device(network.clone(), &autodiff);
    let gradients = tracking.head(tracking.stages[last].forward(tracked.clone())).slice([0..1, 3..4]).sum().backward();
    let gradient = values(tracked.grad(&gradients).unwrap());
    let inputs = values(cached.clone());
    let norm = gradient.iter().map(|g| g * g).sum::<f32>().sqrt();
    // In the direction of the gradient, the slope of the loss is the gradient's norm.
    let step = 1e-2;
    let along = |sign: f32| {
        let shifted = inputs.iter().zip(&gradient).map(|(v, g)| v + sign * step * g / norm).collect::<Vec<_>>();
        values(loss(Tensor::from_data(TensorData::new(shifted, cached.dims()), &device)))[0]
    };
    let slope = (along(1.0) - along(-1.0)) / (2.0 * step);
    assert!((slope / norm - 1.0).abs() < 0.02, "slope {slope}, gradient's norm {norm}");
}
