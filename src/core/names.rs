//! Names of networks and of files.

/// Return whether two names mean the same network. Case, hyphens, underscores and dots do not matter, so that PyTorch's
/// spelling is understood, too.
///
/// ```
/// # use camscope::core::names::same_name;
/// assert!(same_name("resnet-20", "ResNet20") && same_name("squeezenet1.1", "squeezenet1_1"));
/// assert!(!same_name("resnet-20", "resnet-200"));
/// ```
pub fn same_name(a: &str, b: &str) -> bool {
    let letters = |name: &str| name.to_ascii_lowercase().replace(['-', '_', '.'], "");
    letters(a) == letters(b)
}

/// Return whether a file of this name is treated as a photo.
///
/// ```
/// # use camscope::core::names::is_image_name;
/// assert!(is_image_name("cats/tom.JPG") && !is_image_name("cats/notes.txt") && !is_image_name("cats.png/tom"));
/// ```
pub fn is_image_name(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let extension = file.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    extension.is_some_and(|e| matches!(e.as_str(), "jpg" | "jpeg" | "png" | "webp" | "gif" | "bmp"))
}
