//! Convolution 3×3 with stride 1 by minimal filtering: a tile of outputs costs as many multiplications as its patch of
//! inputs has pixels, a quarter (tiles of 4×4) or two fifths (2×2) of what the definition takes (Lavin & Gray 2016, "Fast
//! Algorithms for Convolutional Neural Networks", section 4).
//!
//! Patches are transformed, multiplied with transformed weights place by place, and the sums transformed back. In between
//! all is one product of matrices per place, of panels that lie in memory in the order in which they are read.

use pulp::{Simd, WithSimd};

use super::conv::division;
use super::tile::{PanelProduct, block_rows, panel_columns};
use crate::kernels::Rectifier;
use crate::kernels::form::Tile;
use crate::kernels::op::ConvShape;
use crate::threads::for_each_chunk;

/// Weights `[c_out, c_in, 3, 3]`, transformed, as [`forward`] wants them: `[place][block of c_out][c_in][row of the block]`.
pub fn pack(tile: Tile, shape: &ConvShape, w: &[f32]) -> Vec<f32> {
    let (n, block) = (tile.side() + 2, block_rows());
    let rows = shape.c_out.next_multiple_of(block);
    let mut packed = vec![0.0; n * n * rows * shape.c_in];
    let place_len = rows * shape.c_in;
    for (i, kernel) in w.chunks_exact(9).enumerate() {
        let (c_out, c_in) = (i / shape.c_in, i % shape.c_in);
        let at = (c_out / block * shape.c_in + c_in) * block + c_out % block;
        // Columns, then rows.
        let mut half = [[0f32; 6]; 3];
        for (row, half) in kernel.chunks_exact(3).zip(&mut half) {
            weights_1d(tile, [row[0], row[1], row[2]], half);
        }
        for column in 0..n {
            let mut whole = [0f32; 6];
            weights_1d(tile, [half[0][column], half[1][column], half[2][column]], &mut whole);
            for row in 0..n {
                packed[(row * n + column) * place_len + at] = whole[row];
            }
        }
    }
    packed
}

/// `G g`: the evaluation points are 0, 1, −1 and ∞, and for the larger tile also 2 and −2.
fn weights_1d(tile: Tile, [a, b, c]: [f32; 3], out: &mut [f32; 6]) {
    match tile {
        Tile::Two => out[..4].copy_from_slice(&[a, 0.5 * (a + b + c), 0.5 * (a - b + c), c]),
        Tile::Four => {
            let (even, odd) = (a / 24.0 + c / 6.0, b / 12.0);
            *out = [a / 4.0, -(a + b + c) / 6.0, -(a - b + c) / 6.0, even + odd, even - odd, c];
        }
    }
}

/// Photos `[n, c_in, h, w]`, weights out of [`pack`] and bias `[c_out]` to `[n, c_out, h', w']` behind the rectifier.
pub fn forward(
    tile: Tile,
    shape: &ConvShape,
    x: &[f32],
    weights: &[f32],
    bias: &[f32],
    rectifier: Rectifier,
) -> Vec<f32> {
    let (area_in, area) = (shape.size_in[0] * shape.size_in[1], shape.size_out[0] * shape.size_out[1]);
    let mut out = vec![0.0; shape.images * shape.c_out * area];
    let (group, part) = division(shape, shape.c_out);
    for_each_chunk(&mut out, group * shape.c_out * area, |i, out| {
        let images = out.len() / (shape.c_out * area);
        let photos = &x[i * group * shape.c_in * area_in..][..images * shape.c_in * area_in];
        let grid = Grid::new(tile, shape, images);
        for (first, tiles) in grid.bands(shape) {
            let patches = grid.patches(photos, shape, first, tiles);
            // The channels of several photos are not one piece of memory.
            let part = if images == 1 { part } else { shape.c_out };
            for_each_chunk(out, if images == 1 { part * area } else { out.len() }, |p, out| {
                let channels = p * part..((p + 1) * part).min(shape.c_out);
                let sums = products(tile, shape, &patches, weights, channels.clone(), tiles);
                let write =
                    WriteTiles { grid: &grid, sums: &sums, bias: &bias[channels], rectifier, first, tiles, out };
                pulp::Arch::new().dispatch(write);
            });
        }
    });
    out
}

