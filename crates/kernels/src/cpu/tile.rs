//! The inner loops, on the widest vectors that the machine has: products that run along a line, dot products of lines, and
//! the taps of a single channel. The first two keep a block of sums in registers and read each vector of input once per block.

use pulp::{Simd, WithSimd};

/// Rows of weights that one block takes: what fills the registers.
pub fn block_rows() -> usize {
    struct Rows;
    impl WithSimd for Rows {
        type Output = usize;
        fn with_simd<S: Simd>(self, _: S) -> usize {
            if S::F32_LANES == 16 { 8 } else { 4 }
        }
    }
    pulp::Arch::new().dispatch(Rows)
}

/// The most positions that a block takes.
pub const BLOCK: usize = 32;

/// `out[r][q] = Σ_k weights[r][k] · lines[offsets[k] + start + q]` for `q < len`.
pub struct Product<'a> {
    pub lines: &'a [f32],
    pub offsets: &'a [usize],
    /// Of one block: `[k][block_rows]`.
    pub weights: &'a [f32],
    pub start: usize,
    pub len: usize,
    /// `[block_rows][pitch]`, `pitch ≥ len + BLOCK`.
    pub out: &'a mut [f32],
    pub pitch: usize,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.run::<S, 8, 2>(simd),
            8 => self.run::<S, 4, 3>(simd),
            // WebAssembly has no multiply-add: its product needs a register beside sums, inputs and weight.
            _ => self.run::<S, 4, 2>(simd),
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn run<S: Simd, const ROWS: usize, const VECTORS: usize>(self, simd: S) {
        let step = VECTORS * S::F32_LANES;
        assert!(self.weights.len() == self.offsets.len() * ROWS);
        let furthest = self.offsets.iter().max().copied().unwrap_or(0) + self.start + self.len + step;
        assert!(furthest <= self.lines.len() && self.out.len() >= ROWS * self.pitch && self.pitch >= self.len + step);
        for q in (0..self.len).step_by(step) {
            let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
            for (&offset, w) in self.offsets.iter().zip(self.weights.chunks_exact(ROWS)) {
                // SAFETY: `furthest`, the end of the last read of all, lies within `lines`.
                let x = unsafe { self.lines.as_ptr().add(offset + self.start + q).cast::<[S::f32s; VECTORS]>() };
                let x = unsafe { x.read_unaligned() };
                for r in 0..ROWS {
                    let w = simd.splat_f32s(w[r]);
                    for v in 0..VECTORS {
                        sums[r][v] = simd.mul_add_e_f32s(w, x[v], sums[r][v]);
                    }
                }
            }
            for (r, sums) in sums.iter().enumerate() {
                // SAFETY: q + step ≤ len + step ≤ pitch, and `out` has ROWS of these.
                let out = unsafe { self.out.as_mut_ptr().add(r * self.pitch + q).cast::<[S::f32s; VECTORS]>() };
                unsafe { out.write_unaligned(*sums) };
            }
        }
    }
}

/// Columns of a panel: what [`PanelProduct`] has in registers for each row.
pub fn panel_columns() -> usize {
    struct Columns;
    impl WithSimd for Columns {
        type Output = usize;
        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::F32_LANES * if S::F32_LANES == 16 { 1 } else { 2 }
        }
    }
    pulp::Arch::new().dispatch(Columns)
}

/// Panels of columns, one every `stride` values: `[panel][depth][panel_columns]`.
#[derive(Clone, Copy)]
pub struct Panels<'a> {
    pub values: &'a [f32],
    pub stride: usize,
}

/// `out[r][p · columns + q] = Σ_k weights[k][r] · panels[p][k][q]`: all is read in the order in which it lies.
pub struct PanelProduct<'a> {
    /// `[depth][block_rows]`
    pub weights: &'a [f32],
    pub panels: Panels<'a>,
    pub depth: usize,
    /// `[block_rows][pitch]`, `pitch = panels · panel_columns`.
    pub out: &'a mut [f32],
    pub pitch: usize,
}

impl WithSimd for PanelProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.run::<S, 8, 1>(simd),
            _ => self.run::<S, 4, 2>(simd),
        }
    }
}

impl PanelProduct<'_> {
    #[inline(always)]
    fn run<S: Simd, const ROWS: usize, const VECTORS: usize>(self, simd: S) {
        let columns = VECTORS * S::F32_LANES;
        assert!(self.weights.len() == self.depth * ROWS && self.panels.stride >= self.depth * columns);
        assert!(self.pitch.is_multiple_of(columns) && self.out.len() == ROWS * self.pitch);
        for p in 0..self.pitch / columns {
            let panel = &self.panels.values[p * self.panels.stride..][..self.depth * columns];
            let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
            for (w, x) in self.weights.chunks_exact(ROWS).zip(panel.chunks_exact(columns)) {
                // SAFETY: `x` has as many values as `VECTORS` vectors.
                let x = unsafe { x.as_ptr().cast::<[S::f32s; VECTORS]>().read_unaligned() };
                for r in 0..ROWS {
                    let w = simd.splat_f32s(w[r]);
                    for v in 0..VECTORS {
                        sums[r][v] = simd.mul_add_e_f32s(w, x[v], sums[r][v]);
                    }
                }
            }
            for (r, sums) in sums.iter().enumerate() {
                let row = &mut self.out[r * self.pitch + p * columns..][..columns];
                // SAFETY: `row` has as many values as `VECTORS` vectors.
                unsafe { row.as_mut_ptr().cast::<[S::f32s; VECTORS]>().write_unaligned(*sums) };
            }
        }
    }
}

