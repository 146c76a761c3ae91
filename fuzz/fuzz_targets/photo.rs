//! Any bytes as a photo: an upright picture of a bounded size, or a sentence.
#![no_main]

use camscope::photo::{MAX_SIDE, Photo};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match Photo::decode(bytes) {
        Ok(photo) => {
            assert_eq!(photo.rgb.len(), photo.width as usize * photo.height as usize * 3);
            assert!((1..=MAX_SIDE).contains(&photo.width) && (1..=MAX_SIDE).contains(&photo.height));
        }
        Err(error) => assert!(error.to_string().ends_with('.')),
    }
});
