//! `camscope report`: maps and predictions of many photos as one HTML file. The pictures are inside, and there is no script.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use camscope::core::inference::{Inference, Prediction};
use camscope::core::method::{CamOptions, Method};
use camscope::core::resample::shrink;
use camscope::language::Language;
use camscope::photo::Photo;
use camscope::render::{Colormap, OverlayOptions, Picture, Range, overlay};
use image::codecs::jpeg::JpegEncoder;

use crate::batch::{BatchOptions, Source, for_each, sources};
use crate::model::ModelArgs;
use crate::output::{say, text_of};

/// Write photos with their maps and predictions as one HTML file without scripts.
#[derive(clap::Args)]
pub struct Args {
    /// Photos, or folders: all photos below them
    #[arg(required = true, value_name = "PHOTO")]
    photos: Vec<PathBuf>,
    #[command(flatten)]
    by: ModelArgs,
    /// Number of most probable classes to show
    #[arg(long, default_value_t = 3)]
    top: usize,
    /// Method of the maps; `camscope methods` lists them with their caveats
    #[arg(long, value_enum, default_value = "cam")]
    method: Method,
    /// File for the report
    #[arg(long, default_value = "report.html")]
    out: PathBuf,
}

/// Longest side of a picture, in pixels.
const SIDE: usize = 280;
/// JPEG quality of a picture.
const QUALITY: u8 = 82;

const STYLE: &str = ":root{color-scheme:light dark;font:16px/1.45 system-ui,sans-serif;--soft:#5c646e;--line:#dcdeda;--accent:#2457a6}\
    @media(prefers-color-scheme:dark){:root{--soft:#a3abb4;--line:#343a41;--accent:#86b1f5}}\
    body{margin:0 auto;max-width:1200px;padding:24px}h1{font-size:1.4rem;margin:0}h2{font-size:1rem;margin:28px 0 8px;overflow-wrap:anywhere}\
    p,small{color:var(--soft)}.row{display:flex;flex-wrap:wrap;gap:14px}figure{margin:0;max-width:280px}img{display:block;max-width:100%;border-radius:8px}\
    figcaption{padding-top:4px;overflow-wrap:anywhere}i{display:block;height:5px;border-radius:3px;margin-top:3px;\
    background:linear-gradient(var(--accent),var(--accent)) no-repeat left/var(--s) 100%,var(--line)}\
    .key{height:10px;width:160px;border-radius:5px;display:inline-block;vertical-align:middle}.wrong{color:#9a2617}";

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let session = args.by.session()?;
    let Some(card) = session.card() else { bail!("no model is loaded") };
    let sources = sources(&args.photos, None)?;
    let options = CamOptions { method: args.method, ..CamOptions::default() };
    let wanted = BatchOptions { options, top: args.top.max(1), classes: Vec::new() };
    let (mut body, mut failed) = (String::new(), 0);
    for_each(&session, &sources, &wanted, section, |source, made| {
        match made {
            Ok(section) => body.push_str(&section),
            Err(error) => {
                failed += 1;
                write!(body, "<h2>{}</h2><p class=wrong>{}</p>", escaped(&source.name), escaped(&text_of(&error)))?;
            }
        }
        Ok(())
    })?;
    let (title, count) = (escaped(&card.title), sources.len() - failed);
    let info = args.method.info();
    let stops: Vec<_> = Colormap::Jet.table().iter().step_by(17).map(|[r, g, b]| format!("rgb({r},{g},{b})")).collect();
    let page = format!(
        "<!doctype html>\n<html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>Evidence of {title}</title><style>{STYLE}</style>\n\
         <h1>Evidence of {title}</h1>\n<p>{count} photo{}, the {} most probable classes of each, with {} ({}). {} \
         The maps of one photo share a scale: <small>least</small> <span class=key style=\"background:linear-gradient(to right,{})\"></span> \
         <small>most</small>. The area outside the network's crop is dark.</p>\n{body}\
         <p>Made by camscope {}.</p></html>\n",
        if count == 1 { "" } else { "s" },
        args.top,
        info.title,
        info.paper,
        Language::english().text(&info.assumes.into()),
        stops.join(","),
        env!("CARGO_PKG_VERSION"),
    );
    std::fs::write(&args.out, page).with_context(|| format!("{} cannot be written", args.out.display()))?;
    say!("{}: {count} photos, {failed} left out", args.out.display());
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Write the section of a photo: the photo itself, and the photo with each class's map.
fn section(source: &Source, photo: &Photo, inference: Inference) -> anyhow::Result<String> {
    let (rgb, width, height) = shrink(&photo.rgb, photo.width as usize, photo.height as usize, SIDE);
    let name = escaped(&source.name);
    let mut html = format!(
        "<h2>{name}</h2>\n<div class=row>\n<figure><img alt=\"{name}\" src=\"{}\"><figcaption><small>{} × {} pixels</small></figcaption></figure>\n",
        jpeg(&rgb, width, height)?,
        inference.width,
        inference.height
    );
    let range = Range::of(inference.predictions.iter().flat_map(|p| &p.map.values));
    let crop = inference.crop.scaled(width as f64, height as f64);
    for Prediction { class, probability, map, .. } in &inference.predictions {
        let picture = Picture { width, height, rgb: &rgb };
        let rgba = overlay(picture, &map.values, (map.width, map.height), crop, range, OverlayOptions::default());
        let drawn: Vec<u8> = rgba.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        let (class, percent) = (escaped(class), probability * 100.0);
        writeln!(
            html,
            "<figure><img alt=\"Map of {class}\" src=\"{}\"><figcaption>{class} <small>{percent:.1} %</small>\
             <i style=\"--s:{percent:.1}%\"></i></figcaption></figure>",
            jpeg(&drawn, width, height)?
        )?;
    }
    Ok(html + "</div>\n")
}

/// Encode as JPEG in a `data:` URL.
fn jpeg(rgb: &[u8], width: usize, height: usize) -> anyhow::Result<String> {
    let mut file = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut file, QUALITY);
    image::ImageEncoder::write_image(encoder, rgb, width as u32, height as u32, image::ExtendedColorType::Rgb8)?;
    Ok(format!("data:image/jpeg;base64,{}", STANDARD.encode(file)))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
