//! Tests of the library and the command line: numbers against independent references (`tests/fixtures`), bad files,
//! checkpoints.
//!
//! Some need `www/models` and `www/photos`. A bare `cargo test` ignores these; `make test` fetches both folders and
//! runs all tests.

mod architecture;
mod batch;
mod cam;
mod cams;
mod checkpoint;
mod command_line;
mod compatibility;
mod convolution;
mod data;
mod fetch;
mod imagenet;
mod kernels;
mod metrics;
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
