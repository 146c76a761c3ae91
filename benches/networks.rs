//! The networks of the benchmarks, with random weights, and their descriptions for the other libraries.

use std::path::Path;
use std::process::Command;

use camscope::model::{Network, NetworkConfig};
use serde_json::json;

use crate::graph::Graph;
use crate::project;

/// Return the configuration of a network that [`NetworkConfig::named`] knows, for ten classes and with folded norms.
/// The suffixes `-half`, `-thin` and `-thinner` give a half, a quarter and an eighth of the channels, and three pools.
pub fn config(name: &str) -> NetworkConfig {
    let (name, options) = match name.rsplit_once('-') {
        Some((name, "half")) => (name, json!({ "width": 0.5, "pools": 3 })),
        Some((name, "thin")) => (name, json!({ "width": 0.25, "pools": 3 })),
        Some((name, "thinner")) => (name, json!({ "width": 0.125, "pools": 3 })),
        _ => (name, json!({})),
    };
    let config = NetworkConfig::named(name, 10).expect("a known network");
    config.with(options.as_object().cloned().unwrap_or_default()).expect("options of the family").folded()
}

/// Write the network's `graph.json`, `weights.bin` and `model.onnx` into a new folder.
pub fn describe(folder: &Path, network: &Network, side: usize, python: &str) {
    let graph = Graph::of(network, side);
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("graph.json"), graph.json(side)).unwrap();
    std::fs::write(folder.join("weights.bin"), graph.bytes()).unwrap();
    let script = project("benches/onnx_model.py");
    let status = Command::new(project(python)).arg("-B").arg(script).arg(folder).status();
    assert!(status.expect("the Makefile sets Python up").success(), "no ONNX file in {}", folder.display());
}
