//! Convolution 3×3 with stride 1 by minimal filtering: a tile of outputs costs as many multiplications as its patch of
//! inputs has pixels, a quarter (tiles of 4×4) or two fifths (2×2) of what the definition takes (Lavin & Gray 2016, "Fast
//! Algorithms for Convolutional Neural Networks", section 4).
//!
//! Patches are transformed, multiplied with transformed weights place by place, and the sums transformed back. In between
//! all is one product of matrices per place, of panels that lie in memory in the order in which they are read.

mod tiles;
mod weights;

use self::tiles::{ReadTiles, WriteTiles};
pub use self::weights::{Weights, pack};
use super::conv::division;
use super::tile::{PanelProduct, Panels, block_rows, panel_columns};
use crate::ClampedRelu;
use crate::algorithm::Tile;
use crate::op::ConvShape;
use crate::threads::for_each_chunk;

/// Photos `[n, c_in, h, w]`, weights out of [`pack`] and bias `[c_out]` to `[n, c_out, h', w']` behind the rectifier.
pub fn forward(tile: Tile, shape: &ConvShape, x: &[f32], weights: &[f32], bias: &[f32], relu: ClampedRelu) -> Vec<f32> {
    let (area_in, area) = (shape.size_in[0] * shape.size_in[1], shape.size_out[0] * shape.size_out[1]);
    let mut out = vec![0.0; shape.images * shape.c_out * area];
    let (group, part) = division(shape, shape.c_out);
    for_each_chunk(&mut out, group * shape.c_out * area, |i, out| {
        let images = out.len() / (shape.c_out * area);
        let photos = &x[i * group * shape.c_in * area_in..][..images * shape.c_in * area_in];
        let grid = Grid::new(tile, shape, images);
        let planes = grid.padded(photos);
        for (first, tiles) in grid.bands(shape) {
            let patches = grid.patches(&planes, shape, first, tiles);
            // The channels of several photos are not one piece of memory.
            let part = if images == 1 { part } else { shape.c_out };
            for_each_chunk(out, if images == 1 { part * area } else { out.len() }, |p, out| {
                let channels = p * part..((p + 1) * part).min(shape.c_out);
                let sums = products(tile, shape, &patches, weights, channels.clone(), tiles);
                let write = WriteTiles { grid: &grid, sums: &sums, bias: &bias[channels], relu, first, tiles, out };
                pulp::Arch::new().dispatch(write);
            });
        }
    });
    out
}

/// For every place the product of the channels' weights with the patches: `[place][channel][tile]`, whole blocks of channels.
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
    let mut sums = vec![0.0; tile.places() * rows * width];
    let first = channels.start / block * tile.places();
    for (place, sums) in sums.chunks_exact_mut(rows * width).enumerate() {
        let panels = Panels { values: &patches[place * depth * lanes..], stride: tile.places() * depth * lanes };
        let weights = weights.chunks_exact(block * depth).skip(first + place).step_by(tile.places());
        for (out, weights) in sums.chunks_exact_mut(block * width).zip(weights) {
            pulp::Arch::new().dispatch(PanelProduct { weights, panels, depth, out, pitch: width });
        }
    }
    sums
}

/// The tiles of some photos, row by row.
struct Grid {
    tile: Tile,
    shape: ConvShape,
    rows: usize,
    columns: usize,
    count: usize,
}

impl Grid {
    fn new(tile: Tile, shape: &ConvShape, images: usize) -> Self {
        let [rows, columns] = shape.size_out.map(|side| side.div_ceil(tile.side()));
        Self { tile, shape: *shape, rows, columns, count: images * rows * columns }
    }

    /// Photo, and first row and column of the outputs, of a tile.
    fn place(&self, tile: usize) -> (usize, usize, usize) {
        let of_photo = tile % (self.rows * self.columns);
        let side = self.tile.side();
        (tile / (self.rows * self.columns), of_photo / self.columns * side, of_photo % self.columns * side)
    }

    /// Rows and columns of the pixels that the tiles look at.
    fn padded_size(&self) -> [usize; 2] {
        [self.rows, self.columns].map(|tiles| tiles * self.tile.side() + 2)
    }

    /// Photos with the zeros around them, so that a patch at the border is like any other.
    fn padded(&self, photos: &[f32]) -> Vec<f32> {
        let ([h, w], [h_padded, w_padded], [top, left]) = (self.shape.size_in, self.padded_size(), self.shape.padding);
        let mut planes = vec![0.0; photos.len() / (h * w) * h_padded * w_padded];
        // A row or column too few is one that no output needs.
        let count = w.min(w_padded - left);
        for_each_chunk(&mut planes, h_padded * w_padded, |i, plane| {
            let rows = plane.chunks_exact_mut(w_padded).skip(top);
            for (to, from) in rows.zip(photos[i * h * w..][..h * w].chunks_exact(w)) {
                to[left..left + count].copy_from_slice(&from[..count]);
            }
        });
        planes
    }

    /// First tile and number of tiles that are worked on together: few enough that what is made of them stays in the
    /// caches, enough that the weights, which are read once for each of them, are not what takes the time.
    fn bands(&self, shape: &ConvShape) -> impl Iterator<Item = (usize, usize)> + use<> {
        const VALUES: usize = 512 * 1024;
        let lanes = panel_columns();
        let fit = VALUES / (self.tile.places() * (shape.c_in + shape.c_out));
        let (band, count) = (fit.max(32).next_multiple_of(lanes), self.count);
        (0..count).step_by(band).map(move |first| (first, band.min(count - first)))
    }

    /// The transformed patches of some tiles: `[panel of tiles][place][c_in][tile]`.
    fn patches(&self, planes: &[f32], shape: &ConvShape, first: usize, tiles: usize) -> Vec<f32> {
        let lanes = panel_columns();
        let size = self.tile.places() * shape.c_in * lanes;
        let mut patches = vec![0.0; tiles.div_ceil(lanes) * size];
        for_each_chunk(&mut patches, size, |panel, out| {
            let first = first + panel * lanes;
            let tiles = lanes.min(self.count - first);
            pulp::Arch::new().dispatch(ReadTiles { grid: self, planes, first, tiles, out });
        });
        patches
    }
}
