//! `camscope cam`: overlays, tables and raw maps of one photo or many.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use camscope::core::batch::{BatchItem, BatchItemState, CSV_HEADER, csv_rows, raw_maps};
use camscope::core::geometry::Rect;
use camscope::core::inference::{Inference, Prediction};
use camscope::core::message::Message;
use camscope::core::method::{CamOptions, Method};
use camscope::data::{DataSource, formats_help};
use camscope::engine::Session;
use camscope::language::Language;
use camscope::photo::Photo;
use camscope::render::{OverlayOptions, Picture, Range, overlay};
use serde::Serialize;

use crate::batch::{BatchOptions, Shard, Source, for_each, sources};
use crate::model::ModelArgs;
use crate::output::{say, text_of};
use crate::sheet;

/// Draw class activation maps over photos.
#[derive(clap::Args)]
pub struct Args {
    /// Photos, or folders: all photos below them
    #[arg(required_unless_present = "data", value_name = "PHOTO")]
    photos: Vec<PathBuf>,
    #[command(flatten)]
    by: ModelArgs,
    /// Number of most probable classes to show
    #[arg(long, default_value_t = 5)]
    top: usize,
    /// Classes to show instead, by name or number, separated by commas
    #[arg(long, value_delimiter = ',')]
    classes: Vec<String>,
    /// Method of the maps; `camscope methods` lists them with their caveats
    #[arg(long, value_enum, default_value = "cam", conflicts_with = "data")]
    method: Method,
    /// Stage whose activations are drawn, as `camscope info` counts them; default: the last
    #[arg(long)]
    stage: Option<usize>,
    /// Test-time augmentation: mean over the photo and its mirror image, each at three contrasts
    #[arg(long, alias = "flips")]
    tta: bool,
    /// Draw the first principal component of the weighted activations in place of their sum
    #[arg(long, alias = "principal")]
    eigen_smooth: bool,
    /// Folder for the overlays; default: the current folder, or no overlays with --json, --csv or --npy. With --data: file of
    /// the sheet
    #[arg(long)]
    out: Option<PathBuf>,
    /// Write one sheet per photo instead of single overlays: the photo and its classes side by side
    #[arg(long)]
    per_class: bool,
    #[arg(long, conflicts_with_all = ["photos", "json", "classes", "per_class"],
        help = format!("Write one sheet of a data set's test images instead: {}", formats_help(|format| !format.has_boxes())))]
    data: Option<DataSource>,
    /// Columns and rows of the --data sheet
    #[arg(long, default_value = "8x8", value_parser = sheet::grid)]
    grid: (usize, usize),
    /// Print one JSON object per photo (docs/formats.md)
    #[arg(long)]
    json: bool,
    /// Write a table of the predictions (docs/formats.md); overlays only with --out
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write the raw maps for NumPy, [photos, classes, height, width]; overlays only with --out
    #[arg(long, value_name = "FILE")]
    npy: Option<PathBuf>,
    /// Process only share I of N, for several machines
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
}

impl Args {
    fn cam_options(&self) -> CamOptions {
        CamOptions { method: self.method, stage: self.stage, tta: self.tta, eigen_smooth: self.eigen_smooth }
    }
}

