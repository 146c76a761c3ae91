//! Convolution and its two gradients on slices. Each is a product over the lines of [`PaddedLines`].

use super::microkernel::{BLOCK, Dots, Product, block_rows};
use super::padded_lines::PaddedLines;
use crate::ClampedRelu;
use crate::shape::ConvShape;
use crate::threads::{self, for_each_chunk, sum_over};

/// Values that a product may read beyond the end of the lines, and write beyond the end of a panel.
const SLACK: usize = 2 * BLOCK;

/// Return the number of positions per panel: as many as `lines` lines of them fit into the second-level cache.
fn panel_len(lines: usize, line_len: usize) -> usize {
    (64 * 1024 / lines).clamp(2 * BLOCK, 1024).next_multiple_of(BLOCK).min(line_len)
}

/// Return how a convolution is divided into tasks: images per task, and output channels per task out of `channels`.
///
/// Small images share a task, because only a long line is worth loading a block of weights for. Channels are divided
/// only where there are fewer groups of images than threads.
pub(super) fn partition(shape: &ConvShape, channels: usize) -> (usize, usize) {
    let images = shape.images.max(1);
    let images_per_line = 512usize.div_ceil(PaddedLines::new(*shape, 1).image_len());
    let groups = images.div_ceil(images_per_line).next_multiple_of(threads::count()).min(images);
    let channel_chunks = threads::count().div_ceil(groups);
    (images.div_ceil(groups), channels.div_ceil(channel_chunks).next_multiple_of(block_rows()))
}

/// Return the number of values of one input image and of one output image.
fn image_lens(shape: &ConvShape) -> [usize; 2] {
    [(shape.c_in, shape.size_in), (shape.c_out, shape.size_out)].map(|(c, [h, w])| c * h * w)
}

/// Return `w[r · row_stride + offsets[k]]` for every row `r < rows` as `[block][k][row]`, padded with zeros.
fn pack_blocks(w: &[f32], rows: usize, row_stride: usize, offsets: &[usize]) -> Vec<f32> {
    let block = block_rows();
    let mut packed = vec![0.0; rows.next_multiple_of(block) * offsets.len()];
    for_each_chunk(&mut packed, block * offsets.len(), |b, packed| {
        for (packed, offset) in packed.chunks_exact_mut(block).zip(offsets) {
            for (row, to) in (b * block..rows).zip(packed) {
                *to = w[offset + row * row_stride];
            }
        }
    });
    packed
}

/// Return the lines of `images` images of `x` from `first` on, and their layout.
fn input_lines(shape: &ConvShape, x: &[f32], first: usize, images: usize) -> (PaddedLines, Vec<f32>) {
    let layout = PaddedLines::new(*shape, images);
    let mut lines = vec![0.0; shape.c_in * shape.stride.pow(2) * layout.line_len() + layout.max_offset() + SLACK];
    let [image_len, _] = image_lens(shape);
    layout.images_to_lines(&x[first * image_len..][..images * image_len], &mut lines);
    (layout, lines)
}

/// Return weights `[c_out, c_in, kh, kw]` packed for [`forward`].
pub fn pack(shape: &ConvShape, w: &[f32]) -> Vec<f32> {
    let k = w.len() / shape.c_out;
    pack_blocks(w, shape.c_out, k, &(0..k).collect::<Vec<_>>())
}

/// Return the convolution + ReLU of `x` `[n, c_in, h, w]`, which is `[n, c_out, h', w']`. `weights` come from [`pack`];
/// `bias` is `[c_out]`.
pub fn forward(shape: &ConvShape, x: &[f32], weights: &[f32], bias: &[f32], relu: ClampedRelu) -> Vec<f32> {
    let block = block_rows();
    let k = weights.len() / shape.c_out.next_multiple_of(block);
    let (area, [_, out_len]) = (shape.size_out[0] * shape.size_out[1], image_lens(shape));
    let mut out = vec![0.0; shape.images * out_len];
    let (image_chunk, channel_chunk) = partition(shape, shape.c_out);
    for_each_chunk(&mut out, image_chunk * out_len, |i, out| {
        let (layout, lines) = input_lines(shape, x, i * image_chunk, out.len() / out_len);
        let offsets = layout.offsets();
        let panel = panel_len(shape.c_in * shape.stride.pow(2), layout.line_len());
        let pitch = panel + SLACK;
        // Channels are divided for a single image only: those of several images are not contiguous in `out`.
        let channel_chunk = if layout.images == 1 { channel_chunk } else { shape.c_out.next_multiple_of(block) };
        let size = if layout.images == 1 { channel_chunk * area } else { out.len() };
        for_each_chunk(out, size, |p, out| {
            let mut sums = vec![0.0; block * pitch];
            let weights = weights.chunks_exact(k * block).zip(bias.chunks(block)).skip(p * channel_chunk / block);
            for start in (0..layout.line_len()).step_by(panel) {
                let len = panel.min(layout.line_len() - start);
                for (b, (weights, bias)) in weights.clone().take(channel_chunk / block).enumerate() {
                    let (lines, offsets, sums_out) = (&lines, &offsets, &mut sums);
                    pulp::Arch::new().dispatch(Product { lines, offsets, weights, start, len, out: sums_out, pitch });
                    for (r, &bias) in bias.iter().enumerate() {
                        layout.output_runs(start, len, |to, from, count| {
                            let to = out[to + (b * block + r) * area..][..count].iter_mut();
                            let sums = &sums[r * pitch + from..];
                            to.zip(sums).for_each(|(to, from)| *to = relu.apply(from + bias));
                        });
                    }
                }
            }
        });
    });
    out
}

