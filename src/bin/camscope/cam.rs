//! `camscope cam`: overlays and raw maps of photos.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use camscope::engine::Session;
use camscope::method::{Explanation, Method};
use camscope::photo::Photo;
use camscope::protocol::Prediction;
use camscope::recipe::Window;
use camscope::render::{OverlayOptions, Picture, Range, overlay};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::model::{Device, Models, session, session_of_cut};
use crate::sheet;

/// Draw class activation maps over photos.
#[derive(clap::Args)]
pub struct Args {
    #[arg(required_unless_present = "data", value_name = "PHOTO")]
    photos: Vec<PathBuf>,
    /// A name in the manifest, or a .bpk file.
    #[arg(long, default_value = "efficientnet-lite0")]
    model: String,
    #[command(flatten)]
    models: Models,
    #[arg(long, default_value = "cpu")]
    device: Device,
    /// How many of the most probable classes.
    #[arg(long, default_value_t = 5)]
    top: usize,
    /// These classes instead, by name or number, separated by commas.
    #[arg(long, value_delimiter = ',')]
    classes: Vec<String>,
    /// How the maps are made; `camscope methods` says what to know of each.
    #[arg(long, value_enum, default_value = "cam", conflicts_with = "data")]
    method: Method,
    /// The stage whose activations are weighed, as `camscope info` counts them; without it the last.
    #[arg(long)]
    stage: Option<usize>,
    /// Mean over the photo and its mirror image, each in three contrasts.
    #[arg(long)]
    flips: bool,
    /// The strongest pattern of the weighted activations instead of their sum.
    #[arg(long)]
    principal: bool,
    /// Folder for the overlays. Without it: the current folder, or none with --json. With --data: the sheet's file.
    #[arg(long)]
    out: Option<PathBuf>,
    /// One sheet a photo instead of single overlays: the photo and its classes side by side.
    #[arg(long)]
    per_class: bool,
    /// One sheet of a data set's test images instead of photos: `stl10:DIR`, `cifar10:DIR` or `folder:DIR`.
    #[arg(long, conflicts_with_all = ["photos", "json", "classes", "per_class"])]
    data: Option<String>,
    /// Columns and rows of that sheet.
    #[arg(long, default_value = "8x8", value_parser = sheet::grid)]
    grid: (usize, usize),
    /// One JSON object a photo on standard output.
    #[arg(long)]
    json: bool,
}

impl Args {
    fn explanation(&self) -> Explanation {
        Explanation { method: self.method, stage: self.stage, flips: self.flips, principal: self.principal }
    }
}

/// A photo's line with `--json`.
#[derive(Serialize)]
struct Line<'a> {
    photo: &'a str,
    width: u32,
    height: u32,
    model: &'a str,
    device: &'a str,
    #[serde(flatten)]
    explanation: Explanation,
    predictions: &'a [Prediction],
}

#[derive(Serialize)]
struct FailedLine<'a> {
    photo: &'a str,
    error: String,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    if let Some(data) = &args.data {
        let out = args.out.unwrap_or_else(|| "sheet.png".into());
        sheet::of_data(session_of_cut(&args.model, &args.models.models, args.device)?, data, args.grid, &out)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut session = session(&args.model, &args.models.models, args.device)?;
    let classes = class_numbers(&session, &args.classes)?;
    let out = args.out.clone().or((!args.json).then(|| PathBuf::from(".")));
    if let Some(out) = &out {
        std::fs::create_dir_all(out).with_context(|| format!("{} cannot be made", out.display()))?;
    }
    let mut code = ExitCode::SUCCESS;
    for path in &args.photos {
        if let Err(error) = one(&mut session, path, &classes, out.as_deref(), &args) {
            code = ExitCode::FAILURE;
            let photo = path.to_string_lossy();
            match args.json {
                true => {
                    println!("{}", serde_json::to_string(&FailedLine { photo: &photo, error: format!("{error:#}") })?)
                }
                false => eprintln!("{photo}: {error:#}"),
            }
        }
    }
    Ok(code)
}

