//! What slides a window over photos: convolution by its definition, depthwise convolution, max-pooling.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

use super::product::Four;
use super::{FLAT, ROWS, cubes, empty};
use crate::ClampedRelu;
use crate::op::ConvShape;

/// Where a window lies.
#[derive(CubeType, CubeLaunch)]
pub struct Window {
    pub height: usize,
    pub width: usize,
    pub height_out: usize,
    pub width_out: usize,
    pub stride: usize,
    pub top: usize,
    pub left: usize,
}

pub fn window_of(shape: &ConvShape) -> WindowLaunch {
    let ([h, w], [h_out, w_out], [top, left]) = (shape.size_in, shape.size_out, shape.padding);
    WindowLaunch::new(h, w, h_out, w_out, shape.stride, top, left)
}

/// `z` where positive, `slope · z` elsewhere, at most `cap`.
#[cube]
pub fn clamped_relu(z: f32, slope: f32, cap: f32) -> f32 {
    let z = select(z > 0.0f32, z, z * slope);
    select(z > cap, cap, z)
}

/// One unit per output pixel and block of eight channels; `z` is the photo.
#[cube(launch_unchecked)]
fn direct_kernel(
    // [n][c_in][h][w]
    photos: &[f32],
    // [block][c_in][kh][kw][8]
    weights: &[Four],
    bias: &[f32],
    out: &mut [f32],
    window: &Window,
    c_in: usize,
    c_out: usize,
    slope: f32,
    cap: f32,
    #[comptime] kh: usize,
    #[comptime] kw: usize,
) {
    let pixel = ABSOLUTE_POS_X as usize;
    let first = ABSOLUTE_POS_Y as usize * 8;
    let photo = CUBE_POS_Z as usize;
    let area = window.height_out * window.width_out;
    if pixel < area && first < c_out {
        // Above and left of the photo these wrap around, and so lie beyond it.
        let y = pixel / window.width_out * window.stride - window.top;
        let x = pixel % window.width_out * window.stride - window.left;
        let mut sums = Array::<f32>::new(8usize);
        #[unroll]
        for r in 0..8usize {
            sums[r] = 0.0f32;
        }
        let mut weight = first * c_in * kh * kw / 4;
        let mut plane = photo * c_in * window.height * window.width;
        for _c in 0..c_in {
            for i in 0..kh {
                for j in 0..kw {
                    let inside = y + i < window.height && x + j < window.width;
                    let at = select(inside, plane + (y + i) * window.width + x + j, plane);
                    let value = select(inside, photos[at], 0.0f32);
                    let (low, high) = (weights[weight], weights[weight + 1]);
                    #[unroll]
                    for r in 0..4usize {
                        sums[r] += low.extract(r) * value;
                        sums[r + 4] += high.extract(r) * value;
                    }
                    weight += 2;
                }
            }
            plane += window.height * window.width;
        }
        #[unroll]
        for r in 0..8usize {
            if first + r < c_out {
                let to = (photo * c_out + first + r) * area + pixel;
                out[to] = clamped_relu(sums[r] + bias[first + r], slope, cap);
            }
        }
    }
}

/// Any convolution without groups; weights out of [`super::product::pack`].
pub fn direct(
    shape: &ConvShape,
    x: CubeTensor,
    weights: CubeTensor,
    bias: CubeTensor,
    relu: ClampedRelu,
) -> CubeTensor {
    let [h, w] = shape.size_out;
    let out = empty(&x, [shape.images, shape.c_out, h, w]);
    let dim = FLAT;
    // SAFETY: the units beyond the pixels and channels do nothing; `inside` keeps the others within the photo.
    unsafe {
        direct_kernel::launch_unchecked(
            &x.client.clone(),
            cubes([h * w, shape.c_out.div_ceil(ROWS), shape.images], dim),
            dim,
            x.into_buffer_arg(),
            weights.into_buffer_arg(),
            bias.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            window_of(shape),
            shape.c_in,
            shape.c_out,
            relu.slope,
            relu.cap,
            shape.kernel[0],
            shape.kernel[1],
        );
    }
    out
}

