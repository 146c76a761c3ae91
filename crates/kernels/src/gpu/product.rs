//! Products of weights with columns of inputs: what 1×1 convolutions are, and what minimal filtering leaves to be done.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

use super::{FLAT, ROWS, cubes, empty};
use crate::ClampedRelu;
use crate::op::ConvShape;

/// Weights of one block, four to a vector.
pub type Four = Vector<f32, Const<4>>;

/// `out[b][r][q] = relu(bias[r] + Σ_k weights[b][r][k] · columns[b][k][q])`; one unit per vector of `q` and block of
/// eight `r`.
#[cube(launch_unchecked)]
fn product_kernel<N: Size>(
    // [batch or 1][block][depth][8]
    weights: &[Four],
    // [batch][depth][width]
    columns: &[Vector<f32, N>],
    bias: &[f32],
    // [batch][rows][width]
    out: &mut [Vector<f32, N>],
    rows: usize,
    depth: usize,
    // In vectors.
    width: usize,
    // From one batch's weights to the next, in vectors; 0 where they share them.
    weights_step: usize,
    slope: f32,
    cap: f32,
    #[comptime] rectified: bool,
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
                let mut sum = sums[r];
                if rectified {
                    sum += Vector::new(bias[first + r]);
                    let zero = Vector::new(0.0f32);
                    sum = select_many(sum.greater_than(&zero), sum, sum * Vector::new(slope));
                    sum = select_many(sum.greater_than(&Vector::new(cap)), Vector::new(cap), sum);
                }
                out[(batch * rows + first + r) * width + column] = sum;
            }
        }
    }
}

/// `[batch][rows][width]`. `weights` are in blocks of eight rows, one set or one for each of the batch.
pub struct Product {
    pub weights: CubeTensor,
    pub shared: bool,
    pub columns: CubeTensor,
    pub batch: usize,
    pub rows: usize,
    pub depth: usize,
    pub width: usize,
}

impl Product {
    /// Plain, or behind bias and rectifier.
    pub fn launch(self, out: &CubeTensor, then: Option<(CubeTensor, ClampedRelu)>) {
        let Self { weights, shared, columns, batch, rows, depth, width } = self;
        let client = out.client.clone();
        let vector = if width.is_multiple_of(4) { 4 } else { 1 };
        let (width, blocks) = (width / vector, rows.div_ceil(ROWS));
        let dim = CubeDim::new_2d(16, 4);
        let rectified = then.is_some();
        let (bias, relu) = then.unwrap_or_else(|| (columns.clone(), ClampedRelu::NONE));
        // SAFETY: the units beyond `width` and `rows` do nothing; all others stay within what the shapes say.
        unsafe {
            product_kernel::launch_unchecked(
                &client,
                cubes([width, blocks, batch], dim),
                dim,
                vector,
                weights.into_buffer_arg(),
                columns.into_buffer_arg(),
                bias.into_buffer_arg(),
                out.clone().into_buffer_arg(),
                rows,
                depth,
                width,
                if shared { 0 } else { blocks * depth * ROWS / 4 },
                relu.slope,
                relu.cap,
                rectified,
            );
        }
    }
}

/// `[rows][depth]` to `[block][depth][8]`, zeros behind the last row.
#[cube(launch_unchecked)]
fn pack_kernel(weights: &[f32], out: &mut [f32], rows: usize, padded: usize, depth: usize) {
    let k = ABSOLUTE_POS_X as usize;
    let row = ABSOLUTE_POS_Y as usize;
    if k < depth && row < padded {
        let to = (row / 8 * depth + k) * 8 + row % 8;
        out[to] = select(row < rows, weights[row.min(rows - 1) * depth + k], 0.0f32);
    }
}

/// Weights `[c_out, c_in, kh, kw]` in blocks, for [`pointwise`] and for a direct convolution.
pub fn pack(shape: &ConvShape, weight: &CubeTensor) -> CubeTensor {
    let depth = shape.c_in * shape.kernel[0] * shape.kernel[1];
    let padded = shape.c_out.next_multiple_of(ROWS);
    let out = empty(weight, [padded * depth]);
    let dim = FLAT;
    // SAFETY: the units beyond `depth` and `padded` do nothing.
    unsafe {
        pack_kernel::launch_unchecked(
            &weight.client,
            cubes([depth, padded, 1], dim),
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

/// A 1×1 convolution with stride 1: one product per photo.
pub fn pointwise(
    shape: &ConvShape,
    x: CubeTensor,
    weights: CubeTensor,
    bias: CubeTensor,
    relu: ClampedRelu,
) -> CubeTensor {
    let [h, w] = shape.size_out;
    let out = empty(&x, [shape.images, shape.c_out, h, w]);
    let (batch, rows, depth, width) = (shape.images, shape.c_out, shape.c_in, h * w);
    Product { weights, shared: true, columns: x, batch, rows, depth, width }.launch(&out, Some((bias, relu)));
    out
}
