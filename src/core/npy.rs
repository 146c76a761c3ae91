//! NumPy's file format, version 1.0 (numpy.lib.format): numbers for notebooks.

/// A `.npy` file of 32-bit floats in C order. `shape`'s product is the number of `values`.
pub fn npy(shape: &[usize], values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    let sides: Vec<String> = shape.iter().map(usize::to_string).collect();
    let alone = if shape.len() == 1 { "," } else { "" };
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}{alone}), }}", sides.join(", "));
    // Magic, version and length take ten bytes; numbers begin at a multiple of 64, and a line ends before them.
    let length = (header.len() + 11).next_multiple_of(64) - 10;
    header.extend(std::iter::repeat_n(' ', length - header.len() - 1));
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((length as u16).to_le_bytes());
    file.extend(header.into_bytes());
    file.extend(values.into_iter().flat_map(f32::to_le_bytes));
    file
}
