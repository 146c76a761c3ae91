//! Sheets: the source article's figure of a data set (`cam --data … --grid 8x8`), and the CAM paper's figure of a photo's five
//! best classes (`cam --per-class`).

use std::path::Path;

use anyhow::Context;
use camscope::checkpoint::ModelCard;
use camscope::core::geometry::Rect;
use camscope::core::inference::Prediction;
use camscope::data::DataSource;
use camscope::engine::Session;
use camscope::photo::{Photo, resized};
use camscope::render::{OverlayOptions, Picture, Range, Sheet, Tile, overlay, sheet};

use crate::evaluation_data::labelled;
use crate::output::say;

/// Side of a picture on a sheet, in pixels.
const SIDE: u32 = 128;
const INK: [u8; 3] = [30, 34, 40];
const RIGHT: [u8; 3] = [20, 110, 50];
const WRONG: [u8; 3] = [170, 30, 20];

/// Parse columns and rows, such as `8x8`.
pub fn grid(text: &str) -> Result<(usize, usize), String> {
    let sides = text.split_once('x').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    sides
        .filter(|&(a, b): &(usize, usize)| a > 0 && b > 0)
        .ok_or_else(|| format!("expected columns x rows such as 8x8, found \"{text}\""))
}

/// Write a sheet of test images: for each the predicted and the true class, the predicted class's map over the image, and the
/// image itself.
pub fn of_data(
    (card, mut session): (ModelCard, Session),
    data: &DataSource,
    (columns, rows): (usize, usize),
    out: &Path,
) -> anyhow::Result<()> {
    let (_, data) = labelled(data, &card)?;
    // Spread over the set, because folders are ordered by class.
    let count = (columns * rows).min(data.len());
    let mut tiles = Vec::with_capacity(count);
    for i in (0..count).map(|i| i * data.len() / count) {
        let side = data.side as u32;
        let photo = Photo {
            width: side,
            height: side,
            rgb: data.image(i).to_vec(),
            original: (side, side),
            orientation: 1,
            notes: Vec::new(),
        };
        let inference = pollster::block_on(session.infer(0, &photo, 1))?;
        let best = &inference.predictions[0];
        let right = best.index == data.labels[i];
        let plain = resized(photo.rgb, side, SIDE);
        tiles.push(Tile {
            lines: vec![
                (best.class.clone(), if right { RIGHT } else { WRONG }),
                (format!("is {} · {i}", data.classes[data.labels[i]]), INK),
            ],
            pictures: vec![over(&plain, inference.crop, best, Range::of(&best.map.values)), plain],
        });
    }
    save(&sheet(&tiles, SIDE as usize, columns), out)
}

/// Write a sheet of one photo: the photo, and beside it the map of each prediction, all on one scale.
pub fn of_photo(photo: &Photo, crop: Rect, predictions: &[Prediction], out: &Path) -> anyhow::Result<()> {
    let short = f64::from(photo.width.min(photo.height));
    let (left, top) = ((f64::from(photo.width) - short) / 2.0, (f64::from(photo.height) - short) / 2.0);
    let plain = photo.square(Rect { x: left, y: top, width: short, height: short }, SIDE);
    // From fractions of the photo to fractions of its centre square.
    let (w, h) = (f64::from(photo.width), f64::from(photo.height));
    let crop = Rect {
        x: (crop.x * w - left) / short,
        y: (crop.y * h - top) / short,
        width: crop.width * w / short,
        height: crop.height * h / short,
    };
    let range = Range::of(predictions.iter().flat_map(|p| &p.map.values));
    let mut tiles = vec![Tile { lines: vec![("the photo".into(), INK)], pictures: vec![plain.clone()] }];
    tiles.extend(predictions.iter().map(|p| Tile {
        lines: vec![(p.class.clone(), INK), (format!("{:.1} %", p.probability * 100.0), INK)],
        pictures: vec![over(&plain, crop, p, range)],
    }));
    save(&sheet(&tiles, SIDE as usize, tiles.len()), out)
}

/// Draw the prediction's map over `plain`, a square picture of side [`SIDE`].
fn over(plain: &[u8], crop: Rect, prediction: &Prediction, range: Range) -> Vec<u8> {
    let side = SIDE as usize;
    let picture = Picture { width: side, height: side, rgb: plain };
    let crop = crop.scaled(f64::from(SIDE), f64::from(SIDE));
    let map = &prediction.map;
    let rgba = overlay(picture, &map.values, (map.width, map.height), crop, range, OverlayOptions::default());
    rgba.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect()
}

fn save(sheet: &Sheet, out: &Path) -> anyhow::Result<()> {
    image::save_buffer(out, &sheet.rgb, sheet.width as u32, sheet.height as u32, image::ColorType::Rgb8)
        .with_context(|| format!("{} cannot be written", out.display()))?;
    say!("{} ({} × {} pixels)", out.display(), sheet.width, sheet.height);
    Ok(())
}
