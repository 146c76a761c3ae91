//! Geometry of convolutions and poolings.

use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;

/// Geometry of a convolution or pooling with one stride for both axes and without dilation. Pairs are rows, columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "autotune", derive(serde::Serialize, serde::Deserialize))]
pub struct ConvShape {
    /// Batch size.
    pub images: usize,
    /// Input channels.
    pub c_in: usize,
    /// Output channels.
    pub c_out: usize,
    /// Input size without padding.
    pub size_in: [usize; 2],
    /// Output size.
    pub size_out: [usize; 2],
    /// Kernel size.
    pub kernel: [usize; 2],
    /// Stride along both axes.
    pub stride: usize,
    /// Padding above and on the left. The sizes determine the padding below and on the right.
    pub padding: [usize; 2],
}

impl ConvShape {
    /// Return whether the kernel is 1×1 and reads every pixel exactly once.
    pub fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.stride == 1 && self.size_in == self.size_out
    }

    /// Return the geometry of the transposed convolution, which computes the input gradient.
    ///
    /// Its input is the output gradient with `stride − 1` zeros between neighbouring values. Its weights are flipped
    /// along both axes, with input and output channels swapped.
    pub fn transposed(&self) -> Self {
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

    /// Return the geometry of `conv` for an input of shape `x`.
    pub fn new(conv: &Conv2d, x: [usize; 4]) -> Self {
        Self::from_parameters(conv.kernel_size, conv.stride[0], &conv.padding, false, x, conv.weight.dims()[0])
    }

    /// Return the geometry of a sliding window over an input `[images, c_in, h, w]`. With `ceil`, a last window may reach beyond
    /// the padding, if it begins in the input or in front of it.
    pub fn from_parameters(
        kernel: [usize; 2],
        stride: usize,
        padding: &PaddingConfig2d,
        ceil: bool,
        [images, c_in, h, w]: [usize; 4],
        c_out: usize,
    ) -> Self {
        let padding: [(usize, usize); 2] = match *padding {
            PaddingConfig2d::Valid => [(0, 0); 2],
            PaddingConfig2d::Explicit(top, left, bottom, right) => [(top, bottom), (left, right)],
            PaddingConfig2d::Same => [(h, kernel[0]), (w, kernel[1])].map(|(size, kernel)| {
                let total = ((size.div_ceil(stride) - 1) * stride + kernel).saturating_sub(size);
                (total / 2, total - total / 2)
            }),
        };
        let size_out = [(h, 0), (w, 1)].map(|(size, side)| {
            let (before, after) = padding[side];
            if !ceil {
                return (size + before + after - kernel[side]) / stride + 1;
            }
            let steps = (size + before + after).saturating_sub(kernel[side]).div_ceil(stride);
            if steps * stride >= size + before { steps } else { steps + 1 }
        });
        let padding = padding.map(|(before, _)| before);
        Self { images, c_in, c_out, size_in: [h, w], size_out, kernel, stride, padding }
    }
}
