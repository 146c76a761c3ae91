//! What a network learns from or is judged by: labelled photos, or what the first stages of a network made of them.

use std::ops::Range;
use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::core::{geometry::Rect, preprocessing::Preprocessing};
use crate::data::{Augment, Dataset, batch};
use crate::threads::{self, Pending};

/// Labelled inputs.
#[derive(Debug, Clone)]
pub struct Examples {
    inputs: Inputs,
    labels: Vec<usize>,
    classes: usize,
    /// Of each photo, where its boxes are known.
    boxes: Option<Vec<Vec<Rect>>>,
}

#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // one or two in a run
enum Inputs {
    Photos(Arc<Dataset>, Preprocessing),
    /// `[n, c, h, w]`
    Cached(Tensor<4>),
}

impl Examples {
    /// Photos, cut and normalised as `preprocessing` has it when they are used.
    pub fn photos(data: Arc<Dataset>, preprocessing: &Preprocessing) -> Self {
        let (labels, classes) = (data.labels.clone(), data.classes.len());
        Self { inputs: Inputs::Photos(data, preprocessing.clone()), labels, classes, boxes: None }
    }

    /// Inputs `[n, c, h, w]` of a network's later stages, one for each of `labels`, which lie below `classes`.
    pub fn cached(inputs: Tensor<4>, labels: Vec<usize>, classes: usize) -> Self {
        Self { inputs: Inputs::Cached(inputs), labels, classes, boxes: None }
    }

    /// With the places of what the labels name, in shares of the square that the network sees.
    pub fn with_boxes(self, boxes: Vec<Vec<Rect>>) -> Self {
        Self { boxes: Some(boxes), ..self }
    }

    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    pub fn boxes(&self) -> Option<&[Vec<Rect>]> {
        self.boxes.as_deref()
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

    /// All of them as they are, `size` at a time.
    pub fn in_order(&self, size: usize) -> Batches<'_> {
        self.batches((0..self.len()).collect(), size, Augment::None, 0)
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
    /// The pixels of the batch that comes next.
    next: Option<Pending<Vec<u8>>>,
}

/// Some examples, not yet on a device.
pub struct Batch {
    pub labels: Vec<usize>,
    inputs: BatchInputs,
}

#[allow(clippy::large_enum_variant)] // one or two at a time
enum BatchInputs {
    Pixels(Vec<u8>, Preprocessing),
    Cached(Tensor<4>),
}

impl Batches<'_> {
    /// The pixels of the batch that comes after those done.
    fn prepare(&self) -> Option<Pending<Vec<u8>>> {
        let Inputs::Photos(data, preprocessing) = &self.examples.inputs else { return None };
        let positions = self.order.chunks(self.size).nth(self.done)?.to_vec();
        let (data, size, augment, seed) = (data.clone(), preprocessing.size, self.augment, self.seed);
        Some(threads::prefetch(move || batch(&data, &positions, size, augment, seed)))
    }
}

impl Iterator for Batches<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let positions = self.order.chunks(self.size).nth(self.done)?.to_vec();
        self.done += 1;
        let inputs = match &self.examples.inputs {
            Inputs::Photos(_, preprocessing) => {
                let pixels = self.next.take()?();
                self.next = self.prepare();
                BatchInputs::Pixels(pixels, preprocessing.clone())
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
            BatchInputs::Pixels(rgb, preprocessing) => {
                let image = rgb.len() / self.len();
                preprocessing.normalise(&rgb[range.start * image..range.end * image], device)
            }
            BatchInputs::Cached(inputs) => inputs.clone().narrow(0, range.start, range.len()).to_device(device),
        }
    }
}