/// One unit per output pixel and plane.
#[cube(launch_unchecked)]
fn depthwise_kernel(
    // [n · channels][h][w]
    planes: &[f32],
    // [channels][kh][kw]
    weights: &[f32],
    bias: &[f32],
    out: &mut [f32],
    window: &Window,
    count: usize,
    channels: usize,
    slope: f32,
    cap: f32,
    #[comptime] kh: usize,
    #[comptime] kw: usize,
) {
    let pixel = ABSOLUTE_POS_X as usize;
    let plane = ABSOLUTE_POS_Y as usize;
    let area = window.height_out * window.width_out;
    if pixel < area && plane < count {
        let y = pixel / window.width_out * window.stride - window.top;
        let x = pixel % window.width_out * window.stride - window.left;
        let channel = plane % channels;
        let from = plane * window.height * window.width;
        let mut sum = bias[channel];
        #[unroll]
        for i in 0..kh {
            #[unroll]
            for j in 0..kw {
                let inside = y + i < window.height && x + j < window.width;
                let at = select(inside, from + (y + i) * window.width + x + j, from);
                sum += select(inside, planes[at], 0.0f32) * weights[(channel * kh + i) * kw + j];
            }
        }
        out[plane * area + pixel] = clamped_relu(sum, slope, cap);
    }
}

/// Every channel with a filter of its own, `[channels, 1, kh, kw]`.
pub fn depthwise(
    shape: &ConvShape,
    x: CubeTensor,
    weight: CubeTensor,
    bias: CubeTensor,
    relu: ClampedRelu,
) -> CubeTensor {
    let [h, w] = shape.size_out;
    let out = empty(&x, [shape.images, shape.c_out, h, w]);
    let (dim, planes) = (FLAT, shape.images * shape.c_out);
    // SAFETY: the units beyond the pixels and planes do nothing; `inside` keeps the others within their plane.
    unsafe {
        depthwise_kernel::launch_unchecked(
            &x.client.clone(),
            cubes([h * w, planes, 1], dim),
            dim,
            x.into_buffer_arg(),
            weight.into_buffer_arg(),
            bias.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            window_of(shape),
            planes,
            shape.c_out,
            relu.slope,
            relu.cap,
            shape.kernel[0],
            shape.kernel[1],
        );
    }
    out
}

/// One unit per output pixel and plane. What lies outside a photo does not win.
#[cube(launch_unchecked)]
fn max_pool_kernel(
    planes: &[f32],
    out: &mut [f32],
    window: &Window,
    count: usize,
    #[comptime] kh: usize,
    #[comptime] kw: usize,
) {
    let pixel = ABSOLUTE_POS_X as usize;
    let plane = ABSOLUTE_POS_Y as usize;
    let area = window.height_out * window.width_out;
    if pixel < area && plane < count {
        let y = pixel / window.width_out * window.stride - window.top;
        let x = pixel % window.width_out * window.stride - window.left;
        let from = plane * window.height * window.width;
        let mut largest = f32::min_value();
        #[unroll]
        for i in 0..kh {
            #[unroll]
            for j in 0..kw {
                let inside = y + i < window.height && x + j < window.width;
                let at = select(inside, from + (y + i) * window.width + x + j, from);
                // Of a broken network, whose values are no numbers, none must come out.
                largest = select(!inside || planes[at] <= largest, largest, planes[at]);
            }
        }
        out[plane * area + pixel] = largest;
    }
}

/// The largest of every window of `shape.kernel`, channel by channel.
pub fn max_pool(shape: &ConvShape, x: CubeTensor) -> CubeTensor {
    let [h, w] = shape.size_out;
    let out = empty(&x, [shape.images, shape.c_out, h, w]);
    let (dim, planes) = (FLAT, shape.images * shape.c_out);
    // SAFETY: as in `depthwise`.
    unsafe {
        max_pool_kernel::launch_unchecked(
            &x.client.clone(),
            cubes([h * w, planes, 1], dim),
            dim,
            x.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            window_of(shape),
            planes,
            shape.kernel[0],
            shape.kernel[1],
        );
    }
    out
}
