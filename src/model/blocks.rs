//! Blocks of several convolutions: residual, inverted residual, inception and fire.
//!
//! Field names are part of the tensor paths in `.bpk` files.

use burn::module::Module;
use burn::nn::PaddingConfig2d;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::tensor::{Device, Tensor, activation, s};

use crate::kernels;

use super::conv_block::{Activation, ConvBlock, ConvBlockConfig, ConvVisitor};

/// Residual block: two or three convolutions whose output is added to their input (He et al. 2016, "Deep Residual
/// Learning", figure 2 and section 4.2).
#[derive(Module, Debug)]
pub struct Residual {
    /// Convolutions in order. The last one is linear, because the ReLU follows the sum.
    pub body: Vec<ConvBlock>,
    /// 1×1 convolution that brings the input to the body's shape (option B). `None` subsamples the input and pads it
    /// with zero channels where the shape changes (option A).
    pub project: Option<ConvBlock>,
    /// Whether the input is added; false in plain networks.
    pub shortcut: bool,
}

impl Residual {
    pub(super) fn forward(&self, x: Tensor<4>, visit: &mut dyn ConvVisitor) -> Tensor<4> {
        let Some((last, first)) = self.body.split_last() else { return x };
        let y = first.iter().fold(x.clone(), |y, conv| visit.conv(conv, y));
        if !self.shortcut {
            return activation::relu(visit.conv(last, y));
        }
        let shortcut = match &self.project {
            Some(project) => visit.conv(project, x),
            // The last convolution has a stride of 1.
            None => {
                let [n, _, h, w] = y.dims();
                padded_shortcut(x, [n, last.conv.weight.dims()[0], h, w])
            }
        };
        visit.conv_add(last, y, shortcut, Activation::Relu)
    }

    pub(super) fn map_convs(mut self, f: &mut impl FnMut(ConvBlock) -> ConvBlock) -> Self {
        self.body = self.body.into_iter().map(&mut *f).collect();
        self.project = self.project.map(f);
        self
    }
}

/// Shortcut of option A: take every `stride`th pixel of `x` and pad the channels with zeros, half of them on each side.
fn padded_shortcut(x: Tensor<4>, [n, c_out, h_out, w_out]: [usize; 4]) -> Tensor<4> {
    let [_, c_in, h, _] = x.dims();
    if (c_in, h) == (c_out, h_out) {
        return x;
    }
    let step = h.div_ceil(h_out) as isize;
    let x = if step > 1 { x.slice(s![.., .., ..;step, ..;step]) } else { x };
    let zeros = |channels| Tensor::zeros([n, channels, h_out, w_out], (&x.device(), x.dtype()));
    let before = (c_out - c_in) / 2;
    Tensor::cat(vec![zeros(before), x.clone(), zeros(c_out - c_in - before)], 1)
}

/// Inverted residual block: expand (1×1), depthwise, project (1×1, linear), with a shortcut if the shape stays the same
/// (Sandler et al. 2018, "MobileNetV2", section 3.3).
#[derive(Module, Debug)]
pub struct InvertedResidual {
    /// 1×1 convolution to more channels; `None` for an expansion factor of 1.
    pub expand: Option<ConvBlock>,
    /// Depthwise convolution, which carries the stride.
    pub depthwise: ConvBlock,
    /// Linear 1×1 convolution to the output channels.
    pub project: ConvBlock,
    /// Whether the input is added to the output.
    pub shortcut: bool,
}

impl InvertedResidual {
    pub(super) fn forward(&self, x: Tensor<4>, visit: &mut dyn ConvVisitor) -> Tensor<4> {
        let input = self.shortcut.then(|| x.clone());
        let x = match &self.expand {
            Some(expand) => visit.conv(expand, x),
            None => x,
        };
        if let Some(y) = visit.separable([&self.depthwise, &self.project], &x, input.as_ref()) {
            return y;
        }
        let x = visit.conv(&self.depthwise, x);
        match input {
            Some(input) => visit.conv_add(&self.project, x, input, Activation::Linear),
            None => visit.conv(&self.project, x),
        }
    }

    pub(super) fn map_convs(mut self, f: &mut impl FnMut(ConvBlock) -> ConvBlock) -> Self {
        self.expand = self.expand.map(&mut *f);
        self.depthwise = f(self.depthwise);
        self.project = f(self.project);
        self
    }
}

