//! Training, validation and test sets: as the data has them, or drawn from the training images, stratified by class.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::Dataset;

/// A data set in three parts, each of which may be empty.
#[derive(Debug, Clone)]
pub struct Split {
    /// Images to train on.
    pub train: Dataset,
    /// Images that choose the best epoch.
    pub validation: Dataset,
    /// Images that evaluate the result, once.
    pub test: Dataset,
    /// Files that cannot be used, each with the reason.
    pub skipped: Vec<String>,
    /// Remarks on the files, for people.
    pub notes: Vec<String>,
}

impl Split {
    /// Create a split without images from `empty`, which has the classes and the side of the images.
    pub fn empty(empty: Dataset) -> Self {
        Self { train: empty.clone(), validation: empty.clone(), test: empty, skipped: Vec::new(), notes: Vec::new() }
    }

    /// Move a share of each class from the training set to the test set, if the data has neither test nor validation
    /// set.
    #[must_use]
    pub fn with_test(mut self, share: f64, seed: u64) -> Self {
        if self.test.is_empty() && self.validation.is_empty() {
            (self.train, self.test) = divided(&self.train, share, seed);
        }
        self
    }

    /// Move a share of each class from the training set to the validation set, if the data has none.
    #[must_use]
    pub fn with_validation(mut self, share: f64, seed: u64) -> Self {
        if self.validation.is_empty() {
            (self.train, self.validation) = divided(&self.train, share, seed);
        }
        self
    }

    /// Return the images to evaluate a finished network on, and the name of their set: the test set, or the validation
    /// set if there is no test set, or all images if there is neither.
    pub fn into_evaluated(self) -> (&'static str, Dataset) {
        match (self.test.is_empty(), self.validation.is_empty()) {
            (false, _) => ("test", self.test),
            (true, false) => ("validation", self.validation),
            (true, true) => ("all", self.train),
        }
    }
}

/// Divide a data set into the images to train on and those held out.
fn divided(data: &Dataset, share: f64, seed: u64) -> (Dataset, Dataset) {
    let (train, held_out) = stratified(&data.labels, share, seed);
    (data.select(&train), data.select(&held_out))
}

/// Draw a held-out set, stratified by class. Returns the positions in `labels` to train on and those to hold out,
/// ascending.
///
/// Of each class `share` is held out, 0 to 1 and rounded: at least one image of two or more, and never all. `seed`
/// decides which.
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
