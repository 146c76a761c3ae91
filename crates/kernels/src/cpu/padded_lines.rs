//! Layout that makes a convolution a plain matrix product without copying the input once per tap (no im2col).
//!
//! Each channel of an image is padded with zeros and stored as one line, row after row. The pixel that tap `(i, j)` of
//! the kernel reads for the output at position `q` of the line is at `q + i · columns + j`: a tap is an offset.
//!
//! A stride `s` splits the line into `s²` phases: phase `(a, b)` holds every s-th pixel of every s-th row, from row `a`
//! and column `b` on. Within a phase, a tap is an offset again.
//!
//! Zeros are shared: those at the end of a row also serve as those before the next row, and those below an image as
//! those above the next image. A line therefore has positions between the outputs of two rows that belong to no output.
//! Their sums are computed too and discarded.

use crate::shape::ConvShape;

/// Part of one axis that belongs to one phase: every s-th input pixel from `first` on, `count` of them, stored from
/// position `start` of the phase on. Zeros surround it.
#[derive(Debug, Clone, Copy)]
struct Span {
    first: usize,
    start: usize,
    count: usize,
}

/// Layout of the lines of some images, `[c_in, s², images · image_len]`.
#[derive(Debug, Clone)]
pub struct PaddedLines {
    /// Geometry of the convolution.
    pub shape: ConvShape,
    /// Images in one line, one after the other.
    pub images: usize,
    /// Spans of the rows and of the columns, per phase.
    spans: [Vec<Span>; 2],
    /// Rows from one image to the next.
    rows: usize,
    /// Positions from one row to the next.
    columns: usize,
}

impl PaddedLines {
    /// Return the layout for `images` images, with as few zeros as the taps need.
    pub fn new(shape: ConvShape, images: usize) -> Self {
        let s = shape.stride;
        let axis = |axis: usize| {
            let (size, before) = (shape.size_in[axis], shape.padding[axis]);
            let max_tap = (shape.kernel[axis] - 1) / s;
            let padded = shape.size_out[axis] + max_tap;
            let span = |phase: usize| {
                let first = (phase + s - before % s) % s;
                let start = (first + before) / s;
                let count = size.saturating_sub(first).div_ceil(s).min(padded.saturating_sub(start));
                Span { first, start, count }
            };
            let spans: Vec<Span> = (0..s).map(span).collect();
            let shared = spans.iter().map(|span| span.start.min(padded.saturating_sub(span.start + span.count)));
            (padded - shared.min().unwrap_or(0).min(max_tap), spans)
        };
        let ((rows, row_spans), (columns, column_spans)) = (axis(0), axis(1));
        Self { shape, images, spans: [row_spans, column_spans], rows, columns }
    }

    /// Return the positions from one image to the next.
    pub fn image_len(&self) -> usize {
        self.rows * self.columns
    }

    /// Return the positions of a line.
    pub fn line_len(&self) -> usize {
        self.images * self.image_len()
    }

    /// Return the largest offset of a tap.
    pub fn max_offset(&self) -> usize {
        let [i, j] = self.shape.kernel.map(|k| (k - 1) / self.shape.stride);
        i * self.columns + j
    }

    /// Return the phase that tap `(i, j)` reads, and its offset there.
    pub fn tap(&self, i: usize, j: usize) -> (usize, usize) {
        let s = self.shape.stride;
        ((i % s) * s + j % s, (i / s) * self.columns + j / s)
    }

    /// Return the index in the lines that each weight of an output channel reads for the output at position 0, in the
    /// order `[c_in, kh, kw]` of the weights.
    pub fn offsets(&self) -> Vec<usize> {
        let ([kh, kw], phases) = (self.shape.kernel, self.shape.stride.pow(2));
        let taps: Vec<_> = (0..kh).flat_map(|i| (0..kw).map(move |j| self.tap(i, j))).collect();
        let channel = |c| taps.iter().map(move |(phase, offset)| (c * phases + phase) * self.line_len() + offset);
        (0..self.shape.c_in).flat_map(channel).collect()
    }

    /// Copy images `x` `[images, c_in, h, w]` to the lines `out`, whose padding must be zeros already.
    pub fn images_to_lines(&self, x: &[f32], out: &mut [f32]) {
        let s = self.shape.stride;
        self.for_each_row(|row, line, columns| {
            let row = &x[row + columns.first..row - row % self.shape.size_in[1] + self.shape.size_in[1]];
            let line = &mut out[line..line + columns.count];
            match s {
                1 => line.copy_from_slice(&row[..columns.count]),
                _ => line.iter_mut().zip(row.iter().step_by(s)).for_each(|(to, &from)| *to = from),
            }
        });
    }

    /// Copy the lines to images `x` `[images, c_in, h, w]`. Pixels that no tap reads keep their value.
    pub fn lines_to_images(&self, lines: &[f32], x: &mut [f32]) {
        let s = self.shape.stride;
        self.for_each_row(|row, line, columns| {
            let row = &mut x[row + columns.first..row - row % self.shape.size_in[1] + self.shape.size_in[1]];
            let line = &lines[line..line + columns.count];
            match s {
                1 => row[..columns.count].copy_from_slice(line),
                _ => row.iter_mut().step_by(s).zip(line).for_each(|(to, &from)| *to = from),
            }
        });
    }

    /// Call `f(row, line, columns)` for every phase of every input row that the taps read: start of the row in the
    /// images, start of its part in the lines, and the columns of the part.
    fn for_each_row(&self, mut f: impl FnMut(usize, usize, Span)) {
        let (s, [h, w]) = (self.shape.stride, self.shape.size_in);
        for image in 0..self.images {
            for c in 0..self.shape.c_in {
                for (phase_row, rows) in self.spans[0].iter().enumerate() {
                    for i in 0..rows.count {
                        let row = ((image * self.shape.c_in + c) * h + rows.first + i * s) * w;
                        for (phase_column, &columns) in
                            self.spans[1].iter().enumerate().filter(|(_, span)| span.count > 0)
                        {
                            let line =
                                ((c * s + phase_row) * s + phase_column) * self.line_len() + image * self.image_len();
                            f(row, line + (rows.start + i) * self.columns + columns.start, columns);
                        }
                    }
                }
            }
        }
    }

    /// Copy gradients `dy` `[images, c_out, h', w']` of the outputs to lines `[c_out, pitch]`, which start at
    /// `out[lead]`. Positions without an output must be zeros already.
    pub fn gradients_to_lines(&self, dy: &[f32], out: &mut [f32], lead: usize, pitch: usize) {
        let [h, w] = self.shape.size_out;
        for (i, row) in dy.chunks_exact(w).enumerate() {
            let (image, c) = (i / h / self.shape.c_out, i / h % self.shape.c_out);
            out[lead + c * pitch + image * self.image_len() + i % h * self.columns..][..w].copy_from_slice(row);
        }
    }

    /// Call `f(to, offset, count)` for every run of outputs among the positions `from..from + len` of a line: `count`
    /// outputs at `from + offset` of the line, which belong at index `to` of channel 0 in `[images, c_out, h', w']`.
    pub fn output_runs(&self, from: usize, len: usize, mut f: impl FnMut(usize, usize, usize)) {
        let [h, w] = self.shape.size_out;
        let to = (from + len).min(self.line_len());
        let mut q = from;
        while q < to {
            let (image, row, column) = (q / self.image_len(), q % self.image_len() / self.columns, q % self.columns);
            if row < h && column < w {
                let count = (w - column).min(to - q);
                f((image * self.shape.c_out * h + row) * w + column, q - from, count);
            }
            q += self.columns - column;
        }
    }
}
