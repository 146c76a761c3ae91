//! Winograd convolution: 3×3 with stride 1 by minimal filtering (Lavin & Gray 2016, "Fast Algorithms for Convolutional
//! Neural Networks", section 4).
//!
//! A tile of outputs costs as many multiplications as its patch of inputs has pixels: a quarter of those of a direct
//! convolution with tiles of 4×4, and 44 % with tiles of 2×2.
//!
//! The input transform maps patches to `(side + 2)²` elements each. For each element, one matrix product multiplies
//! them with the transformed weights and sums over the input channels. The output transform maps the sums to outputs.
//! The products read packed panels sequentially.

mod transforms;
mod weights;

use self::transforms::{InputTransform, OutputTransform};
pub use self::weights::{WeightLayout, pack};
use super::conv::partition;
use super::microkernel::{PanelProduct, Panels, block_rows, panel_columns};
use crate::ClampedRelu;
use crate::algorithm::Tile;
use crate::shape::ConvShape;
use crate::threads::for_each_chunk;

/// Return the convolution + ReLU of `x` `[n, c_in, h, w]`, which is `[n, c_out, h', w']`. `weights` come from [`pack`];
/// `bias` is `[c_out]`.
pub fn forward(tile: Tile, shape: &ConvShape, x: &[f32], weights: &[f32], bias: &[f32], relu: ClampedRelu) -> Vec<f32> {
    let (area_in, area) = (shape.size_in[0] * shape.size_in[1], shape.size_out[0] * shape.size_out[1]);
    let mut out = vec![0.0; shape.images * shape.c_out * area];
    let (image_chunk, channel_chunk) = partition(shape, shape.c_out);
    for_each_chunk(&mut out, image_chunk * shape.c_out * area, |i, out| {
        let images = out.len() / (shape.c_out * area);
        let x = &x[i * image_chunk * shape.c_in * area_in..][..images * shape.c_in * area_in];
        let grid = TileGrid::new(tile, shape, images);
        let planes = grid.pad(x);
        for (first, tiles) in grid.bands(shape) {
            let patches = grid.patches(&planes, shape, first, tiles);
            // Channels are divided for a single image only: those of several images are not contiguous in `out`.
            let channel_chunk = if images == 1 { channel_chunk } else { shape.c_out };
            for_each_chunk(out, if images == 1 { channel_chunk * area } else { out.len() }, |p, out| {
                let channels = p * channel_chunk..((p + 1) * channel_chunk).min(shape.c_out);
                let sums = products(tile, shape, &patches, weights, channels.clone(), tiles);
                let transform =
                    OutputTransform { grid: &grid, sums: &sums, bias: &bias[channels], relu, first, tiles, out };
                pulp::Arch::new().dispatch(transform);
            });
        }
    });
    out
}

/// Return the product of the channels' weights with the patches for each element, `[element][channel][tile]`. Channels
/// are padded to whole blocks, tiles to whole panels.
fn products(
    tile: Tile,
    shape: &ConvShape,
    patches: &[f32],
    weights: &[f32],
    channels: std::ops::Range<usize>,
    tiles: usize,
) -> Vec<f32> {
    let (block, lanes) = (block_rows(), panel_columns());
    let (width, depth) = (tiles.next_multiple_of(lanes), shape.c_in);
    let rows = channels.len().next_multiple_of(block);
    let mut sums = vec![0.0; tile.elements() * rows * width];
    let first = channels.start / block * tile.elements();
    for (element, sums) in sums.chunks_exact_mut(rows * width).enumerate() {
        let panels = Panels { values: &patches[element * depth * lanes..], stride: tile.elements() * depth * lanes };
        let weights = weights.chunks_exact(block * depth).skip(first + element).step_by(tile.elements());
        for (out, weights) in sums.chunks_exact_mut(block * width).zip(weights) {
            pulp::Arch::new().dispatch(PanelProduct { weights, panels, depth, out, pitch: width });
        }
    }
    sums
}

/// The tiles that cover the outputs of some images, row by row.
struct TileGrid {
    tile: Tile,
    shape: ConvShape,
    /// Rows of tiles per image.
    rows: usize,
    /// Tiles per row.
    columns: usize,
    /// Tiles of all images.
    count: usize,
}

impl TileGrid {
    fn new(tile: Tile, shape: &ConvShape, images: usize) -> Self {
        let [rows, columns] = shape.size_out.map(|side| side.div_ceil(tile.side()));
        Self { tile, shape: *shape, rows, columns, count: images * rows * columns }
    }

    /// Return the image of a tile, and the row and column of its first output.
    fn position(&self, tile: usize) -> (usize, usize, usize) {
        let tile_in_image = tile % (self.rows * self.columns);
        let side = self.tile.side();
        (tile / (self.rows * self.columns), tile_in_image / self.columns * side, tile_in_image % self.columns * side)
    }

    /// Return the rows and columns of the padded input that the tiles read.
    fn padded_size(&self) -> [usize; 2] {
        [self.rows, self.columns].map(|tiles| tiles * self.tile.side() + 2)
    }

    /// Return the planes of `x` with zeros around them, so that patches at the border need no special case.
    fn pad(&self, x: &[f32]) -> Vec<f32> {
        let ([h, w], [h_padded, w_padded], [top, left]) = (self.shape.size_in, self.padded_size(), self.shape.padding);
        let mut planes = vec![0.0; x.len() / (h * w) * h_padded * w_padded];
        // No output depends on a row or column that does not fit.
        let count = w.min(w_padded - left);
        for_each_chunk(&mut planes, h_padded * w_padded, |i, plane| {
            let rows = plane.chunks_exact_mut(w_padded).skip(top);
            for (to, from) in rows.zip(x[i * h * w..][..h * w].chunks_exact(w)) {
                to[left..left + count].copy_from_slice(&from[..count]);
            }
        });
        planes
    }

    /// Return the bands of tiles to process one after the other: first tile, number of tiles.
    ///
    /// A band is small enough that its patches and sums stay in the caches. It is large enough that reading the
    /// weights, once per band, takes little of the time.
    fn bands(&self, shape: &ConvShape) -> impl Iterator<Item = (usize, usize)> + use<> {
        // Values of patches and sums that fit into the caches.
        const BAND_VALUES: usize = 512 * 1024;
        let lanes = panel_columns();
        let fit = BAND_VALUES / (self.tile.elements() * (shape.c_in + shape.c_out));
        let (band, count) = (fit.max(32).next_multiple_of(lanes), self.count);
        (0..count).step_by(band).map(move |first| (first, band.min(count - first)))
    }

    /// Return the transformed patches of `tiles` tiles from `first` on, `[panel of tiles][element][c_in][tile]`.
    fn patches(&self, planes: &[f32], shape: &ConvShape, first: usize, tiles: usize) -> Vec<f32> {
        let lanes = panel_columns();
        let size = self.tile.elements() * shape.c_in * lanes;
        let mut patches = vec![0.0; tiles.div_ceil(lanes) * size];
        for_each_chunk(&mut patches, size, |panel, out| {
            let first = first + panel * lanes;
            let tiles = lanes.min(self.count - first);
            pulp::Arch::new().dispatch(InputTransform { grid: self, planes, first, tiles, out });
        });
        patches
    }
}
