//! Loss and accuracy as figures: of one run by epoch, of several runs by step.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use camscope::train::Epoch;
use plotters::prelude::*;

use crate::output::say;
use crate::run_folder::RunFolder;

const SIZE: (u32, u32) = (900, 360);
/// Colours that work with every kind of colour vision (Okabe & Ito 2008).
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

/// Draw the training losses and validation accuracies of several runs into one SVG, and print the last figures.
#[derive(clap::Args)]
pub struct Args {
    /// Run folders
    #[arg(required = true, num_args = 1..)]
    runs: Vec<PathBuf>,
    /// File for the figure
    #[arg(long, default_value = "curves.svg")]
    to: PathBuf,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    if args.runs.len() > COLOURS.len() {
        bail!("{} runs are too many for one figure; give at most {}", args.runs.len(), COLOURS.len());
    }
    let (mut losses, mut accuracies) = (Vec::new(), Vec::new());
    say!("run  steps  training loss (last tenth)  best validation accuracy");
    for (path, colour) in args.runs.iter().zip(COLOURS) {
        let (run, options) = RunFolder::open(path)?;
        let (epochs, steps) = (run.state.epochs, run.state.losses);
        let (Some(&(last, _)), false) = (steps.last(), epochs.is_empty()) else {
            bail!("{} has no finished epoch yet", path.display());
        };
        let name = options.model.unwrap_or_else(|| path.display().to_string());
        let tail = &steps[steps.len() - steps.len().div_ceil(10)..];
        let tail = tail.iter().map(|(_, loss)| f64::from(*loss)).sum::<f64>() / tail.len() as f64;
        let best = epochs.iter().map(|e| e.validation_accuracy).fold(0.0, f64::max) * 100.0;
        say!("{name}  {last}  {tail:.4}  {best:.2} %");
        let each = last as f64 / epochs.len() as f64;
        losses.push((name.clone(), colour, steps.iter().map(|&(step, loss)| (step as f64, f64::from(loss))).collect()));
        let points = epochs.iter().map(|e| (e.number as f64 * each, e.validation_accuracy * 100.0));
        accuracies.push((name, colour, points.collect()));
    }
    let picture = two_charts(
        ("training loss (cross-entropy, nats)", None, &losses),
        ("validation accuracy, %", Some(100.0), &accuracies),
        "step",
    )?;
    std::fs::write(&args.to, picture).with_context(|| format!("{} cannot be written", args.to.display()))?;
    say!("{}", args.to.display());
    Ok(ExitCode::SUCCESS)
}

/// Draw one run: losses and validation accuracy by epoch.
pub fn svg(epochs: &[Epoch]) -> anyhow::Result<String> {
    let line = |name: &str, colour, value: fn(&Epoch) -> f64| {
        (name.to_owned(), colour, epochs.iter().map(|e| (e.number as f64, value(e))).collect())
    };
    let losses = [line("train", BLUE, |e| e.train_loss), line("validation", RED, |e| e.validation_loss)];
    let accuracy = [line("validation", RED, |e| e.validation_accuracy * 100.0)];
    two_charts(
        ("loss (cross-entropy, nats)", None, &losses),
        ("validation accuracy, %", Some(100.0), &accuracy),
        "epoch",
    )
}

/// Name, colour, and points.
type Line = (String, RGBColor, Vec<(f64, f64)>);
/// Title, upper end of the scale if it is fixed, and lines.
type Chart<'a> = (&'a str, Option<f64>, &'a [Line]);
type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// Draw two charts side by side as SVG.
fn two_charts(left: Chart<'_>, right: Chart<'_>, unit: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let (left_half, right_half) = root.split_horizontally(SIZE.0 / 2);
        chart(&left_half, left, unit)?;
        chart(&right_half, right, unit)?;
        root.present()?;
    }
    Ok(text)
}

fn chart(area: &Area<'_>, (title, top, lines): Chart<'_>, unit: &str) -> anyhow::Result<()> {
    let points = || lines.iter().flat_map(|(.., points)| points).filter(|(_, y)| y.is_finite());
    // Falling losses leave room at the top, rising accuracies at the bottom.
    let corner = if top.is_some() { SeriesLabelPosition::LowerRight } else { SeriesLabelPosition::UpperRight };
    let top = top.unwrap_or(points().map(|(_, y)| *y).fold(0.1, f64::max) * 1.05);
    let first = points().map(|(x, _)| *x).fold(f64::INFINITY, f64::min).min(1.0);
    let last = points().map(|(x, _)| *x).fold(first + 1.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(30)
        .y_label_area_size(40)
        .build_cartesian_2d(first..last, 0.0..top)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc(unit)
        .x_labels(8)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .draw()?;
    for (name, color, points) in lines {
        let line = LineSeries::new(points.iter().copied(), color.stroke_width(2));
        chart.draw_series(line)?.label(name).legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color));
    }
    chart.configure_series_labels().position(corner).border_style(BLACK.mix(0.3)).background_style(WHITE).draw()?;
    Ok(())
}
