//! The networks that benchmarks time, with random weights, and their descriptions for the peers.

use std::path::Path;
use std::process::Command;

use camscope::model::{Network, NetworkConfig};
use serde_json::json;

use crate::graph::Graph;
use crate::project;

/// As [`NetworkConfig::named`] has it, for ten classes, norms folded; `-half`, `-thin` or `-thinner` behind it for a half, a
/// quarter or an eighth of the channels, and three pools.
pub fn config(name: &str) -> NetworkConfig {
    let (name, options) = match name.rsplit_once('-') {
        Some((name, "half")) => (name, json!({ "width": 0.5, "pools": 3 })),
        Some((name, "thin")) => (name, json!({ "width": 0.25, "pools": 3 })),
        Some((name, "thinner")) => (name, json!({ "width": 0.125, "pools": 3 })),
        _ => (name, json!({})),
    };
    let config = NetworkConfig::named(name, 10).expect("a network of the field");
    config.with(options.as_object().cloned().unwrap_or_default()).expect("options of the family").folded()
}

/// Writes a new folder with the network's `graph.json`, `weights.bin` and `model.onnx`.
pub fn describe(folder: &Path, network: &Network, side: usize, python: &str) {
    let graph = Graph::of(network, side);
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("graph.json"), graph.json(side)).unwrap();
    std::fs::write(folder.join("weights.bin"), graph.bytes()).unwrap();
    let script = project("benches/onnx_model.py");
    let written = Command::new(project(python)).arg("-B").arg(script).arg(folder).status();
    assert!(written.expect("the Makefile sets Python up").success(), "no ONNX file in {}", folder.display());
}
