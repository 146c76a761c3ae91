//! Batched products of weights with columns of inputs, for 1×1 convolutions and for minimal filtering.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

use super::activation::Relu;
use super::{BLOCK_ROWS, Epilogue, empty, layers, plane, row};
use crate::ClampedRelu;
use crate::shape::ConvShape;

/// Four weights of one block.
pub type Vec4 = Vector<f32, Const<4>>;

/// Set `out[b][r][q] = relu(bias[r] + shortcut[b][r][q] + Σ_k weights[b][r][k] · columns[b][k][q])`, or only the sum
/// unless `has_epilogue`; one unit per vector of `q` and block of eight `r`.
#[cube(launch_unchecked)]
fn product_kernel<N: Size>(
    // [batch or 1][block][depth][8]
    weights: &[Vec4],
    // [batch][depth][width]
    columns: &[Vector<f32, N>],
    bias: &[f32],
    // As `out`; read only if `has_shortcut`.
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
    #[comptime] has_epilogue: bool,
    #[comptime] has_shortcut: bool,
) {
    let column = ABSOLUTE_POS_X as usize;
    let first = ABSOLUTE_POS_Y as usize * 8;
    let batch = CUBE_POS_Z as usize;
    if column < width && first < rows {
        let mut sums = Array::<Vector<f32, N>>::new(8usize);
        #[unroll]
        for r in 0..8usize {
            sums[r] = Vector::new(0.0f32);
        }
        let mut weight = batch * weights_step + first * depth / 4;
        let mut at = batch * depth * width + column;
        for _k in 0..depth {
            let (low, high, x) = (weights[weight], weights[weight + 1], columns[at]);
            #[unroll]
            for r in 0..4usize {
                sums[r] += Vector::new(low.extract(r)) * x;
                sums[r + 4] += Vector::new(high.extract(r)) * x;
            }
            weight += 2;
            at += width;
        }
        #[unroll]
        for r in 0..8usize {
            if first + r < rows {
                let to = (batch * rows + first + r) * width + column;
                let mut sum = sums[r];
                if has_epilogue {
                    sum += Vector::new(bias[first + r]);
                    if has_shortcut {
                        sum += shortcut[to];
                    }
                    let zero = Vector::new(0.0f32);
                    sum = select_many(sum.greater_than(&zero), sum, sum * Vector::new(relu.slope));
                    if comptime!(relu.capped) {
                        sum = select_many(sum.greater_than(&Vector::new(relu.cap)), Vector::new(relu.cap), sum);
                    }
                }
                out[to] = sum;
            }
        }
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
        let vector = if width.is_multiple_of(4) { 4 } else { 1 };
        let (width, blocks) = (width / vector, rows.div_ceil(BLOCK_ROWS));
        let (count, dim) = layers([width, blocks, batch], [16, 4]);
        let has_epilogue = epilogue.is_some();
        let epilogue = epilogue.unwrap_or_else(|| Epilogue::new(columns.clone(), ClampedRelu::NONE));
        let relu = epilogue.relu;
        // SAFETY: units beyond `width` or `rows` do nothing. The others stay within the fields' documented shapes:
        // weights are padded to whole blocks, and `vector` divides the width. Bias and shortcut are read only if there
        // is an epilogue and a shortcut.
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
                width,
                if shared { 0 } else { blocks * depth * BLOCK_ROWS / 4 },
                relu.argument(),
                has_epilogue,
                epilogue.shortcut.is_some(),
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
    let padded = shape.c_out.next_multiple_of(BLOCK_ROWS);
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
