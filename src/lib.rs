//! camscope: see where a convolutional network looked.

#[cfg(feature = "net")]
pub mod cam;
pub mod checkpoint;
#[cfg(feature = "train")]
pub mod data;
#[cfg(feature = "net")]
pub mod device;
#[cfg(feature = "net")]
pub mod model;
#[cfg(feature = "net")]
pub mod photo;
#[cfg(feature = "net")]
pub mod preprocess;
pub mod recipe;
#[cfg(feature = "train")]
pub mod train;
