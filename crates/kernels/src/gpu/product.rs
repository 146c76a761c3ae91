//! Batched products of weights with columns of inputs, for 1×1 convolutions and for minimal filtering.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

use super::activation::{Relu, Vec4};
use super::block::{self, BlockForm, ROWS};
use super::{Epilogue, empty, plane, row};
use crate::ClampedRelu;
use crate::shape::ConvShape;

/// Steps of a sum in one round of the loop. Compilers of shaders may not unroll a loop whose length they do not know.
const UNROLLED: usize = 4;

/// Set `out[b][r][q] = relu(bias[r] + shortcut[b][r][q] + Σ_k weights[b][r][k] · columns[b][k][q])`, or only the sum without
/// an epilogue; one unit, or `form.shares` along `z`, per block of sums (`q` along `x`, `r` along `y`).
#[cube(launch_unchecked)]
fn product_kernel<N: Size>(
    // [batch or 1][block][depth][8]
    weights: &[Vec4],
    // [batch][depth][width]
    columns: &[Vector<f32, N>],
    bias: &[f32],
    // As `out`; read only if the form has a shortcut.
    shortcut: &[Vector<f32, N>],
    // [batch][rows][width]
    out: &mut [Vector<f32, N>],
    rows: usize,
    depth: usize,
    // Vectors in a row of `columns`.
    width: usize,
    // Vectors from the weights of one batch item to those of the next; 0 if they are shared.
    weights_step: usize,
    relu: &Relu,
    #[comptime] form: BlockForm,
    #[comptime] unrolled: usize,
) {
    let column = ABSOLUTE_POS_X as usize * comptime!(if form.has_vectors { 1 } else { block::COLUMNS });
    let first = ABSOLUTE_POS_Y as usize * 8;
    let batch = CUBE_POS_Z as usize;
    let is_inside = column < width && first < rows;
    let mut sums = block::zeros();
    if is_inside {
        let steps = depth.div_ceil(form.shares);
        let start = (UNIT_POS_Z as usize * steps).min(depth);
        let end = (start + steps).min(depth);
        let mut weight = batch * weights_step + first * depth / 4 + start * 2;
        let mut at = (batch * depth + start) * width + column;
        for _round in 0..(end - start) / unrolled {
            #[unroll]
            for k in 0..unrolled {
                let mut x = Vec4::empty();
                if comptime!(form.has_vectors) {
                    x = Vec4::cast_from(columns[at + k * width]);
                } else {
                    #[unroll]
                    for p in 0..4usize {
                        // A block may reach beyond its row.
                        let inside = p.runtime().min(width - 1 - column);
                        x.insert(p, columns[at + k * width + inside].extract(0usize));
                    }
                }
                block::add(&mut sums, weights[weight + 2 * k], weights[weight + 2 * k + 1], x);
            }
            weight += 2 * unrolled;
            at += unrolled * width;
        }
    }
    block::gather(&mut sums, form.shares);
    if is_inside && UNIT_POS_Z == 0 {
        block::write::<N>(&sums, bias, shortcut, out, first, rows, batch * rows * width, column, width, relu, form);
    }
}

/// Batched product, `[batch][rows][width]`.
pub struct Product {
    /// `[batch or 1][block][depth][8]`.
    pub weights: CubeTensor,
    /// Whether all batch items have the same weights.
    pub shared: bool,
    /// `[batch][depth][width]`.
    pub columns: CubeTensor,
    /// Number of products.
    pub batch: usize,
    /// Rows of the weights.
    pub rows: usize,
    /// Number of terms of each sum.
    pub depth: usize,
    /// Columns of the inputs.
    pub width: usize,
}

impl Product {
    /// Write the product to `out`. Without an epilogue it is only the sum.
    pub fn launch(self, out: &CubeTensor, epilogue: Option<Epilogue>) {
        let Self { weights, shared, columns, batch, rows, depth, width } = self;
        let client = out.client.clone();
        let (count, dim, shares) = block::launch([width, rows, batch], depth);
        let has_vectors = width.is_multiple_of(4);
        let vector = if has_vectors { 4 } else { 1 };
        let has_shortcut = epilogue.as_ref().is_some_and(|epilogue| epilogue.shortcut.is_some());
        let form = BlockForm { shares, has_vectors, has_epilogue: epilogue.is_some(), has_shortcut };
        let epilogue = epilogue.unwrap_or_else(|| Epilogue::new(columns.clone(), ClampedRelu::NONE));
        let relu = epilogue.relu;
        // SAFETY: units beyond `width` or `rows` do nothing. The others stay within the fields' documented shapes:
        // weights are padded to whole blocks, and `min` keeps a block within its row. Bias and shortcut are read only if
        // there is an epilogue and a shortcut.
        unsafe {
            product_kernel::launch_unchecked(
                &client,
                count,
                dim,
                vector,
                weights.into_buffer_arg(),
                columns.clone().into_buffer_arg(),
                epilogue.bias.clone().into_buffer_arg(),
                epilogue.shortcut_or(&columns).into_buffer_arg(),
                out.clone().into_buffer_arg(),
                rows,
                depth,
                width / vector,
                if shared { 0 } else { rows.next_multiple_of(ROWS) * depth / 4 },
                relu.argument(),
                form,
                if depth.is_multiple_of(UNROLLED * shares) { UNROLLED } else { 1 },
            );
        }
    }
}

/// Pack `[rows][depth]` as `[block][depth][8]`, with zeros after the last row; one unit per value.
#[cube(launch_unchecked)]
fn pack_kernel(weights: &[f32], out: &mut [f32], rows: usize, padded: usize, depth: usize) {
    let k = ABSOLUTE_POS_X as usize;
    let r = row();
    if k < depth && r < padded {
        let to = (r / 8 * depth + k) * 8 + r % 8;
        out[to] = select(r < rows, weights[r.min(rows - 1) * depth + k], 0.0f32);
    }
}

/// Return weights `[c_out, c_in, kh, kw]` packed as `[block][c_in · kh · kw][8]`.
pub fn pack(shape: &ConvShape, weight: &CubeTensor) -> CubeTensor {
    let depth = shape.c_in * shape.kernel[0] * shape.kernel[1];
    let padded = shape.c_out.next_multiple_of(ROWS);
    let out = empty(weight, [padded * depth]);
    let (count, dim) = plane([depth, padded]);
    // SAFETY: units beyond `depth` or `padded` do nothing. The others write within `out`, and `min` keeps their reads
    // within `weights`.
    unsafe {
        pack_kernel::launch_unchecked(
            &weight.client,
            count,
            dim,
            weight.clone().into_buffer_arg(),
            out.clone().into_buffer_arg(),
            shape.c_out,
            padded,
            depth,
        );
    }
    out
}

/// Return the 1×1 convolution with stride 1 of `x`: one product per image. `weights` come from [`pack`].
pub fn pointwise(shape: &ConvShape, x: CubeTensor, weights: CubeTensor, epilogue: Epilogue) -> CubeTensor {
    let [h, w] = shape.size_out;
    let out = empty(&x, [shape.images, shape.c_out, h, w]);
    let (batch, rows, depth, width) = (shape.images, shape.c_out, shape.c_in, h * w);
    Product { weights, shared: true, columns: x, batch, rows, depth, width }.launch(&out, Some(epilogue));
    out
}
