//! The layout that makes a convolution a plain product of matrices without copying its input once per tap.
//!
//! A photo's channel, padded with zeros, lies in memory as one line, row behind row. Then the pixel that tap `(i, j)` of
//! a kernel reads for the output at position `q` of the line lies at `q + i · columns + j`: a tap is an offset. A stride
//! `s` splits the line into `s²` phases (every s-th pixel of every s-th row), in each of which a tap is an offset again.
//! The zeros at the end of a row serve as those at the beginning of the next, those below a photo as those above the
//! next. Between the outputs of two rows lie positions that mean nothing; they are computed too and thrown away.

use crate::op::ConvShape;

/// The part of one axis that falls into a phase: from input pixel `first` on every s-th, `count` of them, from place
/// `start` of the phase on. Around it are zeros.
#[derive(Debug, Clone, Copy)]
struct Span {
    first: usize,
    start: usize,
    count: usize,
}

/// The lines of some photos: `[c_in, s², images · area]`.
#[derive(Debug, Clone)]
pub struct PaddedLines {
    pub shape: ConvShape,
    /// Photos that lie behind each other in one line.
    pub images: usize,
    /// Of the rows and of the columns, per phase.
    spans: [Vec<Span>; 2],
    /// From one photo to the next, in rows, and from one row to the next.
    rows: usize,
    columns: usize,
}

impl PaddedLines {
    pub fn new(shape: ConvShape, images: usize) -> Self {
        let s = shape.stride;
        let axis = |axis: usize| {
            let (size, before) = (shape.size_in[axis], shape.padding[axis]);
            let reach = (shape.kernel[axis] - 1) / s;
            let padded = shape.size_out[axis] + reach;
            let span = |phase: usize| {
                let first = (phase + s - before % s) % s;
                let start = (first + before) / s;
                let count = size.saturating_sub(first).div_ceil(s).min(padded.saturating_sub(start));
                Span { first, start, count }
            };
            let spans: Vec<Span> = (0..s).map(span).collect();
            let shared = spans.iter().map(|span| span.start.min(padded.saturating_sub(span.start + span.count)));
            (padded - shared.min().unwrap_or(0).min(reach), spans)
        };
        let ((rows, of_rows), (columns, of_columns)) = (axis(0), axis(1));
        Self { shape, images, spans: [of_rows, of_columns], rows, columns }
    }

    /// Positions from one photo to the next.
    pub fn area(&self) -> usize {
        self.rows * self.columns
    }

    /// Positions of a line.
    pub fn line(&self) -> usize {
        self.images * self.area()
    }

    /// How far a tap may reach beyond the position that it belongs to.
    pub fn reach(&self) -> usize {
        let [i, j] = self.shape.kernel.map(|k| (k - 1) / self.shape.stride);
        i * self.columns + j
    }

    /// The phase that tap `(i, j)` reads, and its offset there.
    pub fn tap(&self, i: usize, j: usize) -> (usize, usize) {
        let s = self.shape.stride;
        ((i % s) * s + j % s, (i / s) * self.columns + j / s)
    }

    /// Where every weight of an output channel, in their order, reads for output 0.
    pub fn offsets(&self) -> Vec<usize> {
        let ([kh, kw], phases) = (self.shape.kernel, self.shape.stride.pow(2));
        let taps: Vec<_> = (0..kh).flat_map(|i| (0..kw).map(move |j| self.tap(i, j))).collect();
        let channel = |c| taps.iter().map(move |(phase, offset)| (c * phases + phase) * self.line() + offset);
        (0..self.shape.c_in).flat_map(channel).collect()
    }

    /// Photos `[images, c_in, h, w]` to lines, in an `out` of zeros.
    pub fn split(&self, x: &[f32], out: &mut [f32]) {
        let s = self.shape.stride;
        self.for_rows(|row, line, columns| {
            let row = &x[row + columns.first..row - row % self.shape.size_in[1] + self.shape.size_in[1]];
            let line = &mut out[line..line + columns.count];
            match s {
                1 => line.copy_from_slice(&row[..columns.count]),
                _ => line.iter_mut().zip(row.iter().step_by(s)).for_each(|(to, &from)| *to = from),
            }
        });
    }

    /// The way back: lines to photos, in an `x` of zeros.
    pub fn join(&self, lines: &[f32], x: &mut [f32]) {
        let s = self.shape.stride;
        self.for_rows(|row, line, columns| {
            let row = &mut x[row + columns.first..row - row % self.shape.size_in[1] + self.shape.size_in[1]];
            let line = &lines[line..line + columns.count];
            match s {
                1 => row[..columns.count].copy_from_slice(line),
                _ => row.iter_mut().step_by(s).zip(line).for_each(|(to, &from)| *to = from),
            }
        });
    }

    /// Every phase of every input row that is read: where the row begins in the photos, where its part in the lines, and
    /// which columns that is.
    fn for_rows(&self, mut f: impl FnMut(usize, usize, Span)) {
        let (s, [h, w]) = (self.shape.stride, self.shape.size_in);
        for image in 0..self.images {
            for c in 0..self.shape.c_in {
                for (phase_row, rows) in self.spans[0].iter().enumerate() {
                    for i in 0..rows.count {
                        let row = ((image * self.shape.c_in + c) * h + rows.first + i * s) * w;
                        for (phase_column, &columns) in
                            self.spans[1].iter().enumerate().filter(|(_, span)| span.count > 0)
                        {
                            let line = ((c * s + phase_row) * s + phase_column) * self.line() + image * self.area();
                            f(row, line + (rows.start + i) * self.columns + columns.start, columns);
                        }
                    }
                }
            }
        }
    }

    /// Gradients `[images, c_out, h, w]` of the outputs to lines `[c_out, pitch]` from `lead` on, in an `out` of zeros,
    /// which remain where no output is.
    pub fn spread(&self, dy: &[f32], out: &mut [f32], lead: usize, pitch: usize) {
        let [h, w] = self.shape.size_out;
        for (i, row) in dy.chunks_exact(w).enumerate() {
            let (image, c) = (i / h / self.shape.c_out, i / h % self.shape.c_out);
            out[lead + c * pitch + image * self.area() + i % h * self.columns..][..w].copy_from_slice(row);
        }
    }

    /// The outputs among the positions `from..from + len` of a line, as runs: where they belong in channel 0 of
    /// `[images, c_out, h, w]`, their place in the range, their number.
    pub fn runs(&self, from: usize, len: usize, mut f: impl FnMut(usize, usize, usize)) {
        let [h, w] = self.shape.size_out;
        let to = (from + len).min(self.line());
        let mut q = from;
        while q < to {
            let (image, row, column) = (q / self.area(), q % self.area() / self.columns, q % self.columns);
            if row < h && column < w {
                let count = (w - column).min(to - q);
                f((image * self.shape.c_out * h + row) * w + column, q - from, count);
            }
            q += self.columns - column;
        }
    }
}
