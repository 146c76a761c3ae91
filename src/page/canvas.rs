//! Drawing on canvases: maps over pictures, thumbnails, downloads.

use crate::core::inference::{Inference, Picture, Prediction};
use crate::core::resample::{self, shrink};
use crate::render::{self, Colormap, OverlayOptions, Range, overlay};
use js_sys::Function;
use wasm_bindgen::prelude::*;
use wasm_bindgen::{Clamped, JsCast};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, CanvasRenderingContext2d, HtmlAnchorElement, HtmlCanvasElement, ImageData, PointerEvent, Url};

use super::web::{document, keep, kept, property, sleep};

/// Key of the visitor's colour map in the browser's storage.
const COLOURS: &str = "camscope-colours";

/// Return the colour map that the visitor chose last, in any part.
pub fn colours() -> Colormap {
    kept(COLOURS).and_then(|name| Colormap::from_name(&name)).unwrap_or(Colormap::Evidence)
}

/// Share of a map's colour where it has most evidence, until the visitor chooses another.
pub const OPACITY: f32 = 0.75;

/// Return the appearance of maps on the page, in the colours of the visitor's choice: the map stands out of the
/// photo, and what the network did not see is not darkened.
pub fn overlay_options() -> OverlayOptions {
    OverlayOptions { opacity: OPACITY, colormap: colours(), smooth: true, stands_out: true, dims: false }
}

/// Keep the visitor's colour map for the next visit.
pub fn keep_colours(map: Colormap) {
    keep(COLOURS, map.name());
}

/// Longest side of a thumbnail, in pixels.
const THUMBNAIL: usize = 160;

/// Draw the prediction's map over `picture`, scaled down to at most `side` pixels per side.
pub fn draw_map(
    canvas: &HtmlCanvasElement,
    picture: &Picture,
    side: usize,
    inference: &Inference,
    prediction: &Prediction,
    range: Range,
    options: OverlayOptions,
) {
    let (rgb, width, height) = shrink(&picture.rgb, picture.width as usize, picture.height as usize, side);
    let crop = inference.crop.scaled(width as f64, height as f64);
    let picture = render::Picture { width, height, rgb: &rgb };
    let map = &prediction.map;
    draw_rgba(canvas, &overlay(picture, &map.values, (map.width, map.height), crop, range, options), width, height);
}

/// Return the pointer's position on the canvas's picture, in fractions of its width and height. The picture is letterboxed.
pub fn place(event: &PointerEvent) -> Option<(f32, f32)> {
    let canvas: HtmlCanvasElement = event.target()?.dyn_into().ok()?;
    let (width, height) = (f64::from(canvas.width()), f64::from(canvas.height()));
    let (shown_width, shown_height) = (f64::from(canvas.client_width()), f64::from(canvas.client_height()));
    let scale = (shown_width / width).min(shown_height / height);
    let share =
        |at: i32, shown: f64, length: f64| ((f64::from(at) - (shown - length * scale) / 2.0) / (length * scale)) as f32;
    Some((share(event.offset_x(), shown_width, width), share(event.offset_y(), shown_height, height)))
}

/// Return the map's value at a position of the photo; `None` outside the network's crop.
pub fn value_at(inference: &Inference, prediction: &Prediction, (x, y): (f32, f32), smooth: bool) -> Option<f32> {
    let crop = inference.crop;
    let (u, v) = ((x - crop.x as f32) / crop.width as f32, (y - crop.y as f32) / crop.height as f32);
    let inside = (0.0..1.0).contains(&u) && (0.0..1.0).contains(&v);
    inside.then(|| {
        let map = &prediction.map;
        resample::value_at(&map.values, (map.width, map.height), u, v, smooth)
    })
}

/// Draw `picture` without a map.
pub fn draw_plain(canvas: &HtmlCanvasElement, picture: &Picture) {
    let rgba: Vec<u8> = picture.rgb.chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], 255]).collect();
    draw_rgba(canvas, &rgba, picture.width as usize, picture.height as usize);
}

/// Draw the evidence box.
pub fn draw_box(canvas: &HtmlCanvasElement, inference: &Inference, prediction: &Prediction) {
    let Some([x0, y0, x1, y1]) = prediction.evidence_box else { return };
    let scale = f64::from(canvas.width()) / f64::from(inference.width);
    let [x, y, w, h] = [x0, y0, x1 - x0, y1 - y0].map(|v| f64::from(v) * scale);
    outline(canvas, |context| context.rect(x, y, w, h));
}

