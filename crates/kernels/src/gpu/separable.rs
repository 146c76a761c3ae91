//! A depthwise convolution and the 1×1 convolution after it in one kernel: the second half of an inverted residual.
//!
//! A cube computes some neighbouring pixels of all output channels. It alternates between two steps: its units share the
//! depthwise convolution of a chunk of channels, and each adds the chunk's products to its own block of sums.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::activation::{Relu, Vec4};
use super::block::{self, BlockForm};
use super::product;
use super::window::{WindowGeometry, depthwise_sum, window_geometry};
use super::{MAX_UNITS, empty};
use crate::Packed;
use crate::algorithm::ConvAlgorithm;
use crate::op::SeparableConv;

/// Values of the depthwise convolution that a cube keeps at once: 8 KB of `f32`, half of what every WebGPU adapter has.
const CHUNK_VALUES: usize = 2048;

/// Depthwise convolution, bias, ReLU; then 1×1 convolution, bias, shortcut, ReLU. One unit per block of sums (pixels along `x`,
/// output channels along `y`) and image (`z`).
#[cube(launch_unchecked)]
fn separable_kernel<N: Size>(
    // [n][channels][h][w]
    input: &[f32],
    // [channels][kh][kw]
    filters: &[f32],
    filter_bias: &[f32],
    // [block][channels][8]
    weights: &[Vec4],
    bias: &[f32],
    // As `out`; read only if the form has a shortcut.
    shortcut: &[Vector<f32, N>],
    // [n][rows][h'][w']
    out: &mut [Vector<f32, N>],
    geometry: &WindowGeometry,
    channels: usize,
    rows: usize,
    filter_relu: &Relu,
    relu: &Relu,
    #[comptime] form: BlockForm,
    #[comptime] kh: usize,
    #[comptime] kw: usize,
    // Pixels of a cube, and channels of a chunk.
    #[comptime] pixels: usize,
    #[comptime] chunk: usize,
) {
    let mut tile = Shared::<[f32]>::new_slice(comptime!(pixels * chunk));
    let image = CUBE_POS_Z as usize;
    let area = geometry.height_out * geometry.width_out;
    let plane = geometry.height * geometry.width;
    let first_pixel = CUBE_POS_X as usize * pixels;
    let own = UNIT_POS_X as usize * 4;
    let first = ABSOLUTE_POS_Y as usize * 8;
    // Units beyond the last row compute with its weights, because all units must meet at the barriers.
    let block = select(first < rows, ABSOLUTE_POS_Y as usize, 0usize);
    let units = (CUBE_DIM_X * CUBE_DIM_Y) as usize;
    let values = comptime!(pixels * chunk).runtime();
    let rounds = values.div_ceil(units);
    let mut sums = block::zeros();
    for step in 0..channels.div_ceil(chunk) {
        let start = step * chunk;
        for round in 0..rounds {
            let value = round * units + UNIT_POS as usize;
            let (channel, pixel) = (start + value / pixels, first_pixel + value % pixels);
            if value < values {
                let mut z = 0.0f32;
                if channel < channels && pixel < area {
                    let from = (image * channels + channel) * plane;
                    let sum = depthwise_sum(input, filters, geometry, from, channel, pixel, kh, kw);
                    z = filter_relu.apply(filter_bias[channel] + sum);
                }
                tile[value] = z;
            }
        }
        sync_cube();
        let mut weight = (block * channels + start) * 2;
        let mut at = own;
        for _k in 0..(channels - start).min(chunk) {
            let (low, high) = (weights[weight], weights[weight + 1]);
            let mut x = Vec4::empty();
            #[unroll]
            for p in 0..4usize {
                x.insert(p, tile[at + p]);
            }
            block::add(&mut sums, low, high, x);
            weight += 2;
            at += pixels;
        }
        sync_cube();
    }
    let vector = comptime!(if form.has_vectors { 4 } else { 1 });
    let (column, width) = ((first_pixel + own) / vector, area / vector);
    if column < width && first < rows {
        block::write::<N>(&sums, bias, shortcut, out, first, rows, image * rows * width, column, width, relu, form);
    }
}

/// Return whether an input `[n, c, h, w]` is small enough for the kernel.
pub fn fits([images, _, h, w]: [usize; 4]) -> bool {
    let most = super::MAX_CUBES as usize;
    images <= most && (h * w).div_ceil(pixels_of_cube(h * w)) <= most
}

/// Return how many pixels a cube computes: few where the map is small, so that there are many cubes.
fn pixels_of_cube(area: usize) -> usize {
    match area {
        3000.. => 64,
        500.. => 32,
        _ => 8,
    }
}

/// Return both convolutions of `x`; see [`crate::op::GpuInference::separable`].
#[allow(clippy::too_many_arguments)] // as there
pub fn forward(
    x: CubeTensor,
    filters: CubeTensor,
    filter_bias: CubeTensor,
    weight: CubeTensor,
    bias: CubeTensor,
    shortcut: CubeTensor,
    packed: &Packed,
    convs: SeparableConv,
) -> CubeTensor {
    let SeparableConv { depthwise, pointwise, relus: [filter_relu, relu], has_shortcut } = convs;
    let [x, filters, filter_bias, bias, shortcut] = [x, filters, filter_bias, bias, shortcut].map(into_contiguous);
    let pack = || product::pack(&pointwise, &into_contiguous(weight.clone()));
    let weights = packed.on_gpu(&weight, ConvAlgorithm::Direct, pack);
    let ([h, w], rows) = (pointwise.size_out, pointwise.c_out);
    let out = empty(&x, [pointwise.images, rows, h, w]);
    let pixels = pixels_of_cube(h * w);
    let columns = (pixels / block::COLUMNS) as u32;
    let blocks = rows.div_ceil(block::ROWS) as u32;
    let cube_blocks = blocks.min(MAX_UNITS / columns);
    let count =
        CubeCount::Static((h * w).div_ceil(pixels) as u32, blocks.div_ceil(cube_blocks), pointwise.images as u32);
    let has_vectors = (h * w).is_multiple_of(4);
    let form = BlockForm { shares: 1, has_vectors, has_epilogue: true, has_shortcut };
    // SAFETY: `channel`, `pixel` and the rows are checked before `input`, `filters` and `out` are accessed, and `inside`
    // keeps the reads within their plane. Units beyond the last row read the weights of the first block, which are
    // padded to whole blocks. `tile` has `pixels` columns: `own + p` lies within them.
    unsafe {
        separable_kernel::launch_unchecked(
            &x.client.clone(),
            count,
            CubeDim::new_2d(columns, cube_blocks),
            if has_vectors { block::COLUMNS } else { 1 },
            x.into_buffer_arg(),
            filters.into_buffer_arg(),
            filter_bias.into_buffer_arg(),
            weights.into_buffer_arg(),
            bias.into_buffer_arg(),
            shortcut.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            window_geometry(&depthwise),
            depthwise.c_out,
            rows,
            filter_relu.argument(),
            relu.argument(),
            form,
            depthwise.kernel[0],
            depthwise.kernel[1],
            pixels,
            CHUNK_VALUES / pixels,
        );
    }
    out
}
