//! Exported projects out of their `.zip`. The browser inflates what is compressed, so that the page's program need not.

use js_sys::{Array, Function, Reflect, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Response};

use crate::core::archive::{Archive, ArchiveError, Entry, Packed, packed};
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
    let response = Response::new_with_opt_readable_stream(Some(&piped.unchecked_into())).ok()?;
    let buffer = JsFuture::from(response.array_buffer().ok()?).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}
