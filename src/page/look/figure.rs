//! The map to take along: the photo at its full size, with the class, what the colours mean, the network and the method beneath it.

use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, File, FilePropertyBag, HtmlCanvasElement, ImageBitmap};

use super::photos;
use super::state::State;
use crate::core::inference::Picture;
use crate::core::message::Message;
use crate::page::canvas::{self, context};
use crate::page::shared::Shared;
use crate::page::web::{document, fixed, property, window};
use crate::page::widgets::map_view::Scene;
use crate::page::words::class_name;

/// Longest side of the photo in the figure.
const SIDE: usize = 4096;

/// A drawn figure and the name of its file.
pub struct Figure {
    canvas: HtmlCanvasElement,
    name: String,
}

/// Draw a figure of what is on the stage; `None` where there is no map.
pub async fn compose(state: State, shared: Shared, scene: Scene) -> Option<Figure> {
    let map = scene.map?;
    let photo = untrack(|| state.chosen_photo())?;
    let picture: HtmlCanvasElement = document().create_element("canvas").ok()?.unchecked_into();
    let options = untrack(|| state.appearance.options());
    let whole = whole_photo(photos::file(photo.id), &scene.picture).await;
    let whole = whole.as_ref().unwrap_or(&scene.picture);
    canvas::draw_map(&picture, whole, SIDE, &map.inference, &map.prediction, map.range, options);
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let size = (width / 32.0).clamp(13.0, 40.0);
    let margin = size;
    let figure: HtmlCanvasElement = document().create_element("canvas").ok()?.unchecked_into();
    figure.set_width(picture.width());
    figure.set_height((height + 4.6 * size + 2.0 * margin) as u32);
    let pen = context(&figure)?;
    pen.set_fill_style_str("#fff");
    pen.fill_rect(0.0, 0.0, width, figure.height().into());
    pen.draw_image_with_html_canvas_element(&picture, 0.0, 0.0).ok()?;
    let percent = fixed(map.prediction.probability * 100.0, 0) + " %";
    let model = shared.model_named(&state.model.get_untracked()).map(|model| model.title).unwrap_or_default();
    let signed = options.colormap.is_signed();
    let meaning = Message::new(if signed { "colours-signed" } else { "colours-other" });
    let meaning = meaning.with("class", map.prediction.class.as_str()).text();
    let made = [&photo.name, " · ", &model, " · ", photo.method().method.info().title, " · camscope"].concat();
    pen.set_text_baseline("top");
    for (line, (weight, scale, colour, text)) in [
        ("700", 1.3, "#1d2126", [class_name(&map.prediction.class).as_str(), " ", &percent].concat()),
        ("400", 0.9, "#1d2126", meaning),
        ("400", 0.8, "#586069", made),
    ]
    .into_iter()
    .enumerate()
    {
        pen.set_font(&[weight, " ", &fixed(size * scale, 0), "px system-ui, sans-serif"].concat());
        pen.set_fill_style_str(colour);
        let top = height + margin + 1.65 * size * line as f64;
        canvas::write(&pen, &text, [margin, top], width - 2.0 * margin);
    }
    let stem = photo.name.rsplit_once('.').map_or(photo.name.as_str(), |(stem, _)| stem);
    Some(Figure { canvas: figure, name: [stem, "-", &map.prediction.class.replace(' ', "-"), ".png"].concat() })
}

/// Return the photo at its full size, as the browser decodes it; `None` if it cannot, or decodes another shape than the engine, which
/// reduces large photos.
async fn whole_photo(file: Option<Blob>, engine: &Picture) -> Option<Picture> {
    let bitmap = JsFuture::from(window().create_image_bitmap_with_blob(&file?).ok()?).await.ok()?;
    let bitmap: ImageBitmap = bitmap.unchecked_into();
    let (width, height) = (f64::from(bitmap.width()), f64::from(bitmap.height()));
    let ratio = width / height * f64::from(engine.height) / f64::from(engine.width);
    let scale = (SIDE as f64 / width.max(height)).min(1.0);
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.unchecked_into();
    canvas.set_width((width * scale) as u32);
    canvas.set_height((height * scale) as u32);
    let (width, height) = (canvas.width(), canvas.height());
    let pen = context(&canvas)?;
    pen.set_fill_style_str("#fff"); // as the engine has it, where the photo is transparent
    pen.fill_rect(0.0, 0.0, width.into(), height.into());
    pen.draw_image_with_image_bitmap_and_dw_and_dh(&bitmap, 0.0, 0.0, width.into(), height.into()).ok()?;
    bitmap.close();
    let pixels = pen.get_image_data(0.0, 0.0, width.into(), height.into()).ok()?.data();
    let rgb = pixels.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    ((0.99..1.01).contains(&ratio)).then_some(Picture { width, height, rgb, notes: Vec::new() })
}

impl Figure {
    /// Download it.
    pub fn save(self) {
        canvas::download(&self.canvas, self.name);
    }

    /// Copy it to the clipboard.
    pub fn copy(self, state: State) {
        spawn_local(async move {
            let done = async {
                let items = Object::new();
                Reflect::set(&items, &"image/png".into(), &blob(&self.canvas)).ok()?;
                let make: Function = property(&window(), "ClipboardItem").dyn_into().ok()?;
                let item = Reflect::construct(&make, &Array::of1(&items)).ok()?;
                let clipboard = property(&window().navigator(), "clipboard");
                let write: Function = property(&clipboard, "write").dyn_into().ok()?;
                let written: Promise = write.call1(&clipboard, &Array::of1(&item)).ok()?.dyn_into().ok()?;
                JsFuture::from(written).await.ok()
            };
            match done.await {
                Some(_) => state.say("note", "copied".into()),
                None => state.say("error", "not-copied".into()),
            }
        });
    }

    /// Hand it to another program of the device.
    pub fn share(self) {
        spawn_local(async move {
            let Ok(blob) = JsFuture::from(blob(&self.canvas)).await else { return };
            let kind = FilePropertyBag::new();
            kind.set_type("image/png");
            let parts = Array::of1(&blob);
            let Ok(file) = File::new_with_blob_sequence_and_options(&parts, &self.name, &kind) else { return };
            let what = Object::new();
            let _ = Reflect::set(&what, &"files".into(), &Array::of1(&file));
            let navigator = window().navigator();
            if let Ok(share) = property(&navigator, "share").dyn_into::<Function>()
                && let Ok(Ok(shared)) = share.call1(&navigator, &what).map(JsValue::dyn_into::<Promise>)
            {
                let _ = JsFuture::from(shared).await; // the visitor may think better of it
            }
        });
    }
}

/// Return a promise of the canvas's content as a PNG file.
fn blob(canvas: &HtmlCanvasElement) -> Promise {
    Promise::new(&mut |resolve, reject| {
        let done = wasm_bindgen::closure::Closure::once_into_js(move |blob: Option<Blob>| {
            let _ = match blob {
                Some(blob) => resolve.call1(&JsValue::NULL, &blob),
                None => reject.call0(&JsValue::NULL),
            };
        });
        let _ = canvas.to_blob(done.unchecked_ref());
    })
}

/// Return whether the browser lets the page copy pictures.
pub fn can_copy() -> bool {
    property(&window(), "ClipboardItem").is_function() && property(&window().navigator(), "clipboard").is_object()
}

/// Return whether the device offers to share files, as phones do.
pub fn can_share() -> bool {
    property(&window().navigator(), "canShare").is_function()
}
