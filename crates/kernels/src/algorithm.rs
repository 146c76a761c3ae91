//! Choice of the convolution algorithm. Weights are packed for the algorithm that reads them.

use super::op::ConvShape;

/// How a convolution is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConvAlgorithm {
    /// Sum over the taps of the kernel.
    Direct,
    /// Minimal filtering with the given tile (Winograd).
    Winograd(Tile),
}

/// Output tile of minimal filtering with a 3×3 kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tile {
    /// F(2×2, 3×3).
    Two,
    /// F(4×4, 3×3).
    Four,
}

impl Tile {
    /// Return the rows, and columns, of outputs in a tile.
    pub fn side(self) -> usize {
        if self == Self::Two { 2 } else { 4 }
    }

    /// Return the number of elements of an input patch, `(side + 2)²`.
    pub fn elements(self) -> usize {
        (self.side() + 2).pow(2)
    }

    /// Return the cheapest Winograd tile, or `None` if direct convolution is cheaper. Cost is multiplications per
    /// channel pair. `panel` is the number of tiles that one product takes; the last panel is padded.
    pub fn for_conv(shape: &ConvShape, panel: usize) -> Option<Self> {
        if shape.kernel != [3, 3] || shape.stride != 1 || shape.c_in < 8 || shape.c_out < 8 {
            return None;
        }
        // Cost of reading one weight from memory, in multiplications.
        const WEIGHT_LOAD: f64 = 8.0;
        // Cost of transforming one value, in multiplications. It is higher with wide vectors: they speed up the
        // multiplications, but patches are still gathered value by value.
        let transform = if panel > 8 { 32.0 } else { 8.0 };
        let [h, w] = shape.size_out;
        let cost = |tile: Self| {
            let tiles = shape.images * h.div_ceil(tile.side()) * w.div_ceil(tile.side());
            let transforms = transform * tiles as f64 * (1.0 / shape.c_in as f64 + 1.0 / shape.c_out as f64);
            tile.elements() as f64 * (tiles.next_multiple_of(panel) as f64 + WEIGHT_LOAD + transforms)
        };
        let direct = 9.0 * ((shape.images * h * w) as f64 + WEIGHT_LOAD);
        let best = if cost(Self::Four) < cost(Self::Two) { Self::Four } else { Self::Two };
        (cost(best) < 0.9 * direct).then_some(best)
    }
}
