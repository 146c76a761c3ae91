//! Convolution 1×1 with stride 1 on slices: a product of weights with pixels. Pixels are packed into panels first, in
//! the order in which the product reads them.

use super::conv::partition;
use super::microkernel::{PanelProduct, Panels, block_rows, panel_columns};
use crate::ClampedRelu;
use crate::shape::ConvShape;
use crate::threads::for_each_chunk;

/// Values of the panels in one band. They fit into the second-level cache.
const BAND_VALUES: usize = 64 * 1024;

/// Return the convolution + ReLU of `x` `[n, c_in, h, w]`, which is `[n, c_out, h, w]`. `weights` come from
/// [`super::conv::pack`]; `bias` is `[c_out]`.
pub fn forward(shape: &ConvShape, x: &[f32], weights: &[f32], bias: &[f32], relu: ClampedRelu) -> Vec<f32> {
    let (block, columns, depth) = (block_rows(), panel_columns(), shape.c_in);
    let area = shape.size_in[0] * shape.size_in[1];
    let band = (BAND_VALUES / depth).next_multiple_of(columns).min(area.next_multiple_of(columns));
    let (_, channel_chunk) = partition(&ConvShape { images: 1, ..*shape }, shape.c_out);
    let mut out = vec![0.0; shape.images * shape.c_out * area];
    for_each_chunk(&mut out, shape.c_out * area, |i, out| {
        let image = &x[i * depth * area..][..depth * area];
        let mut panels = vec![0.0; band * depth];
        for first in (0..area).step_by(band) {
            let pixels = band.min(area - first);
            let pitch = pixels.next_multiple_of(columns);
            let panels = &mut panels[..pitch * depth];
            pack_pixels(panels, image, area, first, pixels);
            for_each_chunk(out, channel_chunk * area, |p, out| {
                let mut sums = vec![0.0; block * pitch];
                let blocks =
                    weights.chunks_exact(depth * block).zip(bias.chunks(block)).skip(p * channel_chunk / block);
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

/// Copy `pixels` pixels of every channel, from `first` on, into panels `[panel][channel][pixel]`.
///
/// The last panel may have unused columns. They keep old values: their products are computed and discarded.
fn pack_pixels(panels: &mut [f32], image: &[f32], area: usize, first: usize, pixels: usize) {
    let (columns, depth) = (panel_columns(), image.len() / area);
    for (i, panel) in panels.chunks_exact_mut(depth * columns).enumerate() {
        let (from, count) = (first + i * columns, columns.min(pixels - i * columns));
        for (to, channel) in panel.chunks_exact_mut(columns).zip(image.chunks_exact(area)) {
            to[..count].copy_from_slice(&channel[from..from + count]);
        }
    }
}
