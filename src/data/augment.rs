//! Augmentation: small random changes to an image that keep its class.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// Which changes to make to training images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Augment {
    /// No changes.
    None,
    /// Mirror half of the images.
    Flip,
    /// Also shift by up to an eighth of the side (He et al. 2016, section 4.2: four pixels of 32).
    #[default]
    CropFlip,
    /// Also change brightness, contrast and saturation by up to a fifth.
    CropFlipColour,
}

/// Append an augmented copy of `image`, interleaved RGB of `side` × `side` pixels, to `out`.
///
/// A shift fills the uncovered pixels with the nearest ones of the border.
///
/// ```
/// # use camscope::data::{Augment, augment};
/// # use rand::{SeedableRng, rngs::StdRng};
/// let (image, mut copy) = ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], Vec::new());
/// augment(Augment::None, &image, 2, &mut StdRng::seed_from_u64(1), &mut copy);
/// assert_eq!(copy, image);
/// ```
pub fn augment(kind: Augment, image: &[u8], side: usize, rng: &mut impl Rng, out: &mut Vec<u8>) {
    if kind == Augment::None {
        return out.extend_from_slice(image);
    }
    let reach = if kind == Augment::Flip { 0 } else { (side / 8) as i32 };
    let (dx, dy) = (rng.random_range(-reach..=reach), rng.random_range(-reach..=reach));
    let mirror = rng.random_bool(0.5);
    let colour = (kind == Augment::CropFlipColour).then(|| ColourChange::random(image, rng));
    let last = side as i32 - 1;
    let clamp = |v: i32| v.clamp(0, last) as usize;
    for y in 0..=last {
        let row = clamp(y + dy) * side;
        for x in 0..=last {
            let x = if mirror { last - x } else { x };
            let i = (row + clamp(x + dx)) * 3;
            match &colour {
                Some(colour) => out.extend(colour.apply([image[i], image[i + 1], image[i + 2]])),
                None => out.extend_from_slice(&image[i..i + 3]),
            }
        }
    }
}

/// A change of colours: factors around 1, and the image's mean level, around which contrast is scaled.
struct ColourChange {
    brightness: f32,
    contrast: f32,
    saturation: f32,
    mean: f32,
}

impl ColourChange {
    /// Draw factors from 0.8 to 1.2.
    fn random(image: &[u8], rng: &mut impl Rng) -> Self {
        let mean = image.iter().map(|&value| f64::from(value)).sum::<f64>() / image.len().max(1) as f64;
        let mut factor = || rng.random_range(0.8f32..=1.2);
        Self { brightness: factor(), contrast: factor(), saturation: factor(), mean: mean as f32 }
    }

    /// Change one pixel.
    fn apply(&self, rgb: [u8; 3]) -> [u8; 3] {
        let rgb = rgb.map(f32::from);
        let grey = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
        rgb.map(|value| {
            let value = grey + (value - grey) * self.saturation;
            let value = self.mean + (value - self.mean) * self.contrast;
            (value * self.brightness).round().clamp(0.0, 255.0) as u8
        })
    }
}
