//! In which of several ways a convolution is done; its weights are laid out for that way.

use super::op::ConvShape;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConvAlgorithm {
    /// By its definition.
    Direct,
    /// By minimal filtering.
    Winograd(Tile),
}

/// Outputs on a side of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tile {
    Two,
    Four,
}

impl Tile {
    pub fn side(self) -> usize {
        if self == Self::Two { 2 } else { 4 }
    }

    /// Places of a patch: `(side + 2)²`.
    pub fn places(self) -> usize {
        (self.side() + 2).pow(2)
    }

    /// The tile by which this convolution is cheapest; none where the definition is. Counted are multiplications per pair
    /// of channels; tiles are worked on in panels of so many, of which the last may have empty places.
    pub fn for_conv(shape: &ConvShape, panel: usize) -> Option<Self> {
        if shape.kernel != [3, 3] || shape.stride != 1 || shape.c_in < 8 || shape.c_out < 8 {
            return None;
        }
        // To read a weight from memory takes as long as so many multiplications; the transforms that many of a value, more
        // where vectors are wide: these multiply faster, but a patch is gathered value by value.
        const WEIGHT: f64 = 8.0;
        let transform = if panel > 8 { 32.0 } else { 8.0 };
        let [h, w] = shape.size_out;
        let cost = |tile: Self| {
            let tiles = shape.images * h.div_ceil(tile.side()) * w.div_ceil(tile.side());
            let transforms = transform * tiles as f64 * (1.0 / shape.c_in as f64 + 1.0 / shape.c_out as f64);
            tile.places() as f64 * (tiles.next_multiple_of(panel) as f64 + WEIGHT + transforms)
        };
        let direct = 9.0 * ((shape.images * h * w) as f64 + WEIGHT);
        let best = if cost(Self::Four) < cost(Self::Two) { Self::Four } else { Self::Two };
        (cost(best) < 0.9 * direct).then_some(best)
    }
}
