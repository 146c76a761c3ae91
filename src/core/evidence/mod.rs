//! Where a map's evidence lies: the box around it, how well that box finds an object, and the share inside the object.

mod boxes;
mod inside;
mod localise;

pub use boxes::{BOX_THRESHOLD, GridBox, evidence_box};
pub use inside::evidence_inside;
pub use localise::{GRID, Localisation, localise};
