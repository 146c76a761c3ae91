//! Tests of the library and the command line: numbers against independent references (`tests/fixtures`), bad files,
//! checkpoints.
//!
//! Some need `www/models` and `www/photos`. Without these folders they print `skipped:` and the reason; `make test` fetches both.

mod architecture;
mod archive;
mod batch;
mod cam;
mod cams;
mod checkpoint;
mod command_line;
mod compatibility;
mod convolution;
mod data;
mod fetch;
mod files;
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
mod wrappings;
