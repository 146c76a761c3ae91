//! What a map says about places: the box around its evidence, how well that finds an object, the share of it inside.

mod boxes;
mod inside;
mod locate;

/// Cells a side to which maps are scaled up before boxes are drawn around their evidence, or they are judged by boxes.
pub const GRID: usize = 112;

pub use boxes::{BOX_THRESHOLD, GridBox, evidence_box};
pub use inside::inside;
pub use locate::{Located, locate};
