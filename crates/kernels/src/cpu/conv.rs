//! Convolution and its two gradients on slices: every one is a product over the lines of [`PaddedLines`].

use super::padded_lines::PaddedLines;
use super::tile::{BLOCK, Dots, Product, block_rows};
use crate::ClampedRelu;
use crate::op::ConvShape;
use crate::threads::{self, for_each_chunk, sum_over};

/// What is read behind the end of the lines, and written behind that of a panel.
const SLACK: usize = 2 * BLOCK;

/// Positions that are worked on before the next: so many that what `lines` hold of them stays in the second-level cache.
fn panel(lines: usize, line: usize) -> usize {
    (64 * 1024 / lines).clamp(2 * BLOCK, 1024).next_multiple_of(BLOCK).min(line)
}

/// How a convolution is divided: photos that are worked on together, so that lines are long enough to be worth a block
/// of weights, and channels (of `channels`) that one thread takes where there are fewer groups than threads.
pub(super) fn division(shape: &ConvShape, channels: usize) -> (usize, usize) {
    let images = shape.images.max(1);
    let wanted = 512usize.div_ceil(PaddedLines::new(*shape, 1).area());
    let groups = images.div_ceil(wanted).next_multiple_of(threads::count()).min(images);
    let parts = threads::count().div_ceil(groups);
    (images.div_ceil(groups), channels.div_ceil(parts).next_multiple_of(block_rows()))
}

/// Values of one photo, and of its outputs.
fn image_lens(shape: &ConvShape) -> [usize; 2] {
    [(shape.c_in, shape.size_in), (shape.c_out, shape.size_out)].map(|(c, [h, w])| c * h * w)
}

/// Weights in blocks of rows, `[block][k][row]`, zeros in the last: of row `r` those at `places`, `r · pitch` further on.
fn packed(w: &[f32], rows: usize, pitch: usize, places: &[usize]) -> Vec<f32> {
    let block = block_rows();
    let mut packed = vec![0.0; rows.next_multiple_of(block) * places.len()];
    for_each_chunk(&mut packed, block * places.len(), |b, packed| {
        for (packed, place) in packed.chunks_exact_mut(block).zip(places) {
            for (row, to) in (b * block..rows).zip(packed) {
                *to = w[place + row * pitch];
            }
        }
    });
    packed
}

/// The lines of `images` photos from `first` on.
fn lines(shape: &ConvShape, x: &[f32], first: usize, images: usize) -> (PaddedLines, Vec<f32>) {
    let planes = PaddedLines::new(*shape, images);
    let mut lines = vec![0.0; shape.c_in * shape.stride.pow(2) * planes.line() + planes.reach() + SLACK];
    let [image, _] = image_lens(shape);
    planes.split(&x[first * image..][..images * image], &mut lines);
    (planes, lines)
}

/// Weights `[c_out, c_in, kh, kw]` as [`forward`] wants them.
pub fn pack(shape: &ConvShape, w: &[f32]) -> Vec<f32> {
    let k = w.len() / shape.c_out;
    packed(w, shape.c_out, k, &(0..k).collect::<Vec<_>>())
}

