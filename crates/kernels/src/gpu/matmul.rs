//! Products of small matrices, such as a network's head and class activation maps: one unit per sum, no workgroup
//! memory. General matrix products are tiled for large matrices. With few rows, they spend their time in barriers.

use burn::backend::Cube;
use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

use super::{empty, plane, row};
use crate::op::Matmul;

/// Set `out[i][j] = Σ_k a[i · a_row + k · a_column] · b[k · b_row + j · b_column]`, plus `bias[j]` if `has_bias`; one unit per
/// `(i, j)`.
#[cube(launch_unchecked)]
fn matmul_kernel(
    a: &[f32],
    b: &[f32],
    bias: &[f32],
    out: &mut [f32],
    rows: usize,
    columns: usize,
    depth: usize,
    a_row: usize,
    a_column: usize,
    b_row: usize,
    b_column: usize,
    #[comptime] has_bias: bool,
) {
    let j = ABSOLUTE_POS_X as usize;
    let i = row();
    if i < rows && j < columns {
        let mut sum = 0.0f32;
        let mut from_a = i * a_row;
        let mut from_b = j * b_column;
        for _ in 0..depth {
            sum += a[from_a] * b[from_b];
            from_a += a_column;
            from_b += b_row;
        }
        if has_bias {
            sum += bias[j];
        }
        out[i * columns + j] = sum;
    }
}

/// Return the product of `a` `[m, k]` and `b` `[k, n]`, plus the contiguous bias `[n]` if there is one. Both factors are read with
/// their own strides, so that a transposed factor needs no copy.
pub fn product(a: CubeTensor, b: CubeTensor, bias: Option<CubeTensor>) -> CubeTensor {
    let ([rows, depth], [_, columns]) = (a.meta.shape().dims::<2>(), b.meta.shape().dims::<2>());
    let strides = |tensor: &CubeTensor| [tensor.meta.strides()[0], tensor.meta.strides()[1]];
    let ([a_row, a_column], [b_row, b_column]) = (strides(&a), strides(&b));
    let out = empty(&a, [rows, columns]);
    let (count, dim) = plane([columns, rows]);
    let has_bias = bias.is_some();
    // SAFETY: units beyond `rows` or `columns` do nothing. The others read within `a` and `b`, whose own shapes and
    // strides give the indices, and within a bias of one value per column; they write within `out` `[rows, columns]`.
    unsafe {
        matmul_kernel::launch_unchecked(
            &out.client.clone(),
            count,
            dim,
            a.clone().into_buffer_arg(),
            b.into_buffer_arg(),
            bias.unwrap_or(a).into_buffer_arg(),
            out.clone().into_buffer_arg(),
            rows,
            columns,
            depth,
            a_row,
            a_column,
            b_row,
            b_column,
            has_bias,
        );
    }
    out
}

impl Matmul for Cube {
    fn small_matmul(a: CubeTensor, b: CubeTensor) -> CubeTensor {
        product(a, b, None)
    }
}
