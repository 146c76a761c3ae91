//! The operations as extensions of burn's backends `Flex` (CPU) and `Cube` (GPU), and the functions that call them.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, DispatchDevice, backend_extension};
use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;
#[cfg(feature = "cube")]
use burn::nn::{PaddingConfig2d, pool::MaxPool2d};
use burn::tensor::{Device, Tensor};

use super::shape::ConvShape;
use super::{ClampedRelu, Packed};

/// A depthwise convolution and the 1×1 convolution after it.
#[cfg(feature = "cube")]
#[derive(Debug, Clone, Copy)]
pub struct SeparableConv {
    /// Geometry of the depthwise convolution.
    pub depthwise: ConvShape,
    /// Geometry of the 1×1 convolution.
    pub pointwise: ConvShape,
    /// Activation after each.
    pub relus: [ClampedRelu; 2],
    /// Whether a shortcut is added before the last activation.
    pub has_shortcut: bool,
}

/// Return whether `x` is on the CPU.
#[cfg(feature = "cpu")]
pub fn on_cpu<const D: usize>(x: &Tensor<D>) -> bool {
    matches!(x.device().without_autodiff().as_dispatch(), DispatchDevice::Flex(_))
}

/// Return whether `x` is on a GPU, through wgpu or CUDA.
#[cfg(feature = "cube")]
pub fn on_gpu<const D: usize>(x: &Tensor<D>) -> bool {
    matches!(x.device().without_autodiff().as_dispatch(), DispatchDevice::Cube(_))
}

/// Return whether there are kernels for the device of `x`, and they are switched on.
pub fn is_supported<const D: usize>(x: &Tensor<D>) -> bool {
    let mut supported = false;
    #[cfg(feature = "cpu")]
    (supported |= on_cpu(x));
    #[cfg(feature = "cube")]
    (supported |= on_gpu(x));
    supported && !super::PLAIN.load(std::sync::atomic::Ordering::Relaxed)
}

/// Return whether each channel has exactly one filter.
pub fn is_depthwise(conv: &Conv2d) -> bool {
    let [c_out, c_in, ..] = conv.weight.dims();
    c_in == 1 && conv.groups == c_out
}

/// Return whether the convolution multiplies every pixel's channels by one matrix.
#[cfg(feature = "cube")]
pub fn is_dense_pointwise(conv: &Conv2d) -> bool {
    let unpadded = |padding: &PaddingConfig2d| match *padding {
        PaddingConfig2d::Valid | PaddingConfig2d::Same => true,
        PaddingConfig2d::Explicit(top, left, bottom, right) => [top, left, bottom, right] == [0; 4],
    };
    conv.kernel_size == [1, 1] && conv.stride == [1, 1] && conv.groups == 1 && unpadded(&conv.padding)
}

/// Return the bias `[c_out]`, or zeros.
fn bias(conv: &Conv2d, device: &Device) -> Tensor<1> {
    match &conv.bias {
        Some(bias) => bias.val(),
        None => Tensor::zeros([conv.weight.dims()[0]], device),
    }
}

