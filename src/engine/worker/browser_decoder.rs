//! Photos that the engine cannot decode and the browser can, such as AVIF, and HEIC in Safari.

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ImageBitmap, ImageData};

use super::scope::scope;
use crate::core::file_kind::FileKind;
use crate::photo::{MAX_PIXELS, Note, Photo};

/// Return whether browsers may decode such files.
pub fn may_decode(kind: FileKind) -> bool {
    matches!(kind, FileKind::Avif | FileKind::Heic | FileKind::Jxl | FileKind::Jp2 | FileKind::Tiff | FileKind::Icon)
}

/// Have the browser decode a photo; `None` if it cannot.
pub async fn decode(file: &Blob) -> Option<Photo> {
    let scope = scope();
    let create: Function = get(&scope, "createImageBitmap")?;
    let bitmap: Promise = create.call1(&scope, file).ok()?.dyn_into().ok()?;
    let bitmap: ImageBitmap = JsFuture::from(bitmap).await.ok()?.dyn_into().ok()?;
    let photo = draw(&bitmap);
    bitmap.close();
    photo
}

/// Read the pixels of a bitmap.
fn draw(bitmap: &ImageBitmap) -> Option<Photo> {
    let (width, height) = (bitmap.width(), bitmap.height());
    if width == 0 || height == 0 || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return None;
    }
    let make: Function = get(&scope(), "OffscreenCanvas")?;
    let canvas = Reflect::construct(&make, &Array::of2(&width.into(), &height.into())).ok()?;
    let pen = call(&canvas, "getContext", &[&"2d".into()])?;
    // As behind every other transparent photo.
    Reflect::set(&pen, &"fillStyle".into(), &"#fff".into()).ok()?;
    call(&pen, "fillRect", &[&0.into(), &0.into(), &width.into(), &height.into()])?;
    call(&pen, "drawImage", &[bitmap, &0.into(), &0.into()])?;
    let data = call(&pen, "getImageData", &[&0.into(), &0.into(), &width.into(), &height.into()])?;
    let pixels = data.dyn_into::<ImageData>().ok()?.data();
    let rgb = pixels.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    Photo::from_rgb(rgb, (width, height), vec![Note::ByBrowser])
}

fn get(object: &JsValue, name: &str) -> Option<Function> {
    Reflect::get(object, &name.into()).ok()?.dyn_into().ok()
}

fn call(object: &JsValue, method: &str, arguments: &[&JsValue]) -> Option<JsValue> {
    let list: Array = arguments.iter().copied().collect();
    get(object, method)?.apply(object, &list).ok()
}
