//! What several parts of the page are made of.

pub mod appearance;
pub mod boxes;
pub mod icon;
pub mod map_view;
pub mod picker;
pub mod toggle;
pub mod zoom;
