//! Gradients of a convolution's activation, weights and bias. Those of weights and bias are sums over the pixels of all images,
//! split into partial sums.

use burn::backend::Cube;
use burn::backend::ops::FloatTensorOps;
use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::reshape;
use burn_cubecl::tensor::CubeTensor;

use super::activation::{Relu, Vec4};
use super::block;
use super::window::{WindowGeometry, window_geometry};
use super::{empty, layers, plane, row};
use crate::ClampedRelu;
use crate::shape::ConvShape;

/// Units to split the weight gradient among: enough for a large GPU.
const TARGET_UNITS: usize = 32 * 1024;
/// Largest number of partial sums: 32 MB of `f32`.
const MAX_PARTIAL_SUMS: usize = 8 << 20;

/// Multiply `dy` by the derivative of the ReLU where its output is `y`; one unit per value.
#[cube(launch_unchecked)]
fn relu_gradient_kernel(y: &[f32], dy: &[f32], out: &mut [f32], planes: usize, area: usize, relu: &Relu) {
    let pixel = ABSOLUTE_POS_X as usize;
    let plane = row();
    if pixel < area && plane < planes {
        let at = plane * area + pixel;
        out[at] = dy[at] * relu.derivative_from_output(y[at]);
    }
}

/// Transpose `[n][channels][area]` to `[n][area][padded]`, with zeros after the last channel; one unit per pixel (`x`)
/// and plane of the result.
#[cube(launch_unchecked)]
fn channels_last_kernel(planes: &[f32], out: &mut [f32], count: usize, channels: usize, padded: usize, area: usize) {
    let pixel = ABSOLUTE_POS_X as usize;
    let plane = row();
    let (image, channel) = (plane / padded, plane % padded);
    if pixel < area && plane < count {
        let at = (image * channels + channel.min(channels - 1)) * area + pixel;
        out[(image * area + pixel) * padded + channel] = select(channel < channels, planes[at], 0.0f32);
    }
}

/// Partial sums of the weight gradient; one unit per block of sums (weights of an output channel along `x`, output channels
/// along `y`) and split (`z`). A split is `rows` rows of output pixels.
#[cube(launch_unchecked)]
fn weight_gradient_kernel(
    // [n][c_in][h][w]
    input: &[f32],
    // [n][h'][w'][padded]
    dy: &[Vec4],
    // [split][c_out][c_in · kh · kw]
    out: &mut [f32],
    geometry: &WindowGeometry,
    images: usize,
    c_in: usize,
    c_out: usize,
    padded: usize,
    rows: usize,
    #[comptime] kh: usize,
    #[comptime] kw: usize,
) {
    let weight = ABSOLUTE_POS_X as usize * 4;
    let first = ABSOLUTE_POS_Y as usize * 8;
    let split = CUBE_POS_Z as usize;
    let depth = c_in * kh * kw;
    if weight < depth && first < c_out {
        // Of each weight: the channel's plane in an image, and the place in the window.
        let mut planes = Array::<usize>::new(4usize);
        let mut tops = Array::<usize>::new(4usize);
        let mut lefts = Array::<usize>::new(4usize);
        #[unroll]
        for p in 0..4usize {
            // Weights beyond the last are computed as if they were the last, and not written.
            let own = (weight + p).min(depth - 1);
            planes[p] = own / (kh * kw) * geometry.height * geometry.width;
            // Coordinates above and left of the image wrap around to huge values, so `inside` excludes them.
            tops[p] = own / kw % kh - geometry.top;
            lefts[p] = own % kw - geometry.left;
        }
        let mut sums = block::zeros();
        let end = ((split + 1) * rows).min(images * geometry.height_out);
        for row in split * rows..end {
            let (image, y) = (row / geometry.height_out, row % geometry.height_out * geometry.stride);
            let from = image * c_in * geometry.height * geometry.width;
            let mut at = (row * geometry.width_out * padded + first) / 4;
            let mut x = 0usize;
            for _ in 0..geometry.width_out {
                let mut values = Vec4::empty();
                #[unroll]
                for p in 0..4usize {
                    let inside = y + tops[p] < geometry.height && x + lefts[p] < geometry.width;
                    let pixel = (y + tops[p]) * geometry.width + x + lefts[p];
                    values.insert(p, select(inside, input[select(inside, from + planes[p] + pixel, 0usize)], 0.0f32));
                }
                block::add(&mut sums, dy[at], dy[at + 1], values);
                at += padded / 4;
                x += geometry.stride;
            }
        }
        #[unroll]
        for r in 0..8usize {
            #[unroll]
            for p in 0..4usize {
                if first + r < c_out && weight + p < depth {
                    out[(split * c_out + first + r) * depth + weight + p] = sums[r].extract(p);
                }
            }
        }
    }
}

