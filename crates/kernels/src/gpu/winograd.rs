//! Winograd convolution: 3×3 with stride 1 by minimal filtering (Lavin & Gray 2016, "Fast Algorithms for Convolutional
//! Neural Networks", section 4), as in `cpu::winograd`.
//!
//! Three kernels run in turn: input transform, one product per element of the patches, output transform.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

use super::activation::Relu;
use super::product::Product;
use super::{Epilogue, block, empty, plane, row};
use crate::algorithm::Tile;
use crate::shape::ConvShape;

/// Bound on the values of transformed patches, and on those of their sums, in memory at once: 64 MB of `f32`.
const MAX_PATCH_VALUES: usize = 16 << 20;

/// Tiles of the images that are processed at once, and their planes.
#[derive(CubeType, CubeLaunch)]
struct TileGrid {
    /// Number of tiles.
    count: usize,
    /// `count`, padded to whole vectors.
    pitch: usize,
    /// Rows and columns of tiles per image.
    rows: usize,
    columns: usize,
    /// First image.
    first_image: usize,
    /// Channels of the planes that are read or written.
    channels: usize,
    /// Size of a plane.
    height: usize,
    width: usize,
    /// Padding above and on the left.
    top: usize,
    left: usize,
}

/// Filter transform of `[c_out][c_in][3][3]` to `[element][block][c_in][8]`, with zeros after the last row; one unit
/// per pair of channels.
#[cube(launch_unchecked)]
fn filter_kernel(weights: &[f32], out: &mut [f32], c_out: usize, padded: usize, c_in: usize, #[comptime] side: usize) {
    let n = comptime!(side + 2);
    let input = ABSOLUTE_POS_X as usize;
    let output = row();
    if input < c_in && output < padded {
        let mut half = Array::<f32>::new(comptime!(3 * n));
        let from = (output.min(c_out - 1) * c_in + input) * 9;
        #[unroll]
        for row in 0..3usize {
            let at = from + row * 3;
            filter_1d(weights[at], weights[at + 1], weights[at + 2], &mut half, comptime!(row * n), 1usize, side);
        }
        let mut column = Array::<f32>::new(n);
        let to = (output / 8 * c_in + input) * 8 + output % 8;
        #[unroll]
        for j in 0..n {
            filter_1d(half[j], half[comptime!(n + j)], half[comptime!(2 * n + j)], &mut column, 0usize, 1usize, side);
            #[unroll]
            for i in 0..n {
                out[comptime!(i * n + j) * padded * c_in + to] = select(output < c_out, column[i], 0.0f32);
            }
        }
    }
}

/// Write `G g`, where `g = (a, b, c)`, to `out` at `at`, `at + step`, ….
#[cube]
fn filter_1d(
    a: f32,
    b: f32,
    c: f32,
    out: &mut Array<f32>,
    #[comptime] at: usize,
    #[comptime] step: usize,
    #[comptime] side: usize,
) {
    let (at1, at2, at3) = comptime!((at + step, at + 2 * step, at + 3 * step));
    if comptime!(side == 2) {
        out[at] = a;
        out[at1] = 0.5f32 * (a + b + c);
        out[at2] = 0.5f32 * (a - b + c);
        out[at3] = c;
    } else {
        let (at4, at5) = comptime!((at + 4 * step, at + 5 * step));
        let even = a / 24.0f32 + c / 6.0f32;
        let odd = b / 12.0f32;
        out[at] = a / 4.0f32;
        out[at1] = (a + b + c) / -6.0f32;
        out[at2] = (a - b + c) / -6.0f32;
        out[at3] = even + odd;
        out[at4] = even - odd;
        out[at5] = c;
    }
}

