//! `camscope score`: metrics of maps, to compare methods and to tell how far maps can be trusted.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use camscope::checkpoint::ModelCard;
use camscope::core::geometry::Rect;
use camscope::core::inference::ClassMap;
use camscope::core::method::{CamOptions, Method};
use camscope::core::metrics::{Faithfulness, Randomised};
use camscope::data::{DataSource, Format, formats_help};
use camscope::engine::Session;
use camscope::photo::Photo;
use camscope::train::{LocalisationScores, LocalisationTally};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::batch::{Source, sources};
use crate::evaluation_data::boxed;
use crate::model::ModelArgs;
use crate::output::{say, text_of};

/// Measure how far maps can be trusted.
#[derive(clap::Args)]
pub struct Args {
    /// Photos, or folders: all photos below them. The map of each photo's most probable class is measured
    #[arg(required_unless_present = "data", value_name = "PHOTO")]
    photos: Vec<PathBuf>,
    #[arg(long, conflicts_with = "photos",
        help = format!("Photos with boxes instead; the maps of the boxed classes are measured: {}", formats_help(Format::has_boxes)))]
    data: Option<DataSource>,
    /// Names of the data's boxes for classes of the model, as `car=automobile`, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "DATA=MODEL")]
    rename: Vec<String>,
    /// Use at most N of the data's photos, spread evenly
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    by: ModelArgs,
    /// Methods to compare, separated by commas; `camscope methods` lists them
    #[arg(long, value_enum, value_delimiter = ',', default_value = "cam")]
    method: Vec<Method>,
    /// Stage whose activations are drawn, as `camscope info` counts them; default: the last
    #[arg(long)]
    stage: Option<usize>,
    /// Metrics, separated by commas; default: faithfulness, and with --data also boxes
    #[arg(long, value_enum, value_delimiter = ',')]
    measure: Vec<MetricGroup>,
    /// Print one JSON array with an object per method
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MetricGroup {
    /// Average drop, increase in confidence, deletion, insertion, ROAD: 76 passes per map
    Faithfulness,
    /// Localisation, pointing game, evidence inside the boxes
    Boxes,
    /// Similarity of the maps to those with random weights, from the head down
    Sanity,
}

/// A photo with its ground truth.
struct Case {
    name: String,
    photo: Photo,
    /// Class and boxes of its object, if they are known.
    truth: Option<(usize, Vec<Rect>)>,
}

/// Result of one method.
#[derive(Serialize)]
struct Score {
    method: Method,
    photos: usize,
    /// Mean time per map. Measured only with boxes.
    milliseconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    faithfulness: Option<Means>,
    #[serde(skip_serializing_if = "Option::is_none")]
    boxes: Option<LocalisationScores>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sanity: Vec<Randomised>,
}

/// Means over all photos.
#[derive(Serialize)]
struct Means {
    average_drop: f64,
    increase_in_confidence: f64,
    deletion: f64,
    insertion: f64,
    road: f64,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (mut session, cases) = match &args.data {
        Some(data) => {
            let (card, session) = args.by.session_for_cropped()?;
            (session, boxed_cases(data, &args, &card)?)
        }
        None => (args.by.session()?, photos(&args.photos)?),
    };
    let mut metrics = args.measure.clone();
    if metrics.is_empty() {
        metrics.push(MetricGroup::Faithfulness);
        metrics.extend(args.data.is_some().then_some(MetricGroup::Boxes));
    }
    if metrics.contains(&MetricGroup::Boxes) && args.data.is_none() {
        bail!("--measure boxes needs --data with boxes: {}", formats_help(Format::has_boxes));
    }
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} maps · {eta} left")?;
    let bar = ProgressBar::new((cases.len() * args.method.len()) as u64).with_style(style);
    let mut scores = Vec::new();
    for &method in &args.method {
        bar.set_message(method.info().title);
        scores.push(of_method(
            &mut session,
            &cases,
            CamOptions { method, stage: args.stage, ..Default::default() },
            &metrics,
            &bar,
        )?);
    }
    bar.finish_and_clear();
    match args.json {
        true => say!("{}", serde_json::to_string(&scores)?),
        false => print(&scores),
    }
    Ok(ExitCode::SUCCESS)
}

/// Read the photos; name those that cannot be read.
fn photos(paths: &[PathBuf]) -> anyhow::Result<Vec<Case>> {
    let read = |source: &Source| -> anyhow::Result<Case> {
        Ok(Case { name: source.name.clone(), photo: Photo::decode(&std::fs::read(&source.path)?)?, truth: None })
    };
    let mut cases = Vec::new();
    for source in sources(paths, None)? {
        match read(&source) {
            Ok(case) => cases.push(case),
            Err(error) => eprintln!("{} is left out: {}", source.name, text_of(&error)),
        }
    }
    anyhow::ensure!(!cases.is_empty(), "no photo could be read");
    Ok(cases)
}

