//! The photos in hand: the files themselves, which the browser holds on disk, and the pictures that were shown last. What falls out of
//! these, the engine lets go of, too, so that memory does not grow with photos.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use web_sys::Blob;

use crate::core::inference::Picture;

/// Bytes of pictures kept for drawing; a photo whose picture was dropped is decoded again when it is chosen.
const KEPT_BYTES: usize = 48 << 20;

thread_local! {
    static FILES: RefCell<HashMap<u32, Blob>> = RefCell::default();
    /// Seen last at the end.
    static PICTURES: RefCell<Vec<(u32, Arc<Picture>)>> = RefCell::default();
}

/// Keep a photo's file.
pub fn keep_file(id: u32, file: Blob) {
    FILES.with_borrow_mut(|files| files.insert(id, file));
}

/// Return the file of a photo.
pub fn file(id: u32) -> Option<Blob> {
    FILES.with_borrow(|files| files.get(&id).cloned())
}

/// Forget a photo.
pub fn forget(id: u32) {
    FILES.with_borrow_mut(|files| files.remove(&id));
    PICTURES.with_borrow_mut(|pictures| pictures.retain(|(kept, _)| *kept != id));
}

/// Keep a picture for drawing. Return the photos whose pictures had to go for it; never that of the `chosen` one.
pub fn keep_picture(id: u32, picture: Picture, chosen: Option<u32>) -> Vec<u32> {
    let mut gone = Vec::new();
    PICTURES.with_borrow_mut(|pictures| {
        pictures.retain(|(kept, _)| *kept != id);
        pictures.push((id, Arc::new(picture)));
        let mut total: usize = pictures.iter().map(|(_, picture)| picture.rgb.len()).sum();
        while total > KEPT_BYTES {
            let idle = pictures.iter().position(|(kept, _)| *kept != id && Some(*kept) != chosen);
            let Some((idle, picture)) = idle.map(|at| pictures.remove(at)) else { return };
            total -= picture.rgb.len();
            gone.push(idle);
        }
    });
    gone
}

/// Return the kept picture of a photo.
pub fn picture(id: u32) -> Option<Arc<Picture>> {
    PICTURES.with_borrow(|pictures| pictures.iter().find(|(kept, _)| *kept == id).map(|(_, picture)| picture.clone()))
}
