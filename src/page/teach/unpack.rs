//! Exported projects out of their `.zip`. The browser inflates what is compressed, so that the page's program need not.

use js_sys::{Array, Function, Reflect, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableStream, ReadableStreamDefaultReader};

use crate::core::archive::{Archive, ArchiveError, Entry, LARGEST, Packed, packed};
use crate::page::web::{property, window};

/// Unpack an exported project.
///
/// # Errors
/// [`ArchiveError`] for a file that is none.
pub async fn unpack(bytes: &[u8]) -> Result<Archive, ArchiveError> {
    let mut entries = Vec::new();
    for Packed { name, content, deflated } in packed(bytes)? {
        let content = match deflated {
            Some(deflated) => inflated(&deflated).await,
            None => content,
        };
        entries.push(Entry { name, content });
    }
    Archive::of(entries)
}

/// Inflate bytes; `None` if they are damaged.
async fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    let make: Function = property(&window(), "DecompressionStream").dyn_into().ok()?;
    let inflater = Reflect::construct(&make, &Array::of1(&"deflate-raw".into())).ok()?;
    let blob = Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(bytes))).ok()?;
    let stream = property(&blob, "stream").dyn_into::<Function>().ok()?.call0(&blob).ok()?;
    let piped = property(&stream, "pipeThrough").dyn_into::<Function>().ok()?.call1(&stream, &inflater).ok()?;
    let reader: ReadableStreamDefaultReader = piped.unchecked_into::<ReadableStream>().get_reader().unchecked_into();
    let mut found = Vec::new();
    loop {
        let chunk = JsFuture::from(reader.read()).await.ok()?;
        if property(&chunk, "done").is_truthy() {
            return Some(found);
        }
        found.extend(property(&chunk, "value").dyn_into::<Uint8Array>().ok()?.to_vec());
        // Whatever the archive says of its size: a small one may inflate to gigabytes.
        if found.len() as u64 > LARGEST {
            let _ = reader.cancel();
            return None;
        }
    }
}
