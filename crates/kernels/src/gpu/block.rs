//! The sums that a unit (GPU thread) keeps in registers: a block of eight rows (output channels) by four columns (pixels).
//!
//! A step of a sum reads eight weights, which neighbouring units read too, and four inputs: 1.5 bytes per multiply-add. Few
//! blocks, as of the last maps of a network for one photo, leave most of a GPU idle. There, units of a cube (workgroup) share
//! the steps of a block: each sums a part, and the first adds the parts up.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;

use super::activation::{Relu, Vec4};
use super::layers;
use crate::SOFTWARE;

/// Rows of a block.
pub const ROWS: usize = 8;
/// Columns of a block.
pub const COLUMNS: usize = 4;
/// Units that share a block, if they do. Their parts take 12 KB of workgroup memory, of 16 KB that every WebGPU adapter has.
const SHARES: usize = 4;
/// Blocks that keep a GPU busy.
const MANY_BLOCKS: usize = 1 << 14;
/// Least steps that are worth sharing.
const MANY_STEPS: usize = 64;

/// How a launch computes its blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockForm {
    /// Units that share a block.
    pub shares: usize,
    /// Whether rows consist of whole vectors.
    pub has_vectors: bool,
    /// Whether bias, shortcut and activation follow the sum.
    pub has_epilogue: bool,
    /// Whether there is a shortcut.
    pub has_shortcut: bool,
}

/// Return the number and the size of the cubes that compute blocks of sums of so many `steps`, and the units that share each.
pub fn launch([columns, rows, depth]: [usize; 3], steps: usize) -> (CubeCount, CubeDim, usize) {
    let blocks = [columns.div_ceil(COLUMNS), rows.div_ceil(ROWS), depth];
    // Software adapters have a unit per processor core, and pay for barriers.
    let is_software = SOFTWARE.load(std::sync::atomic::Ordering::Relaxed);
    if is_software || blocks.iter().product::<usize>() >= MANY_BLOCKS || steps < MANY_STEPS {
        let (count, dim) = layers(blocks, [16, 4]);
        return (count, dim, 1);
    }
    let (count, dim) = layers(blocks, [16, 2]);
    (count, CubeDim::new_3d(dim.x, dim.y, SHARES as u32), SHARES)
}

/// Return a block of zeros.
#[cube]
pub fn zeros() -> Array<Vec4> {
    let mut sums = Array::<Vec4>::new(8usize);
    #[unroll]
    for r in 0..8usize {
        sums[r] = Vec4::new(0.0f32);
    }
    sums
}

/// Add a step: the products of eight weights with four inputs.
#[cube]
pub fn add(sums: &mut Array<Vec4>, low: Vec4, high: Vec4, x: Vec4) {
    #[unroll]
    for r in 0..4usize {
        sums[r] += Vec4::new(low.extract(r)) * x;
        sums[r + 4] += Vec4::new(high.extract(r)) * x;
    }
}

/// Add up the parts of the units that share a block. Only the first of them, `UNIT_POS_Z == 0`, has the sum afterwards. All
/// units of the cube must call it.
#[cube]
pub fn gather(sums: &mut Array<Vec4>, #[comptime] shares: usize) {
    if comptime!(shares > 1) {
        // 32 blocks per cube.
        let mut parts = Shared::<[Vec4]>::new_slice(comptime!((shares - 1) * 32 * 8));
        let block = (UNIT_POS_Y * CUBE_DIM_X + UNIT_POS_X) as usize;
        if UNIT_POS_Z > 0 {
            #[unroll]
            for r in 0..8usize {
                parts[((UNIT_POS_Z as usize - 1) * 8 + r) * 32 + block] = sums[r];
            }
        }
        sync_cube();
        if UNIT_POS_Z == 0 {
            #[unroll]
            for part in 0..comptime!(shares - 1) {
                #[unroll]
                for r in 0..8usize {
                    sums[r] += parts[(part * 8 + r) * 32 + block];
                }
            }
        }
    }
}

/// Write the block, after bias, shortcut and activation if the form has them.
#[cube]
pub fn write<N: Size>(
    sums: &Array<Vec4>,
    bias: &[f32],
    // As `out`; read only if the form has a shortcut.
    shortcut: &[Vector<f32, N>],
    // Vectors of four values or, without whole vectors in a row, of one.
    out: &mut [Vector<f32, N>],
    // First row of the block, and number of rows.
    first: usize,
    rows: usize,
    // Where the image's first row begins in `out`, the block's column in it, and the columns, in vectors of `out`.
    from: usize,
    column: usize,
    width: usize,
    relu: &Relu,
    #[comptime] form: BlockForm,
) {
    #[unroll]
    for r in 0..8usize {
        if first + r < rows {
            let to = from + (first + r) * width + column;
            let mut z = sums[r];
            if comptime!(form.has_epilogue) {
                z += Vec4::new(bias[first + r]);
            }
            if comptime!(form.has_vectors) {
                if comptime!(form.has_shortcut) {
                    z += Vec4::cast_from(shortcut[to]);
                }
                if comptime!(form.has_epilogue) {
                    z = relu.apply_many(z);
                }
                out[to] = Vector::cast_from(z);
            } else {
                #[unroll]
                for p in 0..4usize {
                    if column + p < width {
                        let mut value = z.extract(p);
                        if comptime!(form.has_shortcut) {
                            value += shortcut[to + p].extract(0usize);
                        }
                        if comptime!(form.has_epilogue) {
                            value = relu.apply(value);
                        }
                        out[to + p] = Vector::new(value);
                    }
                }
            }
        }
    }
}
