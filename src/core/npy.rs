//! NumPy's array files, version 1.0 (the specification is `numpy.lib.format`).

/// Encode 32-bit floats in C order as a `.npy` file.
///
/// The product of `shape` must be the number of `values`.
///
/// ```
/// # use camscope::core::npy::npy;
/// let file = npy(&[2, 3], [0.0; 6]);
/// assert!(file.starts_with(b"\x93NUMPY\x01\x00"));
/// assert_eq!(file.len(), 128 + 4 * 6);
/// ```
pub fn npy(shape: &[usize], values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    let dims: Vec<String> = shape.iter().map(usize::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}{comma}), }}", dims.join(", "));
    // Magic number, version and header length take ten bytes. A line break ends the header, so that the values begin at
    // a multiple of 64.
    let length = (header.len() + 11).next_multiple_of(64) - 10;
    header.extend(std::iter::repeat_n(' ', length - header.len() - 1));
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((length as u16).to_le_bytes());
    file.extend(header.into_bytes());
    file.extend(values.into_iter().flat_map(f32::to_le_bytes));
    file
}
