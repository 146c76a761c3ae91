//! Small changes that leave an image's class what it is.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// Which changes are made to training images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Augment {
    None,
    /// A mirror image half of the time.
    Flip,
    /// That, and a shift by up to an eighth of the side (He et al. 2016, section 4.2: four pixels of 32).
    #[default]
    CropFlip,
}

/// Appends one augmented copy of `image` (interleaved RGB, `side` × `side`) to `out`; what a shift uncovers
/// repeats the border.
pub fn augment(kind: Augment, image: &[u8], side: usize, rng: &mut impl Rng, out: &mut Vec<u8>) {
    if kind == Augment::None {
        return out.extend_from_slice(image);
    }
    let reach = if kind == Augment::CropFlip { (side / 8) as i32 } else { 0 };
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
