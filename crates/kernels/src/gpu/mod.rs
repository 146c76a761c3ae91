//! GPU kernels in CubeCL, and their binding to burn's backend `Cube` on wgpu.
//!
//! Activations are contiguous `[n, c, h, w]` in every operation. Hence nothing is copied between operations, and
//! neighbouring units (GPU threads) read neighbouring pixels.
//!
//! The convolution kernels keep a [`block`] of sums in registers. They read weights and inputs through the caches, and use
//! workgroup memory only where units share work ([`separable`], and blocks that are few): its barriers are slow on software
//! adapters.

mod activation;
mod block;
mod gradients;
mod matmul;
mod norm;
mod product;
mod separable;
mod training;
mod transposed;
#[cfg(feature = "autotune")]
mod tuned;
mod window;
mod winograd;

use std::sync::atomic::{AtomicUsize, Ordering};

use burn::backend::Cube;
use burn::backend::ops::FloatTensorOps;
use burn::tensor::{Slice, TensorData};
use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::{empty_device_contiguous_dtype, zeros_client};
use burn_cubecl::tensor::CubeTensor;

pub use separable::fits as separable_fits;

use super::algorithm::{ConvAlgorithm, Costs, Tile};
use super::op::{GpuInference, InferenceConvolution, SeparableConv};
use super::shape::ConvShape;
use super::{ClampedRelu, Packed, SOFTWARE};

/// Largest number of a convolution's transformed weights: 128 MB of `f32`, the largest binding that every WebGPU adapter
/// supports, or less after [`save_memory`].
static MAX_TRANSFORMED_WEIGHTS: AtomicUsize = AtomicUsize::new(32 << 20);

/// Allow a convolution only 16 MB of transformed weights from now on; larger ones are computed directly.
pub fn save_memory() {
    MAX_TRANSFORMED_WEIGHTS.store(4 << 20, Ordering::Relaxed);
}

/// Return what the steps of a convolution cost on an adapter. On hardware, arithmetic is cheap beside memory: a weight takes as
/// long to read as some forty multiplications.
fn costs() -> Costs {
    let weight_load = if SOFTWARE.load(Ordering::Relaxed) { 8.0 } else { 40.0 };
    Costs { panel: 4, weight_load, transform: 8.0 }
}

/// Return an uninitialised contiguous tensor with the device and float type of `like`.
fn empty<const D: usize>(like: &CubeTensor, shape: [usize; D]) -> CubeTensor {
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape.into(), like.dtype)
}

/// Return `count` zeros with the device and float type of `like`.
fn zeros(like: &CubeTensor, count: usize) -> CubeTensor {
    zeros_client(like.client.clone(), like.device.clone(), [count].into(), like.dtype)
}

/// Largest number of cubes (workgroups) along an axis of a launch: the limit of every WebGPU adapter
/// (`maxComputeWorkgroupsPerDimension`), and of CUDA along `y` and `z`.
const MAX_CUBES: u32 = 65_535;

/// Largest number of units of a cube, on every WebGPU adapter.
const MAX_UNITS: u32 = 256;

/// Return the number and the size of the cubes that give every column (`x`) and row of a plane a unit. Kernels get
/// their row from [`row`], because rows beyond the limit of an axis continue along `z`.
fn plane([columns, rows]: [usize; 2]) -> (CubeCount, CubeDim) {
    // Most neighbours along `x` read neighbouring values. Two rows make 64 units, as many as the smallest GPUs run in
    // lockstep.
    let [x, y] = cube_size(columns, [32, 2]);
    let rows = (rows as u32).div_ceil(y);
    let folds = rows.div_ceil(MAX_CUBES).max(1);
    (CubeCount::Static((columns as u32).div_ceil(x), rows.div_ceil(folds), folds), CubeDim::new_2d(x, y))
}

/// Return the number and the size of the cubes that give every column (`x`), row (`y`) and layer (`z`) a unit.
///
/// Rows are blocks of channels. Layers are elements of a Winograd patch, splits of a sum or, in [`convolve`], at most
/// [`MAX_CUBES`] images.
fn layers([columns, rows, layers]: [usize; 3], units: [u32; 2]) -> (CubeCount, CubeDim) {
    let [x, y] = cube_size(columns, units);
    let count = CubeCount::Static((columns as u32).div_ceil(x), (rows as u32).div_ceil(y), layers as u32);
    (count, CubeDim::new_2d(x, y))
}

/// Return `units`, the preferred units of a cube along `x` and `y`, or more along `x` if so many columns need it.
fn cube_size(columns: usize, [mut x, mut y]: [u32; 2]) -> [u32; 2] {
    while (columns as u32).div_ceil(x) > MAX_CUBES && x < MAX_UNITS {
        (x, y) = (x * 2, (y / 2).max(1));
    }
    [x, y]
}

/// Return a unit's row in a launch by [`plane`].
#[cube]
fn row() -> usize {
    (CUBE_POS_Z * CUBE_COUNT_Y * CUBE_DIM_Y + ABSOLUTE_POS_Y) as usize
}

