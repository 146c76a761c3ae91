//! Weights in the order in which the inner loop reads them, kept from one pass to the next.

use std::fmt;
#[cfg(feature = "cpu")]
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "cpu")]
use burn::backend::flex::FlexTensor;

#[cfg(feature = "cpu")]
use super::winograd::Tile;

/// A place beside a convolution for what the processor makes of its weights. Clones share it. It holds on to the weights
/// that it was made of, so that nobody can change them in place, and other weights are known by lying elsewhere.
#[derive(Clone, Default)]
pub struct Packed {
    #[cfg(feature = "cpu")]
    kept: Arc<Mutex<Option<Kept>>>,
}

#[cfg(feature = "cpu")]
struct Kept {
    of: FlexTensor,
    form: Form,
    weights: Arc<Vec<f32>>,
}

/// For which inner loop.
#[cfg(feature = "cpu")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Direct,
    Winograd(Tile),
}

#[cfg(feature = "cpu")]
impl Packed {
    /// What `pack` makes of `weight`, now or when it was last asked for these.
    pub(super) fn of(&self, weight: &FlexTensor, form: Form, pack: impl FnOnce() -> Vec<f32>) -> Arc<Vec<f32>> {
        let lock = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |kept: &Kept| {
            let (is, lies) = (&kept.of, Arc::ptr_eq(&kept.of.data_arc(), &weight.data_arc()));
            lies && is.layout() == weight.layout() && kept.form == form
        };
        if let Some(kept) = lock().as_ref().filter(|kept| same(kept)) {
            return kept.weights.clone();
        }
        // Without the lock: a thread that packs may take up another photo's work meanwhile, and come here again.
        let weights = Arc::new(pack());
        *lock() = Some(Kept { of: weight.clone(), form, weights: weights.clone() });
        weights
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Packed")
    }
}