/// Line of one photo with `--json`.
#[derive(Serialize)]
struct Line<'a> {
    photo: &'a str,
    width: u32,
    height: u32,
    model: &'a str,
    device: &'a str,
    #[serde(flatten)]
    options: CamOptions,
    /// The network's crop, in fractions of the photo.
    crop: Rect,
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
        sheet::of_data(args.by.session_for_cropped()?, data, args.grid, &out)?;
        return Ok(ExitCode::SUCCESS);
    }
    let session = args.by.session()?;
    let classes = class_numbers(&session, &args.classes)?;
    let sources = sources(&args.photos, args.shard)?;
    let tables = args.csv.is_some() || args.npy.is_some();
    let out = args.out.clone().or((!args.json && !tables).then(|| PathBuf::from(".")));
    if let Some(out) = &out {
        std::fs::create_dir_all(out).with_context(|| format!("{} cannot be created", out.display()))?;
    }
    let wanted = BatchOptions { options: args.cam_options(), top: args.top, classes };
    let make = |source: &Source, photo: &Photo, inference: Inference| -> anyhow::Result<(String, Option<Inference>)> {
        if let Some(out) = &out {
            write_overlays(source, photo, &inference, out, args.per_class)?;
        }
        let text = match args.json {
            true => line(&session, &args, source, &inference)?,
            false => predictions(source, &inference),
        };
        Ok((text, tables.then_some(inference)))
    };
    let mut code = ExitCode::SUCCESS;
    let mut items = Vec::new();
    for_each(&session, &sources, &wanted, make, |source, made| {
        let photo = &*source.name;
        let state = match made {
            Ok((text, inference)) => {
                say!("{text}");
                inference.map(BatchItemState::Done)
            }
            Err(error) => {
                code = ExitCode::FAILURE;
                let error = text_of(&error);
                match args.json {
                    true => say!("{}", serde_json::to_string(&FailedLine { photo, error: error.clone() })?),
                    false => eprintln!("{photo}: {error}"),
                }
                Some(BatchItemState::Failed(Message::plain(error)))
            }
        };
        items.extend(state.map(|state| BatchItem {
            id: 0,
            name: source.name.clone(),
            state,
            boxes: Vec::new(),
            truth: None,
        }));
        Ok(())
    })?;
    if let Some(path) = &args.csv {
        let english = Language::english();
        let row = |item| csv_rows(item, |why| english.text(why));
        let table: String = std::iter::once(CSV_HEADER.to_owned()).chain(items.iter().map(row)).collect();
        write(path, table.as_bytes())?;
    }
    if let Some(path) = &args.npy {
        write(path, &raw_maps(&items).context("there is no map to write")?)?;
    }
    Ok(code)
}

fn line(session: &Session, args: &Args, source: &Source, inference: &Inference) -> anyhow::Result<String> {
    let line = Line {
        photo: &source.name,
        width: inference.width,
        height: inference.height,
        model: session.card().map_or("", |card| &card.name),
        device: &args.by.device.to_string(),
        options: args.cam_options(),
        crop: inference.crop,
        predictions: &inference.predictions,
    };
    Ok(serde_json::to_string(&line)?)
}

fn predictions(source: &Source, inference: &Inference) -> String {
    let line = |p: &Prediction| format!("\n  {:>5.1} %  {}", p.probability * 100.0, p.class);
    source.name.clone() + &inference.predictions.iter().map(line).collect::<String>()
}

/// Write a photo's overlays into `out`.
fn write_overlays(
    source: &Source,
    photo: &Photo,
    inference: &Inference,
    out: &Path,
    per_class: bool,
) -> anyhow::Result<()> {
    let place = out.join(&source.out);
    let out = place.parent().unwrap_or(out);
    std::fs::create_dir_all(out).with_context(|| format!("{} cannot be created", out.display()))?;
    let stem = place.file_name().unwrap_or_default().to_string_lossy();
    match per_class {
        true => {
            sheet::of_photo(photo, inference.crop, &inference.predictions, &out.join(format!("{stem}-classes.png")))
        }
        false => draw(photo, inference.crop, &inference.predictions, out, &stem),
    }
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("{} cannot be written", path.display()))
}

/// Write one PNG per class, all on one scale: `STEM-RANK-CLASS.png`.
fn draw(photo: &Photo, crop: Rect, predictions: &[Prediction], out: &Path, stem: &str) -> anyhow::Result<()> {
    let (width, height) = (photo.width as usize, photo.height as usize);
    let picture = Picture { width, height, rgb: &photo.rgb };
    let range = Range::of(predictions.iter().flat_map(|p| &p.map.values));
    let crop = crop.scaled(f64::from(photo.width), f64::from(photo.height));
    for (rank, p) in predictions.iter().enumerate() {
        let cells = (p.map.width, p.map.height);
        let rgba = overlay(picture, &p.map.values, cells, crop, range, OverlayOptions::default());
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
                bail!("the model has no class \"{wanted}\"; it has {} classes, such as {}", classes.len(), classes[0])
            }
        }
    };
    wanted.iter().map(number).collect()
}

/// Print the table of methods.
pub fn methods() -> ExitCode {
    let english = Language::english();
    say!("| `--method` | name | source | what to know | cost |");
    say!("|---|---|---|---|---|");
    for method in Method::ALL {
        let info = method.info();
        let (name, cost) = (info.name, english.text(&info.cost.id().into()));
        say!("| `{name}` | {} | {} | {} | {cost} |", info.title, info.paper, english.text(&info.caveats()));
    }
    ExitCode::SUCCESS
}