/// `out[q] = Σ_k weights[k] · line[offsets[k] + q]` for `q < len`.
pub struct Taps<'a> {
    pub line: &'a [f32],
    pub offsets: &'a [usize],
    pub weights: &'a [f32],
    pub len: usize,
    /// `len + BLOCK` values or more.
    pub out: &'a mut [f32],
}

impl WithSimd for Taps<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.run::<S, 2>(simd),
            _ => self.run::<S, 4>(simd),
        }
    }
}

impl Taps<'_> {
    #[inline(always)]
    fn run<S: Simd, const VECTORS: usize>(self, simd: S) {
        let step = VECTORS * S::F32_LANES;
        let furthest = self.offsets.iter().max().copied().unwrap_or(0) + self.len + step;
        assert!(self.weights.len() == self.offsets.len() && step <= BLOCK);
        assert!(furthest <= self.line.len() && self.len + step <= self.out.len());
        for q in (0..self.len).step_by(step) {
            let mut sums = [simd.splat_f32s(0.0); VECTORS];
            for (&offset, &w) in self.offsets.iter().zip(self.weights) {
                // SAFETY: `furthest`, the end of the last read of all, lies within `line`.
                let x = unsafe { self.line.as_ptr().add(offset + q).cast::<[S::f32s; VECTORS]>().read_unaligned() };
                let w = simd.splat_f32s(w);
                for v in 0..VECTORS {
                    sums[v] = simd.mul_add_e_f32s(w, x[v], sums[v]);
                }
            }
            // SAFETY: q + step ≤ len + step, which lies within `out`.
            unsafe { self.out.as_mut_ptr().add(q).cast::<[S::f32s; VECTORS]>().write_unaligned(sums) };
        }
    }
}

/// `out[r][k] += Σ_q a[r][q] · lines[offsets[k] + q]` for `start ≤ q < start + len`.
pub struct Dots<'a> {
    /// `[rows][pitch]`
    pub a: &'a [f32],
    pub pitch: usize,
    pub lines: &'a [f32],
    pub offsets: &'a [usize],
    pub start: usize,
    /// A multiple of [`BLOCK`].
    pub len: usize,
    /// `[rows][offsets]`
    pub out: &'a mut [f32],
}

impl WithSimd for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.run::<S, 4, 4>(simd),
            _ => self.run::<S, 3, 3>(simd),
        }
    }
}

impl Dots<'_> {
    #[inline(always)]
    fn run<S: Simd, const ROWS: usize, const TAPS: usize>(self, simd: S) {
        let (rows, taps) = (self.a.len() / self.pitch, self.offsets.len());
        assert!(self.len.is_multiple_of(BLOCK) && self.out.len() == rows * taps && self.start + self.len <= self.pitch);
        let furthest = self.offsets.iter().max().copied().unwrap_or(0) + self.start + self.len;
        assert!(furthest <= self.lines.len());
        for row in (0..rows).step_by(ROWS) {
            // The last block repeats its last row and tap: the same sums again, written once.
            let a: [*const f32; ROWS] =
                std::array::from_fn(|r| self.a[(row + r).min(rows - 1) * self.pitch + self.start..].as_ptr());
            for tap in (0..taps).step_by(TAPS) {
                let x: [*const f32; TAPS] =
                    std::array::from_fn(|t| self.lines[self.offsets[(tap + t).min(taps - 1)] + self.start..].as_ptr());
                let mut sums = [[simd.splat_f32s(0.0); TAPS]; ROWS];
                for q in (0..self.len).step_by(S::F32_LANES) {
                    // SAFETY: `len`, a multiple of the lanes, lies within the rows of `a`, and `furthest` within `lines`.
                    let read = |line: *const f32| unsafe { line.add(q).cast::<S::f32s>().read_unaligned() };
                    let x = x.map(read);
                    for r in 0..ROWS {
                        let a = read(a[r]);
                        for t in 0..TAPS {
                            sums[r][t] = simd.mul_add_e_f32s(a, x[t], sums[r][t]);
                        }
                    }
                }
                for (r, sums) in sums.iter().enumerate().take(rows - row) {
                    for (t, &sum) in sums.iter().enumerate().take(taps - tap) {
                        self.out[(row + r) * taps + tap + t] += simd.reduce_sum_f32s(sum);
                    }
                }
            }
        }
    }
}
