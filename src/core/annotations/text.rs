//! The encoding of text files, as Windows' editors and older tools write them.

/// Return the label of a text's encoding (Encoding Standard): by its byte order mark, by zero bytes, as XML declares it, or UTF-8
/// if the bytes are that. `None` if nothing tells it.
///
/// ```
/// # use camscope::core::annotations::declared_encoding;
/// assert_eq!(declared_encoding(b"\xff\xfe4\0 \x000\0").as_deref(), Some("utf-16le"));
/// assert_eq!(declared_encoding(b"<?xml version='1.0' encoding='EUC-KR'?><a/>").as_deref(), Some("EUC-KR"));
/// assert_eq!(declared_encoding(b"\xb0\xed\xbe\xe7\xc0\xcc"), None);
/// ```
pub fn declared_encoding(bytes: &[u8]) -> Option<String> {
    let by_bytes = match bytes {
        [0xEF, 0xBB, 0xBF, ..] => Some("utf-8"),
        [0xFF, 0xFE, ..] | [b'<' | b'0'..=b'9', 0, ..] => Some("utf-16le"),
        [0xFE, 0xFF, ..] | [0, b'<' | b'0'..=b'9', ..] => Some("utf-16be"),
        _ => None,
    };
    if let Some(label) = by_bytes {
        return Some(label.to_owned());
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
    let declaration =
        head.trim_start().strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")).map(|(inner, _)| inner);
    let declared = declaration.and_then(|inner| inner.split_once("encoding")).and_then(|(_, value)| {
        let value = value.trim_start().strip_prefix('=')?.trim_start();
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        Some(value[1..].split_once(quote)?.0.to_owned())
    });
    // A declaration of UTF-16 in bytes that are not is a tool's mistake.
    let declared = declared.filter(|label| !label.to_ascii_lowercase().starts_with("utf"));
    declared.or_else(|| std::str::from_utf8(bytes).is_ok().then(|| "utf-8".to_owned()))
}