/// What a convolution does with its sums before it writes them.
#[derive(Clone)]
struct Epilogue {
    /// Bias `[c_out]`.
    bias: CubeTensor,
    /// Tensor of the output's shape to add. A depthwise convolution has none.
    shortcut: Option<CubeTensor>,
    /// Activation of the sum.
    relu: ClampedRelu,
}

impl Epilogue {
    /// Return the epilogue without a shortcut.
    fn new(bias: CubeTensor, relu: ClampedRelu) -> Self {
        Self { bias: into_contiguous(bias), shortcut: None, relu }
    }

    /// Return the shortcut as the argument of a kernel, or `other`: a kernel has the same arguments without a shortcut.
    fn shortcut_or(&self, other: &CubeTensor) -> CubeTensor {
        self.shortcut.as_ref().unwrap_or(other).clone()
    }
}

/// Return whether the weights are those of a depthwise convolution, `[c, 1, kh, kw]` for `c > 1` input channels.
fn is_depthwise(shape: &ConvShape, weight: &CubeTensor) -> bool {
    weight.meta.shape()[1] != shape.c_in
}

/// Return the convolution of `x`, dense or depthwise.
fn convolve(shape: &ConvShape, x: CubeTensor, weight: CubeTensor, packed: &Packed, epilogue: Epilogue) -> CubeTensor {
    #[cfg(feature = "autotune")]
    if tuned::applies(shape) && !is_depthwise(shape, &weight) {
        return tuned::forward(shape, x, weight, packed, epilogue);
    }
    untuned(shape, x, weight, packed, epilogue)
}

/// Return the convolution of `x` by the kernels of this crate.
fn untuned(shape: &ConvShape, x: CubeTensor, weight: CubeTensor, packed: &Packed, epilogue: Epilogue) -> CubeTensor {
    let x = into_contiguous(x);
    if shape.images > MAX_CUBES as usize {
        let first = MAX_CUBES as usize;
        let parts = [0..first, first..shape.images].map(|images| {
            let shape = ConvShape { images: images.len(), ..*shape };
            let part = |tensor: &CubeTensor| {
                into_contiguous(Cube::float_slice(tensor.clone(), &[Slice::from(images.clone())]))
            };
            let epilogue = Epilogue { shortcut: epilogue.shortcut.as_ref().map(part), ..epilogue.clone() };
            untuned(&shape, part(&x), weight.clone(), packed, epilogue)
        });
        return Cube::float_cat(parts.into(), 0);
    }
    if is_depthwise(shape, &weight) {
        return window::depthwise(shape, x, into_contiguous(weight), epilogue.bias, epilogue.relu);
    }
    let fits = |tile: &Tile| {
        let weights = tile.elements() * shape.c_in * shape.c_out.next_multiple_of(block::ROWS);
        weights <= MAX_TRANSFORMED_WEIGHTS.load(Ordering::Relaxed)
    };
    if let Some(tile) = Tile::for_conv(shape, costs()).filter(fits) {
        let pack = || winograd::pack(tile, shape, &into_contiguous(weight.clone()));
        let weights = packed.on_gpu(&weight, ConvAlgorithm::Winograd(tile), pack);
        return winograd::forward(tile, shape, x, weights, epilogue);
    }
    let pack = || product::pack(shape, &into_contiguous(weight.clone()));
    let weights = packed.on_gpu(&weight, ConvAlgorithm::Direct, pack);
    match shape.is_pointwise() {
        true => product::pointwise(shape, x, weights, epilogue),
        false => window::direct(shape, x, weights, epilogue),
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
        convolve(&shape, x, weight, &packed, Epilogue::new(bias, relu))
    }

    fn convolution_add_relu(
        x: CubeTensor,
        weight: CubeTensor,
        packed: Packed,
        bias: CubeTensor,
        shortcut: CubeTensor,
        shape: ConvShape,
        relu: ClampedRelu,
    ) -> CubeTensor {
        let epilogue = Epilogue { shortcut: Some(into_contiguous(shortcut)), ..Epilogue::new(bias, relu) };
        convolve(&shape, x, weight, &packed, epilogue)
    }
}

impl GpuInference for Cube {
    fn separable(
        x: CubeTensor,
        filters: CubeTensor,
        filter_bias: CubeTensor,
        weight: CubeTensor,
        bias: CubeTensor,
        shortcut: CubeTensor,
        packed: Packed,
        convs: SeparableConv,
    ) -> CubeTensor {
        separable::forward(x, filters, filter_bias, weight, bias, shortcut, &packed, convs)
    }

    fn max_pool(x: CubeTensor, shape: ConvShape) -> CubeTensor {
        window::max_pool(&shape, into_contiguous(x))
    }

    fn affine(a: CubeTensor, b: CubeTensor, bias: CubeTensor) -> CubeTensor {
        matmul::product(a, b, Some(into_contiguous(bias)))
    }

    fn overwrite(target: CubeTensor, values: Vec<f32>) -> CubeTensor {
        let count = values.len();
        let (bytes, ..) = TensorData::new(values, [count]).into_parts();
        target.client.write(&target.handle, bytes);
        target
    }
}
