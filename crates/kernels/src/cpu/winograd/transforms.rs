//! Input transform, from pixels to transformed patches, and output transform, from sums to outputs.
//!
//! Loops fill arrays of intermediate values: a closure that is not inlined is compiled without the widest vectors.

use pulp::{Simd, WithSimd};

use super::TileGrid;
use crate::ClampedRelu;
use crate::algorithm::Tile;
use crate::cpu::microkernel::{block_rows, panel_columns};

/// Input transform `Bᵀ d B` of one panel of tiles.
pub struct InputTransform<'a> {
    /// All tiles.
    pub grid: &'a TileGrid,
    /// Padded inputs from [`TileGrid::pad`].
    pub planes: &'a [f32],
    /// First tile of the panel.
    pub first: usize,
    /// Tiles in the panel, at most `panel_columns`.
    pub tiles: usize,
    /// `[element][c_in][tile]`
    pub out: &'a mut [f32],
}

impl WithSimd for InputTransform<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.grid.tile {
            Tile::Two => self.run::<S, 4>(simd),
            Tile::Four => self.run::<S, 6>(simd),
        }
    }
}

impl InputTransform<'_> {
    #[inline(always)]
    fn run<S: Simd, const N: usize>(self, simd: S) {
        let Self { grid, planes, first, tiles, out } = self;
        let ([h, w], lanes, c_in) = (grid.padded_size(), panel_columns(), grid.shape.c_in);
        let positions: Vec<_> = (first..first + tiles).map(|tile| grid.position(tile)).collect();
        let mut patch = vec![0f32; N * N * lanes];
        for c in 0..c_in {
            for (lane, &(image, row, column)) in positions.iter().enumerate() {
                let plane = &planes[(image * c_in + c) * h * w..][..h * w];
                for i in 0..N {
                    let row = &plane[(row + i) * w + column..][..N];
                    for (j, &pixel) in row.iter().enumerate() {
                        patch[(i * N + j) * lanes + lane] = pixel;
                    }
                }
            }
            for lane in (0..lanes).step_by(S::F32_LANES) {
                let mut half = [[simd.splat_f32s(0.0); N]; N];
                for (i, half) in half.iter_mut().enumerate() {
                    for (j, value) in half.iter_mut().enumerate() {
                        *value = S::as_simd_f32s(&patch[(i * N + j) * lanes + lane..][..S::F32_LANES]).0[0];
                    }
                    *half = input_transform_1d(simd, *half);
                }
                for j in 0..N {
                    let mut column = [simd.splat_f32s(0.0); N];
                    column.iter_mut().zip(&half).for_each(|(value, half)| *value = half[j]);
                    for (i, &value) in input_transform_1d(simd, column).iter().enumerate() {
                        let to = &mut out[((i * N + j) * c_in + c) * lanes + lane..][..S::F32_LANES];
                        S::as_mut_simd_f32s(to).0[0] = value;
                    }
                }
            }
        }
    }
}

/// Return `Bᵀ d`.
#[inline(always)]
fn input_transform_1d<S: Simd, const N: usize>(simd: S, d: [S::f32s; N]) -> [S::f32s; N] {
    let (add, sub) = (|a, b| simd.add_f32s(a, b), |a, b| simd.sub_f32s(a, b));
    let times = |factor: f32, a, b| simd.mul_add_e_f32s(simd.splat_f32s(factor), a, b);
    let mut out = d;
    if N == 4 {
        (out[0], out[1]) = (sub(d[0], d[2]), add(d[1], d[2]));
        (out[2], out[3]) = (sub(d[2], d[1]), sub(d[1], d[3]));
    } else {
        // Even and odd parts of the polynomial at the interpolation points ±1, then at ±2.
        let (even, odd) = (times(-4.0, d[2], d[4]), times(-4.0, d[1], d[3]));
        (out[1], out[2]) = (add(even, odd), sub(even, odd));
        let (even, half) = (sub(d[4], d[2]), sub(d[3], d[1]));
        (out[3], out[4]) = (times(2.0, half, even), times(-2.0, half, even));
        out[0] = times(4.0, d[0], times(-5.0, d[2], d[4]));
        out[5] = times(4.0, d[1], times(-5.0, d[3], d[5]));
    }
    out
}

