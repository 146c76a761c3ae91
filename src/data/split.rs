//! Training, validation and test images: kept apart, or drawn from the training images class by class.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::Dataset;

/// A data set in three parts, any of which may be empty.
#[derive(Debug, Clone)]
pub struct Split {
    /// What the network learns from.
    pub train: Dataset,
    /// What the best epoch is chosen by.
    pub validation: Dataset,
    /// What the result is judged by, once.
    pub test: Dataset,
    /// Files that could not be used, each with the reason.
    pub skipped: Vec<String>,
}

impl Split {
    /// Three times `empty`, a data set that knows its classes and size.
    pub fn empty(empty: Dataset) -> Self {
        Self { train: empty.clone(), validation: empty.clone(), test: empty, skipped: Vec::new() }
    }

    /// Move a share of every class from the training images to the test images, if nothing is set apart yet.
    #[must_use]
    pub fn with_test(mut self, share: f64, seed: u64) -> Self {
        if self.test.is_empty() && self.validation.is_empty() {
            (self.train, self.test) = divided(&self.train, share, seed);
        }
        self
    }

    /// Move a share of every class from the training images to the validation images, if there are none yet.
    #[must_use]
    pub fn with_validation(mut self, share: f64, seed: u64) -> Self {
        if self.validation.is_empty() {
            (self.train, self.validation) = divided(&self.train, share, seed);
        }
        self
    }

    /// The images to judge a finished network by, and what they are called: the test images, else the validation images,
    /// else all.
    pub fn into_judged(self) -> (&'static str, Dataset) {
        match (self.test.is_empty(), self.validation.is_empty()) {
            (false, _) => ("test", self.test),
            (true, false) => ("validation", self.validation),
            (true, true) => ("all", self.train),
        }
    }
}

fn divided(data: &Dataset, share: f64, seed: u64) -> (Dataset, Dataset) {
    let (kept, held_out) = stratified(&data.labels, share, seed);
    (data.select(&kept), data.select(&held_out))
}

/// Draw a held-out set: positions of `labels` to train on and to hold out, both ascending. Of every class `share` is held
/// out (rounded, but at least one of two or more, and never all), drawn by `seed`.
///
/// ```
/// # use camscope::data::stratified;
/// let (train, held_out) = stratified(&[0, 0, 0, 0, 1, 1, 1, 1], 0.25, 1);
/// assert_eq!((train.len(), held_out.len()), (6, 2));
/// ```
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
