//! Labelled examples for training and evaluation: photos, or features that the first stages of a network computed.

use std::ops::Range;
use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::core::{geometry::Rect, preprocessing::Preprocessing};
use crate::data::{Augment, Dataset, batch};
use crate::threads::{self, Pending};

/// Labelled inputs of a network, or of its later stages.
#[derive(Debug, Clone)]
pub struct Examples {
    inputs: Inputs,
    labels: Vec<usize>,
    classes: usize,
    /// Boxes of each photo's object, if they are known.
    boxes: Option<Vec<Vec<Rect>>>,
}

#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // a run has one or two
enum Inputs {
    Photos(Arc<Dataset>, Preprocessing),
    /// Features `[n, c, h, w]`.
    Cached(Tensor<4>),
}

impl Examples {
    /// Take photos, which are cropped and normalised by `preprocessing` when a batch is made.
    pub fn photos(data: Arc<Dataset>, preprocessing: &Preprocessing) -> Self {
        let (labels, classes) = (data.labels.clone(), data.classes.len());
        Self { inputs: Inputs::Photos(data, preprocessing.clone()), labels, classes, boxes: None }
    }

    /// Take inputs `[n, c, h, w]` of a network's later stages, one for each of `labels`, which must lie below
    /// `classes`.
    pub fn cached(inputs: Tensor<4>, labels: Vec<usize>, classes: usize) -> Self {
        Self { inputs: Inputs::Cached(inputs), labels, classes, boxes: None }
    }

    /// Add the boxes of each photo's object, in fractions of the crop.
    #[must_use]
    pub fn with_boxes(self, boxes: Vec<Vec<Rect>>) -> Self {
        Self { boxes: Some(boxes), ..self }
    }

    /// Return the class of each example.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// Return the boxes of each photo's object, if they are known.
    pub fn boxes(&self) -> Option<&[Vec<Rect>]> {
        self.boxes.as_deref()
    }

    /// Return the number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Return the number of examples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Return whether there are no examples.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Iterate over all examples in order and without augmentation, in batches of `size`.
    pub fn in_order(&self, size: usize) -> Batches<'_> {
        self.batches((0..self.len()).collect(), size, Augment::None, 0)
    }

    /// Iterate over the examples in `order`, in batches of `size`. `augment` changes photos by random numbers from
    /// `seed`. If there are threads, the next batch is prepared while the caller uses the last one.
    pub fn batches(&self, order: Vec<usize>, size: usize, augment: Augment, seed: u64) -> Batches<'_> {
        let mut batches = Batches { examples: self, order, size: size.max(1), augment, seed, done: 0, next: None };
        batches.next = batches.prepare();
        batches
    }
}

/// Iterator over batches.
pub struct Batches<'a> {
    examples: &'a Examples,
    order: Vec<usize>,
    size: usize,
    augment: Augment,
    seed: u64,
    done: usize,
    /// Pixels of the next batch.
    next: Option<Pending<Vec<u8>>>,
}

/// Some examples, not yet on a device.
pub struct Batch {
    /// Class of each example.
    pub labels: Vec<usize>,
    inputs: BatchInputs,
}

#[allow(clippy::large_enum_variant)] // one or two exist at a time
enum BatchInputs {
    Pixels(Vec<u8>, Preprocessing),
    Cached(Tensor<4>),
}

impl Batches<'_> {
    /// Start to prepare the pixels of the next batch; `None` after the last batch, or if the inputs are cached
    /// features.
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
    /// Return the number of examples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Move the inputs in `range` to `device`: `[range.len(), c, h, w]`.
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
