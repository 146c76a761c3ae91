//! The operations as burn sees them: an extension of its processor backend.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, DispatchDevice, Flex, backend_extension};
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::tensor::{Device, Tensor, TensorData};

use super::norm::Batch;
use super::packed::Form;
use super::winograd::Tile;
use super::{Packed, Rectifier, conv, depthwise, norm, winograd};

/// The geometry of a convolution without groups and dilation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConvShape {
    pub images: usize,
    pub c_in: usize,
    pub c_out: usize,
    /// Rows and columns.
    pub size_in: [usize; 2],
    pub size_out: [usize; 2],
    pub kernel: [usize; 2],
    pub stride: usize,
    /// Zeros above and on the left; what lies below and on the right follows from the sizes.
    pub padding: [usize; 2],
}

impl ConvShape {
    fn new(conv: &Conv2d, [images, c_in, h, w]: [usize; 4]) -> Self {
        let (kernel, stride) = (conv.kernel_size, conv.stride[0]);
        let padding: [(usize, usize); 2] = match conv.padding {
            PaddingConfig2d::Valid => [(0, 0); 2],
            PaddingConfig2d::Explicit(top, left, bottom, right) => [(top, bottom), (left, right)],
            PaddingConfig2d::Same => [(h, kernel[0]), (w, kernel[1])].map(|(size, kernel)| {
                let zeros = ((size.div_ceil(stride) - 1) * stride + kernel).saturating_sub(size);
                (zeros / 2, zeros - zeros / 2)
            }),
        };
        let size_out =
            [(h, 0), (w, 1)].map(|(size, side)| (size + padding[side].0 + padding[side].1 - kernel[side]) / stride + 1);
        let c_out = conv.weight.dims()[0];
        let padding = padding.map(|(before, _)| before);
        Self { images, c_in, c_out, size_in: [h, w], size_out, kernel, stride, padding }
    }
}

pub fn on_cpu(x: &Tensor<4>) -> bool {
    matches!(x.device().without_autodiff().as_dispatch(), DispatchDevice::Flex(_))
}

/// Every channel has a filter of its own.
pub fn is_depthwise(conv: &Conv2d) -> bool {
    let [c_out, c_in, ..] = conv.weight.dims();
    c_in == 1 && conv.groups == c_out
}

fn bias(conv: &Conv2d, device: &Device) -> Tensor<1> {
    match &conv.bias {
        Some(bias) => bias.val(),
        None => Tensor::zeros([conv.weight.dims()[0]], device),
    }
}

pub fn conv2d(conv: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    let (shape, bias) = (ConvShape::new(conv, x.dims()), bias(conv, &x.device()));
    let (x, weight, bias) = (x.into_dispatch(), conv.weight.val().into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(<Dispatch as Kernels>::convolution(x, weight, bias, shape))
}

/// Without gradients; also depthwise.
pub fn rectified_conv2d(conv: &Conv2d, packed: &Packed, rectifier: Rectifier, x: Tensor<4>) -> Tensor<4> {
    let (shape, bias) = (ConvShape::new(conv, x.dims()), bias(conv, &x.device()));
    let (x, weight, bias) = (x.into_dispatch(), conv.weight.val().into_dispatch(), bias.into_dispatch());
    let y = <Dispatch as Forward>::rectified_convolution(x, weight, packed.clone(), bias, shape, rectifier);
    Tensor::from_dispatch(y)
}

pub fn rectified_norm(norm: &BatchNorm, rectifier: Rectifier, x: Tensor<4>) -> Tensor<4> {
    let (gamma, beta) = (norm.gamma.val().into_dispatch(), norm.beta.val().into_dispatch());
    let x = x.into_dispatch();
    let (y, mean, variance) = <Dispatch as Kernels>::rectified_norm(x, gamma, beta, norm.epsilon, rectifier);
    for (running, now) in [(&norm.running_mean, mean), (&norm.running_var, variance)] {
        let now = Tensor::<1>::from_dispatch(now).detach();
        running.update(running.value_sync() * (1.0 - norm.momentum) + now * norm.momentum);
    }
    Tensor::from_dispatch(y)
}

/// Operations that no gradient flows through.
#[backend_extension(Flex)]
pub trait Forward: Backend {
    /// A convolution and its rectifier. Weights `[c_out, c_in, kh, kw]`, or `[c, 1, kh, kw]` for more channels than one:
    /// then every channel has its own.
    fn rectified_convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        packed: Packed,
        bias: FloatTensor<Self>,
        shape: ConvShape,
        rectifier: Rectifier,
    ) -> FloatTensor<Self>;
}

/// `[n, c, h, w]` activations, weights `[c_out, c_in, kh, kw]`, and values per channel `[c]`.
#[backend_extension(Flex, Autodiff)]
pub trait Kernels: Backend {
    fn convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self>;

    /// Output, and the batch's mean and variance.
    fn rectified_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
        rectifier: Rectifier,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

pub(super) fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

pub(super) fn batch(x: &FlexTensor) -> Batch {
    let [images, channels, h, w] = x.layout().shape().dims();
    Batch { images, channels, area: h * w }
}

impl Forward for Flex {
    fn rectified_convolution(
        x: FlexTensor,
        weight: FlexTensor,
        packed: Packed,
        bias: FlexTensor,
        shape: ConvShape,
        rectifier: Rectifier,
    ) -> FlexTensor {
        let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.to_contiguous());
        let [_, c_in, ..] = weight.layout().shape().dims::<4>();
        let y = if c_in == shape.c_in {
            let (x, w, bias) = (x.storage(), weight.storage(), bias.storage());
            if let Some(tile) = Tile::for_conv(&shape) {
                let weights = packed.of(&weight, Form::Winograd(tile), || winograd::pack(tile, &shape, w));
                winograd::forward(tile, &shape, x, &weights, bias, rectifier)
            } else {
                let weights = packed.of(&weight, Form::Direct, || conv::pack(&shape, w));
                conv::forward(&shape, x, &weights, bias, rectifier)
            }
        } else {
            let of_plane = ConvShape { images: shape.images * shape.c_in, c_in: 1, c_out: 1, ..shape };
            depthwise::forward(&of_plane, x.storage(), weight.storage(), bias.storage(), rectifier)
        };
        let [h, w] = shape.size_out;
        tensor(y, [shape.images, shape.c_out, h, w])
    }
}

impl Kernels for Flex {
    fn convolution(x: FlexTensor, weight: FlexTensor, bias: FlexTensor, shape: ConvShape) -> FlexTensor {
        let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.to_contiguous());
        let weights = conv::pack(&shape, weight.storage());
        let y = conv::forward(&shape, x.storage(), &weights, bias.storage(), Rectifier::NONE);
        let [h, w] = shape.size_out;
        tensor(y, [shape.images, shape.c_out, h, w])
    }

    fn rectified_norm(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        epsilon: f64,
        rectifier: Rectifier,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let [x, gamma, beta] = [x, gamma, beta].map(|tensor| tensor.to_contiguous());
        let (batch, shape) = (batch(&x), x.layout().shape().dims::<4>());
        let (mean, variance) = norm::statistics(&batch, x.storage());
        let norm = norm::Norm::new(gamma.storage(), beta.storage(), &mean, &variance, epsilon, rectifier);
        let y = norm.forward(&batch, x.storage());
        (tensor(y, shape), tensor(mean, [batch.channels]), tensor(variance, [batch.channels]))
    }
}
