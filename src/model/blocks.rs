//! Blocks of several convolutions: residual, inverted residual, inception, fire.

use burn::module::Module;
use burn::nn::PaddingConfig2d;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::tensor::{Device, Tensor, activation, s};

use crate::kernels;

use super::layers::{Activation, ConvBlock, ConvBlockConfig, ConvVisitor};

/// Two or three convolutions whose result is added to their input (He et al. 2016, "Deep Residual Learning", figure 2
/// and section 4.2).
#[derive(Module, Debug)]
pub struct Residual {
    /// The last one is linear: the rectifier comes behind the sum.
    pub body: Vec<ConvBlock>,
    /// 1×1 convolution that brings the input to the body's shape (option B). Without it a change of shape is bridged
    /// by every second pixel and channels of zeros (option A).
    pub project: Option<ConvBlock>,
    /// False in a plain network: the input is not added.
    pub shortcut: bool,
}

impl Residual {
    pub(super) fn forward(&self, x: Tensor<4>, through: &mut ConvVisitor<'_>) -> Tensor<4> {
        let y = self.body.iter().fold(x.clone(), |y, conv| through(conv, y));
        if !self.shortcut {
            return activation::relu(y);
        }
        let x = match &self.project {
            Some(project) => through(project, x),
            None => padded_shortcut(x, y.dims()),
        };
        activation::relu(x + y)
    }

    pub(super) fn map_convs(mut self, f: &mut impl FnMut(ConvBlock) -> ConvBlock) -> Self {
        self.body = self.body.into_iter().map(&mut *f).collect();
        self.project = self.project.map(f);
        self
    }
}

/// Option A: `x` with every `stride`th pixel, and as many zero channels before as behind it.
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

/// Expand (1×1) → depthwise → project (1×1, linear), with a shortcut where the shape stays
/// (Sandler et al. 2018, MobileNetV2, section 3.3).
#[derive(Module, Debug)]
pub struct InvertedResidual {
    pub expand: Option<ConvBlock>,
    pub depthwise: ConvBlock,
    pub project: ConvBlock,
    pub shortcut: bool,
}

impl InvertedResidual {
    pub(super) fn forward(&self, x: Tensor<4>, through: &mut ConvVisitor<'_>) -> Tensor<4> {
        let input = self.shortcut.then(|| x.clone());
        let x = match &self.expand {
            Some(expand) => through(expand, x),
            None => x,
        };
        let x = through(&self.depthwise, x);
        let x = through(&self.project, x);
        match input {
            Some(input) => x + input,
            None => x,
        }
    }

    pub(super) fn map_convs(mut self, f: &mut impl FnMut(ConvBlock) -> ConvBlock) -> Self {
        self.expand = self.expand.map(&mut *f);
        self.depthwise = f(self.depthwise);
        self.project = f(self.project);
        self
    }
}

/// Four branches side by side (Szegedy et al. 2015, "Going Deeper with Convolutions", figure 2b): 1×1; 1×1 and 3×3;
/// 1×1 and 3×3 (5×5 in the paper: torchvision's weights have 3×3); max-pool and 1×1.
#[derive(Module, Debug)]
pub struct Inception {
    pub branch1: Vec<ConvBlock>,
    pub branch2: Vec<ConvBlock>,
    pub branch3: Vec<ConvBlock>,
    pub pool: MaxPool2d,
    pub branch4: Vec<ConvBlock>,
}

impl Inception {
    /// `c_out` as in the paper's table 1: #1×1, #3×3 reduce, #3×3, #5×5 reduce, #5×5, pool proj.
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

    pub(super) fn forward(&self, x: Tensor<4>, through: &mut ConvVisitor<'_>) -> Tensor<4> {
        let pooled = kernels::max_pool2d(&self.pool, x.clone());
        let branches =
            [(&self.branch1, x.clone()), (&self.branch2, x.clone()), (&self.branch3, x), (&self.branch4, pooled)];
        let mut along = |(branch, x): (&Vec<ConvBlock>, _)| branch.iter().fold(x, |x, conv| through(conv, x));
        Tensor::cat(branches.into_iter().map(&mut along).collect(), 1)
    }

    pub(super) fn map_convs(mut self, f: &mut impl FnMut(ConvBlock) -> ConvBlock) -> Self {
        for branch in [&mut self.branch1, &mut self.branch2, &mut self.branch3, &mut self.branch4] {
            *branch = std::mem::take(branch).into_iter().map(&mut *f).collect();
        }
        self
    }
}

/// Squeeze (1×1), then 1×1 and 3×3 side by side (Iandola et al. 2016, "SqueezeNet", section 3.2).
#[derive(Module, Debug)]
pub struct Fire {
    pub squeeze: ConvBlock,
    pub expand1: ConvBlock,
    pub expand3: ConvBlock,
}

impl Fire {
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

    pub(super) fn forward(&self, x: Tensor<4>, through: &mut ConvVisitor<'_>) -> Tensor<4> {
        let x = through(&self.squeeze, x);
        let expand1 = through(&self.expand1, x.clone());
        Tensor::cat(vec![expand1, through(&self.expand3, x)], 1)
    }

    pub(super) fn map_convs(mut self, f: &mut impl FnMut(ConvBlock) -> ConvBlock) -> Self {
        self.squeeze = f(self.squeeze);
        self.expand1 = f(self.expand1);
        self.expand3 = f(self.expand3);
        self
    }
}
