//! GPU kernels in CubeCL, and their binding to burn's backend `Cube` on wgpu.
//!
//! Activations are contiguous `[n, c, h, w]` in every operation. Hence nothing is copied between operations, and
//! neighbouring units (GPU threads) read neighbouring pixels.
//!
//! The convolution kernels keep a block of sums in registers: a unit reads eight weights, which its neighbours read
//! too, and a few inputs, and computes eight multiply-adds per input. They use no workgroup memory. Its barriers are
//! slow on software adapters, and on real GPUs a block of this size is bound by arithmetic, not by caches.

mod gradients;
mod matmul;
mod product;
mod window;
mod winograd;

use burn::backend::Cube;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::{empty_device_contiguous_dtype, zeros_client};
use burn_cubecl::tensor::CubeTensor;

use super::algorithm::{ConvAlgorithm, Tile};
use super::op::{ConvShape, InferenceConvolution, Pooling};
use super::{ClampedRelu, Packed};

/// Largest number of transformed weights: 128 MB of `f32`, the largest binding that every WebGPU adapter supports.
const MAX_TRANSFORMED_WEIGHTS: usize = 32 << 20;

/// Rows of weights in a block: the sums that a unit keeps per column.
const BLOCK_ROWS: usize = 8;

/// Return an uninitialised contiguous tensor with the device and float type of `like`.
fn empty<const D: usize>(like: &CubeTensor, shape: [usize; D]) -> CubeTensor {
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape.into(), like.dtype)
}

/// Return `count` zeros with the device and float type of `like`.
fn zeros(like: &CubeTensor, count: usize) -> CubeTensor {
    zeros_client(like.client.clone(), like.device.clone(), [count].into(), like.dtype)
}

/// Return the number of cubes (workgroups) of size `dim` that cover `units` units.
fn cube_count(units: [usize; 3], dim: CubeDim) -> CubeCount {
    let [x, y, z] = units.map(|units| units as u32);
    CubeCount::Static(x.div_ceil(dim.0.x), y.div_ceil(dim.0.y), z.div_ceil(dim.0.z))
}

/// Cube size of kernels with one unit per pixel or tile (`x`) and channel (`y`). Neighbours along `x` read neighbouring
/// values. Two rows make 64 units, as many as the smallest GPUs run in lockstep.
const CUBE_DIM: CubeDim = CubeDim::new_2d(32, 2);

/// Return the convolution + ReLU of `x`. Weights `[c, 1, kh, kw]` for `c > 1` input channels make it depthwise.
fn convolve(
    shape: &ConvShape,
    x: CubeTensor,
    weight: CubeTensor,
    packed: &Packed,
    bias: CubeTensor,
    relu: ClampedRelu,
) -> CubeTensor {
    let [x, weight, bias] = [x, weight, bias].map(into_contiguous);
    if weight.meta.shape()[1] != shape.c_in {
        return window::depthwise(shape, x, weight, bias, relu);
    }
    let fits = |tile: &Tile| {
        tile.elements() * shape.c_in * shape.c_out.next_multiple_of(BLOCK_ROWS) <= MAX_TRANSFORMED_WEIGHTS
    };
    if let Some(tile) = Tile::for_conv(shape, 4).filter(fits) {
        let weights = packed.on_gpu(&weight, ConvAlgorithm::Winograd(tile), || winograd::pack(tile, shape, &weight));
        return winograd::forward(tile, shape, x, weights, bias, relu);
    }
    let weights = packed.on_gpu(&weight, ConvAlgorithm::Direct, || product::pack(shape, &weight));
    match shape.is_pointwise() {
        true => product::pointwise(shape, x, weights, bias, relu),
        false => window::direct(shape, x, weights, bias, relu),
    }
}

impl InferenceConvolution for Cube {
    fn convolution_relu(
        x: CubeTensor,
        weight: CubeTensor,
        packed: Packed,
        bias: CubeTensor,
        shape: ConvShape,
        relu: ClampedRelu,
    ) -> CubeTensor {
        convolve(&shape, x, weight, &packed, bias, relu)
    }
}

impl Pooling for Cube {
    fn max_pool(x: CubeTensor, shape: ConvShape) -> CubeTensor {
        window::max_pool(&shape, into_contiguous(x))
    }
}
