//! Depthwise convolution on slices: each channel is a line in memory, filtered by the taps of its own kernel.

use super::microkernel::{BLOCK, Taps};
use super::padded_lines::PaddedLines;
use crate::ClampedRelu;
use crate::shape::ConvShape;
use crate::threads::{self, for_each_chunk};

/// Return the convolution + ReLU of each plane, `[n · channels, h', w']`.
///
/// `x` is `[n · channels, h, w]`, `weights` `[channels, kh, kw]`, `bias` `[channels]`. `shape` is that of one channel,
/// with each plane as an image of its own.
pub fn forward(shape: &ConvShape, x: &[f32], weights: &[f32], bias: &[f32], relu: ClampedRelu) -> Vec<f32> {
    let [area_in, area] = [shape.size_in, shape.size_out].map(|[h, w]| h * w);
    let layout = PaddedLines::new(*shape, 1);
    let offsets = layout.offsets();
    let mut out = vec![0.0; shape.images * area];
    // Four chunks per thread balance the load: a slow chunk delays the end by little.
    let chunk = shape.images.div_ceil(4 * threads::count()).max(1);
    for_each_chunk(&mut out, chunk * area, |i, out| {
        // All planes have the same layout, so each overwrites the pixels of the last and leaves the zeros around them.
        let mut line = vec![0.0; shape.stride.pow(2) * layout.line_len() + layout.max_offset() + BLOCK];
        let mut sums = vec![0.0; layout.line_len() + BLOCK];
        for (plane, out) in out.chunks_exact_mut(area).enumerate().map(|(j, out)| (i * chunk + j, out)) {
            let channel = plane % bias.len();
            layout.images_to_lines(&x[plane * area_in..][..area_in], &mut line);
            let weights = &weights[channel * offsets.len()..][..offsets.len()];
            let (line, offsets, len) = (&line, &offsets, layout.line_len());
            pulp::Arch::new().dispatch(Taps { line, offsets, weights, len, out: &mut sums });
            layout.output_runs(0, len, |to, from, count| {
                let to = out[to..to + count].iter_mut();
                to.zip(&sums[from..]).for_each(|(to, from)| *to = relu.apply(from + bias[channel]));
            });
        }
    });
    out
}
