//! The operations as burn sees them: an extension of its backends for the processor and for graphics adapters.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, DispatchDevice, backend_extension};
#[cfg(feature = "cpu")]
use burn::nn::BatchNorm;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
#[cfg(feature = "gpu")]
use burn::nn::pool::MaxPool2d;
use burn::tensor::{Device, Tensor};

use super::{ClampedRelu, Packed};

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
    /// A 1×1 kernel that looks at every pixel once.
    pub fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.stride == 1 && self.size_in == self.size_out
    }

    /// The convolution that finds the input's gradients from those of the output, with `stride − 1` zeros between these
    /// and with the weights turned round.
    pub fn back(&self) -> Self {
        Self {
            images: self.images,
            c_in: self.c_out,
            c_out: self.c_in,
            size_in: self.size_out.map(|side| (side - 1) * self.stride + 1),
            size_out: self.size_in,
            kernel: self.kernel,
            stride: 1,
            padding: [0, 1].map(|side| self.kernel[side] - 1 - self.padding[side]),
        }
    }

    fn new(conv: &Conv2d, x: [usize; 4]) -> Self {
        Self::windows(conv.kernel_size, conv.stride[0], &conv.padding, x, conv.weight.dims()[0])
    }

    fn windows(
        kernel: [usize; 2],
        stride: usize,
        padding: &PaddingConfig2d,
        [images, c_in, h, w]: [usize; 4],
        c_out: usize,
    ) -> Self {
        let padding: [(usize, usize); 2] = match *padding {
            PaddingConfig2d::Valid => [(0, 0); 2],
            PaddingConfig2d::Explicit(top, left, bottom, right) => [(top, bottom), (left, right)],
            PaddingConfig2d::Same => [(h, kernel[0]), (w, kernel[1])].map(|(size, kernel)| {
                let zeros = ((size.div_ceil(stride) - 1) * stride + kernel).saturating_sub(size);
                (zeros / 2, zeros - zeros / 2)
            }),
        };
        let size_out =
            [(h, 0), (w, 1)].map(|(size, side)| (size + padding[side].0 + padding[side].1 - kernel[side]) / stride + 1);
        let padding = padding.map(|(before, _)| before);
        Self { images, c_in, c_out, size_in: [h, w], size_out, kernel, stride, padding }
    }
}

#[cfg(feature = "cpu")]
pub fn on_cpu<const D: usize>(x: &Tensor<D>) -> bool {
    matches!(x.device().without_autodiff().as_dispatch(), DispatchDevice::Flex(_))
}

/// On an adapter through wgpu; CUDA has libraries of its own.
#[cfg(feature = "gpu")]
pub fn on_gpu<const D: usize>(x: &Tensor<D>) -> bool {
    use burn_cubecl::CubeDevice;
    matches!(x.device().without_autodiff().as_dispatch(), DispatchDevice::Cube(CubeDevice::Wgpu(_)))
}