/// Input transform of images to `[element][c_in][pitch]`; one unit per tile (`x`) and channel (row).
#[cube(launch_unchecked)]
fn input_kernel(input: &[f32], out: &mut [f32], grid: &TileGrid, #[comptime] side: usize) {
    let n = comptime!(side + 2);
    let tile = ABSOLUTE_POS_X as usize;
    let channel = row();
    if tile < grid.pitch && channel < grid.channels {
        let tile_in_image = tile % (grid.rows * grid.columns);
        let image = grid.first_image + tile / (grid.rows * grid.columns);
        // Coordinates above and left of the image wrap around to huge values, so `inside` excludes them.
        let y = tile_in_image / grid.columns * side - grid.top;
        let x = tile_in_image % grid.columns * side - grid.left;
        let plane = (image * grid.channels + channel) * grid.height * grid.width;
        let mut d = Array::<f32>::new(comptime!(n * n));
        #[unroll]
        for i in 0..n {
            #[unroll]
            for j in 0..n {
                let inside = tile < grid.count && y + i < grid.height && x + j < grid.width;
                let at = select(inside, plane + (y + i) * grid.width + x + j, 0usize);
                d[comptime!(i * n + j)] = select(inside, input[at], 0.0f32);
            }
        }
        #[unroll]
        for i in 0..n {
            input_1d(&mut d, comptime!(i * n), 1usize, side);
        }
        #[unroll]
        for j in 0..n {
            input_1d(&mut d, j, n, side);
        }
        #[unroll]
        for element in 0..comptime!(n * n) {
            out[(element * grid.channels + channel) * grid.pitch + tile] = d[element];
        }
    }
}

/// Apply `Bᵀ` to the values of `d` at `at`, `at + step`, …, in place.
#[cube]
fn input_1d(d: &mut Array<f32>, #[comptime] at: usize, #[comptime] step: usize, #[comptime] side: usize) {
    let (at1, at2, at3) = comptime!((at + step, at + 2 * step, at + 3 * step));
    let (d0, d1, d2, d3) = (d[at], d[at1], d[at2], d[at3]);
    if comptime!(side == 2) {
        d[at] = d0 - d2;
        d[at1] = d1 + d2;
        d[at2] = d2 - d1;
        d[at3] = d1 - d3;
    } else {
        let (at4, at5) = comptime!((at + 4 * step, at + 5 * step));
        let (d4, d5) = (d[at4], d[at5]);
        let even = d4 - 4.0f32 * d2;
        let odd = d3 - 4.0f32 * d1;
        d[at] = 4.0f32 * d0 - 5.0f32 * d2 + d4;
        d[at1] = even + odd;
        d[at2] = even - odd;
        d[at3] = d4 - d2 + 2.0f32 * (d3 - d1);
        d[at4] = d4 - d2 - 2.0f32 * (d3 - d1);
        d[at5] = 4.0f32 * d1 - 5.0f32 * d3 + d5;
    }
}

/// Output transform of sums `[element][padded][pitch]`, then bias, shortcut and ReLU; one unit per tile (`x`) and
/// channel (row).
#[cube(launch_unchecked)]
fn output_kernel(
    sums: &[f32],
    bias: &[f32],
    // As `out`; read only if `has_shortcut`.
    shortcut: &[f32],
    out: &mut [f32],
    grid: &TileGrid,
    padded: usize,
    relu: &Relu,
    #[comptime] has_shortcut: bool,
    #[comptime] side: usize,
) {
    let n = comptime!(side + 2);
    let tile = ABSOLUTE_POS_X as usize;
    let channel = row();
    if tile < grid.count && channel < grid.channels {
        let mut m = Array::<f32>::new(comptime!(n * n));
        #[unroll]
        for element in 0..comptime!(n * n) {
            m[element] = sums[(element * padded + channel) * grid.pitch + tile];
        }
        #[unroll]
        for i in 0..n {
            output_1d(&mut m, comptime!(i * n), 1usize, side);
        }
        #[unroll]
        for j in 0..side {
            output_1d(&mut m, j, n, side);
        }
        let tile_in_image = tile % (grid.rows * grid.columns);
        let image = grid.first_image + tile / (grid.rows * grid.columns);
        let y = tile_in_image / grid.columns * side;
        let x = tile_in_image % grid.columns * side;
        let plane = (image * grid.channels + channel) * grid.height * grid.width;
        #[unroll]
        for i in 0..side {
            #[unroll]
            for j in 0..side {
                if y + i < grid.height && x + j < grid.width {
                    let to = plane + (y + i) * grid.width + x + j;
                    let mut z = m[comptime!(i * n + j)] + bias[channel];
                    if has_shortcut {
                        z += shortcut[to];
                    }
                    out[to] = relu.apply(z);
                }
            }
        }
    }
}

