//! Cost of a network: parameters and multiply-adds of each stage, computed without running it.

use std::collections::HashSet;

use burn::nn::PaddingConfig2d;
use burn::nn::pool::MaxPool2d;

use super::{ConvBlock, Layer, Network};

/// Cost of one stage, or of the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageCost {
    /// Channels, height and width of the output.
    pub output: [usize; 3],
    /// Trained parameters; running statistics of batch norms do not count.
    pub parameters: usize,
    /// Multiply-adds of convolutions and linear layers for one photo.
    pub multiply_adds: u64,
}

impl Network {
    /// Return the cost of each stage in order, and of the head last, for photos of `height` × `width` pixels.
    ///
    /// ```
    /// # use burn::tensor::Device;
    /// # use camscope::model::NetworkConfig;
    /// let network = NetworkConfig::named("resnet-20", 10)?.init(&Device::flex())?;
    /// let cost = network.cost(32, 32);
    /// assert_eq!(cost[3].output, [64, 8, 8]);
    /// assert_eq!(cost.iter().map(|stage| stage.parameters).sum::<usize>(), 269_722);
    /// # Ok::<(), camscope::model::ConfigError>(())
    /// ```
    pub fn cost(&self, height: usize, width: usize) -> Vec<StageCost> {
        let mut counter = Counter::new(height, width);
        let mut costs = Vec::with_capacity(self.stages.len() + 1);
        for stage in &self.stages {
            stage.layers.iter().for_each(|layer| counter.layer(layer));
            costs.push(counter.take());
        }
        let [k, classes] = self.linear.weight.dims();
        let [_, height, width] = counter.shape;
        counter.parameters = k * classes + self.linear.bias.as_ref().map_or(0, |_| classes);
        counter.multiply_adds = (k * classes * if self.rectified { height * width } else { 1 }) as u64;
        counter.shape = [classes, 1, 1];
        costs.push(counter.take());
        costs
    }

    /// Return the number of dense convolutions that differ in shape, for photos of `height` × `width` pixels.
    ///
    /// ```
    /// # use burn::tensor::Device;
    /// # use camscope::model::NetworkConfig;
    /// let network = NetworkConfig::named("resnet-20", 10)?.init(&Device::flex())?;
    /// // The first one; one for each of three stages; two with a stride.
    /// assert_eq!(network.distinct_convolutions(32, 32), 6);
    /// # Ok::<(), camscope::model::ConfigError>(())
    /// ```
    pub fn distinct_convolutions(&self, height: usize, width: usize) -> usize {
        let mut counter = Counter::new(height, width);
        self.stages.iter().flat_map(|stage| &stage.layers).for_each(|layer| counter.layer(layer));
        counter.dense.len()
    }
}

/// Walks through the layers and sums up their cost.
struct Counter {
    /// Channels, height and width of the current activations.
    shape: [usize; 3],
    parameters: usize,
    multiply_adds: u64,
    /// Input, weights and stride of the dense convolutions so far.
    dense: HashSet<([usize; 3], [usize; 4], usize)>,
}

impl Counter {
    fn new(height: usize, width: usize) -> Self {
        Self { shape: [3, height, width], parameters: 0, multiply_adds: 0, dense: HashSet::new() }
    }

    /// Return the sums since the last call, and reset them.
    fn take(&mut self) -> StageCost {
        let cost = StageCost { output: self.shape, parameters: self.parameters, multiply_adds: self.multiply_adds };
        (self.parameters, self.multiply_adds) = (0, 0);
        cost
    }

    fn layer(&mut self, layer: &Layer) {
        match layer {
            Layer::Conv(block) => self.conv(block),
            Layer::MaxPool(pool) => self.pool(pool),
            Layer::InvertedResidual(block) => {
                block.expand.iter().chain([&block.depthwise, &block.project]).for_each(|conv| self.conv(conv));
            }
            Layer::Residual(block) => {
                let input = self.shape;
                block.body.iter().for_each(|conv| self.conv(conv));
                self.branch(input, block.project.as_slice());
            }
            Layer::Inception(block) => {
                let input = self.shape;
                let branches = [&block.branch1, &block.branch2, &block.branch3, &block.branch4];
                let channels = branches.map(|branch| self.branch(input, branch)[0]).iter().sum();
                self.shape = [channels, input[1], input[2]];
            }
            Layer::Fire(block) => {
                self.conv(&block.squeeze);
                let input = self.shape;
                let channels =
                    [&block.expand1, &block.expand3].map(|conv| self.branch(input, std::slice::from_ref(conv))[0]);
                self.shape[0] = channels.iter().sum();
            }
        }
    }

    /// Count the convolutions of a branch that starts from `input`; return the shape of its output. The main shape
    /// stays.
    fn branch(&mut self, input: [usize; 3], convs: &[ConvBlock]) -> [usize; 3] {
        let main = std::mem::replace(&mut self.shape, input);
        convs.iter().for_each(|conv| self.conv(conv));
        std::mem::replace(&mut self.shape, main)
    }

    fn conv(&mut self, block: &ConvBlock) {
        let weights @ [c_out, c_in, kernel, _] = block.conv.weight.dims();
        let [_, height, width] = self.shape;
        if block.conv.groups == 1 {
            self.dense.insert((self.shape, weights, block.conv.stride[0]));
        }
        let side = |side| output_side(side, kernel, block.conv.stride[0], &block.conv.padding, false);
        self.shape = [c_out, side(height), side(width)];
        let weights = c_out * c_in * kernel * kernel;
        self.multiply_adds += (weights * self.shape[1] * self.shape[2]) as u64;
        let norm = if block.norm.is_some() { 2 * c_out } else { 0 };
        self.parameters += weights + norm + block.conv.bias.as_ref().map_or(0, |_| c_out);
    }

    fn pool(&mut self, pool: &MaxPool2d) {
        let [channels, height, width] = self.shape;
        let side = |side| output_side(side, pool.kernel_size[0], pool.stride[0], &pool.padding, pool.ceil_mode);
        self.shape = [channels, side(height), side(width)];
    }
}

/// Return the output's side, in pixels, of a square window that slides over `side` pixels; 0 if it does not fit.
fn output_side(side: usize, kernel: usize, stride: usize, padding: &PaddingConfig2d, ceil: bool) -> usize {
    let padding = match padding {
        PaddingConfig2d::Same => return side.div_ceil(stride),
        PaddingConfig2d::Valid => 0,
        PaddingConfig2d::Explicit(top, _, bottom, _) => top + bottom,
    };
    // A window that is larger than what it slides over has no place.
    let Some(steps) = (side + padding).checked_sub(kernel) else { return 0 };
    1 + if ceil { steps.div_ceil(stride) } else { steps / stride }
}