/// For every place the product of the channels' weights with the patches: `[place][channel][tile]`, whole blocks of channels.
fn products(
    tile: Tile,
    shape: &ConvShape,
    patches: &[f32],
    weights: &[f32],
    channels: std::ops::Range<usize>,
    tiles: usize,
) -> Vec<f32> {
    let (block, lanes) = (block_rows(), panel_columns());
    let (width, depth) = (tiles.next_multiple_of(lanes), shape.c_in);
    let rows = channels.len().next_multiple_of(block);
    let mut sums = vec![0.0; tile.places() * rows * width];
    let weights = weights.chunks_exact(shape.c_out.next_multiple_of(block) * depth);
    let patches = patches.chunks_exact(width * depth);
    for ((sums, weights), patches) in sums.chunks_exact_mut(rows * width).zip(weights).zip(patches) {
        let weights = weights[channels.start * depth..].chunks_exact(block * depth);
        for (out, weights) in sums.chunks_exact_mut(block * width).zip(weights) {
            pulp::Arch::new().dispatch(PanelProduct { weights, panels: patches, depth, out, pitch: width });
        }
    }
    sums
}

/// The tiles of some photos, row by row.
struct Grid {
    tile: Tile,
    shape: ConvShape,
    rows: usize,
    columns: usize,
    count: usize,
}

impl Grid {
    fn new(tile: Tile, shape: &ConvShape, images: usize) -> Self {
        let [rows, columns] = shape.size_out.map(|side| side.div_ceil(tile.side()));
        Self { tile, shape: *shape, rows, columns, count: images * rows * columns }
    }

    /// Photo, and first row and column of the outputs, of a tile.
    fn place(&self, tile: usize) -> (usize, usize, usize) {
        let of_photo = tile % (self.rows * self.columns);
        let side = self.tile.side();
        (tile / (self.rows * self.columns), of_photo / self.columns * side, of_photo % self.columns * side)
    }

    /// First tile and number of tiles that are worked on together: few enough that what is made of them stays in the
    /// caches, enough that the weights, which are read once for each of them, are not what takes the time.
    fn bands(&self, shape: &ConvShape) -> impl Iterator<Item = (usize, usize)> + use<> {
        const VALUES: usize = 512 * 1024;
        let lanes = panel_columns();
        let fit = VALUES / (self.tile.places() * (shape.c_in + shape.c_out));
        let (band, count) = (fit.max(32).next_multiple_of(lanes), self.count);
        (0..count).step_by(band).map(move |first| (first, band.min(count - first)))
    }

    /// The transformed patches of some tiles: `[place][panel of tiles][c_in][tile]`.
    fn patches(&self, photos: &[f32], shape: &ConvShape, first: usize, tiles: usize) -> Vec<f32> {
        let lanes = panel_columns();
        let panels = tiles.div_ceil(lanes);
        // A panel's places lie apart; they are put together behind.
        let mut of_panels = vec![0.0; panels * self.tile.places() * shape.c_in * lanes];
        let size = self.tile.places() * shape.c_in * lanes;
        for_each_chunk(&mut of_panels, size, |panel, out| {
            let first = first + panel * lanes;
            let tiles = lanes.min(self.count - first);
            pulp::Arch::new().dispatch(ReadTiles { grid: self, photos, first, tiles, out });
        });
        if panels == 1 {
            return of_panels;
        }
        let mut patches = vec![0.0; of_panels.len()];
        let piece = shape.c_in * lanes;
        for_each_chunk(&mut patches, panels * piece, |place, out| {
            for (panel, out) in out.chunks_exact_mut(piece).enumerate() {
                out.copy_from_slice(&of_panels[panel * size + place * piece..][..piece]);
            }
        });
        patches
    }
}

/// Patches of one panel of tiles, transformed: `[place][c_in][tile]`.
struct ReadTiles<'a> {
    grid: &'a Grid,
    photos: &'a [f32],
    first: usize,
    tiles: usize,
    out: &'a mut [f32],
}

impl WithSimd for ReadTiles<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.grid.tile {
            Tile::Two => self.run::<S, 4>(simd),
            Tile::Four => self.run::<S, 6>(simd),
        }
    }
}

impl ReadTiles<'_> {
    #[inline(always)]
    fn run<S: Simd, const N: usize>(self, simd: S) {
        let Self { grid, photos, first, tiles, out } = self;
        let ([h, w], lanes, c_in) = (grid.shape.size_in, panel_columns(), grid.shape.c_in);
        let [top, left] = grid.shape.padding.map(|before| before as isize);
        let places: Vec<_> = (first..first + tiles).map(|tile| grid.place(tile)).collect();
        let mut patch = vec![0f32; N * N * lanes];
        for c in 0..c_in {
            for (lane, &(photo, row, column)) in places.iter().enumerate() {
                let plane = &photos[(photo * c_in + c) * h * w..][..h * w];
                let (y, x) = (row as isize - top, column as isize - left);
                let patch = &mut patch[lane..];
                if y >= 0 && x >= 0 && y as usize + N <= h && x as usize + N <= w {
                    for i in 0..N {
                        let row: &[f32; N] =
                            plane[(y as usize + i) * w + x as usize..].first_chunk().expect("N pixels");
                        for (j, &pixel) in row.iter().enumerate() {
                            patch[(i * N + j) * lanes] = pixel;
                        }
                    }
                } else {
                    for (i, j) in (0..N * N).map(|place| ((place / N), (place % N))) {
                        let (y, x) = ((y + i as isize) as usize, (x + j as isize) as usize);
                        patch[(i * N + j) * lanes] = if y < h && x < w { plane[y * w + x] } else { 0.0 };
                    }
                }
            }
            for lane in (0..lanes).step_by(S::F32_LANES) {
                let read = |place: usize| S::as_simd_f32s(&patch[place * lanes + lane..][..S::F32_LANES]).0[0];
                let mut d: [[S::f32s; N]; N] = std::array::from_fn(|i| std::array::from_fn(|j| read(i * N + j)));
                for row in &mut d {
                    *row = patch_1d(simd, *row);
                }
                for j in 0..N {
                    let column = patch_1d::<S, N>(simd, std::array::from_fn(|i| d[i][j]));
                    for (i, &value) in column.iter().enumerate() {
                        let to = &mut out[((i * N + j) * c_in + c) * lanes + lane..][..S::F32_LANES];
                        S::as_mut_simd_f32s(to).0[0] = value;
                    }
                }
            }
        }
    }
}

