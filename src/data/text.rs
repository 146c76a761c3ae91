//! Text files in any encoding.

use chardetng::{EncodingDetector, Utf8Detection};
use encoding_rs::Encoding;

use crate::core::annotations::declared_encoding;

/// Decode a text: by its byte order mark, as XML declares it, as UTF-8, or by its bytes.
pub fn decoded(bytes: &[u8]) -> String {
    let declared = declared_encoding(bytes).and_then(|label| Encoding::for_label(label.as_bytes()));
    declared.unwrap_or_else(|| guessed(bytes)).decode(bytes).0.into_owned()
}

/// Return the most probable encoding of bytes that are not UTF-8.
pub fn guessed(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Deny)
}
