//! Tests on the machine that builds: numbers against NumPy's (`tests/fixtures`), bad files, checkpoints.
//! Some need `www/models` and `www/photos` and are ignored by a bare `cargo test`; `make test` fetches both and runs all.

mod architecture;
mod batch;
mod cam;
mod cams;
mod checkpoint;
mod command_line;
mod compatibility;
mod convolution;
mod data;
mod imagenet;
mod kernels;
mod measures;
mod model;
mod mutations;
mod networks;
mod photo;
mod project;
mod render;
mod support;
mod teach;
mod training;
mod words;