/// Output transform `Aᵀ m A` of a band of tiles, then bias and ReLU, for as many channels as `bias` has.
pub struct OutputTransform<'a> {
    /// All tiles.
    pub grid: &'a TileGrid,
    /// `[element][channel][tile]`, channels padded to whole blocks, tiles to whole panels.
    pub sums: &'a [f32],
    /// `[channel]`
    pub bias: &'a [f32],
    /// Activation.
    pub relu: ClampedRelu,
    /// First tile of the band.
    pub first: usize,
    /// Tiles in the band.
    pub tiles: usize,
    /// `[image][channel][h'][w']`
    pub out: &'a mut [f32],
}

impl WithSimd for OutputTransform<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.grid.tile {
            Tile::Two => self.run::<S, 4, 2>(simd),
            Tile::Four => self.run::<S, 6, 4>(simd),
        }
    }
}

impl OutputTransform<'_> {
    #[inline(always)]
    fn run<S: Simd, const N: usize, const M: usize>(self, simd: S) {
        let Self { grid, sums, bias, relu, first, tiles, out } = self;
        let [h, w] = grid.shape.size_out;
        let width = tiles.next_multiple_of(panel_columns());
        let (channels, rows) = (bias.len(), bias.len().next_multiple_of(block_rows()));
        let positions: Vec<_> = (first..first + tiles).map(|tile| grid.position(tile)).collect();
        let mut tile = [[0f32; 16]; 16];
        for (c, &bias) in bias.iter().enumerate() {
            for lane in (0..tiles).step_by(S::F32_LANES) {
                let mut half = [[simd.splat_f32s(0.0); M]; N];
                for (i, half) in half.iter_mut().enumerate() {
                    let mut row = [simd.splat_f32s(0.0); N];
                    for (j, value) in row.iter_mut().enumerate() {
                        let at = ((i * N + j) * rows + c) * width + lane;
                        *value = S::as_simd_f32s(&sums[at..][..S::F32_LANES]).0[0];
                    }
                    *half = output_transform_1d::<S, N, M>(simd, row);
                }
                for j in 0..M {
                    let mut column = [simd.splat_f32s(0.0); N];
                    column.iter_mut().zip(&half).for_each(|(value, half)| *value = half[j]);
                    for (i, &value) in output_transform_1d::<S, N, M>(simd, column).iter().enumerate() {
                        let to = &mut tile[i * M + j];
                        S::as_mut_simd_f32s(to).0[0] = value;
                        to.iter_mut().for_each(|value| *value = relu.apply(*value + bias));
                    }
                }
                for (at, &(image, y, x)) in positions[lane..].iter().take(S::F32_LANES).enumerate() {
                    let plane = &mut out[(image * channels + c) * h * w..];
                    let count = M.min(w - x);
                    for i in 0..M.min(h - y) {
                        let row = &mut plane[(y + i) * w + x..][..count];
                        row.iter_mut().enumerate().for_each(|(j, to)| *to = tile[i * M + j][at]);
                    }
                }
            }
        }
    }
}

/// Return `Aᵀ m`.
#[inline(always)]
fn output_transform_1d<S: Simd, const N: usize, const M: usize>(simd: S, m: [S::f32s; N]) -> [S::f32s; M] {
    let (add, sub) = (|a, b| simd.add_f32s(a, b), |a, b| simd.sub_f32s(a, b));
    let times = |factor: f32, a, b| simd.mul_add_e_f32s(simd.splat_f32s(factor), a, b);
    let (even, odd) = (add(m[1], m[2]), sub(m[1], m[2]));
    let mut out = [even; M];
    if N == 4 {
        (out[0], out[1]) = (add(m[0], even), sub(odd, m[3]));
    } else {
        let (even2, odd2) = (add(m[3], m[4]), sub(m[3], m[4]));
        (out[0], out[1]) = (add(add(m[0], even), even2), times(2.0, odd2, odd));
        (out[2], out[3]) = (times(4.0, even2, even), add(times(8.0, odd2, odd), m[5]));
    }
    out
}
