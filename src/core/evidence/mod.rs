//! What a map says about places: the box around its evidence, how well that finds an object, the share of it inside.

mod boxes;
mod inside;
mod localise;

pub use boxes::{BOX_THRESHOLD, GridBox, evidence_box};
pub use inside::evidence_inside;
pub use localise::{GRID, Localisation, localise};
