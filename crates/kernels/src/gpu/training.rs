//! Convolutions of a training step: by this crate's kernels, or by the faster of these and burn's if they are tuned.

use burn::backend::Cube;
use burn_cubecl::tensor::CubeTensor;

#[cfg(feature = "autotune")]
use super::tuned;
use super::{Epilogue, convolve, gradients, transposed};
use crate::op::{Convolution, ConvolutionGradients};
use crate::shape::ConvShape;
use crate::{ClampedRelu, Packed};

impl Convolution for Cube {
    fn convolution(
        x: CubeTensor,
        weight: CubeTensor,
        bias: CubeTensor,
        shape: ConvShape,
        relu: ClampedRelu,
    ) -> CubeTensor {
        convolve(&shape, x, weight, &Packed::default(), Epilogue::new(bias, relu))
    }
}

impl ConvolutionGradients for Cube {
    fn relu_gradient(relu: ClampedRelu, y: CubeTensor, dy: CubeTensor) -> CubeTensor {
        gradients::relu_gradient(relu, y, dy)
    }

    fn input_gradient(shape: &ConvShape, dy: CubeTensor, weight: CubeTensor) -> CubeTensor {
        #[cfg(feature = "autotune")]
        if tuned::applies(shape) {
            return tuned::input_gradient(shape, dy, weight);
        }
        transposed::input_gradient(shape, dy, weight)
    }

    fn weight_gradient(shape: &ConvShape, x: CubeTensor, dy: CubeTensor) -> CubeTensor {
        #[cfg(feature = "autotune")]
        if tuned::applies(shape) {
            return tuned::weight_gradient(shape, x, dy);
        }
        gradients::weight_gradient(shape, x, dy)
    }

    fn bias_gradient(shape: &ConvShape, dy: CubeTensor) -> CubeTensor {
        gradients::bias_gradient(shape, dy)
    }
}