/// Photos `[n, c_in, h, w]`, weights out of [`pack`] and bias `[c_out]` to `[n, c_out, h', w']` behind the rectifier.
pub fn forward(shape: &ConvShape, x: &[f32], weights: &[f32], bias: &[f32], relu: ClampedRelu) -> Vec<f32> {
    let block = block_rows();
    let k = weights.len() / shape.c_out.next_multiple_of(block);
    let (area, [_, image]) = (shape.size_out[0] * shape.size_out[1], image_lens(shape));
    let mut out = vec![0.0; shape.images * image];
    let (group, part) = division(shape, shape.c_out);
    for_each_chunk(&mut out, group * image, |i, out| {
        let (planes, lines) = lines(shape, x, i * group, out.len() / image);
        let offsets = planes.offsets();
        let panel = panel(shape.c_in * shape.stride.pow(2), planes.line());
        let pitch = panel + SLACK;
        // The channels of several photos are not one piece of memory.
        let part = if planes.images == 1 { part } else { shape.c_out.next_multiple_of(block) };
        let size = if planes.images == 1 { part * area } else { out.len() };
        for_each_chunk(out, size, |p, out| {
            let mut sums = vec![0.0; block * pitch];
            let weights = weights.chunks_exact(k * block).zip(bias.chunks(block)).skip(p * part / block);
            for start in (0..planes.line()).step_by(panel) {
                let len = panel.min(planes.line() - start);
                for (b, (weights, bias)) in weights.clone().take(part / block).enumerate() {
                    let (lines, offsets, sums_out) = (&lines, &offsets, &mut sums);
                    pulp::Arch::new().dispatch(Product { lines, offsets, weights, start, len, out: sums_out, pitch });
                    for (r, &bias) in bias.iter().enumerate() {
                        planes.runs(start, len, |to, from, count| {
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

/// Gradients `[n, c_out, h', w']` of the output to those of the photos, `[n, c_in, h, w]`.
pub fn input_gradient(shape: &ConvShape, dy: &[f32], w: &[f32]) -> Vec<f32> {
    let ([kh, kw], block, phases) = (shape.kernel, block_rows(), shape.stride.pow(2));
    let [image, image_out] = image_lens(shape);
    // What reads a phase in the forward pass writes it here: the taps of each phase, and the weights turned round.
    let planes = PaddedLines::new(*shape, 1);
    let of_phase = |phase| {
        let taps = (0..kh).flat_map(|i| (0..kw).map(move |j| (i, j)));
        let taps: Vec<_> = taps.filter(|&(i, j)| planes.tap(i, j).0 == phase).collect();
        if taps.is_empty() {
            return None;
        }
        let place = |c| taps.iter().map(move |(i, j)| (c * shape.c_in * kh + i) * kw + j);
        let places: Vec<usize> = (0..shape.c_out).flat_map(place).collect();
        let weights = packed(w, shape.c_in, kh * kw, &places);
        Some((phase, taps, weights))
    };
    let of_phases: Vec<_> = (0..phases).filter_map(of_phase).collect();
    let mut dx = vec![0.0; shape.images * image];
    let (group, part) = division(shape, shape.c_in);
    for_each_chunk(&mut dx, group * image, |i, dx| {
        let planes = PaddedLines::new(*shape, dx.len() / image);
        let (lead, line) = (planes.reach(), planes.line());
        let mut dy_lines = vec![0.0; lead + shape.c_out * line + SLACK];
        planes.spread(&dy[i * group * image_out..][..planes.images * image_out], &mut dy_lines, lead, line);
        let offsets = |taps: &[(usize, usize)]| -> Vec<usize> {
            let taps: Vec<usize> = taps.iter().map(|&(i, j)| planes.tap(i, j).1).collect();
            (0..shape.c_out).flat_map(|c| taps.iter().map(move |tap| lead + c * line - tap)).collect()
        };
        let offsets: Vec<_> = of_phases.iter().map(|(_, taps, _)| offsets(taps)).collect();
        let panel = panel(shape.c_out, line);
        let pitch = panel + SLACK;
        let mut lines = vec![0.0; shape.c_in * phases * line];
        for_each_chunk(&mut lines, part * phases * line, |p, lines| {
            let mut sums = vec![0.0; block * pitch];
            for ((phase, _, weights), offsets) in of_phases.iter().zip(&offsets) {
                let weights = weights.chunks_exact(offsets.len() * block).skip(p * part / block);
                for start in (0..line).step_by(panel) {
                    let len = panel.min(line - start);
                    for (channels, weights) in lines.chunks_mut(block * phases * line).zip(weights.clone()) {
                        let (lines, out) = (&dy_lines, &mut sums);
                        pulp::Arch::new().dispatch(Product { lines, offsets, weights, start, len, out, pitch });
                        for (channel, sums) in channels.chunks_exact_mut(phases * line).zip(sums.chunks_exact(pitch)) {
                            channel[phase * line + start..][..len].copy_from_slice(&sums[..len]);
                        }
                    }
                }
            }
        });
        planes.join(&lines, dx);
    });
    dx
}

/// Photos and the gradients of the output to those of the weights, `[c_out, c_in, kh, kw]`.
pub fn weight_gradient(shape: &ConvShape, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let ((group, part), [_, image_out]) = (division(shape, shape.c_out), image_lens(shape));
    let k = shape.c_in * shape.kernel[0] * shape.kernel[1];
    let parts = shape.c_out.div_ceil(part);
    sum_over(shape.images.div_ceil(group) * parts, shape.c_out * k, |i, dw| {
        let (first, p) = (i / parts * group, i % parts);
        let (planes, lines) = lines(shape, x, first, group.min(shape.images - first));
        let pitch = planes.line().next_multiple_of(BLOCK);
        let mut dy_lines = vec![0.0; shape.c_out * pitch];
        planes.spread(&dy[first * image_out..][..planes.images * image_out], &mut dy_lines, 0, pitch);
        let offsets = planes.offsets();
        let channels = p * part..((p + 1) * part).min(shape.c_out);
        let (a, out) = (&dy_lines[channels.start * pitch..channels.end * pitch], channels.start * k..channels.end * k);
        for start in (0..pitch).step_by(1024) {
            let (lines, offsets, len) = (&lines, &offsets, (pitch - start).min(1024));
            pulp::Arch::new().dispatch(Dots { a, pitch, lines, offsets, start, len, out: &mut dw[out.clone()] });
        }
    })
}