fn one(session: &mut Session, path: &Path, classes: &[usize], out: Option<&Path>, args: &Args) -> anyhow::Result<()> {
    const ID: u32 = 0;
    let photo = Photo::decode(&std::fs::read(path).context("the file cannot be read")?)?;
    for note in &photo.notes {
        eprintln!("{}: {note}", path.display());
    }
    let look = pollster::block_on(session.look(ID, &photo, args.top))?;
    let explanation = args.explanation();
    let best: Vec<usize> = look.predictions.iter().map(|p| p.index).collect();
    let predictions = match (explanation == Explanation::default(), classes.is_empty()) {
        (true, true) => look.predictions,
        (true, false) => pollster::block_on(session.maps(ID, classes))?,
        (false, none) => explained(session, ID, &explanation, if none { &best } else { classes })?,
    };
    if let Some(out) = out {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        match args.per_class {
            true => sheet::of_photo(&photo, look.window, &predictions, &out.join(format!("{stem}-classes.png")))?,
            false => draw(&photo, look.window, &predictions, out, &stem)?,
        }
    }
    let name = path.to_string_lossy();
    if args.json {
        let model = session.card().map_or("", |card| &card.name);
        let (width, height, device) = (look.width, look.height, &*args.device.to_string());
        let line = Line { photo: &name, width, height, model, device, explanation, predictions: &predictions };
        println!("{}", serde_json::to_string(&line)?);
    } else {
        println!("{name}");
        for p in &predictions {
            println!("  {:>5.1} %  {}", p.probability * 100.0, p.class);
        }
    }
    Ok(())
}

/// Maps by any method, with a bar for those that take long.
fn explained(session: &Session, id: u32, wanted: &Explanation, classes: &[usize]) -> anyhow::Result<Vec<Prediction>> {
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} passes · {eta} left")?);
    let maps = session.explain(id, wanted, classes, async |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
        ControlFlow::Continue(())
    });
    let maps = pollster::block_on(maps);
    bar.finish_and_clear();
    Ok(maps?)
}

/// One PNG a class, on one scale: `STEM-RANK-CLASS.png`.
fn draw(photo: &Photo, window: Window, predictions: &[Prediction], out: &Path, stem: &str) -> anyhow::Result<()> {
    let (width, height) = (photo.width as usize, photo.height as usize);
    let picture = Picture { width, height, rgb: &photo.rgb };
    let range = Range::of(predictions.iter().flat_map(|p| &p.map.values));
    let window = window.scaled(f64::from(photo.width), f64::from(photo.height));
    for (rank, p) in predictions.iter().enumerate() {
        let cells = (p.map.width, p.map.height);
        let rgba = overlay(picture, &p.map.values, cells, window, range, OverlayOptions::default());
        let class: String = p.class.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        let file = out.join(format!("{stem}-{}-{class}.png", rank + 1));
        image::save_buffer(&file, &rgba, photo.width, photo.height, image::ColorType::Rgba8)
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

fn class_numbers(session: &Session, wanted: &[String]) -> anyhow::Result<Vec<usize>> {
    let classes = session.card().map_or(&[][..], |card| &card.classes);
    let number = |wanted: &String| {
        let by_name = classes.iter().position(|class| class.eq_ignore_ascii_case(wanted.trim()));
        let by_number = || wanted.trim().parse().ok().filter(|&n: &usize| n < classes.len());
        match by_name.or_else(by_number) {
            Some(class) => Ok(class),
            None => {
                bail!("the model has no class \"{wanted}\"; it tells {} apart, such as {}", classes.len(), classes[0])
            }
        }
    };
    wanted.iter().map(number).collect()
}

/// Prints the methods' table.
pub fn methods() -> ExitCode {
    println!("| `--method` | name | source | what to know | same as CAM | cost |");
    println!("|---|---|---|---|---|---|");
    for method in Method::ALL {
        let about = method.about();
        let (name, cost) = (about.name, about.cost.words());
        println!("| `{name}` | {} | {} | {} | {} | {cost} |", about.title, about.paper, about.assumes, about.equals);
    }
    ExitCode::SUCCESS
}
