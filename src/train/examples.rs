//! What a network learns from or is judged by: labelled photos, or what the first stages of a network made of them.

use std::ops::Range;
use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::data::{Augment, Dataset, batch};
use crate::recipe::Recipe;

/// Labelled inputs.
#[derive(Debug, Clone)]
pub struct Examples {
    inputs: Inputs,
    labels: Vec<usize>,
    classes: usize,
}

#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // one or two in a run
enum Inputs {
    Photos(Arc<Dataset>, Recipe),
    /// `[n, c, h, w]`
    Cached(Tensor<4>),
}

impl Examples {
    /// Photos, cut and normalised as `recipe` has it when they are used.
    pub fn photos(data: Arc<Dataset>, recipe: &Recipe) -> Self {
        let (labels, classes) = (data.labels.clone(), data.classes.len());
        Self { inputs: Inputs::Photos(data, recipe.clone()), labels, classes }
    }

    /// Inputs `[n, c, h, w]` of a network's later stages, one for each of `labels`, which lie below `classes`.
    pub fn cached(inputs: Tensor<4>, labels: Vec<usize>, classes: usize) -> Self {
        Self { inputs: Inputs::Cached(inputs), labels, classes }
    }

    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    pub fn classes(&self) -> usize {
        self.classes
    }

    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// All of them in `order`, `size` at a time. Photos are augmented, by `seed`; the next batch is made while the last
    /// one is used, where there are threads for it.
    pub fn batches(&self, order: Vec<usize>, size: usize, augment: Augment, seed: u64) -> Batches<'_> {
        let mut batches = Batches { examples: self, order, size: size.max(1), augment, seed, done: 0, next: None };
        batches.next = batches.prepare();
        batches
    }
}

/// An epoch's batches in turn.
pub struct Batches<'a> {
    examples: &'a Examples,
    order: Vec<usize>,
    size: usize,
    augment: Augment,
    seed: u64,
    done: usize,
    next: Option<Pending>,
}

/// Pixels that are being made: on another thread, or when they are asked for.
type Pending = Box<dyn FnOnce() -> Vec<u8>>;

/// Some examples, not yet on a device.
pub struct Batch {
    pub labels: Vec<usize>,
    inputs: BatchInputs,
}

#[allow(clippy::large_enum_variant)] // one or two at a time
enum BatchInputs {
    Pixels(Vec<u8>, Recipe),
    Cached(Tensor<4>),
}

impl Batches<'_> {
    /// The pixels of the batch that comes after those done.
    fn prepare(&self) -> Option<Pending> {
        let Inputs::Photos(data, recipe) = &self.examples.inputs else { return None };
        let positions = self.order.chunks(self.size).nth(self.done)?.to_vec();
        let (data, size, augment, seed) = (data.clone(), recipe.size, self.augment, self.seed);
        let make = move || batch(&data, &positions, size, augment, seed);
        #[cfg(feature = "threads")]
        {
            let (sender, receiver) = std::sync::mpsc::sync_channel(1);
            let again = make.clone();
            rayon::spawn(move || drop(sender.send(make())));
            // Nobody sends only where the maker panicked; then it panics here, in the open.
            Some(Box::new(move || receiver.recv().unwrap_or_else(|_| again())))
        }
        #[cfg(not(feature = "threads"))]
        Some(Box::new(make))
    }
}

impl Iterator for Batches<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let positions = self.order.chunks(self.size).nth(self.done)?.to_vec();
        self.done += 1;
        let inputs = match &self.examples.inputs {
            Inputs::Photos(_, recipe) => {
                let pixels = self.next.take()?();
                self.next = self.prepare();
                BatchInputs::Pixels(pixels, recipe.clone())
            }
            Inputs::Cached(inputs) => {
                let rows: Vec<i32> = positions.iter().map(|&position| position as i32).collect();
                let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [positions.len()]), &inputs.device());
                BatchInputs::Cached(inputs.clone().select(0, rows))
            }
        };
        Some(Batch { labels: positions.iter().map(|&position| self.examples.labels[position]).collect(), inputs })
    }
}

impl Batch {
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// The inputs of a part of the batch, `[range.len(), c, h, w]`, on `device`.
    pub fn inputs(&self, range: Range<usize>, device: &Device) -> Tensor<4> {
        match &self.inputs {
            BatchInputs::Pixels(rgb, recipe) => {
                let image = rgb.len() / self.len();
                recipe.normalise(&rgb[range.start * image..range.end * image], device)
            }
            BatchInputs::Cached(inputs) => inputs.clone().narrow(0, range.start, range.len()).to_device(device),
        }
    }
}