/// On a device that has operations here, and nobody has turned them off.
pub fn is_ours<const D: usize>(x: &Tensor<D>) -> bool {
    let mut here = false;
    #[cfg(feature = "cpu")]
    (here |= on_cpu(x));
    #[cfg(feature = "gpu")]
    (here |= on_gpu(x) && x.dtype() == burn::tensor::DType::F32);
    here && !super::PLAIN.load(std::sync::atomic::Ordering::Relaxed)
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

/// With gradients.
pub fn conv2d(conv: &Conv2d, relu: ClampedRelu, x: Tensor<4>) -> Tensor<4> {
    let (shape, bias) = (ConvShape::new(conv, x.dims()), bias(conv, &x.device()));
    let (x, weight, bias) = (x.into_dispatch(), conv.weight.val().into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(<Dispatch as Convolution>::convolution(x, weight, bias, shape, relu))
}

/// Without gradients; also depthwise.
pub fn conv2d_relu(conv: &Conv2d, packed: &Packed, relu: ClampedRelu, x: Tensor<4>) -> Tensor<4> {
    let (shape, bias) = (ConvShape::new(conv, x.dims()), bias(conv, &x.device()));
    let (x, weight, bias) = (x.into_dispatch(), conv.weight.val().into_dispatch(), bias.into_dispatch());
    let y = <Dispatch as Forward>::convolution_relu(x, weight, packed.clone(), bias, shape, relu);
    Tensor::from_dispatch(y)
}

#[cfg(feature = "gpu")]
pub fn matmul(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as Matmul>::small_matmul(a.into_dispatch(), b.into_dispatch()))
}

#[cfg(feature = "gpu")]
pub fn max_pool2d(pool: &MaxPool2d, x: Tensor<4>) -> Tensor<4> {
    let dims = x.dims();
    let shape = ConvShape::windows(pool.kernel_size, pool.stride[0], &pool.padding, dims, dims[1]);
    Tensor::from_dispatch(<Dispatch as Pooling>::max_pool(x.into_dispatch(), shape))
}

#[cfg(feature = "cpu")]
pub fn batch_norm_relu(norm: &BatchNorm, relu: ClampedRelu, x: Tensor<4>) -> Tensor<4> {
    let (gamma, beta) = (norm.gamma.val().into_dispatch(), norm.beta.val().into_dispatch());
    let x = x.into_dispatch();
    let (y, mean, variance) = <Dispatch as Norm>::batch_norm_relu(x, gamma, beta, norm.epsilon, relu);
    for (running, now) in [(&norm.running_mean, mean), (&norm.running_var, variance)] {
        let now = Tensor::<1>::from_dispatch(now).detach();
        running.update(running.value_sync() * (1.0 - norm.momentum) + now * norm.momentum);
    }
    Tensor::from_dispatch(y)
}

/// Operations that no gradient flows through.
#[backend_extension(Flex: cfg(feature = "cpu"), Cube: cfg(feature = "gpu"))]
pub trait Forward: Backend {
    /// A convolution and its rectifier. Weights `[c_out, c_in, kh, kw]`, or `[c, 1, kh, kw]` for more channels than one:
    /// then every channel has its own.
    fn convolution_relu(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        packed: Packed,
        bias: FloatTensor<Self>,
        shape: ConvShape,
        relu: ClampedRelu,
    ) -> FloatTensor<Self>;
}

/// And pooling, on adapters.
#[cfg(feature = "gpu")]
#[backend_extension(Cube)]
pub trait Pooling: Backend {
    /// The largest of every window, channel by channel.
    fn max_pool(x: FloatTensor<Self>, shape: ConvShape) -> FloatTensor<Self>;
}

/// A convolution and its rectifier that gradients flow through. Weights `[c_out, c_in, kh, kw]`, bias `[c_out]`.
#[backend_extension(Flex: cfg(feature = "cpu"), Cube: cfg(feature = "gpu"), Autodiff)]
pub trait Convolution: Backend {
    fn convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: ConvShape,
        relu: ClampedRelu,
    ) -> FloatTensor<Self>;
}

/// What flows back, from the gradients `dy` of its outputs.
pub trait ConvolutionGradients: Convolution {
    /// The gradients of what was rectified to `y`.
    fn relu_gradient(relu: ClampedRelu, y: FloatTensor<Self>, dy: FloatTensor<Self>) -> FloatTensor<Self>;
    fn input_gradient(shape: &ConvShape, dy: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;
    fn weight_gradient(shape: &ConvShape, x: FloatTensor<Self>, dy: FloatTensor<Self>) -> FloatTensor<Self>;
    fn bias_gradient(shape: &ConvShape, dy: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// The product of two small matrices, on adapters.
#[cfg(feature = "gpu")]
#[backend_extension(Cube, Autodiff)]
pub trait Matmul: Backend {
    fn small_matmul(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// Batch norm and rectifier of a training step, on the processor: `[n, c, h, w]` activations, and values per channel `[c]`.
#[cfg(feature = "cpu")]
#[backend_extension(Flex, Autodiff)]
pub trait Norm: Backend {
    /// Output, and the batch's mean and variance.
    fn batch_norm_relu(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
        relu: ClampedRelu,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}
