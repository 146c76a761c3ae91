//! Microkernels: the inner loops, on the widest SIMD vectors that the CPU has.
//!
//! [`Product`], [`PanelProduct`] and [`Dots`] keep a block of sums in registers and read each vector of input once per
//! block. [`Taps`] filters a single channel.

use pulp::{Simd, WithSimd};

/// Return the rows of weights in a block. Together with the vectors per row, they fill the registers.
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

/// Upper bound of the positions that a microkernel computes at once, and a multiple of the lanes of every SIMD vector.
pub const BLOCK: usize = 32;

/// Product along lines: `out[r][q] = Σ_k weights[k][r] · lines[offsets[k] + start + q]` for `q < len`.
///
/// It reads up to `BLOCK − 1` values beyond `len`, and writes as many in `out`.
pub struct Product<'a> {
    /// Inputs; `lines.len() ≥ max(offsets) + start + len + BLOCK`.
    pub lines: &'a [f32],
    /// `[k]`
    pub offsets: &'a [usize],
    /// One block, `[k][block_rows]`.
    pub weights: &'a [f32],
    /// First position.
    pub start: usize,
    /// Number of positions.
    pub len: usize,
    /// `[block_rows][pitch]`.
    pub out: &'a mut [f32],
    /// Values from one row of `out` to the next, `pitch ≥ len + BLOCK`.
    pub pitch: usize,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.run::<S, 8, 2>(simd),
            8 => self.run::<S, 4, 3>(simd),
            // WebAssembly has no fused multiply-add: the product needs a register besides sums, inputs and weight.
            _ => self.run::<S, 4, 2>(simd),
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn run<S: Simd, const ROWS: usize, const VECTORS: usize>(self, simd: S) {
        let step = VECTORS * S::F32_LANES;
        assert!(self.weights.len() == self.offsets.len() * ROWS);
        let read_end = self.offsets.iter().max().copied().unwrap_or(0) + self.start + self.len + step;
        assert!(read_end <= self.lines.len() && self.out.len() >= ROWS * self.pitch && self.pitch >= self.len + step);
        for q in (0..self.len).step_by(step) {
            let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
            for (&offset, w) in self.offsets.iter().zip(self.weights.chunks_exact(ROWS)) {
                let at = offset + self.start + q;
                // SAFETY: q < len, so at + step < read_end ≤ lines.len(). `step` values are `VECTORS` vectors, whose
                // type allows every bit pattern.
                let x = unsafe { self.lines.as_ptr().add(at).cast::<[S::f32s; VECTORS]>().read_unaligned() };
                for r in 0..ROWS {
                    let w = simd.splat_f32s(w[r]);
                    for v in 0..VECTORS {
                        sums[r][v] = simd.mul_add_e_f32s(w, x[v], sums[r][v]);
                    }
                }
            }
            for (r, sums) in sums.iter().enumerate() {
                let at = r * self.pitch + q;
                // SAFETY: r < ROWS and q + step < len + step ≤ pitch, so at + step < ROWS · pitch ≤ out.len().
                unsafe { self.out.as_mut_ptr().add(at).cast::<[S::f32s; VECTORS]>().write_unaligned(*sums) };
            }
        }
    }
}

/// Return the columns of a panel: those whose sums [`PanelProduct`] keeps in registers for each row.
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

/// Panels of columns, `[panel][depth][panel_columns]`.
#[derive(Clone, Copy)]
pub struct Panels<'a> {
    /// Values of all panels.
    pub values: &'a [f32],
    /// Values from the start of one panel to that of the next, at least `depth · panel_columns`.
    pub stride: usize,
}

