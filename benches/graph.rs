//! A network as a list of plain operations, for the libraries that camscope is compared with. `graph.json` has the
//! operations, `weights.bin` the concatenated weights (float32, little-endian). `web/peers.js`, `native/peers.py` and
//! `onnx_model.py` read them.
//!
//! Every operation names the one whose result it takes (`in`); −1 is the photo. Kernels are `[out, in / groups, height,
//! width]`, the head's weights `[channels, classes]`. Padding is `[top, left, bottom, right]`.

use burn::nn::PaddingConfig2d;
use burn::tensor::Tensor;
use camscope::kernels::ClampedRelu;
use camscope::model::{Activation, ConvBlock, Layer, Network};
use serde_json::{Value, json};

/// A network's operations and weights.
pub struct Graph {
    operations: Vec<Value>,
    weights: Vec<f32>,
    /// Channels, height and width of each operation's result.
    shapes: Vec<[usize; 3]>,
}

impl Graph {
    /// Describe a network whose norms are folded, for photos of `side` × `side` pixels.
    pub fn of(network: &Network, side: usize) -> Self {
        let mut graph = Self { operations: Vec::new(), weights: Vec::new(), shapes: Vec::new() };
        let mut at = -1;
        let layers = network.stages.iter().flat_map(|stage| &stage.layers);
        for layer in layers {
            at = graph.layer(layer, at, side);
        }
        assert!(!network.rectified, "no peer supports NIN's head");
        let [channels, classes] = network.linear.weight.dims();
        let weight = graph.append(network.linear.weight.val());
        let bias = graph.append(network.linear.bias.as_ref().expect("a head has a bias").val());
        let head =
            json!({ "op": "head", "in": at, "weight": weight, "bias": bias, "channels": channels, "classes": classes });
        graph.push(head, [classes, 1, 1]);
        graph
    }

    pub fn json(&self, side: usize) -> String {
        json!({ "side": side, "operations": self.operations }).to_string()
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.weights.iter().flat_map(|weight| weight.to_le_bytes()).collect()
    }

    fn push(&mut self, operation: Value, shape: [usize; 3]) -> isize {
        self.operations.push(operation);
        self.shapes.push(shape);
        self.operations.len() as isize - 1
    }

    /// Append a tensor to the weights, and return its offset.
    fn append<const D: usize>(&mut self, tensor: Tensor<D>) -> usize {
        let at = self.weights.len();
        self.weights.extend(tensor.into_data().try_into_vec_as::<f32>().unwrap());
        at
    }

    fn layer(&mut self, layer: &Layer, at: isize, side: usize) -> isize {
        match layer {
            Layer::Conv(block) => self.conv(block, at, side),
            Layer::MaxPool(pool) => {
                let [channels, height, _] = self.shapes[at as usize];
                let (kernel, stride) = (pool.kernel_size[0], pool.stride[0]);
                let [top, left, bottom, right] = padding(&pool.padding, height, kernel, stride);
                assert!(!pool.ceil_mode, "no peer supports pooling with ceil_mode");
                let out = (height + top + bottom - kernel) / stride + 1;
                let operation = json!({ "op": "pool", "in": at, "kernel": kernel, "stride": stride, "pads": [top, left, bottom, right] });
                self.push(operation, [channels, out, out])
            }
            Layer::InvertedResidual(block) => {
                let convs = block.expand.iter().chain([&block.depthwise, &block.project]);
                let y = convs.fold(at, |y, conv| self.conv(conv, y, side));
                if block.shortcut { self.add(y, at, ClampedRelu::NONE) } else { y }
            }
            Layer::Residual(block) => {
                let y = block.body.iter().fold(at, |y, conv| self.conv(conv, y, side));
                assert!(block.shortcut, "no peer supports networks without shortcuts");
                let x = match &block.project {
                    Some(project) => self.conv(project, at, side),
                    None if self.shapes[at as usize] == self.shapes[y as usize] => at,
                    None => {
                        let ([c_in, h, _], shape) = (self.shapes[at as usize], self.shapes[y as usize]);
                        let before = (shape[0] - c_in) / 2;
                        let step = h.div_ceil(shape[1]);
                        let channels = [before, shape[0] - c_in - before];
                        self.push(json!({ "op": "shortcut", "in": at, "step": step, "channels": channels }), shape)
                    }
                };
                self.add(x, y, ClampedRelu { slope: 0.0, cap: f32::INFINITY })
            }
            Layer::Inception(_) | Layer::Fire(_) => panic!("no peer supports branches"),
        }
    }

    fn add(&mut self, a: isize, b: isize, relu: ClampedRelu) -> isize {
        let shape = self.shapes[a as usize];
        self.push(json!({ "op": "add", "in": a, "and": b, "relu": json_of(relu) }), shape)
    }

    fn conv(&mut self, block: &ConvBlock, at: isize, side: usize) -> isize {
        let height = if at < 0 { side } else { self.shapes[at as usize][1] };
        let shape = block.conv.weight.dims();
        let (kernel, stride) = (shape[2], block.conv.stride[0]);
        let [top, left, bottom, right] = padding(&block.conv.padding, height, kernel, stride);
        let out = (height + top + bottom - kernel) / stride + 1;
        assert!(block.norm.is_none(), "norms are folded");
        let weight = self.append(block.conv.weight.val());
        let bias = self.append(block.conv.bias.as_ref().expect("a folded convolution has a bias").val());
        let relu = match block.activation {
            Activation::LeakyRelu(slope) => ClampedRelu { slope: slope as f32, cap: f32::INFINITY },
            Activation::Relu => ClampedRelu { slope: 0.0, cap: f32::INFINITY },
            Activation::Relu6 => ClampedRelu { slope: 0.0, cap: 6.0 },
            Activation::Linear => ClampedRelu::NONE,
            Activation::Sigmoid => panic!("no peer supports sigmoids"),
        };
        let operation = json!({
            "op": "conv", "in": at, "weight": weight, "shape": shape, "bias": bias, "stride": stride,
            "pads": [top, left, bottom, right], "groups": block.conv.groups, "relu": json_of(relu),
        });
        self.push(operation, [shape[0], out, out])
    }
}

/// Return `{slope, cap}`: without a cap if there is none, and `null` if there is no activation.
fn json_of(relu: ClampedRelu) -> Value {
    match relu {
        ClampedRelu::NONE => Value::Null,
        ClampedRelu { slope, cap } if cap.is_finite() => json!({ "slope": slope, "cap": cap }),
        ClampedRelu { slope, .. } => json!({ "slope": slope }),
    }
}

/// Return the padding as top, left, bottom, right.
fn padding(padding: &PaddingConfig2d, side: usize, kernel: usize, stride: usize) -> [usize; 4] {
    match *padding {
        PaddingConfig2d::Valid => [0; 4],
        PaddingConfig2d::Explicit(top, left, bottom, right) => [top, left, bottom, right],
        PaddingConfig2d::Same => {
            let whole = ((side.div_ceil(stride) - 1) * stride + kernel).saturating_sub(side);
            let before = whole / 2;
            [before, before, whole - before, whole - before]
        }
    }
}
