//! The weights of a convolution, transformed and laid out in the order in which its products read them.

use crate::algorithm::Tile;
use crate::cpu::tile::block_rows;
use crate::op::ConvShape;
use crate::threads::for_each_chunk;

/// How the weights of a convolution lie.
#[derive(Clone, Copy, PartialEq)]
pub enum Weights {
    /// `[c_out, c_in, 3, 3]`
    Forward,
    /// `[c_in, c_out, 3, 3]`, each backwards: those of the convolution whose input's gradient this one finds.
    Turned,
}

/// Weights, transformed, as [`forward`] wants them: `[block of c_out][place][c_in][row of the block]`.
pub fn pack(tile: Tile, shape: &ConvShape, w: &[f32], lie: Weights) -> Vec<f32> {
    let block = block_rows();
    let mut packed = vec![0.0; shape.c_out.next_multiple_of(block) * tile.places() * shape.c_in];
    for_each_chunk(&mut packed, block * tile.places() * shape.c_in, |b, out| match (tile, block) {
        (Tile::Two, 8) => pack_block::<8, 4>(shape, w, lie, b, out),
        (Tile::Two, _) => pack_block::<4, 4>(shape, w, lie, b, out),
        (Tile::Four, 8) => pack_block::<8, 6>(shape, w, lie, b, out),
        (Tile::Four, _) => pack_block::<4, 6>(shape, w, lie, b, out),
    });
    packed
}

/// One block of as many rows as `ROWS`.
fn pack_block<const ROWS: usize, const N: usize>(
    shape: &ConvShape,
    w: &[f32],
    lie: Weights,
    block: usize,
    out: &mut [f32],
) {
    for c_in in 0..shape.c_in {
        let mut kernels = [[0f32; ROWS]; 9];
        for (row, c_out) in (block * ROWS..shape.c_out).take(ROWS).enumerate() {
            let at = if lie == Weights::Forward { c_out * shape.c_in + c_in } else { c_in * shape.c_out + c_out };
            for (tap, &value) in w[at * 9..][..9].iter().enumerate() {
                kernels[if lie == Weights::Forward { tap } else { 8 - tap }][row] = value;
            }
        }
        let [a, b, c, d, e, f, g, h, i] = kernels;
        // Columns, then rows.
        let [top, middle, bottom] = [[a, b, c], [d, e, f], [g, h, i]].map(weights_1d::<ROWS, N>);
        for (column, ((top, middle), bottom)) in top.into_iter().zip(middle).zip(bottom).enumerate() {
            let whole = weights_1d::<ROWS, N>([top, middle, bottom]);
            for (row, values) in whole.iter().enumerate() {
                let at = ((row * N + column) * shape.c_in + c_in) * ROWS;
                out[at..at + ROWS].copy_from_slice(values);
            }
        }
    }
}

/// `G g` of so many kernels: the evaluation points are 0, 1, −1 and ∞, and for the larger tile also 2 and −2.
#[inline(always)]
fn weights_1d<const ROWS: usize, const N: usize>([a, b, c]: [[f32; ROWS]; 3]) -> [[f32; ROWS]; N] {
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
