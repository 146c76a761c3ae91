//! Names of graphics adapters.

/// Names of adapters that compute on the processor, in lower case.
const SOFTWARE: [&str; 4] = ["swiftshader", "llvmpipe", "lavapipe", "basic render"];

/// Return whether an adapter runs on the CPU, given its lower-case description.
///
/// ```
/// # use camscope::core::adapter::is_software;
/// assert!(is_software("google swiftshader"));
/// assert!(!is_software("nvidia ada-lovelace"));
/// ```
pub fn is_software(name: &str) -> bool {
    SOFTWARE.iter().any(|word| name.contains(word))
}
