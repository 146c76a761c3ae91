//! Input tensors: RGB bytes normalised by the preprocessing of the model's card.

use burn::tensor::{Device, Tensor, TensorData};

use crate::core::preprocessing::Preprocessing;

impl Preprocessing {
    /// Normalise the interleaved RGB bytes of `n` images of `size` × `size` pixels to `[n, 3, size, size]`.
    ///
    /// ```
    /// # use burn::tensor::Device;
    /// # use camscope::core::preprocessing::Preprocessing;
    /// let input = Preprocessing::symmetric(1).normalise(&[0, 255, 0], &Device::flex());
    /// assert_eq!(input.dims(), [1, 3, 1, 1]);
    /// assert_eq!(input.into_data().try_into_vec_as::<f32>()?, [-1.0, 1.0, -1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    /// If `rgb` does not hold a whole number of images, which is an error of the caller.
    pub fn normalise(&self, rgb: &[u8], device: &Device) -> Tensor<4> {
        let side = self.size as usize;
        Tensor::from_data(TensorData::new(self.values(rgb), [rgb.len() / (side * side * 3), 3, side, side]), device)
    }

    /// Return the values of [`normalise`](Self::normalise)'s tensor, row-major.
    ///
    /// # Panics
    /// If `rgb` does not hold a whole number of images, which is an error of the caller.
    pub fn values(&self, rgb: &[u8]) -> Vec<f32> {
        let side = self.size as usize;
        let plane = side * side;
        assert_eq!(rgb.len() % (plane * 3), 0, "whole {side}×{side} RGB images");
        let mut values = vec![0f32; rgb.len()];
        for (image, out) in rgb.chunks_exact(plane * 3).zip(values.chunks_exact_mut(plane * 3)) {
            for c in 0..3 {
                let (mean, scale) = (self.mean[c], 1.0 / self.std[c]);
                let pixels = image.iter().skip(c).step_by(3);
                for (value, &pixel) in out[c * plane..(c + 1) * plane].iter_mut().zip(pixels) {
                    *value = (pixel as f32 - mean) * scale;
                }
            }
        }
        values
    }
}