/// Product with packed panels: `out[r][p · panel_columns + q] = Σ_k weights[k][r] · panels[p][k][q]`.
///
/// All reads are sequential.
pub struct PanelProduct<'a> {
    /// `[depth][block_rows]`
    pub weights: &'a [f32],
    /// Columns to multiply with.
    pub panels: Panels<'a>,
    /// Number of terms of each sum.
    pub depth: usize,
    /// `[block_rows][pitch]`
    pub out: &'a mut [f32],
    /// Values from one row of `out` to the next: the number of panels · `panel_columns`.
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
                // SAFETY: `x` has `columns` values, which are `VECTORS` vectors. Their type allows every bit pattern.
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
                // SAFETY: `row` has `columns` values, which are `VECTORS` vectors.
                unsafe { row.as_mut_ptr().cast::<[S::f32s; VECTORS]>().write_unaligned(*sums) };
            }
        }
    }
}

/// Filter of one channel: `out[q] = Σ_k weights[k] · line[offsets[k] + q]` for `q < len`.
///
/// It reads up to `BLOCK − 1` values beyond `len`, and writes as many in `out`.
pub struct Taps<'a> {
    /// Inputs; `line.len() ≥ max(offsets) + len + BLOCK`.
    pub line: &'a [f32],
    /// `[k]`
    pub offsets: &'a [usize],
    /// `[k]`
    pub weights: &'a [f32],
    /// Number of positions.
    pub len: usize,
    /// At least `len + BLOCK` values.
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
        let read_end = self.offsets.iter().max().copied().unwrap_or(0) + self.len + step;
        assert!(self.weights.len() == self.offsets.len() && step <= BLOCK);
        assert!(read_end <= self.line.len() && self.len + step <= self.out.len());
        for q in (0..self.len).step_by(step) {
            let mut sums = [simd.splat_f32s(0.0); VECTORS];
            for (&offset, &w) in self.offsets.iter().zip(self.weights) {
                // SAFETY: q < len, so offset + q + step < read_end ≤ line.len(). `step` values are `VECTORS` vectors,
                // whose type allows every bit pattern.
                let x = unsafe { self.line.as_ptr().add(offset + q).cast::<[S::f32s; VECTORS]>().read_unaligned() };
                let w = simd.splat_f32s(w);
                for v in 0..VECTORS {
                    sums[v] = simd.mul_add_e_f32s(w, x[v], sums[v]);
                }
            }
            // SAFETY: q < len, so q + step < len + step ≤ out.len().
            unsafe { self.out.as_mut_ptr().add(q).cast::<[S::f32s; VECTORS]>().write_unaligned(sums) };
        }
    }
}

/// Dot products of lines: `out[r][k] += Σ_q a[r][q] · lines[offsets[k] + q]` for `start ≤ q < start + len`.
pub struct Dots<'a> {
    /// `[rows][pitch]`
    pub a: &'a [f32],
    /// Values from one row of `a` to the next, `pitch ≥ start + len`.
    pub pitch: usize,
    /// Inputs; `lines.len() ≥ max(offsets) + start + len`.
    pub lines: &'a [f32],
    /// `[k]`
    pub offsets: &'a [usize],
    /// First position.
    pub start: usize,
    /// Number of positions, a multiple of [`BLOCK`].
    pub len: usize,
    /// `[rows][k]`
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
        let read_end = self.offsets.iter().max().copied().unwrap_or(0) + self.start + self.len;
        assert!(read_end <= self.lines.len());
        for row in (0..rows).step_by(ROWS) {
            // A last block that is not full repeats the last row and the last tap. Their sums are written once.
            let a: [*const f32; ROWS] =
                std::array::from_fn(|r| self.a[(row + r).min(rows - 1) * self.pitch + self.start..].as_ptr());
            for tap in (0..taps).step_by(TAPS) {
                let x: [*const f32; TAPS] =
                    std::array::from_fn(|t| self.lines[self.offsets[(tap + t).min(taps - 1)] + self.start..].as_ptr());
                let mut sums = [[simd.splat_f32s(0.0); TAPS]; ROWS];
                for q in (0..self.len).step_by(S::F32_LANES) {
                    // SAFETY: `len` is a multiple of the lanes, so q + lanes ≤ len. start + len ≤ pitch keeps the reads
                    // within a row of `a`, and read_end ≤ lines.len() keeps them within `lines`.
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
