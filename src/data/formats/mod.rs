//! Readers of data-set formats, one file each. `data::source` lists them.

pub mod cifar10;
pub mod folder;
mod planes;
pub mod stl10;
pub mod tiny_imagenet;
pub mod voc;
pub mod yolo;