/// Frame the crop that the network saw, unless it is the whole picture, with a label.
pub fn draw_crop(canvas: &HtmlCanvasElement, inference: &Inference, label: &str) {
    let (width, height) = (f64::from(canvas.width()), f64::from(canvas.height()));
    let crop = inference.crop.scaled(width, height);
    if crop.width > width - 2.0 && crop.height > height - 2.0 {
        return;
    }
    let line = (width / 480.0).max(1.0);
    let Some(context) = context(canvas) else { return };
    let [x, y, w, h] = [crop.x + line, crop.y + line, crop.width - 2.0 * line, crop.height - 2.0 * line];
    for (color, width) in [("#0008", 3.0 * line), ("#fffc", line)] {
        context.set_stroke_style_str(color);
        context.set_line_width(width);
        context.stroke_rect(x, y, w, h);
    }
    let size = (height / 32.0).clamp(11.0, 22.0);
    context.set_font(&[&super::web::fixed(size, 0), "px system-ui, sans-serif"].concat());
    context.set_text_baseline("top");
    for (color, by) in [("#000c", 1.0), ("#fff", 0.0)] {
        context.set_fill_style_str(color);
        let _ = context.fill_text(label, x + size / 2.0 + by, y + size / 2.0 + by);
    }
}

/// Draw a ring around a position, given in fractions of the picture.
pub fn draw_mark(canvas: &HtmlCanvasElement, (x, y): (f32, f32)) {
    let (width, height) = (f64::from(canvas.width()), f64::from(canvas.height()));
    let (x, y, radius) = (f64::from(x) * width, f64::from(y) * height, width / 50.0);
    outline(canvas, |context| drop(context.arc(x, y, radius, 0.0, std::f64::consts::TAU)));
}

/// Stroke the path with two lines, dark and light, so that it is visible on any background.
pub fn outline(canvas: &HtmlCanvasElement, path: impl Fn(&CanvasRenderingContext2d)) {
    let Some(context) = context(canvas) else { return };
    let line = (f64::from(canvas.width()) / 240.0).max(2.0);
    for (color, width) in [("#000a", line * 2.0), ("#fff", line)] {
        context.set_stroke_style_str(color);
        context.set_line_width(width);
        context.begin_path();
        path(&context);
        context.stroke();
    }
}

/// Return a JPEG of `picture` with its best class's map, at most `side` pixels per side, as a `data:` URL.
pub fn overlay_thumbnail(picture: &Picture, inference: &Inference, side: usize) -> Option<String> {
    let best = inference.predictions.first()?;
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.unchecked_into();
    let options = overlay_options();
    let range = Range::for_colors(options.colormap, &best.map.values);
    draw_map(&canvas, picture, side, inference, best, range, options);
    canvas.to_data_url_with_type("image/jpeg").ok()
}

/// Return a small JPEG of `picture` as a `data:` URL.
pub fn thumbnail(picture: &Picture) -> Option<String> {
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.unchecked_into();
    let (rgb, width, height) = shrink(&picture.rgb, picture.width as usize, picture.height as usize, THUMBNAIL);
    draw_plain(&canvas, &Picture { width: width as u32, height: height as u32, rgb, notes: Vec::new() });
    canvas.to_data_url_with_type("image/jpeg").ok()
}

/// Write a line of text, cut with an ellipsis where it is wider than `width`.
pub fn write(pen: &CanvasRenderingContext2d, text: &str, [x, y]: [f64; 2], width: f64) {
    let measure = property(pen, "measureText").unchecked_into::<Function>();
    let is_wide = |text: &str| {
        let measured = measure.call1(pen, &text.into()).unwrap_or_default();
        property(&measured, "width").as_f64().is_some_and(|wide| wide > width)
    };
    let (mut line, mut left) = (text.to_owned(), text.to_owned());
    while is_wide(&line) && left.pop().is_some() {
        line = [left.trim_end(), "…"].concat();
    }
    let _ = pen.fill_text(&line, x, y);
}

/// Download the canvas's content as a PNG file.
pub fn download(canvas: &HtmlCanvasElement, name: String) {
    let save = Closure::once_into_js(move |blob: Option<Blob>| {
        if let Some(blob) = blob {
            save(&blob, &name);
        }
    });
    let _ = canvas.to_blob(save.unchecked_ref());
}

/// Download `blob` as a file.
pub fn save(blob: &Blob, name: &str) {
    let Ok(url) = Url::create_object_url_with_blob(blob) else { return };
    if let Ok(link) = document().create_element("a") {
        let link: HtmlAnchorElement = link.unchecked_into();
        link.set_href(&url);
        link.set_download(name);
        link.click();
    }
    // A browser may begin to read only after the click, and a large file takes a while.
    spawn_local(async move {
        sleep(60_000).await;
        let _ = Url::revoke_object_url(&url);
    });
}

/// Draw RGBA bytes on the whole canvas, which takes their size.
pub fn draw_rgba(canvas: &HtmlCanvasElement, rgba: &[u8], width: usize, height: usize) {
    canvas.set_width(width as u32);
    canvas.set_height(height as u32);
    let data = ImageData::new_with_u8_clamped_array_and_sh(Clamped(rgba), width as u32, height as u32);
    if let (Ok(data), Some(context)) = (data, context(canvas)) {
        let _ = context.put_image_data(&data, 0.0, 0.0);
    }
}

/// Return the canvas's 2D context.
pub fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}
