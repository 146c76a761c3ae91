//! The gradients of a convolution: that of the input is a convolution again, that of the weights a sum over all pixels.

use burn::backend::Cube;
use burn::backend::ops::FloatTensorOps;
use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::reshape;
use burn_cubecl::tensor::CubeTensor;

use super::product::Four;
use super::window::{Window, window_of};
use super::{FLAT, ROWS, convolve, cubes, empty, zeros};
use crate::op::{ConvShape, Convolution, ConvolutionGradients};
use crate::{ClampedRelu, Packed};

/// Units that a sum over pixels is shared out to: enough for a large adapter.
const UNITS: usize = 32 * 1024;
/// The most values that the shares of a sum may have: 32 MB.
const VALUES: usize = 8 << 20;

/// `dy` times the slope of what was rectified to `y`; one unit per value.
#[cube(launch_unchecked)]
fn relu_gradient_kernel(y: &[f32], dy: &[f32], out: &mut [f32], planes: usize, area: usize, slope: f32, cap: f32) {
    let pixel = ABSOLUTE_POS_X as usize;
    let plane = ABSOLUTE_POS_Y as usize;
    if pixel < area && plane < planes {
        let at = plane * area + pixel;
        let below_cap = select(y[at] > 0.0f32, 1.0f32, slope);
        out[at] = dy[at] * select(y[at] >= cap, 0.0f32, below_cap);
    }
}

/// `[rows][columns][k]` to `[columns][rows][k]`, the k backwards; one unit per value.
#[cube(launch_unchecked)]
fn turn_kernel(weights: &[f32], out: &mut [f32], rows: usize, columns: usize, #[comptime] k: usize) {
    let value = ABSOLUTE_POS_X as usize;
    let row = ABSOLUTE_POS_Y as usize;
    if value < columns * k && row < rows {
        let (column, tap) = (value / k, value % k);
        out[(column * rows + row) * k + (k - 1 - tap)] = weights[row * columns * k + value];
    }
}

/// Planes with `stride − 1` zeros between their pixels; one unit per pixel of the result.
#[cube(launch_unchecked)]
fn spread_kernel(
    planes: &[f32],
    out: &mut [f32],
    count: usize,
    height: usize,
    width: usize,
    width_out: usize,
    area_out: usize,
    stride: usize,
) {
    let pixel = ABSOLUTE_POS_X as usize;
    let plane = ABSOLUTE_POS_Y as usize;
    if pixel < area_out && plane < count {
        let (y, x) = (pixel / width_out, pixel % width_out);
        let from = select(y % stride == 0 && x % stride == 0, y / stride * width + x / stride, height * width);
        let inside = from < height * width;
        let at = plane * height * width + select(inside, from, 0usize);
        out[plane * area_out + pixel] = select(inside, planes[at], 0.0f32);
    }
}

/// `[n][channels][area]` to `[n][area][padded]`, zeros behind the last channel.
#[cube(launch_unchecked)]
fn channels_last_kernel(planes: &[f32], out: &mut [f32], channels: usize, padded: usize, area: usize) {
    let pixel = ABSOLUTE_POS_X as usize;
    let channel = ABSOLUTE_POS_Y as usize;
    let photo = CUBE_POS_Z as usize;
    if pixel < area && channel < padded {
        let at = (photo * channels + channel.min(channels - 1)) * area + pixel;
        out[(photo * area + pixel) * padded + channel] = select(channel < channels, planes[at], 0.0f32);
    }
}

/// One unit per weight of an input channel, block of eight output channels, and share of the rows of all photos.
#[cube(launch_unchecked)]
fn weight_gradient_kernel(
    // [n][c_in][h][w]
    photos: &[f32],
    // [n][h'][w'][padded]
    dy: &[Four],
    // [share][c_out][c_in · kh · kw]
    out: &mut [f32],
    window: &Window,
    images: usize,
    c_in: usize,
    c_out: usize,
    padded: usize,
    rows: usize,
    #[comptime] kh: usize,
    #[comptime] kw: usize,
) {
    let weight = ABSOLUTE_POS_X as usize;
    let first = ABSOLUTE_POS_Y as usize * 8;
    let share = CUBE_POS_Z as usize;
    let depth = c_in * kh * kw;
    if weight < depth && first < c_out {
        let (channel, i, j) = (weight / (kh * kw), weight / kw % kh, weight % kw);
        let mut sums = Array::<f32>::new(8usize);
        #[unroll]
        for r in 0..8usize {
            sums[r] = 0.0f32;
        }
        let end = ((share + 1) * rows).min(images * window.height_out);
        for row in share * rows..end {
            let (photo, y_out) = (row / window.height_out, row % window.height_out);
            // Above and left of the photo these wrap around, and so lie beyond it.
            let y = y_out * window.stride + i - window.top;
            if y < window.height {
                let line = ((photo * c_in + channel) * window.height + y) * window.width;
                let mut at = (row * window.width_out * padded + first) / 4;
                let mut x = j - window.left;
                for _ in 0..window.width_out {
                    let inside = x < window.width;
                    let value = select(inside, photos[line + select(inside, x, 0usize)], 0.0f32);
                    let (low, high) = (dy[at], dy[at + 1]);
                    #[unroll]
                    for r in 0..4usize {
                        sums[r] += low.extract(r) * value;
                        sums[r + 4] += high.extract(r) * value;
                    }
                    at += padded / 4;
                    x += window.stride;
                }
            }
        }
        #[unroll]
        for r in 0..8usize {
            if first + r < c_out {
                out[(share * c_out + first + r) * depth + weight] = sums[r];
            }
        }
    }
}