/// Partial sums of the bias gradient; one unit per channel (`x`) and split (row). A split is `lines` lines of pixels.
#[cube(launch_unchecked)]
fn bias_gradient_kernel(
    // [n][channels][height][width]
    dy: &[f32],
    // [split][channels]
    out: &mut [f32],
    splits: usize,
    all_lines: usize,
    lines: usize,
    channels: usize,
    height: usize,
    width: usize,
) {
    let channel = ABSOLUTE_POS_X as usize;
    let split = row();
    if channel < channels && split < splits {
        let end = ((split + 1) * lines).min(all_lines);
        let mut sum = 0.0f32;
        for line in split * lines..end {
            let (image, y) = (line / height, line % height);
            let start = ((image * channels + channel) * height + y) * width;
            for x in 0..width {
                sum += dy[start + x];
            }
        }
        out[split * channels + channel] = sum;
    }
}

/// Return the sum of partial sums `[splits, n]` over the splits.
fn sum_splits(partial: CubeTensor) -> CubeTensor {
    if partial.meta.shape()[0] == 1 { partial } else { Cube::float_sum_dim(partial, 0) }
}

/// Return the gradient of the weights.
pub fn weight_gradient(shape: &ConvShape, x: CubeTensor, dy: CubeTensor) -> CubeTensor {
    let [x, dy] = [x, dy].map(into_contiguous);
    let ([h, w], [kh, kw], client) = (shape.size_out, shape.kernel, x.client.clone());
    let (padded, depth) = (shape.c_out.next_multiple_of(block::ROWS), shape.c_in * kh * kw);
    let dy_nhwc = empty(&dy, [shape.images, h, w, padded]);
    let (count, dim) = plane([h * w, shape.images * padded]);
    // SAFETY: units beyond the pixels or planes do nothing. `min` keeps the reads of the others within the
    // image's channels.
    unsafe {
        channels_last_kernel::launch_unchecked(
            &client,
            count,
            dim,
            dy.into_buffer_arg(),
            dy_nhwc.clone().into_buffer_arg(),
            shape.images * padded,
            shape.c_out,
            padded,
            h * w,
        );
    }
    let blocks = [depth.div_ceil(block::COLUMNS), padded / block::ROWS];
    let max_splits = TARGET_UNITS.div_ceil(blocks[0] * blocks[1]).min(MAX_PARTIAL_SUMS / (shape.c_out * depth)).max(1);
    let rows = (shape.images * h).div_ceil(max_splits);
    let splits = (shape.images * h).div_ceil(rows);
    let out = empty(&x, [splits, shape.c_out * depth]);
    let (count, dim) = layers([blocks[0], blocks[1], splits], [32, 2]);
    // SAFETY: units beyond the weights or channels do nothing. `inside` keeps the reads of the others within their plane of
    // the image. The last split ends with the rows of `dy`, whose channels are padded to blocks.
    unsafe {
        weight_gradient_kernel::launch_unchecked(
            &client,
            count,
            dim,
            x.into_buffer_arg(),
            dy_nhwc.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            window_geometry(shape),
            shape.images,
            shape.c_in,
            shape.c_out,
            padded,
            rows,
            kh,
            kw,
        );
    }
    reshape(sum_splits(out), [shape.c_out, shape.c_in, kh, kw].into())
}

/// Return the gradient of the input of the ReLU, from its output `y` and the gradient `dy` of that.
pub fn relu_gradient(relu: ClampedRelu, y: CubeTensor, dy: CubeTensor) -> CubeTensor {
    let [y, dy] = [y, dy].map(into_contiguous);
    let [n, c, h, w] = y.meta.shape().dims();
    let out = empty(&y, [n, c, h, w]);
    let (count, dim) = plane([h * w, n * c]);
    // SAFETY: units beyond the pixels or planes do nothing. All three tensors have the shape of `y`.
    unsafe {
        relu_gradient_kernel::launch_unchecked(
            &out.client.clone(),
            count,
            dim,
            y.into_buffer_arg(),
            dy.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            n * c,
            h * w,
            relu.argument(),
        );
    }
    out
}

/// Return the gradient of the bias.
pub fn bias_gradient(shape: &ConvShape, dy: CubeTensor) -> CubeTensor {
    let dy = into_contiguous(dy);
    let ([h, w], channels) = (shape.size_out, shape.c_out);
    let lines = (shape.images * h).div_ceil(TARGET_UNITS.div_ceil(channels));
    let splits = (shape.images * h).div_ceil(lines);
    let out = empty(&dy, [splits, channels]);
    let (count, dim) = plane([channels, splits]);
    // SAFETY: units beyond the channels or splits do nothing. The last split ends with the lines of `dy`.
    unsafe {
        bias_gradient_kernel::launch_unchecked(
            &out.client.clone(),
            count,
            dim,
            dy.into_buffer_arg(),
            out.clone().into_buffer_arg(),
            splits,
            shape.images * h,
            lines,
            channels,
            h,
            w,
        );
    }
    reshape(sum_splits(out), [channels].into())
}
