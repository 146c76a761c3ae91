//! Shared by several tests: fixtures, the formula that fills networks, comparison within a tolerance.

use std::io::Write;
use std::path::{Path, PathBuf};

use burn::module::{Param, RunningState};
use burn::tensor::{Device, Tensor, TensorData};
use camscope::data::DataSource;
use camscope::model::{Layer, Network};

/// Return a path below the project's folder.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Return the data source with this format and path.
pub fn source(format: &str, path: &Path) -> DataSource {
    format!("{format}:{}", path.display()).parse().expect("a known format")
}

/// Print a line for the person who runs the tests. The test harness hides what `println!` writes if the test passes.
pub fn report(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Return whether `make models photos` has fetched the weights and the photos. If not, print why the test is skipped, or fail in
/// the continuous integration, which fetches them.
pub fn fetched() -> bool {
    let missing =
        ["www/models/manifest.json", "www/photos/rocket.jpg"].into_iter().find(|file| !project(file).exists());
    let Some(missing) = missing else { return true };
    assert!(std::env::var_os("CI").is_none(), "{missing} is missing; `make models photos` fetches it");
    report(&format!("skipped: {missing} is missing; `make models photos` fetches it"));
    false
}

/// Read a `.json` file of `tests/fixtures`. The scripts that wrote these files are beside them.
pub fn fixture<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let path = project("tests/fixtures").join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Return the values of a float tensor.
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec_as::<f32>().expect("a float tensor")
}

/// Assert that every value is within `tolerance` of the expected one. A NaN never is.
pub fn assert_close(what: &str, actual: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(actual.len(), expected.len(), "{what}: number of values");
    for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
        assert!((a - e).abs() <= tolerance, "{what}[{i}]: actual {a}, expected {e}, tolerance {tolerance}");
    }
}

/// Return the difference between the largest and the smallest value.
pub fn span(values: &[f32]) -> f32 {
    values.iter().copied().fold(f32::MIN, f32::max) - values.iter().copied().fold(f32::MAX, f32::min)
}

/// Generator of the same numbers in [-1, 1) as `Filler` in `reference.py`.
pub struct Filler {
    state: u32,
}

impl Filler {
    /// Create a generator with the state `start`; the fixtures use 1.
    pub fn new(start: u32) -> Self {
        Self { state: start }
    }

    /// Return a tensor of the next numbers, multiplied by `scale` and shifted by `offset`.
    pub fn tensor<const D: usize>(&mut self, shape: [usize; D], scale: f64, offset: f32) -> Tensor<D> {
        let mut next = || {
            self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            offset + scale as f32 * ((self.state >> 8) as f32 / 8_388_608.0 - 1.0)
        };
        let values: Vec<f32> = (0..shape.iter().product::<usize>()).map(|_| next()).collect();
        Tensor::from_data(TensorData::new(values, shape), &Device::flex())
    }

    /// Fill a VGG-GAP network in the order in which its parameters are visited.
    pub fn fill(&mut self, network: &mut Network) {
        for layer in network.stages.iter_mut().flat_map(|stage| stage.layers.iter_mut()) {
            let Layer::Conv(block) = layer else { continue };
            let shape = block.conv.weight.val().dims();
            let [c_out, c_in, height, width] = shape;
            let fan_in = (c_in * height * width) as f64;
            block.conv.weight = Param::from_tensor(self.tensor(shape, (6.0 / fan_in).sqrt(), 0.0));
            if let Some(norm) = &mut block.norm {
                norm.gamma = Param::from_tensor(self.tensor([c_out], 0.25, 1.0));
                norm.beta = Param::from_tensor(self.tensor([c_out], 0.1, 0.0));
                norm.running_mean = RunningState::new(self.tensor([c_out], 0.1, 0.0));
                norm.running_var = RunningState::new(self.tensor([c_out], 0.5, 1.0));
            } else {
                block.conv.bias = Some(Param::from_tensor(self.tensor([c_out], 0.1, 0.0)));
            }
        }
        let shape = network.linear.weight.val().dims();
        let [k, classes] = shape;
        network.linear.weight = Param::from_tensor(self.tensor(shape, (6.0 / k as f64).sqrt(), 0.0));
        network.linear.bias = Some(Param::from_tensor(self.tensor([classes], 0.1, 0.0)));
    }
}
