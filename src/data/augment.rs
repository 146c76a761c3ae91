//! The usual augmentation of small images: a random shift by up to an eighth, and a mirror image half of the time
//! (He et al. 2016, section 4.2: four pixels of 32).

use rand::{Rng, RngExt};

/// Appends one augmented copy of `image` (interleaved RGB, `side` × `side`) to `out`; what a shift uncovers
/// repeats the border.
pub fn augment(image: &[u8], side: usize, rng: &mut impl Rng, out: &mut Vec<u8>) {
    let reach = (side / 8) as i32;
    let (dx, dy) = (rng.random_range(-reach..=reach), rng.random_range(-reach..=reach));
    let mirror = rng.random_bool(0.5);
    let last = side as i32 - 1;
    let clamp = |v: i32| v.clamp(0, last) as usize;
    for y in 0..=last {
        let row = clamp(y + dy) * side;
        for x in 0..=last {
            let x = if mirror { last - x } else { x };
            let i = (row + clamp(x + dx)) * 3;
            out.extend_from_slice(&image[i..i + 3]);
        }
    }
}