/// Return the gradient of the input, `[n, c_in, h, w]`, from that of the output, `dy` `[n, c_out, h', w']`, and the
/// weights `w` `[c_out, c_in, kh, kw]`.
///
/// This is a convolution of `dy` with flipped weights. For each phase of the input (see [`PaddedLines`]), only the taps
/// that read the phase in the forward pass contribute.
pub fn input_gradient(shape: &ConvShape, dy: &[f32], w: &[f32]) -> Vec<f32> {
    let ([kh, kw], block, phases) = (shape.kernel, block_rows(), shape.stride.pow(2));
    let [in_len, out_len] = image_lens(shape);
    let layout = PaddedLines::new(*shape, 1);
    let phase_weights = |phase| {
        let taps = (0..kh).flat_map(|i| (0..kw).map(move |j| (i, j)));
        let taps: Vec<_> = taps.filter(|&(i, j)| layout.tap(i, j).0 == phase).collect();
        if taps.is_empty() {
            return None;
        }
        let tap_weights = |c| taps.iter().map(move |(i, j)| (c * shape.c_in * kh + i) * kw + j);
        let weight_offsets: Vec<usize> = (0..shape.c_out).flat_map(tap_weights).collect();
        let weights = pack_blocks(w, shape.c_in, kh * kw, &weight_offsets);
        Some((phase, taps, weights))
    };
    let phase_weights: Vec<_> = (0..phases).filter_map(phase_weights).collect();
    let mut dx = vec![0.0; shape.images * in_len];
    let (image_chunk, channel_chunk) = partition(shape, shape.c_in);
    for_each_chunk(&mut dx, image_chunk * in_len, |i, dx| {
        let layout = PaddedLines::new(*shape, dx.len() / in_len);
        let (lead, line_len) = (layout.max_offset(), layout.line_len());
        let mut dy_lines = vec![0.0; lead + shape.c_out * line_len + SLACK];
        let dy = &dy[i * image_chunk * out_len..][..layout.images * out_len];
        layout.gradients_to_lines(dy, &mut dy_lines, lead, line_len);
        let offsets = |taps: &[(usize, usize)]| -> Vec<usize> {
            let taps: Vec<usize> = taps.iter().map(|&(i, j)| layout.tap(i, j).1).collect();
            (0..shape.c_out).flat_map(|c| taps.iter().map(move |tap| lead + c * line_len - tap)).collect()
        };
        let offsets: Vec<_> = phase_weights.iter().map(|(_, taps, _)| offsets(taps)).collect();
        let panel = panel_len(shape.c_out, line_len);
        let pitch = panel + SLACK;
        let mut lines = vec![0.0; shape.c_in * phases * line_len];
        for_each_chunk(&mut lines, channel_chunk * phases * line_len, |p, lines| {
            let mut sums = vec![0.0; block * pitch];
            for ((phase, _, weights), offsets) in phase_weights.iter().zip(&offsets) {
                let weights = weights.chunks_exact(offsets.len() * block).skip(p * channel_chunk / block);
                for start in (0..line_len).step_by(panel) {
                    let len = panel.min(line_len - start);
                    for (channels, weights) in lines.chunks_mut(block * phases * line_len).zip(weights.clone()) {
                        let (lines, out) = (&dy_lines, &mut sums);
                        pulp::Arch::new().dispatch(Product { lines, offsets, weights, start, len, out, pitch });
                        let channels = channels.chunks_exact_mut(phases * line_len);
                        for (channel, sums) in channels.zip(sums.chunks_exact(pitch)) {
                            channel[phase * line_len + start..][..len].copy_from_slice(&sums[..len]);
                        }
                    }
                }
            }
        });
        layout.lines_to_images(&lines, dx);
    });
    dx
}

/// Return the gradient of the weights, `[c_out, c_in, kh, kw]`, from the input `x` `[n, c_in, h, w]` and the gradient
/// of the output, `dy` `[n, c_out, h', w']`.
pub fn weight_gradient(shape: &ConvShape, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let ((image_chunk, channel_chunk), [_, out_len]) = (partition(shape, shape.c_out), image_lens(shape));
    let k = shape.c_in * shape.kernel[0] * shape.kernel[1];
    let channel_chunks = shape.c_out.div_ceil(channel_chunk);
    sum_over(shape.images.div_ceil(image_chunk) * channel_chunks, shape.c_out * k, |i, dw| {
        let (first, p) = (i / channel_chunks * image_chunk, i % channel_chunks);
        let (layout, lines) = input_lines(shape, x, first, image_chunk.min(shape.images - first));
        let pitch = layout.line_len().next_multiple_of(BLOCK);
        let mut dy_lines = vec![0.0; shape.c_out * pitch];
        layout.gradients_to_lines(&dy[first * out_len..][..layout.images * out_len], &mut dy_lines, 0, pitch);
        let offsets = layout.offsets();
        let channels = p * channel_chunk..((p + 1) * channel_chunk).min(shape.c_out);
        let (a, out) = (&dy_lines[channels.start * pitch..channels.end * pitch], channels.start * k..channels.end * k);
        for start in (0..pitch).step_by(1024) {
            let (lines, offsets, len) = (&lines, &offsets, (pitch - start).min(1024));
            pulp::Arch::new().dispatch(Dots { a, pitch, lines, offsets, start, len, out: &mut dw[out.clone()] });
        }
    })
}