impl Convolution for Cube {
    fn convolution(
        x: CubeTensor,
        weight: CubeTensor,
        bias: CubeTensor,
        shape: ConvShape,
        relu: ClampedRelu,
    ) -> CubeTensor {
        convolve(&shape, x, weight, &Packed::default(), bias, relu)
    }
}

impl ConvolutionGradients for Cube {
    fn relu_gradient(relu: ClampedRelu, y: CubeTensor, dy: CubeTensor) -> CubeTensor {
        let [y, dy] = [y, dy].map(into_contiguous);
        let [n, c, h, w] = y.meta.shape().dims();
        let out = empty(&y, [n, c, h, w]);
        // SAFETY: the units beyond the planes do nothing.
        unsafe {
            relu_gradient_kernel::launch_unchecked(
                &out.client.clone(),
                cubes([h * w, n * c, 1], FLAT),
                FLAT,
                y.into_buffer_arg(),
                dy.into_buffer_arg(),
                out.clone().into_buffer_arg(),
                n * c,
                h * w,
                relu.slope,
                relu.cap,
            );
        }
        out
    }

    /// `dy`, spread out where the stride is above 1, through the weights turned round.
    fn input_gradient(shape: &ConvShape, dy: CubeTensor, weight: CubeTensor) -> CubeTensor {
        let [dy, weight] = [dy, weight].map(into_contiguous);
        let ([kh, kw], client) = (shape.kernel, dy.client.clone());
        let turned = empty(&weight, [shape.c_in, shape.c_out, kh, kw]);
        // SAFETY: the units beyond rows and columns do nothing.
        unsafe {
            turn_kernel::launch_unchecked(
                &client,
                cubes([shape.c_in * kh * kw, shape.c_out, 1], FLAT),
                FLAT,
                weight.into_buffer_arg(),
                turned.clone().into_buffer_arg(),
                shape.c_out,
                shape.c_in,
                kh * kw,
            );
        }
        let ([h, w], stride, planes) = (shape.size_out, shape.stride, shape.images * shape.c_out);
        let [h_spread, w_spread] = shape.back().size_in;
        let dy = if stride == 1 {
            dy
        } else {
            let spread = empty(&dy, [shape.images, shape.c_out, h_spread, w_spread]);
            // SAFETY: the units beyond the pixels and planes do nothing; `inside` keeps the others within their plane.
            unsafe {
                spread_kernel::launch_unchecked(
                    &client,
                    cubes([h_spread * w_spread, planes, 1], FLAT),
                    FLAT,
                    dy.into_buffer_arg(),
                    spread.clone().into_buffer_arg(),
                    planes,
                    h,
                    w,
                    w_spread,
                    h_spread * w_spread,
                    stride,
                );
            }
            spread
        };
        let none = zeros(&dy, shape.c_in);
        convolve(&shape.back(), dy, turned, &Packed::default(), none, ClampedRelu::NONE)
    }

    fn weight_gradient(shape: &ConvShape, x: CubeTensor, dy: CubeTensor) -> CubeTensor {
        let [x, dy] = [x, dy].map(into_contiguous);
        let ([h, w], [kh, kw], client) = (shape.size_out, shape.kernel, x.client.clone());
        let (padded, depth) = (shape.c_out.next_multiple_of(ROWS), shape.c_in * kh * kw);
        let last = empty(&dy, [shape.images, h, w, padded]);
        // SAFETY: the units beyond the pixels and channels do nothing.
        unsafe {
            channels_last_kernel::launch_unchecked(
                &client,
                cubes([h * w, padded, shape.images], FLAT),
                FLAT,
                dy.into_buffer_arg(),
                last.clone().into_buffer_arg(),
                shape.c_out,
                padded,
                h * w,
            );
        }
        let wanted = UNITS.div_ceil(depth * padded / ROWS).min(VALUES / (shape.c_out * depth)).max(1);
        let rows = (shape.images * h).div_ceil(wanted);
        let shares = (shape.images * h).div_ceil(rows);
        let out = empty(&x, [shares, shape.c_out * depth]);
        // SAFETY: the units beyond weights and channels do nothing; the others stay within their photo, line by line.
        unsafe {
            weight_gradient_kernel::launch_unchecked(
                &client,
                cubes([depth, padded / ROWS, shares], FLAT),
                FLAT,
                x.into_buffer_arg(),
                last.into_buffer_arg(),
                out.clone().into_buffer_arg(),
                window_of(shape),
                shape.images,
                shape.c_in,
                shape.c_out,
                padded,
                rows,
                kh,
                kw,
            );
        }
        let out = if shares == 1 { out } else { Cube::float_sum_dim(out, 0) };
        reshape(out, [shape.c_out, shape.c_in, kh, kw].into())
    }

    fn bias_gradient(shape: &ConvShape, dy: CubeTensor) -> CubeTensor {
        let [h, w] = shape.size_out;
        let of_planes = Cube::float_sum_dim(reshape(dy, [shape.images, shape.c_out, h * w].into()), 2);
        reshape(Cube::float_sum_dim(of_planes, 0), [shape.c_out].into())
    }
}
