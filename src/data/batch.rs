//! Batches: augmented, scaled to the network's input, ready for [`crate::core::preprocessing::Preprocessing`]'s normalisation.

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::{Augment, Dataset, augment};
use crate::photo::resized;
use crate::threads;

/// The images at `positions`, each augmented by its own stream of `seed`, as `size` × `size` interleaved RGB one after
/// the other: the same bytes on any number of threads.
pub fn batch(data: &Dataset, positions: &[usize], size: u32, kind: Augment, seed: u64) -> Vec<u8> {
    let one = |at: usize| {
        let i = positions[at];
        let mut rng = StdRng::seed_from_u64(seed.wrapping_add((i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        let mut rgb = Vec::with_capacity(data.side * data.side * 3);
        augment(kind, data.image(i), data.side, &mut rng, &mut rgb);
        resized(rgb, data.side as u32, size)
    };
    threads::map(positions.len(), one).concat()
}
