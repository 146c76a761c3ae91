//! Cache of repacked weights: the order in which the inner loop reads them, kept from one inference to the next.

use std::fmt;
#[cfg(any(feature = "cpu", feature = "cube"))]
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "cpu")]
use burn::backend::flex::FlexTensor;
#[cfg(feature = "cube")]
use burn_cubecl::tensor::CubeTensor;

#[cfg(any(feature = "cpu", feature = "cube"))]
use super::algorithm::ConvAlgorithm;

/// Cache of a convolution's repacked weights, shared by clones.
///
/// The cache keeps a handle to the original weights. Therefore no operation can change them in place, and their address
/// identifies them.
#[derive(Clone, Default)]
pub struct Packed {
    #[cfg(feature = "cpu")]
    cpu: Slot<FlexTensor, Arc<Vec<f32>>>,
    #[cfg(feature = "cube")]
    gpu: Slot<CubeTensor, CubeTensor>,
}

impl Packed {
    /// Return `weight` packed for `algorithm` on the CPU: the cached value, or else that of `pack`.
    #[cfg(feature = "cpu")]
    pub(super) fn on_cpu(
        &self,
        weight: &FlexTensor,
        algorithm: ConvAlgorithm,
        pack: impl FnOnce() -> Vec<f32>,
    ) -> Arc<Vec<f32>> {
        let is_same =
            |kept: &FlexTensor| Arc::ptr_eq(&kept.data_arc(), &weight.data_arc()) && kept.layout() == weight.layout();
        self.cpu.get(is_same, weight, algorithm, || Arc::new(pack()))
    }

    /// Return `weight` packed for `algorithm` on the GPU: the cached value, or else that of `pack`.
    #[cfg(feature = "cube")]
    pub(super) fn on_gpu(
        &self,
        weight: &CubeTensor,
        algorithm: ConvAlgorithm,
        pack: impl FnOnce() -> CubeTensor,
    ) -> CubeTensor {
        let is_same = |kept: &CubeTensor| {
            let (a, b) = (&kept.handle, &weight.handle);
            a.memory.descriptor() == b.memory.descriptor()
                && a.offset_start == b.offset_start
                && kept.meta == weight.meta
        };
        self.gpu.get(is_same, weight, algorithm, pack)
    }
}

/// Cache with one entry: original weights `W`, algorithm, packed weights `P`.
#[cfg(any(feature = "cpu", feature = "cube"))]
struct Slot<W, P>(Arc<Mutex<Option<(W, ConvAlgorithm, P)>>>);

#[cfg(any(feature = "cpu", feature = "cube"))]
impl<W: Clone, P: Clone> Slot<W, P> {
    /// Return the entry if it was made from the same weights for the same algorithm; else replace it by that of `pack`.
    fn get(&self, is_same: impl Fn(&W) -> bool, weight: &W, algorithm: ConvAlgorithm, pack: impl FnOnce() -> P) -> P {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, _, packed)) = lock().as_ref().filter(|(kept, of, _)| *of == algorithm && is_same(kept)) {
            return packed.clone();
        }
        // The lock is free while packing: rayon may let this thread start on another image, which takes the lock too.
        let packed = pack();
        *lock() = Some((weight.clone(), algorithm, packed.clone()));
        packed
    }
}

#[cfg(any(feature = "cpu", feature = "cube"))]
impl<W, P> Clone for Slot<W, P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

#[cfg(any(feature = "cpu", feature = "cube"))]
impl<W, P> Default for Slot<W, P> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Packed")
    }
}
