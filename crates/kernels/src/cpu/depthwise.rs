//! Depthwise convolution on slices: every channel by itself, a few taps along its line.

use super::padded_lines::PaddedLines;
use super::tile::{BLOCK, Taps};
use crate::ClampedRelu;
use crate::op::ConvShape;
use crate::threads::{self, for_each_chunk};

/// Planes `[n · channels, h, w]`, weights `[channels, kh, kw]` and bias `[channels]` to planes `[n · channels, h', w']`
/// behind the rectifier. `shape` is that of one channel: each plane is a photo of its own.
pub fn forward(shape: &ConvShape, x: &[f32], weights: &[f32], bias: &[f32], relu: ClampedRelu) -> Vec<f32> {
    let [area_in, area] = [shape.size_in, shape.size_out].map(|[h, w]| h * w);
    let planes = PaddedLines::new(*shape, 1);
    let offsets = planes.offsets();
    let mut out = vec![0.0; shape.images * area];
    // Several to a thread, so that one that is late holds up little.
    let part = shape.images.div_ceil(4 * threads::count()).max(1);
    for_each_chunk(&mut out, part * area, |i, out| {
        // The pixels of one plane lie where those of the next will; around them the zeros stay.
        let mut line = vec![0.0; shape.stride.pow(2) * planes.line() + planes.reach() + BLOCK];
        let mut sums = vec![0.0; planes.line() + BLOCK];
        for (plane, out) in out.chunks_exact_mut(area).enumerate().map(|(j, out)| (i * part + j, out)) {
            let channel = plane % bias.len();
            planes.split(&x[plane * area_in..][..area_in], &mut line);
            let weights = &weights[channel * offsets.len()..][..offsets.len()];
            let (line, offsets, len) = (&line, &offsets, planes.line());
            pulp::Arch::new().dispatch(Taps { line, offsets, weights, len, out: &mut sums });
            planes.runs(0, len, |to, from, count| {
                let to = out[to..to + count].iter_mut();
                to.zip(&sums[from..]).for_each(|(to, from)| *to = relu.apply(from + bias[channel]));
            });
        }
    });
    out
}
