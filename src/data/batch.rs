//! Batches of training images: augmented, and scaled to the network's input size.

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::{Augment, Dataset, augment};
use crate::photo::resized;
use crate::threads;

/// Return the images at `positions`, augmented, as `size` × `size` interleaved RGB one after the other.
///
/// Each image has a random stream of its own, which follows from `seed` and its position. The bytes are therefore the
/// same on any number of threads.
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
