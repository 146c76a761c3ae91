//! `camscope cam`: overlays, tables and raw maps of photos, one or a million.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use camscope::engine::Session;
use camscope::language::Language;
use camscope::method::{Explanation, Method};
use camscope::photo::Photo;
use camscope::protocol::{Look, Prediction};
use camscope::recipe::Window;
use camscope::render::{OverlayOptions, Picture, Range, overlay};
use camscope::said::Said;
use camscope::survey::{COLUMNS, Item, ItemState, raw_maps, rows};
use serde::Serialize;

use crate::batch::{Shard, Source, Wanted, for_each, sources};
use crate::model::Looking;
use crate::sheet;

/// Draw class activation maps over photos.
#[derive(clap::Args)]
pub struct Args {
    /// Files, or folders with all photos below them.
    #[arg(required_unless_present = "data", value_name = "PHOTO")]
    photos: Vec<PathBuf>,
    #[command(flatten)]
    by: Looking,
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
    /// One JSON object a photo on standard output (docs/formats.md).
    #[arg(long)]
    json: bool,
    /// A table of the predictions (docs/formats.md); no overlays then, unless --out asks for them.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// The raw maps, [photos, classes, height, width], for NumPy; no overlays then, unless --out asks for them.
    #[arg(long, value_name = "FILE")]
    npy: Option<PathBuf>,
    /// One of several machines' shares of the photos, as 1/8.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
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
    /// What the network saw, in shares of the photo.
    window: Window,
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
        sheet::of_data(args.by.session_of_cut()?, data, args.grid, &out)?;
        return Ok(ExitCode::SUCCESS);
    }
    let session = args.by.session()?;
    let classes = class_numbers(&session, &args.classes)?;
    let sources = sources(&args.photos, args.shard)?;
    let tables = args.csv.is_some() || args.npy.is_some();
    let out = args.out.clone().or((!args.json && !tables).then(|| PathBuf::from(".")));
    if let Some(out) = &out {
        std::fs::create_dir_all(out).with_context(|| format!("{} cannot be made", out.display()))?;
    }
    let wanted = Wanted { explanation: args.explanation(), top: args.top, classes };
    let make = |source: &Source, photo: &Photo, look: Look| -> anyhow::Result<(String, Option<Look>)> {
        if let Some(out) = &out {
            write_overlays(source, photo, &look, out, args.per_class)?;
        }
        let text = match args.json {
            true => line(&session, &args, source, &look)?,
            false => predictions(source, &look),
        };
        Ok((text, tables.then_some(look)))
    };
    let mut code = ExitCode::SUCCESS;
    let mut items = Vec::new();
    for_each(&session, &sources, &wanted, make, |source, made| {
        let photo = &*source.name;
        let state = match made {
            Ok((text, look)) => {
                println!("{text}");
                look.map(ItemState::Done)
            }
            Err(error) => {
                code = ExitCode::FAILURE;
                let error = format!("{error:#}");
                match args.json {
                    true => println!("{}", serde_json::to_string(&FailedLine { photo, error: error.clone() })?),
                    false => eprintln!("{photo}: {error}"),
                }
                Some(ItemState::Failed(Said::plain(error)))
            }
        };
        items.extend(state.map(|state| Item { id: 0, name: source.name.clone(), state, boxes: Vec::new() }));
        Ok(())
    })?;
    if let Some(path) = &args.csv {
        let english = Language::english();
        let row = |item| rows(item, |why| english.text(why));
        let table: String = std::iter::once(COLUMNS.to_owned()).chain(items.iter().map(row)).collect();
        write(path, table.as_bytes())?;
    }
    if let Some(path) = &args.npy {
        write(path, &raw_maps(&items).context("there is no map to write")?)?;
    }
    Ok(code)
}

fn line(session: &Session, args: &Args, source: &Source, look: &Look) -> anyhow::Result<String> {
    let line = Line {
        photo: &source.name,
        width: look.width,
        height: look.height,
        model: session.card().map_or("", |card| &card.name),
        device: &args.by.device.to_string(),
        explanation: args.explanation(),
        window: look.window,
        predictions: &look.predictions,
    };
    Ok(serde_json::to_string(&line)?)
}

fn predictions(source: &Source, look: &Look) -> String {
    let line = |p: &Prediction| format!("\n  {:>5.1} %  {}", p.probability * 100.0, p.class);
    source.name.clone() + &look.predictions.iter().map(line).collect::<String>()
}

/// Beside each other in `out`; of a photo from below a folder, below the same folders there.
fn write_overlays(source: &Source, photo: &Photo, look: &Look, out: &Path, per_class: bool) -> anyhow::Result<()> {
    let name = Path::new(&source.name);
    let below = name.parent().filter(|_| source.path != *name).unwrap_or(Path::new(""));
    let out = out.join(below);
    std::fs::create_dir_all(&out).with_context(|| format!("{} cannot be made", out.display()))?;
    let stem = name.file_stem().unwrap_or_default().to_string_lossy();
    match per_class {
        true => sheet::of_photo(photo, look.window, &look.predictions, &out.join(format!("{stem}-classes.png"))),
        false => draw(photo, look.window, &look.predictions, &out, &stem),
    }
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("{} cannot be written", path.display()))
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
    let english = Language::english();
    println!("| `--method` | name | source | what to know | cost |");
    println!("|---|---|---|---|---|");
    for method in Method::ALL {
        let about = method.about();
        let (name, cost) = (about.name, english.text(&about.cost.id().into()));
        println!("| `{name}` | {} | {} | {} | {cost} |", about.title, about.paper, english.text(&about.to_know()));
    }
    ExitCode::SUCCESS
}
