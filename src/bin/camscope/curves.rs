//! Loss and accuracy of a run, drawn.

use camscope::train::Epoch;
use plotters::prelude::*;

const SIZE: (u32, u32) = (900, 360);

/// Two charts side by side as SVG: losses, and the held-out accuracy.
pub fn svg(epochs: &[Epoch]) -> anyhow::Result<String> {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let (left, right) = root.split_horizontally(SIZE.0 / 2);
        let points =
            |value: fn(&Epoch) -> f64| epochs.iter().map(move |e| (e.number as f64, value(e))).collect::<Vec<_>>();
        let (train, held_out) = (points(|e| e.train_loss), points(|e| e.held_out_loss));
        chart(&left, "loss (cross-entropy, nats)", None, &[("train", BLUE, train), ("held out", RED, held_out)])?;
        let accuracy = points(|e| e.held_out_accuracy * 100.0);
        chart(&right, "held-out accuracy, %", Some(100.0), &[("held out", RED, accuracy)])?;
        root.present()?;
    }
    Ok(text)
}

/// Name, colour, and points.
type Line<'a> = (&'a str, RGBColor, Vec<(f64, f64)>);
type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn chart(area: &Area<'_>, title: &str, top: Option<f64>, lines: &[Line<'_>]) -> anyhow::Result<()> {
    let values = lines.iter().flat_map(|(.., points)| points).map(|(_, y)| *y).filter(|y| y.is_finite());
    let top = top.unwrap_or(values.fold(0.1, f64::max) * 1.05);
    let last = lines.iter().map(|(.., points)| points.len()).max().unwrap_or(1).max(2) as f64;
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(30)
        .y_label_area_size(40)
        .build_cartesian_2d(1.0..last, 0.0..top)?;
    chart.configure_mesh().x_desc("epoch").x_label_formatter(&|x| format!("{x:.0}")).draw()?;
    for &(name, color, ref points) in lines {
        let line = LineSeries::new(points.iter().copied(), color.stroke_width(2));
        chart.draw_series(line)?.label(name).legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color));
    }
    chart.configure_series_labels().border_style(BLACK.mix(0.3)).background_style(WHITE).draw()?;
    Ok(())
}