/// Inception block: four parallel branches whose outputs are concatenated (Szegedy et al. 2015, "Going Deeper with
/// Convolutions", figure 2b).
#[derive(Module, Debug)]
pub struct Inception {
    /// 1×1.
    pub branch1: Vec<ConvBlock>,
    /// 1×1, then 3×3.
    pub branch2: Vec<ConvBlock>,
    /// 1×1, then 3×3. The paper has 5×5 here, but torchvision's weights have 3×3.
    pub branch3: Vec<ConvBlock>,
    /// 3×3 max-pooling with stride 1, in front of `branch4`.
    pub pool: MaxPool2d,
    /// 1×1.
    pub branch4: Vec<ConvBlock>,
}

impl Inception {
    /// Build a block with new weights.
    ///
    /// `c_out` lists channels as in the paper's table 1: #1×1, #3×3 reduce, #3×3, #5×5 reduce, #5×5, pool proj. `norm`
    /// is the epsilon of the batch norms, if any.
    pub fn new(c_in: usize, c_out: [usize; 6], norm: Option<f64>, device: &Device) -> Self {
        let conv = |channels, kernel| ConvBlockConfig::new(channels, kernel, norm).init(device);
        let [c1, c3_reduce, c3, c5_reduce, c5, pool] = c_out;
        let padding = PaddingConfig2d::Explicit(1, 1, 1, 1);
        Self {
            branch1: vec![conv([c_in, c1], 1)],
            branch2: vec![conv([c_in, c3_reduce], 1), conv([c3_reduce, c3], 3)],
            branch3: vec![conv([c_in, c5_reduce], 1), conv([c5_reduce, c5], 3)],
            pool: MaxPool2dConfig::new([3, 3]).with_strides([1, 1]).with_padding(padding).init(),
            branch4: vec![conv([c_in, pool], 1)],
        }
    }

    pub(super) fn forward(&self, x: Tensor<4>, visit: &mut dyn ConvVisitor) -> Tensor<4> {
        let pooled = kernels::max_pool2d(&self.pool, x.clone());
        let branches =
            [(&self.branch1, x.clone()), (&self.branch2, x.clone()), (&self.branch3, x), (&self.branch4, pooled)];
        let mut forward = |(branch, x): (&Vec<ConvBlock>, _)| branch.iter().fold(x, |x, conv| visit.conv(conv, x));
        Tensor::cat(branches.into_iter().map(&mut forward).collect(), 1)
    }

    pub(super) fn map_convs(mut self, f: &mut impl FnMut(ConvBlock) -> ConvBlock) -> Self {
        for branch in [&mut self.branch1, &mut self.branch2, &mut self.branch3, &mut self.branch4] {
            *branch = std::mem::take(branch).into_iter().map(&mut *f).collect();
        }
        self
    }
}

/// Fire module: squeeze (1×1), then parallel 1×1 and 3×3 convolutions whose outputs are concatenated (Iandola et al.
/// 2016, "SqueezeNet", section 3.2).
#[derive(Module, Debug)]
pub struct Fire {
    /// 1×1 convolution to few channels.
    pub squeeze: ConvBlock,
    /// 1×1 convolution of the squeezed channels.
    pub expand1: ConvBlock,
    /// 3×3 convolution of the squeezed channels.
    pub expand3: ConvBlock,
}

impl Fire {
    /// Build a module with new weights: `c_in` channels to `squeeze`, then to `2 · expand`.
    pub fn new(c_in: usize, squeeze: usize, expand: usize, device: &Device) -> Self {
        let conv = |channels, kernel| {
            ConvBlockConfig::new(channels, kernel, None).with_activation(Activation::Relu).init(device)
        };
        Self {
            squeeze: conv([c_in, squeeze], 1),
            expand1: conv([squeeze, expand], 1),
            expand3: conv([squeeze, expand], 3),
        }
    }

    pub(super) fn forward(&self, x: Tensor<4>, visit: &mut dyn ConvVisitor) -> Tensor<4> {
        let x = visit.conv(&self.squeeze, x);
        let expand1 = visit.conv(&self.expand1, x.clone());
        Tensor::cat(vec![expand1, visit.conv(&self.expand3, x)], 1)
    }

    pub(super) fn map_convs(mut self, f: &mut impl FnMut(ConvBlock) -> ConvBlock) -> Self {
        self.squeeze = f(self.squeeze);
        self.expand1 = f(self.expand1);
        self.expand3 = f(self.expand3);
        self
    }
}