/// Load the data's objects, at most `--limit` of them.
fn boxed_cases(data: &DataSource, args: &Args, card: &ModelCard) -> anyhow::Result<Vec<Case>> {
    let Some(boxed) = boxed(data, &args.rename, card)? else {
        bail!("--data takes data with boxes, not \"{data}\": {}", formats_help(Format::has_boxes))
    };
    let (all, side) = (boxed.data.len(), boxed.data.side as u32);
    let count = args.limit.unwrap_or(all).clamp(1, all);
    let case = |i: usize| Case {
        name: format!("photo {i}"),
        photo: Photo {
            width: side,
            height: side,
            rgb: boxed.data.image(i).to_vec(),
            original: (side, side),
            orientation: 1,
            notes: Vec::new(),
        },
        truth: Some((boxed.data.labels[i], boxed.boxes[i].clone())),
    };
    Ok((0..count).map(|i| case(i * all / count)).collect())
}

fn of_method(
    session: &mut Session,
    cases: &[Case],
    options: CamOptions,
    metrics: &[MetricGroup],
    bar: &ProgressBar,
) -> anyhow::Result<Score> {
    const ID: u32 = 0;
    let go_on = async |_, _| ControlFlow::Continue(());
    let (mut faithfulness, mut sanity, mut found, mut spent) =
        (Vec::new(), Vec::new(), LocalisationTally::default(), 0.0);
    for case in cases {
        let inference = pollster::block_on(session.infer(ID, &case.photo, 1)).with_context(|| case.name.clone())?;
        let predicted = inference.predictions[0].index;
        let class = case.truth.as_ref().map_or(predicted, |(class, _)| *class);
        if let (true, Some((_, boxes))) = (metrics.contains(&MetricGroup::Boxes), &case.truth) {
            let start = Instant::now();
            let map = &pollster::block_on(session.explain(ID, &options, &[class], go_on))?[0].map;
            spent += start.elapsed().as_secs_f64() * 1000.0;
            found.add(&map.values, map.width, class == predicted, boxes);
        }
        if metrics.contains(&MetricGroup::Faithfulness) {
            faithfulness.push(pollster::block_on(session.faithfulness(ID, &options, class, go_on))?);
        }
        if metrics.contains(&MetricGroup::Sanity) {
            sanity.push(pollster::block_on(session.sanity(ID, &options, class, go_on))?);
        }
        bar.inc(1);
    }
    Ok(Score {
        method: options.method,
        photos: cases.len(),
        milliseconds: spent / cases.len() as f64,
        faithfulness: metrics.contains(&MetricGroup::Faithfulness).then(|| Means::of(&faithfulness)),
        boxes: metrics.contains(&MetricGroup::Boxes).then(|| found.scores()),
        sanity: mean_similarities(&sanity),
    })
}

impl Means {
    fn of(all: &[Faithfulness]) -> Self {
        let mean = |value: &dyn Fn(&Faithfulness) -> f32| {
            all.iter().map(|one| f64::from(value(one))).sum::<f64>() / all.len().max(1) as f64
        };
        Self {
            average_drop: mean(&Faithfulness::drop),
            increase_in_confidence: mean(&|one| f32::from(u8::from(one.increases()))),
            deletion: mean(&Faithfulness::deletion_area),
            insertion: mean(&Faithfulness::insertion_area),
            road: mean(&Faithfulness::road),
        }
    }
}

/// Average the similarities layer by layer, over the photos that have one.
fn mean_similarities(all: &[Vec<Randomised>]) -> Vec<Randomised> {
    let layers = all.first().map_or(&[][..], |first| first);
    let mean = |(i, step): (usize, &Randomised)| {
        let known: Vec<f32> = all.iter().filter_map(|steps| steps[i].similarity).collect();
        let similarity = (!known.is_empty()).then(|| known.iter().sum::<f32>() / known.len() as f32);
        Randomised { layer: step.layer.clone(), similarity, map: ClassMap::default() }
    };
    layers.iter().enumerate().map(mean).collect()
}

fn print(scores: &[Score]) {
    if scores.iter().any(|score| score.faithfulness.is_some()) {
        say!("method           average drop  increase  deletion  insertion    ROAD");
        say!("                   lower %    higher %    lower     higher   higher");
        for score in scores {
            let Some(m) = &score.faithfulness else { continue };
            say!(
                "{:<16} {:>9.2} {:>11.1} {:>9.4} {:>10.4} {:>8.4}",
                score.method.to_string(),
                m.average_drop * 100.0,
                m.increase_in_confidence * 100.0,
                m.deletion,
                m.insertion,
                m.road
            );
        }
    }
    if scores.iter().any(|score| score.boxes.is_some()) {
        say!("method           localisation error  class given  pointing game  evidence inside  ms a map");
        for score in scores {
            let Some(b) = &score.boxes else { continue };
            say!(
                "{:<16} {:>16.1} % {:>10.1} % {:>12.1} % {:>14.1} % {:>9.1}",
                score.method.to_string(),
                b.error * 100.0,
                b.error_class_known * 100.0,
                b.pointing * 100.0,
                b.evidence_inside * 100.0,
                score.milliseconds
            );
        }
    }
    if scores.iter().any(|score| !score.sanity.is_empty()) {
        say!("rank correlation with the map of the trained network, with random weights from the head down to …");
        for score in scores {
            let step = |step: &Randomised| match step.similarity {
                Some(similarity) => format!("{} {similarity:.2}", step.layer),
                None => format!("{} –", step.layer),
            };
            say!("{:<16} {}", score.method.to_string(), score.sanity.iter().map(step).collect::<Vec<_>>().join(", "));
        }
    }
    let photos = scores.first().map_or(0, |score| score.photos);
    say!("{photos} photo{}", if photos == 1 { "" } else { "s" });
}
