//! Convolution 1×1 with stride 1: a product of weights with pixels, from panels that lie in the order in which they are read.

use super::conv::division;
use super::tile::{PanelProduct, Panels, block_rows, panel_columns};
use crate::ClampedRelu;
use crate::op::ConvShape;
use crate::threads::for_each_chunk;

/// Values of the panels that are worked on together: what stays in the second-level cache.
const VALUES: usize = 64 * 1024;

/// Photos `[n, c_in, h, w]`, weights out of [`super::conv::pack`] and bias `[c_out]` to `[n, c_out, h, w]` behind the
/// rectifier.
pub fn forward(shape: &ConvShape, x: &[f32], weights: &[f32], bias: &[f32], relu: ClampedRelu) -> Vec<f32> {
    let (block, columns, depth) = (block_rows(), panel_columns(), shape.c_in);
    let area = shape.size_in[0] * shape.size_in[1];
    let band = (VALUES / depth).next_multiple_of(columns).min(area.next_multiple_of(columns));
    let (_, part) = division(&ConvShape { images: 1, ..*shape }, shape.c_out);
    let mut out = vec![0.0; shape.images * shape.c_out * area];
    for_each_chunk(&mut out, shape.c_out * area, |i, out| {
        let photo = &x[i * depth * area..][..depth * area];
        let mut panels = vec![0.0; band * depth];
        for first in (0..area).step_by(band) {
            let pixels = band.min(area - first);
            let pitch = pixels.next_multiple_of(columns);
            let panels = &mut panels[..pitch * depth];
            fill(panels, photo, area, first, pixels);
            for_each_chunk(out, part * area, |p, out| {
                let mut sums = vec![0.0; block * pitch];
                let blocks = weights.chunks_exact(depth * block).zip(bias.chunks(block)).skip(p * part / block);
                for ((weights, bias), out) in blocks.zip(out.chunks_mut(block * area)) {
                    let (panels, out_sums) = (Panels { values: panels, stride: depth * columns }, &mut sums);
                    pulp::Arch::new().dispatch(PanelProduct { weights, panels, depth, out: out_sums, pitch });
                    for ((sums, bias), out) in sums.chunks_exact(pitch).zip(bias).zip(out.chunks_exact_mut(area)) {
                        let to = out[first..][..pixels].iter_mut();
                        to.zip(sums).for_each(|(to, from)| *to = relu.apply(from + bias));
                    }
                }
            });
        }
    });
    out
}

/// Pixels of all channels as `[panel][channel][pixel]`; what lies behind the last pixel is computed and thrown away.
fn fill(panels: &mut [f32], photo: &[f32], area: usize, first: usize, pixels: usize) {
    let (columns, depth) = (panel_columns(), photo.len() / area);
    for (i, panel) in panels.chunks_exact_mut(depth * columns).enumerate() {
        let (from, count) = (first + i * columns, columns.min(pixels - i * columns));
        for (to, channel) in panel.chunks_exact_mut(columns).zip(photo.chunks_exact(area)) {
            to[..count].copy_from_slice(&channel[from..from + count]);
        }
    }
}
