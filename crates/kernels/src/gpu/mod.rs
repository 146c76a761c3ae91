//! The operations as CubeCL kernels, for graphics adapters through wgpu. Activations stay `[n, c, h, w]` without gaps from one
//! operation to the next, so that nothing is copied in between and neighbouring units read neighbouring pixels.
//!
//! Each multiplies blocks of sums in registers: a unit reads eight weights (which its neighbours read too) and a few inputs,
//! for eight times as many multiply-adds. There is no workgroup memory: adapters made of software pay dearly for its barriers,
//! and on real ones a block of this size leaves the arithmetic units, not the caches, as the bound.

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
use super::op::{ConvShape, Forward, Pooling};
use super::{ClampedRelu, Packed};

/// The most values that transformed weights may have: what the smallest adapters bind at once, 128 MB.
const WEIGHTS: usize = 32 << 20;

/// Rows of weights that a unit has sums of.
const ROWS: usize = 8;

/// An uninitialised tensor beside another.
fn empty<const D: usize>(beside: &CubeTensor, shape: [usize; D]) -> CubeTensor {
    empty_device_contiguous_dtype(beside.client.clone(), beside.device.clone(), shape.into(), beside.dtype)
}

/// Zeros beside a tensor.
fn zeros(beside: &CubeTensor, count: usize) -> CubeTensor {
    zeros_client(beside.client.clone(), beside.device.clone(), [count].into(), beside.dtype)
}

/// As many cubes as cover so many units.
fn cubes(units: [usize; 3], dim: CubeDim) -> CubeCount {
    let [x, y, z] = units.map(|units| units as u32);
    CubeCount::Static(x.div_ceil(dim.0.x), y.div_ceil(dim.0.y), z.div_ceil(dim.0.z))
}

/// For kernels with one unit per pixel or tile, `x`, and channel, `y`: neighbours in `x` read neighbouring values, and two
/// rows of them are as many units as the smallest adapters run in step.
const FLAT: CubeDim = CubeDim::new_2d(32, 2);

/// A convolution, or one with a filter to every channel, and its rectifier.
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
    let fits = |tile: &Tile| tile.places() * shape.c_in * shape.c_out.next_multiple_of(ROWS) <= WEIGHTS;
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

impl Forward for Cube {
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
