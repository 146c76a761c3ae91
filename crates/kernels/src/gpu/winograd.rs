//! Convolution 3×3 with stride 1 by minimal filtering, as the processor does it (`cpu::winograd` has the source): patches
//! are transformed, multiplied place by place, and the sums transformed back.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

use super::product::Product;
use super::window::clamped_relu;
use super::{FLAT, ROWS, cubes, empty};
use crate::ClampedRelu;
use crate::algorithm::Tile;
use crate::op::ConvShape;

/// The most values that the transformed patches of one go may have: 64 MB.
const VALUES: usize = 16 << 20;

/// The tiles of the photos of one go.
#[derive(CubeType, CubeLaunch)]
struct Tiles {
    count: usize,
    /// `count`, and the empty places that make whole vectors of them.
    pitch: usize,
    rows: usize,
    columns: usize,
    /// The first photo.
    photo: usize,
    channels: usize,
    height: usize,
    width: usize,
    top: usize,
    left: usize,
}

/// `[c_out][c_in][3][3]` to `[place][block][c_in][8]`, zeros behind the last row; one unit per pair of channels.
#[cube(launch_unchecked)]
fn weights_kernel(weights: &[f32], out: &mut [f32], c_out: usize, padded: usize, c_in: usize, #[comptime] side: usize) {
    let n = comptime!(side + 2);
    let input = ABSOLUTE_POS_X as usize;
    let output = ABSOLUTE_POS_Y as usize;
    if input < c_in && output < padded {
        let mut half = Array::<f32>::new(comptime!(3 * n));
        let from = (output.min(c_out - 1) * c_in + input) * 9;
        #[unroll]
        for row in 0..3usize {
            let at = from + row * 3;
            weights_1d(weights[at], weights[at + 1], weights[at + 2], &mut half, comptime!(row * n), 1usize, side);
        }
        let mut column = Array::<f32>::new(n);
        let to = (output / 8 * c_in + input) * 8 + output % 8;
        #[unroll]
        for j in 0..n {
            weights_1d(half[j], half[comptime!(n + j)], half[comptime!(2 * n + j)], &mut column, 0usize, 1usize, side);
            #[unroll]
            for i in 0..n {
                out[comptime!(i * n + j) * padded * c_in + to] = select(output < c_out, column[i], 0.0f32);
            }
        }
    }
}