/// Apply `Aᵀ` to the values of `m` at `at`, `at + step`, …, in place: the first `side` of them hold the result.
#[cube]
fn output_1d(m: &mut Array<f32>, #[comptime] at: usize, #[comptime] step: usize, #[comptime] side: usize) {
    let (at1, at2, at3) = comptime!((at + step, at + 2 * step, at + 3 * step));
    let (m0, m1, m2, m3) = (m[at], m[at1], m[at2], m[at3]);
    let (even, odd) = (m1 + m2, m1 - m2);
    if comptime!(side == 2) {
        m[at] = m0 + even;
        m[at1] = odd - m3;
    } else {
        let (at4, at5) = comptime!((at + 4 * step, at + 5 * step));
        let (m4, m5) = (m[at4], m[at5]);
        let (even2, odd2) = (m3 + m4, m3 - m4);
        m[at] = m0 + even + even2;
        m[at1] = odd + 2.0f32 * odd2;
        m[at2] = even + 4.0f32 * even2;
        m[at3] = odd + 8.0f32 * odd2 + m5;
    }
}

/// Return weights `[c_out, c_in, 3, 3]` transformed and packed for [`forward`].
pub fn pack(tile: Tile, shape: &ConvShape, weight: &CubeTensor) -> CubeTensor {
    let padded = shape.c_out.next_multiple_of(block::ROWS);
    let out = empty(weight, [tile.elements() * padded * shape.c_in]);
    let (count, dim) = plane([shape.c_in, padded]);
    // SAFETY: units beyond `c_in` or `padded` do nothing. The others write within `out`, and `min` keeps their reads
    // within the weights of the last output channel.
    unsafe {
        filter_kernel::launch_unchecked(
            &weight.client,
            count,
            dim,
            weight.clone().into_buffer_arg(),
            out.clone().into_buffer_arg(),
            shape.c_out,
            padded,
            shape.c_in,
            tile.side(),
        );
    }
    out
}

/// Return the convolution of `x` `[n, c_in, h, w]`, which is `[n, c_out, h', w']`. `weights` come from [`pack`].
///
/// It processes as many images at once as [`MAX_PATCH_VALUES`] allows, but at least one.
pub fn forward(tile: Tile, shape: &ConvShape, x: CubeTensor, weights: CubeTensor, epilogue: Epilogue) -> CubeTensor {
    let ([h, w], side, elements) = (shape.size_out, tile.side(), tile.elements());
    let (rows, columns, padded) = (h.div_ceil(side), w.div_ceil(side), shape.c_out.next_multiple_of(block::ROWS));
    let out = empty(&x, [shape.images, shape.c_out, h, w]);
    let image_chunk = (MAX_PATCH_VALUES / (elements * rows * columns * shape.c_in.max(padded))).clamp(1, shape.images);
    let (client, relu) = (x.client.clone(), epilogue.relu);
    for image in (0..shape.images).step_by(image_chunk) {
        let count = rows * columns * image_chunk.min(shape.images - image);
        let pitch = count.next_multiple_of(4);
        let patches = empty(&x, [elements * shape.c_in * pitch]);
        let sums = empty(&x, [elements * padded * pitch]);
        let grid = |channels, [height, width]: [usize; 2]| {
            let [top, left] = shape.padding;
            TileGridLaunch::new(count, pitch, rows, columns, image, channels, height, width, top, left)
        };
        let (cubes, dim) = plane([pitch, shape.c_in]);
        // SAFETY: units beyond `pitch` or the channels do nothing. `inside` keeps the reads of the others within their
        // plane, and they write within `patches`.
        unsafe {
            input_kernel::launch_unchecked(
                &client,
                cubes,
                dim,
                x.clone().into_buffer_arg(),
                patches.clone().into_buffer_arg(),
                grid(shape.c_in, shape.size_in),
                side,
            );
        }
        let (depth, width) = (shape.c_in, pitch);
        let weights = weights.clone();
        Product { weights, shared: false, columns: patches, batch: elements, rows: padded, depth, width }
            .launch(&sums, None);
        let (cubes, dim) = plane([count, shape.c_out]);
        // SAFETY: units beyond the tiles or channels do nothing. The others read within `sums`, and write only pixels
        // within their plane.
        unsafe {
            output_kernel::launch_unchecked(
                &client,
                cubes,
                dim,
                sums.into_buffer_arg(),
                epilogue.bias.clone().into_buffer_arg(),
                epilogue.shortcut_or(&epilogue.bias).into_buffer_arg(),
                out.clone().into_buffer_arg(),
                grid(shape.c_out, shape.size_out),
                padded,
                relu.argument(),
                epilogue.shortcut.is_some(),
                side,
            );
        }
    }
    out
}
