//! Filter transform: the weights of a convolution, transformed and packed in the order in which the products read them.

use crate::algorithm::Tile;
use crate::cpu::microkernel::block_rows;
use crate::shape::ConvShape;
use crate::threads::for_each_chunk;

/// Layout of a convolution's weights.
#[derive(Clone, Copy, PartialEq)]
pub enum WeightLayout {
    /// `[c_out, c_in, 3, 3]`.
    Forward,
    /// `[c_in, c_out, 3, 3]`, each 3×3 kernel flipped along both axes: the weights of the convolution whose input
    /// gradient is computed.
    Flipped,
}

/// Return weights transformed and packed for `forward`, `[block of c_out][element][c_in][row of the block]`. The last
/// block is padded with zeros.
pub fn pack(tile: Tile, shape: &ConvShape, w: &[f32], layout: WeightLayout) -> Vec<f32> {
    let block = block_rows();
    let mut packed = vec![0.0; shape.c_out.next_multiple_of(block) * tile.elements() * shape.c_in];
    for_each_chunk(&mut packed, block * tile.elements() * shape.c_in, |b, out| match (tile, block) {
        (Tile::Two, 8) => pack_block::<8, 4>(shape, w, layout, b, out),
        (Tile::Two, _) => pack_block::<4, 4>(shape, w, layout, b, out),
        (Tile::Four, 8) => pack_block::<8, 6>(shape, w, layout, b, out),
        (Tile::Four, _) => pack_block::<4, 6>(shape, w, layout, b, out),
    });
    packed
}

/// Transform and pack the block of output channels `block · ROWS..(block + 1) · ROWS` for patches of `N × N`.
fn pack_block<const ROWS: usize, const N: usize>(
    shape: &ConvShape,
    w: &[f32],
    layout: WeightLayout,
    block: usize,
    out: &mut [f32],
) {
    for c_in in 0..shape.c_in {
        let mut kernels = [[0f32; ROWS]; 9];
        for (row, c_out) in (block * ROWS..shape.c_out).take(ROWS).enumerate() {
            let at =
                if layout == WeightLayout::Forward { c_out * shape.c_in + c_in } else { c_in * shape.c_out + c_out };
            for (tap, &value) in w[at * 9..][..9].iter().enumerate() {
                kernels[if layout == WeightLayout::Forward { tap } else { 8 - tap }][row] = value;
            }
        }
        let [a, b, c, d, e, f, g, h, i] = kernels;
        // Transform along the rows of the kernel, then along its columns.
        let [top, middle, bottom] = [[a, b, c], [d, e, f], [g, h, i]].map(transform_1d::<ROWS, N>);
        for (column, ((top, middle), bottom)) in top.into_iter().zip(middle).zip(bottom).enumerate() {
            let transformed = transform_1d::<ROWS, N>([top, middle, bottom]);
            for (row, values) in transformed.iter().enumerate() {
                let at = ((row * N + column) * shape.c_in + c_in) * ROWS;
                out[at..at + ROWS].copy_from_slice(values);
            }
        }
    }
}

/// Return `G g` for `ROWS` kernels at once. The interpolation points are 0, 1, −1 and ∞, and for the larger tile also 2
/// and −2.
#[inline(always)]
fn transform_1d<const ROWS: usize, const N: usize>([a, b, c]: [[f32; ROWS]; 3]) -> [[f32; ROWS]; N] {
    let mut out = [[0f32; ROWS]; N];
    for r in 0..ROWS {
        let (a, b, c) = (a[r], b[r], c[r]);
        if N == 4 {
            (out[0][r], out[1][r], out[2][r], out[3][r]) = (a, 0.5 * (a + b + c), 0.5 * (a - b + c), c);
        } else {
            let (even, odd) = (a / 24.0 + c / 6.0, b / 12.0);
            (out[0][r], out[1][r], out[2][r]) = (a / 4.0, (a + b + c) / -6.0, (a - b + c) / -6.0);
            (out[3][r], out[4][r], out[5][r]) = (even + odd, even - odd, c);
        }
    }
    out
}
