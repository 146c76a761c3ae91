//! `make bench-native`: forward passes beside ONNX Runtime and PyTorch, in turn, with the same networks, inputs and
//! number of threads. The benchmark checks that the logits agree, and prints medians and ratios.

#[path = "../graph.rs"]
mod graph;
#[path = "../networks.rs"]
mod networks;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Instant;

use burn::tensor::Tensor;
use camscope::core::preprocessing::Preprocessing;
use camscope::device::{DeviceKind, open};
use camscope::engine::noise;
use camscope::model::Network;
use serde_json::Value;

use networks::{config, describe};

const PYTHON: &str = ".tools/torch/bin/python";
const CASES: [(&str, u32, usize); 4] =
    [("vgg16-gap", 96, 15), ("vgg16-gap", 224, 9), ("resnet-18", 224, 15), ("efficientnet-lite0", 224, 25)];
/// Largest difference of a logit from ours, as a fraction of the largest logit.
const TOLERANCE: f64 = 1e-3;

/// Return a path below the project's folder.
fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The process that runs the other libraries. It reads a library's name and answers with a line of JSON.
struct Peers {
    process: Child,
    input: ChildStdin,
    output: BufReader<std::process::ChildStdout>,
}

impl Peers {
    fn start(folder: &Path, threads: usize) -> Self {
        let script = project("benches/native/peers.py");
        let mut command = Command::new(project(PYTHON));
        command.arg("-B").arg(script).arg(folder).arg(threads.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("make bench-native sets Python up");
        let (input, output) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Self { process, input, output }
    }

    /// Run one pass. Return its milliseconds and logits.
    fn pass(&mut self, peer: &str) -> (f64, Vec<f64>) {
        writeln!(self.input, "{peer}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let result: Value = serde_json::from_str(&line).expect("the result of a peer");
        let logits = result["logits"].as_array().unwrap().iter().map(|logit| logit.as_f64().unwrap());
        (result["ms"].as_f64().unwrap(), logits.collect())
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Run one pass of ours. Return its milliseconds and logits.
fn pass(network: &Network, x: &Tensor<4>) -> (f64, Vec<f64>) {
    let start = Instant::now();
    let logits = network.forward(x.clone()).logits.into_data().try_into_vec_as::<f32>().unwrap();
    (start.elapsed().as_secs_f64() * 1e3, logits.into_iter().map(f64::from).collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let threads = rayon::current_num_threads();
    println!(
        "{threads} threads{:>34} {:>10} {:>10} {:>10} {:>7}",
        "camscope", "ORT ms", "PyTorch ms", "to ORT", "PyTorch"
    );
    let device = pollster::block_on(open(DeviceKind::Cpu)).unwrap();
    device.seed(1);
    for (name, size, rounds) in CASES {
        let network = config(name).init(&device).unwrap();
        let folder = tempfile::tempdir().unwrap();
        describe(folder.path(), &network, size as usize, PYTHON);
        let mut peers = Peers::start(folder.path(), threads);
        let preprocessing = Preprocessing { resize: size, size, mean: [127.5; 3], std: [127.5; 3] };
        let x = preprocessing.normalise(&noise(3 * (size * size) as usize), &device);
        let (_, ours) = pass(&network, &x);
        let largest = ours.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        for peer in ["ort", "torch"] {
            let (_, theirs) = peers.pass(peer);
            let error = ours.iter().zip(&theirs).fold(0.0, |error: f64, (a, b)| error.max((a - b).abs())) / largest;
            assert!(error < TOLERANCE, "{name} {size}: {peer} gives {theirs:?}, camscope {ours:?}");
        }
        let mut times = [const { Vec::new() }; 3];
        for _ in 0..rounds {
            times[0].push(pass(&network, &x).0);
            times[1].push(peers.pass("ort").0);
            times[2].push(peers.pass("torch").0);
        }
        let [ours, ort, torch] = times.map(median);
        println!(
            "{:<34} {ours:>10.1} {ort:>10.1} {torch:>10.1} {:>10.2} {:>7.2}",
            format!("{name} {size}"),
            ours / ort,
            ours / torch
        );
    }
}
