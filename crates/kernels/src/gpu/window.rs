//! Sliding-window kernels: direct convolution, depthwise convolution, max-pooling.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

use super::activation::{Relu, Vec4};
use super::block::{self, BlockForm};
use super::{Epilogue, empty, plane, row};
use crate::ClampedRelu;
use crate::shape::ConvShape;

/// Sizes of input and output planes, and how the window moves over them.
#[derive(CubeType, CubeLaunch)]
pub struct WindowGeometry {
    /// Rows of the input.
    pub height: usize,
    /// Columns of the input.
    pub width: usize,
    /// Rows of the output.
    pub height_out: usize,
    /// Columns of the output.
    pub width_out: usize,
    /// Stride along both axes.
    pub stride: usize,
    /// Padding above.
    pub top: usize,
    /// Padding on the left.
    pub left: usize,
}

/// Return the geometry of `shape` as an argument for a kernel.
pub fn window_geometry(shape: &ConvShape) -> WindowGeometryLaunch {
    let ([h, w], [h_out, w_out], [top, left]) = (shape.size_in, shape.size_out, shape.padding);
    WindowGeometryLaunch::new(h, w, h_out, w_out, shape.stride, top, left)
}

/// Return whether `value` is NaN, by its bits: compilers of shaders may assume that comparisons see numbers.
#[cube]
fn is_nan(value: f32) -> bool {
    (u32::reinterpret(value) & 0x7fff_ffffu32) > 0x7f80_0000u32
}

/// Direct convolution, bias, shortcut and ReLU; one unit, or `form.shares` along `z`, per block of sums (pixels along `x`,
/// output channels along `y`) and image.
#[cube(launch_unchecked)]
fn direct_kernel<N: Size>(
    // [n][c_in][h][w]
    input: &[f32],
    // [block][c_in][kh][kw][8]
    weights: &[Vec4],
    bias: &[f32],
    // As `out`; read only if the form has a shortcut.
    shortcut: &[Vector<f32, N>],
    // [n][c_out][h'][w']
    out: &mut [Vector<f32, N>],
    geometry: &WindowGeometry,
    c_in: usize,
    c_out: usize,
    // Vectors in a plane of `out`.
    width: usize,
    relu: &Relu,
    #[comptime] form: BlockForm,
    #[comptime] kh: usize,
    #[comptime] kw: usize,
) {
    let column = ABSOLUTE_POS_X as usize * comptime!(if form.has_vectors { 1 } else { block::COLUMNS });
    let first = ABSOLUTE_POS_Y as usize * 8;
    let image = CUBE_POS_Z as usize;
    let is_inside = column < width && first < c_out;
    let mut sums = block::zeros();
    if is_inside {
        let mut ys = Array::<usize>::new(4usize);
        let mut xs = Array::<usize>::new(4usize);
        #[unroll]
        for p in 0..4usize {
            let pixel = ABSOLUTE_POS_X as usize * 4 + p;
            // Coordinates above and left of the image wrap around to huge values, so `inside` excludes them. Those of pixels
            // beyond the plane are as good as any.
            ys[p] = pixel / geometry.width_out * geometry.stride - geometry.top;
            xs[p] = pixel % geometry.width_out * geometry.stride - geometry.left;
        }
        let channels = c_in.div_ceil(form.shares);
        let start = (UNIT_POS_Z as usize * channels).min(c_in);
        let end = (start + channels).min(c_in);
        let mut weight = (first / 8 * c_in + start) * kh * kw * 2;
        let mut plane = (image * c_in + start) * geometry.height * geometry.width;
        for _channel in start..end {
            for i in 0..kh {
                #[unroll(kw <= 3)]
                for j in 0..kw {
                    let mut x = Vec4::empty();
                    #[unroll]
                    for p in 0..4usize {
                        let inside = ys[p] + i < geometry.height && xs[p] + j < geometry.width;
                        let at = select(inside, plane + (ys[p] + i) * geometry.width + xs[p] + j, plane);
                        x.insert(p, select(inside, input[at], 0.0f32));
                    }
                    block::add(&mut sums, weights[weight], weights[weight + 1], x);
                    weight += 2;
                }
            }
            plane += geometry.height * geometry.width;
        }
    }
    block::gather(&mut sums, form.shares);
    if is_inside && UNIT_POS_Z == 0 {
        block::write::<N>(&sums, bias, shortcut, out, first, c_out, image * c_out * width, column, width, relu, form);
    }
}

/// Return the convolution of `x`. `weights` come from [`super::product::pack`].
pub fn direct(shape: &ConvShape, x: CubeTensor, weights: CubeTensor, epilogue: Epilogue) -> CubeTensor {
    let ([h, w], [kh, kw]) = (shape.size_out, shape.kernel);
    let out = empty(&x, [shape.images, shape.c_out, h, w]);
    let (count, dim, shares) = block::launch([h * w, shape.c_out, shape.images], shape.c_in * kh * kw);
    let has_vectors = (h * w).is_multiple_of(4);
    let vector = if has_vectors { 4 } else { 1 };
    let form = BlockForm { shares, has_vectors, has_epilogue: true, has_shortcut: epilogue.shortcut.is_some() };
    // SAFETY: units beyond the output pixels or channels do nothing. `inside` keeps the reads of the others within the
    // image, and weights are padded to whole blocks.
    unsafe {
        direct_kernel::launch_unchecked(
            &x.client.clone(),
            count,
            dim,
            vector,
            x.clone().into_buffer_arg(),
            weights.into_buffer_arg(),
            epilogue.bias.clone().into_buffer_arg(),
            epilogue.shortcut_or(&x).into_buffer_arg(),
            out.clone().into_buffer_arg(),
            window_geometry(shape),
            shape.c_in,
            shape.c_out,
            h * w / vector,
            epilogue.relu.argument(),
            form,
            kh,
            kw,
        );
    }
    out
}

