//! Choice of the convolution algorithm. Weights are packed for the algorithm that reads them.

use super::shape::ConvShape;

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

    /// Return the cheapest Winograd tile, or `None` if direct convolution is cheaper.
    pub fn for_conv(shape: &ConvShape, costs: Costs) -> Option<Self> {
        if shape.kernel != [3, 3] || shape.stride != 1 || shape.c_in < 8 || shape.c_out < 8 {
            return None;
        }
        let [h, w] = shape.size_out;
        let cost = |tile: Self| {
            let tiles = shape.images * h.div_ceil(tile.side()) * w.div_ceil(tile.side());
            let transforms = costs.transform * tiles as f64 * (1.0 / shape.c_in as f64 + 1.0 / shape.c_out as f64);
            tile.elements() as f64 * (tiles.next_multiple_of(costs.panel) as f64 + costs.weight_load + transforms)
        };
        let direct = 9.0 * ((shape.images * h * w) as f64 + costs.weight_load);
        let best = if cost(Self::Four) < cost(Self::Two) { Self::Four } else { Self::Two };
        (cost(best) < 0.9 * direct).then_some(best)
    }
}

/// What the steps of a convolution cost on a device, in multiplications per channel pair.
#[derive(Debug, Clone, Copy)]
pub struct Costs {
    /// Tiles that one product takes; the last panel is padded.
    pub panel: usize,
    /// Cost of reading one weight from memory.
    pub weight_load: f64,
    /// Cost of transforming one value.
    pub transform: f64,
}