/// Apply the convolution and `relu` with gradients.
pub fn conv2d_training(conv: &Conv2d, relu: ClampedRelu, x: Tensor<4>) -> Tensor<4> {
    let (shape, bias) = (ConvShape::new(conv, x.dims()), bias(conv, &x.device()));
    let (x, weight, bias) = (x.into_dispatch(), conv.weight.val().into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(<Dispatch as Convolution>::convolution(x, weight, bias, shape, relu))
}

/// Apply the convolution, dense or depthwise, and `relu` without gradients. A dense one can add `shortcut` in between.
pub fn conv2d_inference(
    conv: &Conv2d,
    packed: &Packed,
    shortcut: Option<Tensor<4>>,
    relu: ClampedRelu,
    x: Tensor<4>,
) -> Tensor<4> {
    let (shape, bias) = (ConvShape::new(conv, x.dims()), bias(conv, &x.device()));
    let (x, weight, bias) = (x.into_dispatch(), conv.weight.val().into_dispatch(), bias.into_dispatch());
    let packed = packed.clone();
    let y = match shortcut.map(Tensor::into_dispatch) {
        None => <Dispatch as InferenceConvolution>::convolution_relu(x, weight, packed, bias, shape, relu),
        Some(shortcut) => {
            <Dispatch as InferenceConvolution>::convolution_add_relu(x, weight, packed, bias, shortcut, shape, relu)
        }
    };
    Tensor::from_dispatch(y)
}

/// Apply a depthwise convolution, then a 1×1 one of stride 1 that can add `shortcut`, each with its ReLU, without gradients.
#[cfg(feature = "cube")]
pub fn separable_inference(
    [depthwise, pointwise]: [&Conv2d; 2],
    packed: &Packed,
    relus: [ClampedRelu; 2],
    x: Tensor<4>,
    shortcut: Option<Tensor<4>>,
) -> Tensor<4> {
    let first = ConvShape::new(depthwise, x.dims());
    let [h, w] = first.size_out;
    let shapes = [first, ConvShape::new(pointwise, [first.images, first.c_out, h, w])];
    let convs = SeparableConv { depthwise: shapes[0], pointwise: shapes[1], relus, has_shortcut: shortcut.is_some() };
    let [(filters, filter_bias), (weight, bias)] =
        [depthwise, pointwise].map(|conv| (conv.weight.val().into_dispatch(), bias(conv, &x.device()).into_dispatch()));
    let shortcut = shortcut.unwrap_or_else(|| x.clone()).into_dispatch();
    Tensor::from_dispatch(<Dispatch as GpuInference>::separable(
        x.into_dispatch(),
        filters,
        filter_bias,
        weight,
        bias,
        shortcut,
        packed.clone(),
        convs,
    ))
}

/// Return `x` `[n, k]` times `weight` `[k, c]` plus `bias` `[c]`, without gradients.
#[cfg(feature = "cube")]
pub fn linear(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    let (x, weight, bias) = (x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(<Dispatch as GpuInference>::affine(x, weight, bias))
}

/// Return the product of `a` `[m, k]` and `b` `[k, n]`.
#[cfg(feature = "cube")]
pub fn matmul(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as Matmul>::small_matmul(a.into_dispatch(), b.into_dispatch()))
}

/// Apply max-pooling without gradients.
#[cfg(feature = "cube")]
pub fn max_pool2d(pool: &MaxPool2d, x: Tensor<4>) -> Tensor<4> {
    let dims = x.dims();
    let (kernel, stride) = (pool.kernel_size, pool.stride[0]);
    let shape = ConvShape::from_parameters(kernel, stride, &pool.padding, pool.ceil_mode, dims, dims[1]);
    Tensor::from_dispatch(<Dispatch as GpuInference>::max_pool(x.into_dispatch(), shape))
}

/// Largest number of channels of a batch norm: a GPU sums each in a workgroup of its own.
pub const MAX_NORM_CHANNELS: usize = 65_535;

/// Apply the batch norm of a training step and `relu`, and update the running statistics.
pub fn batch_norm_relu(norm: &BatchNorm, relu: ClampedRelu, x: Tensor<4>) -> Tensor<4> {
    let (gamma, beta) = (norm.gamma.val().into_dispatch(), norm.beta.val().into_dispatch());
    let (y, parameters) = <Dispatch as Norm>::batch_norm_relu(x.into_dispatch(), gamma, beta, norm.epsilon, relu);
    let parameters = Tensor::<2>::from_dispatch(parameters).detach();
    for (row, running) in [&norm.running_mean, &norm.running_var].into_iter().enumerate() {
        let batch = parameters.clone().narrow(0, row, 1).squeeze_dim(0);
        running.update(running.value_sync() * (1.0 - norm.momentum) + batch * norm.momentum);
    }
    Tensor::from_dispatch(y)
}

/// Convolution + ReLU without gradients.
#[backend_extension(Flex: cfg(feature = "cpu"), Cube: cfg(feature = "cube"))]
pub trait InferenceConvolution: Backend {
    /// Return `[n, c_out, h', w']`. Weights are `[c_out, c_in, kh, kw]`, or `[c, 1, kh, kw]` for a depthwise
    /// convolution of `c > 1` channels; bias is `[c_out]`.
    fn convolution_relu(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        packed: Packed,
        bias: FloatTensor<Self>,
        shape: ConvShape,
        relu: ClampedRelu,
    ) -> FloatTensor<Self>;

    /// Return a dense convolution that adds `shortcut`, which has the shape of the result, before the ReLU.
    fn convolution_add_relu(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        packed: Packed,
        bias: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        shape: ConvShape,
        relu: ClampedRelu,
    ) -> FloatTensor<Self>;
}

/// Replace the values of `target`, in place.
#[cfg(feature = "cube")]
pub fn overwrite<const D: usize>(target: &Tensor<D>, values: Vec<f32>) {
    let _ = <Dispatch as GpuInference>::overwrite(target.clone().into_dispatch(), values);
}

/// Operations without gradients that only the GPU has kernels for.
#[cfg(feature = "cube")]
#[backend_extension(Cube)]
#[allow(clippy::too_many_arguments)] // every tensor has to be an argument of its own
pub trait GpuInference: Backend {
    /// Return a depthwise and a 1×1 convolution, each with its ReLU, `[n, c_out, h', w']`. Filters are `[c, 1, kh, kw]` with a bias
    /// `[c]`, weights `[c_out, c, 1, 1]`, which `packed` caches, with a bias `[c_out]`. `shortcut` is read only if `convs` says so,
    /// and has the shape of the result.
    fn separable(
        x: FloatTensor<Self>,
        filters: FloatTensor<Self>,
        filter_bias: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        packed: Packed,
        convs: SeparableConv,
    ) -> FloatTensor<Self>;

    /// Return the maximum of every window of `shape.kernel`, `[n, c, h', w']`.
    fn max_pool(x: FloatTensor<Self>, shape: ConvShape) -> FloatTensor<Self>;

    /// Return the product of `a` `[m, k]` and `b` `[k, n]`, plus `bias` `[n]` in every row.
    fn affine(a: FloatTensor<Self>, b: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Write `values` into the memory of `target`, which a recording reads, and return it.
    fn overwrite(target: FloatTensor<Self>, values: Vec<f32>) -> FloatTensor<Self>;
}

/// Convolution + ReLU with gradients.
#[backend_extension(Flex: cfg(feature = "cpu"), Cube: cfg(feature = "cube"), Autodiff)]
pub trait Convolution: Backend {
    /// Return `[n, c_out, h', w']`. Weights are `[c_out, c_in, kh, kw]`; bias is `[c_out]`.
    fn convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: ConvShape,
        relu: ClampedRelu,
    ) -> FloatTensor<Self>;
}

/// Gradients of a convolution + ReLU. Except in `relu_gradient`, `dy` is the gradient of the output before the ReLU,
/// `[n, c_out, h', w']`.
pub trait ConvolutionGradients: Convolution {
    /// Return the gradient of the input of the ReLU, from its output `y` and the gradient `dy` of that.
    fn relu_gradient(relu: ClampedRelu, y: FloatTensor<Self>, dy: FloatTensor<Self>) -> FloatTensor<Self>;
    /// Return the gradient of the input, `[n, c_in, h, w]`.
    fn input_gradient(shape: &ConvShape, dy: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;
    /// Return the gradient of the weights, `[c_out, c_in, kh, kw]`.
    fn weight_gradient(shape: &ConvShape, x: FloatTensor<Self>, dy: FloatTensor<Self>) -> FloatTensor<Self>;
    /// Return the gradient of the bias, `[c_out]`.
    fn bias_gradient(shape: &ConvShape, dy: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// Product of two small matrices.
#[cfg(feature = "cube")]
#[backend_extension(Cube, Autodiff)]
pub trait Matmul: Backend {
    /// Return the product of `a` `[m, k]` and `b` `[k, n]`.
    fn small_matmul(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// Batch norm + ReLU of a training step.
#[backend_extension(Flex: cfg(feature = "cpu"), Cube: cfg(feature = "cube"), Autodiff)]
pub trait Norm: Backend {
    /// Return the output `[n, c, h, w]`, and the norm's parameters `[4, c]`: the batch's mean and biased variance, γ and β.
    fn batch_norm_relu(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
        relu: ClampedRelu,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

/// Gradients of batch norm + ReLU.
pub trait NormGradients: Norm {
    /// Return the gradient of the input, and those of γ and β, `[2, c]`, from the gradient `dy` of the output.
    /// `parameters` come from [`Norm::batch_norm_relu`].
    fn batch_norm_gradients(
        x: FloatTensor<Self>,
        parameters: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        epsilon: f64,
        relu: ClampedRelu,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}
