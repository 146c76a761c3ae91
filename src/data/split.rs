//! Which photos are held out.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

/// Positions of `labels` to train on and to hold out: of every class `share` (rounded, but at least one of two or more,
/// and never all), drawn by `seed`; both in ascending order.
pub fn stratified(labels: &[usize], share: f64, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut held_out = vec![false; labels.len()];
    for class in 0..labels.iter().max().map_or(0, |&last| last + 1) {
        let mut members: Vec<usize> = (0..labels.len()).filter(|&i| labels[i] == class).collect();
        members.shuffle(&mut rng);
        let most = members.len().saturating_sub(1);
        let count =
            if share > 0.0 { ((members.len() as f64 * share).round() as usize).clamp(1.min(most), most) } else { 0 };
        members[..count].iter().for_each(|&i| held_out[i] = true);
    }
    (0..labels.len()).partition(|&i| !held_out[i])
}