/// `G g`
#[cube]
fn weights_1d(
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

/// Photos to transformed patches `[place][c_in][pitch]`; one unit per tile and channel.
#[cube(launch_unchecked)]
fn patches_kernel(photos: &[f32], out: &mut [f32], tiles: &Tiles, #[comptime] side: usize) {
    let n = comptime!(side + 2);
    let tile = ABSOLUTE_POS_X as usize;
    let channel = ABSOLUTE_POS_Y as usize;
    if tile < tiles.pitch && channel < tiles.channels {
        let of_photo = tile % (tiles.rows * tiles.columns);
        let photo = tiles.photo + tile / (tiles.rows * tiles.columns);
        // Above and left of the photo these wrap around, and so lie beyond it.
        let y = of_photo / tiles.columns * side - tiles.top;
        let x = of_photo % tiles.columns * side - tiles.left;
        let plane = (photo * tiles.channels + channel) * tiles.height * tiles.width;
        let mut d = Array::<f32>::new(comptime!(n * n));
        #[unroll]
        for i in 0..n {
            #[unroll]
            for j in 0..n {
                let inside = tile < tiles.count && y + i < tiles.height && x + j < tiles.width;
                let at = select(inside, plane + (y + i) * tiles.width + x + j, 0usize);
                d[comptime!(i * n + j)] = select(inside, photos[at], 0.0f32);
            }
        }
        #[unroll]
        for i in 0..n {
            patch_1d(&mut d, comptime!(i * n), 1usize, side);
        }
        #[unroll]
        for j in 0..n {
            patch_1d(&mut d, j, n, side);
        }
        #[unroll]
        for place in 0..comptime!(n * n) {
            out[(place * tiles.channels + channel) * tiles.pitch + tile] = d[place];
        }
    }
}

/// `Bᵀ d` of every `step`th value from `at` on.
#[cube]
fn patch_1d(d: &mut Array<f32>, #[comptime] at: usize, #[comptime] step: usize, #[comptime] side: usize) {
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

/// Sums `[place][padded][pitch]` to outputs; one unit per tile and channel.
#[cube(launch_unchecked)]
fn outputs_kernel(
    sums: &[f32],
    bias: &[f32],
    out: &mut [f32],
    tiles: &Tiles,
    padded: usize,
    slope: f32,
    cap: f32,
    #[comptime] side: usize,
) {
    let n = comptime!(side + 2);
    let tile = ABSOLUTE_POS_X as usize;
    let channel = ABSOLUTE_POS_Y as usize;
    if tile < tiles.count && channel < tiles.channels {
        let mut m = Array::<f32>::new(comptime!(n * n));
        #[unroll]
        for place in 0..comptime!(n * n) {
            m[place] = sums[(place * padded + channel) * tiles.pitch + tile];
        }
        #[unroll]
        for i in 0..n {
            sums_1d(&mut m, comptime!(i * n), 1usize, side);
        }
        #[unroll]
        for j in 0..side {
            sums_1d(&mut m, j, n, side);
        }
        let of_photo = tile % (tiles.rows * tiles.columns);
        let photo = tiles.photo + tile / (tiles.rows * tiles.columns);
        let y = of_photo / tiles.columns * side;
        let x = of_photo % tiles.columns * side;
        let plane = (photo * tiles.channels + channel) * tiles.height * tiles.width;
        #[unroll]
        for i in 0..side {
            #[unroll]
            for j in 0..side {
                if y + i < tiles.height && x + j < tiles.width {
                    let z = m[comptime!(i * n + j)] + bias[channel];
                    out[plane + (y + i) * tiles.width + x + j] = clamped_relu(z, slope, cap);
                }
            }
        }
    }
}

/// `Aᵀ m` of every `step`th value from `at` on, in the first `side` of their places.
#[cube]
fn sums_1d(m: &mut Array<f32>, #[comptime] at: usize, #[comptime] step: usize, #[comptime] side: usize) {
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

/// Weights `[c_out, c_in, 3, 3]`, transformed, as [`forward`] wants them.
pub fn pack(tile: Tile, shape: &ConvShape, weight: &CubeTensor) -> CubeTensor {
    let padded = shape.c_out.next_multiple_of(ROWS);
    let out = empty(weight, [tile.places() * padded * shape.c_in]);
    let dim = FLAT;
    // SAFETY: the units beyond the channels do nothing.
    unsafe {
        weights_kernel::launch_unchecked(
            &weight.client,
            cubes([shape.c_in, padded, 1], dim),
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

/// Photos `[n, c_in, h, w]` to `[n, c_out, h', w']` behind the rectifier, as many at once as memory is spent on.
pub fn forward(
    tile: Tile,
    shape: &ConvShape,
    x: CubeTensor,
    weights: CubeTensor,
    bias: CubeTensor,
    relu: ClampedRelu,
) -> CubeTensor {
    let ([h, w], side, places) = (shape.size_out, tile.side(), tile.places());
    let (rows, columns, padded) = (h.div_ceil(side), w.div_ceil(side), shape.c_out.next_multiple_of(ROWS));
    let out = empty(&x, [shape.images, shape.c_out, h, w]);
    let group = (VALUES / (places * rows * columns * shape.c_in.max(padded))).clamp(1, shape.images);
    let (client, dim) = (x.client.clone(), FLAT);
    for photo in (0..shape.images).step_by(group) {
        let count = rows * columns * group.min(shape.images - photo);
        let pitch = count.next_multiple_of(4);
        let patches = empty(&x, [places * shape.c_in * pitch]);
        let sums = empty(&x, [places * padded * pitch]);
        let tiles = |channels, [height, width]: [usize; 2]| {
            let [top, left] = shape.padding;
            TilesLaunch::new(count, pitch, rows, columns, photo, channels, height, width, top, left)
        };
        // SAFETY: the units beyond the tiles and channels do nothing; pixels outside of a photo are not read or written.
        unsafe {
            patches_kernel::launch_unchecked(
                &client,
                cubes([pitch, shape.c_in, 1], dim),
                dim,
                x.clone().into_buffer_arg(),
                patches.clone().into_buffer_arg(),
                tiles(shape.c_in, shape.size_in),
                side,
            );
        }
        let (depth, width) = (shape.c_in, pitch);
        let weights = weights.clone();
        Product { weights, shared: false, columns: patches, batch: places, rows: padded, depth, width }
            .launch(&sums, None);
        // SAFETY: as above.
        unsafe {
            outputs_kernel::launch_unchecked(
                &client,
                cubes([count, shape.c_out, 1], dim),
                dim,
                sums.into_buffer_arg(),
                bias.clone().into_buffer_arg(),
                out.clone().into_buffer_arg(),
                tiles(shape.c_out, shape.size_out),
                padded,
                relu.slope,
                relu.cap,
                side,
            );
        }
    }
    out
}
