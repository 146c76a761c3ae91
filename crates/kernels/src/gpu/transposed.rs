//! Transposed convolution, the gradient of a convolution's input: a convolution of the output gradient, dilated if the stride is
//! above 1, with the flipped weights.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::{Epilogue, empty, plane, row, untuned, zeros};
use crate::shape::ConvShape;
use crate::{ClampedRelu, Packed};

/// Transpose `[rows][columns][k]` to `[columns][rows][k]` and flip along `k`; one unit per value.
#[cube(launch_unchecked)]
fn flip_kernel(weights: &[f32], out: &mut [f32], rows: usize, columns: usize, #[comptime] k: usize) {
    let value = ABSOLUTE_POS_X as usize;
    let r = row();
    if value < columns * k && r < rows {
        let (column, tap) = (value / k, value % k);
        out[(column * rows + r) * k + (k - 1 - tap)] = weights[r * columns * k + value];
    }
}

/// Dilate planes: insert `stride − 1` zeros between neighbouring pixels; one unit per pixel of the result.
#[cube(launch_unchecked)]
fn dilate_kernel(
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
    let plane = row();
    if pixel < area_out && plane < count {
        let (y, x) = (pixel / width_out, pixel % width_out);
        let from = select(y % stride == 0 && x % stride == 0, y / stride * width + x / stride, height * width);
        let inside = from < height * width;
        let at = plane * height * width + select(inside, from, 0usize);
        out[plane * area_out + pixel] = select(inside, planes[at], 0.0f32);
    }
}

/// Return the gradient of the input, `[n, c_in, h, w]`.
pub fn input_gradient(shape: &ConvShape, dy: CubeTensor, weight: CubeTensor) -> CubeTensor {
    let [dy, weight] = [dy, weight].map(into_contiguous);
    let ([kh, kw], client) = (shape.kernel, dy.client.clone());
    let flipped = empty(&weight, [shape.c_in, shape.c_out, kh, kw]);
    let (count, dim) = plane([shape.c_in * kh * kw, shape.c_out]);
    // SAFETY: units beyond the values or rows do nothing. `flipped` has as many values as `weight`.
    unsafe {
        flip_kernel::launch_unchecked(
            &client,
            count,
            dim,
            weight.into_buffer_arg(),
            flipped.clone().into_buffer_arg(),
            shape.c_out,
            shape.c_in,
            kh * kw,
        );
    }
    let ([h, w], stride, planes) = (shape.size_out, shape.stride, shape.images * shape.c_out);
    let [h_dilated, w_dilated] = shape.transposed().size_in;
    let dy = if stride == 1 {
        dy
    } else {
        let dilated = empty(&dy, [shape.images, shape.c_out, h_dilated, w_dilated]);
        let (count, dim) = plane([h_dilated * w_dilated, planes]);
        // SAFETY: units beyond pixels or planes do nothing. `inside` keeps the others' reads within their plane.
        unsafe {
            dilate_kernel::launch_unchecked(
                &client,
                count,
                dim,
                dy.into_buffer_arg(),
                dilated.clone().into_buffer_arg(),
                planes,
                h,
                w,
                w_dilated,
                h_dilated * w_dilated,
                stride,
            );
        }
        dilated
    };
    let epilogue = Epilogue::new(zeros(&dy, shape.c_in), ClampedRelu::NONE);
    untuned(&shape.transposed(), dy, flipped, &Packed::default(), epilogue)
}
