//! Tests on the machine that builds: numbers against NumPy's (`tests/fixtures`), bad files, checkpoints.
//! `make test` makes `www/models` and `www/photos`, which some of them read, before.

mod architecture;
mod batch;
mod cam;
mod cams;
mod checkpoint;
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
