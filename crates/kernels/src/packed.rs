//! Weights in the order in which the inner loop reads them, kept from one pass to the next.

use std::fmt;
#[cfg(any(feature = "cpu", feature = "gpu"))]
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "cpu")]
use burn::backend::flex::FlexTensor;
#[cfg(feature = "gpu")]
use burn_cubecl::tensor::CubeTensor;

#[cfg(any(feature = "cpu", feature = "gpu"))]
use super::algorithm::ConvAlgorithm;

/// A place beside a convolution for what a device makes of its weights. Clones share it. It holds on to the weights that
/// it was made of, so that nobody can change them in place, and other weights are known by lying elsewhere.
#[derive(Clone, Default)]
pub struct Packed {
    #[cfg(feature = "cpu")]
    cpu: Slot<FlexTensor, Arc<Vec<f32>>>,
    #[cfg(feature = "gpu")]
    gpu: Slot<CubeTensor, CubeTensor>,
}

impl Packed {
    /// What `pack` makes of `weight`, now or when it was last asked for these.
    #[cfg(feature = "cpu")]
    pub(super) fn on_cpu(
        &self,
        weight: &FlexTensor,
        algorithm: ConvAlgorithm,
        pack: impl FnOnce() -> Vec<f32>,
    ) -> Arc<Vec<f32>> {
        let same =
            |kept: &FlexTensor| Arc::ptr_eq(&kept.data_arc(), &weight.data_arc()) && kept.layout() == weight.layout();
        self.cpu.get(same, weight, algorithm, || Arc::new(pack()))
    }

    /// The same on a graphics adapter.
    #[cfg(feature = "gpu")]
    pub(super) fn on_gpu(
        &self,
        weight: &CubeTensor,
        algorithm: ConvAlgorithm,
        pack: impl FnOnce() -> CubeTensor,
    ) -> CubeTensor {
        let same = |kept: &CubeTensor| {
            let (a, b) = (&kept.handle, &weight.handle);
            a.memory.descriptor() == b.memory.descriptor()
                && a.offset_start == b.offset_start
                && kept.meta == weight.meta
        };
        self.gpu.get(same, weight, algorithm, pack)
    }
}

/// The last weights, and what was made of them.
#[cfg(any(feature = "cpu", feature = "gpu"))]
struct Slot<W, P>(Arc<Mutex<Option<(W, ConvAlgorithm, P)>>>);

#[cfg(any(feature = "cpu", feature = "gpu"))]
impl<W: Clone, P: Clone> Slot<W, P> {
    fn get(&self, same: impl Fn(&W) -> bool, weight: &W, algorithm: ConvAlgorithm, pack: impl FnOnce() -> P) -> P {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, _, packed)) = lock().as_ref().filter(|(kept, of, _)| *of == algorithm && same(kept)) {
            return packed.clone();
        }
        // Without the lock: a thread that packs may take up another photo's work meanwhile, and come here again.
        let packed = pack();
        *lock() = Some((weight.clone(), algorithm, packed.clone()));
        packed
    }
}

#[cfg(any(feature = "cpu", feature = "gpu"))]
impl<W, P> Clone for Slot<W, P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

#[cfg(any(feature = "cpu", feature = "gpu"))]
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
