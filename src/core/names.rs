//! Names of networks, however they are spelt.

/// Whether two names mean the same network: case, hyphens, underscores and dots do not matter, so that PyTorch's spelling is
/// understood too.
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