/// Return the sum of a depthwise convolution at output pixel `pixel`; the plane begins at `from`.
#[cube]
pub fn depthwise_sum(
    planes: &[f32],
    // [channels][kh][kw]
    weights: &[f32],
    geometry: &WindowGeometry,
    from: usize,
    channel: usize,
    pixel: usize,
    #[comptime] kh: usize,
    #[comptime] kw: usize,
) -> f32 {
    // Coordinates above and left of the image wrap around to huge values, so `inside` excludes them.
    let y = pixel / geometry.width_out * geometry.stride - geometry.top;
    let x = pixel % geometry.width_out * geometry.stride - geometry.left;
    let mut sum = 0.0f32;
    #[unroll]
    for i in 0..kh {
        #[unroll]
        for j in 0..kw {
            let inside = y + i < geometry.height && x + j < geometry.width;
            let at = select(inside, from + (y + i) * geometry.width + x + j, from);
            sum += select(inside, planes[at], 0.0f32) * weights[(channel * kh + i) * kw + j];
        }
    }
    sum
}

/// Depthwise convolution + ReLU; one unit per output pixel (`x`) and plane (row).
#[cube(launch_unchecked)]
fn depthwise_kernel(
    // [n · channels][h][w]
    planes: &[f32],
    // [channels][kh][kw]
    weights: &[f32],
    bias: &[f32],
    out: &mut [f32],
    geometry: &WindowGeometry,
    count: usize,
    channels: usize,
    relu: &Relu,
    #[comptime] kh: usize,
    #[comptime] kw: usize,
) {
    let pixel = ABSOLUTE_POS_X as usize;
    let plane = row();
    let area = geometry.height_out * geometry.width_out;
    if pixel < area && plane < count {
        let channel = plane % channels;
        let from = plane * geometry.height * geometry.width;
        let sum = bias[channel] + depthwise_sum(planes, weights, geometry, from, channel, pixel, kh, kw);
        out[plane * area + pixel] = relu.apply(sum);
    }
}

/// Return the depthwise convolution + ReLU of `x`. Weights are `[channels, 1, kh, kw]`.
pub fn depthwise(
    shape: &ConvShape,
    x: CubeTensor,
    weight: CubeTensor,
    bias: CubeTensor,
    relu: ClampedRelu,
) -> CubeTensor {
    let [h, w] = shape.size_out;
    let out = empty(&x, [shape.images, shape.c_out, h, w]);
    let planes = shape.images * shape.c_out;
    let (count, dim) = plane([h * w, planes]);
    // SAFETY: units beyond the output pixels or planes do nothing. `inside` keeps the others' reads within their plane.
    unsafe {
        depthwise_kernel::launch_unchecked(
            &x.client.clone(),
            count,
            dim,
            x.into_buffer_arg(),
            weight.into_buffer_arg(),
            bias.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            window_geometry(shape),
            planes,
            shape.c_out,
            relu.argument(),
            shape.kernel[0],
            shape.kernel[1],
        );
    }
    out
}

/// Max-pooling; one unit per output pixel (`x`) and plane (row). Padding is never the maximum.
#[cube(launch_unchecked)]
fn max_pool_kernel(
    planes: &[f32],
    out: &mut [f32],
    geometry: &WindowGeometry,
    count: usize,
    #[comptime] kh: usize,
    #[comptime] kw: usize,
) {
    let pixel = ABSOLUTE_POS_X as usize;
    let plane = row();
    let area = geometry.height_out * geometry.width_out;
    if pixel < area && plane < count {
        let y = pixel / geometry.width_out * geometry.stride - geometry.top;
        let x = pixel % geometry.width_out * geometry.stride - geometry.left;
        let from = plane * geometry.height * geometry.width;
        let mut largest = f32::min_value();
        #[unroll]
        for i in 0..kh {
            #[unroll]
            for j in 0..kw {
                let inside = y + i < geometry.height && x + j < geometry.width;
                let at = select(inside, from + (y + i) * geometry.width + x + j, from);
                // A window with NaN, as of a diverged network, gives NaN.
                let stays = !inside || is_nan(largest) || planes[at] <= largest;
                largest = select(stays, largest, planes[at]);
            }
        }
        out[plane * area + pixel] = largest;
    }
}

/// Return the maximum of every window of `shape.kernel`, channel by channel.
pub fn max_pool(shape: &ConvShape, x: CubeTensor) -> CubeTensor {
    let [h, w] = shape.size_out;
    let out = empty(&x, [shape.images, shape.c_out, h, w]);
    let planes = shape.images * shape.c_out;
    let (count, dim) = plane([h * w, planes]);
    // SAFETY: units beyond the output pixels or planes do nothing. `inside` keeps the others' reads within their plane.
    unsafe {
        max_pool_kernel::launch_unchecked(
            &x.client.clone(),
            count,
            dim,
            x.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            window_geometry(shape),
            planes,
            shape.kernel[0],
            shape.kernel[1],
        );
    }
    out
}