/// `Bᵀ d`
#[inline(always)]
fn patch_1d<S: Simd, const N: usize>(simd: S, d: [S::f32s; N]) -> [S::f32s; N] {
    let (add, sub) = (|a, b| simd.add_f32s(a, b), |a, b| simd.sub_f32s(a, b));
    let times = |factor: f32, a, b| simd.mul_add_e_f32s(simd.splat_f32s(factor), a, b);
    let mut out = d;
    if N == 4 {
        (out[0], out[1]) = (sub(d[0], d[2]), add(d[1], d[2]));
        (out[2], out[3]) = (sub(d[2], d[1]), sub(d[1], d[3]));
    } else {
        // Even and odd parts at ±1, and at ±2.
        let (even, odd) = (times(-4.0, d[2], d[4]), times(-4.0, d[1], d[3]));
        (out[1], out[2]) = (add(even, odd), sub(even, odd));
        let (even, half) = (sub(d[4], d[2]), sub(d[3], d[1]));
        (out[3], out[4]) = (times(2.0, half, even), times(-2.0, half, even));
        out[0] = times(4.0, d[0], times(-5.0, d[2], d[4]));
        out[5] = times(4.0, d[1], times(-5.0, d[3], d[5]));
    }
    out
}

/// Sums `[place][channel][tile]` back to outputs, of the channels that have a bias here.
struct WriteTiles<'a> {
    grid: &'a Grid,
    sums: &'a [f32],
    bias: &'a [f32],
    rectifier: Rectifier,
    first: usize,
    tiles: usize,
    /// `[photo][channel][h', w']`
    out: &'a mut [f32],
}

impl WithSimd for WriteTiles<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.grid.tile {
            Tile::Two => self.run::<S, 4, 2>(simd),
            Tile::Four => self.run::<S, 6, 4>(simd),
        }
    }
}

impl WriteTiles<'_> {
    #[inline(always)]
    fn run<S: Simd, const N: usize, const M: usize>(self, simd: S) {
        let Self { grid, sums, bias, rectifier, first, tiles, out } = self;
        let [h, w] = grid.shape.size_out;
        let width = tiles.next_multiple_of(panel_columns());
        let (channels, rows) = (bias.len(), bias.len().next_multiple_of(block_rows()));
        let places: Vec<_> = (first..first + tiles).map(|tile| grid.place(tile)).collect();
        let mut tile = [[0f32; 16]; 16];
        for (c, &bias) in bias.iter().enumerate() {
            for lane in (0..tiles).step_by(S::F32_LANES) {
                let read =
                    |place: usize| S::as_simd_f32s(&sums[(place * rows + c) * width + lane..][..S::F32_LANES]).0[0];
                let half: [[S::f32s; M]; N] =
                    std::array::from_fn(|i| tile_1d::<S, N, M>(simd, std::array::from_fn(|j| read(i * N + j))));
                for j in 0..M {
                    let column: [S::f32s; M] = tile_1d(simd, std::array::from_fn::<_, N, _>(|i| half[i][j]));
                    for (i, &value) in column.iter().enumerate() {
                        let to = &mut tile[i * M + j];
                        S::as_mut_simd_f32s(to).0[0] = value;
                        to.iter_mut().for_each(|value| *value = rectifier.apply(*value + bias));
                    }
                }
                for (at, &(photo, y, x)) in places[lane..].iter().take(S::F32_LANES).enumerate() {
                    let plane = &mut out[(photo * channels + c) * h * w..];
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

/// `Aᵀ m`
#[inline(always)]
fn tile_1d<S: Simd, const N: usize, const M: usize>(simd: S, m: [S::f32s; N]) -> [S::f32s; M] {
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
