//! Review of a batch of photos: each photo's inference, filter and order, summaries per class, and the CSV table.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::evidence::{Localisation, evidence_inside, localise};
use super::geometry::Rect;
use super::inference::{ClassMap, Inference, Prediction};
use super::message::Message;
use super::npy::npy;

/// A photo of the batch.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchItem {
    /// Number of the photo, unique in the batch.
    pub id: u32,
    /// Path of the file, relative to the folder that was added.
    pub name: String,
    /// Result of the inference, once there is one.
    pub state: BatchItemState,
    /// Bounding boxes of the object, in fractions of the photo's width and height.
    pub boxes: Vec<Rect>,
    /// Name of the class that the photo is of, where its folder is named after one.
    pub truth: Option<String>,
}

/// Share of the crop above which boxes are uninformative.
pub const COVERS_ALL: f64 = 0.95;

/// Probability of the best class below which the network is unsure.
pub const UNSURE: f32 = 0.5;

/// Processing state of a photo.
#[derive(Debug, Clone, PartialEq)]
pub enum BatchItemState {
    /// No inference has run yet.
    Waiting,
    /// Inference is done.
    Done(Inference),
    /// The photo cannot be used; says why.
    Failed(Message),
}

impl BatchItem {
    /// Return the photo's inference, if it is done.
    pub fn inference(&self) -> Option<&Inference> {
        match &self.state {
            BatchItemState::Done(inference) => Some(inference),
            _ => None,
        }
    }

    /// Return the most probable class.
    pub fn best(&self) -> Option<&Prediction> {
        self.inference()?.predictions.first()
    }

    /// Return the share of the evidence of `prediction` inside the boxes, 0 to 1; see [`evidence_inside`].
    ///
    /// `None` without boxes, or where no cell of the map is positive.
    pub fn inside(&self, prediction: &Prediction) -> Option<f64> {
        let boxes = self.boxes_in_crop()?;
        evidence_inside(&prediction.map.values, prediction.map.width, &boxes)
    }

    /// Measure how well the map of `prediction` localises the object; `None` without boxes.
    pub fn localisation(&self, prediction: &Prediction) -> Option<Localisation> {
        Some(localise(&prediction.map.values, prediction.map.width, &self.boxes_in_crop()?))
    }

    /// Return the fraction of the crop that the boxes cover: the evidence inside of a uniform map, hence the baseline.
    pub fn covered(&self) -> Option<f64> {
        evidence_inside(&[1.0], 1, &self.boxes_in_crop()?)
    }

    /// Return whether the best class's evidence lies outside the boxes: no more of it is inside than of a uniform map.
    pub fn looks_elsewhere(&self) -> bool {
        let inside = self.best().and_then(|best| self.inside(best));
        inside.zip(self.covered()).is_some_and(|(inside, covered)| inside <= covered && covered <= COVERS_ALL)
    }

    /// Return whether the best class's probability is below [`UNSURE`].
    pub fn is_unsure(&self) -> bool {
        self.best().is_some_and(|best| best.probability < UNSURE)
    }

    /// Return whether the best class is another than the photo's folder says.
    pub fn is_wrong(&self) -> bool {
        self.best().zip(self.truth.as_ref()).is_some_and(|(best, truth)| best.class != *truth)
    }

    /// Return the boxes in fractions of the crop; `None` without boxes.
    fn boxes_in_crop(&self) -> Option<Vec<Rect>> {
        let crop = self.inference()?.crop;
        let in_crop = |b: &Rect| Rect {
            x: (b.x - crop.x) / crop.width,
            y: (b.y - crop.y) / crop.height,
            width: b.width / crop.width,
            height: b.height / crop.height,
        };
        (!self.boxes.is_empty()).then(|| self.boxes.iter().map(in_crop).collect())
    }
}

/// Sort order of the photos.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// In the order in which they were added.
    #[default]
    Added,
    /// By file name.
    Name,
    /// By the most probable class's name; within a class, the most probable first.
    Class,
    /// By the best class's probability, the lowest first.
    Confidence,
    /// By evidence inside, the least first; photos without boxes come last.
    Inside,
}

impl Order {
    /// Every order with its id in the page's menu and the id of its message.
    pub const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Added, "added", "check-order-added"),
        (Self::Name, "name", "check-order-name"),
        (Self::Class, "class", "check-order-class"),
        (Self::Confidence, "confidence", "check-order-confidence"),
        (Self::Inside, "inside", "check-order-inside"),
    ];
}

/// Group of photos to review.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Group {
    /// Every photo.
    #[default]
    All,
    /// Those of [`BatchItem::looks_elsewhere`].
    Elsewhere,
    /// Those of [`BatchItem::is_unsure`].
    Unsure,
    /// Those of [`BatchItem::is_wrong`].
    Wrong,
}

impl Group {
    /// Return whether `item` belongs to the group.
    pub fn has(self, item: &BatchItem) -> bool {
        match self {
            Self::All => true,
            Self::Elsewhere => item.looks_elsewhere(),
            Self::Unsure => item.is_unsure(),
            Self::Wrong => item.is_wrong(),
        }
    }
}

/// Which photos are visible.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Filter {
    /// The group that they belong to.
    pub group: Group,
    /// Index of the most probable class; `None` for any.
    pub class: Option<usize>,
    /// Range of the best class's probability: lowest and highest, both included, 0 to 1.
    pub confidence: [f32; 2],
    /// Highest evidence inside, 0 to 1. Photos without boxes match at 1 only.
    pub inside: f64,
}

impl Default for Filter {
    fn default() -> Self {
        Self { group: Group::All, class: None, confidence: [0.0, 1.0], inside: 1.0 }
    }
}

impl Filter {
    /// Return whether `item` is visible. A photo without an inference matches the default filter only.
    fn matches(&self, item: &BatchItem) -> bool {
        let Some(best) = item.best() else { return *self == Self::default() };
        let [low, high] = self.confidence;
        self.group.has(item)
            && self.class.is_none_or(|class| class == best.index)
            && (low..=high).contains(&best.probability)
            && (self.inside >= 1.0 || item.inside(best).is_some_and(|inside| inside <= self.inside))
    }
}

/// Return the positions of the photos that match `filter`, in `order`.
pub fn visible(items: &[BatchItem], filter: &Filter, order: Order) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..items.len()).filter(|&i| filter.matches(&items[i])).collect();
    let probability = |i: usize| items[i].best().map_or(f32::INFINITY, |best| best.probability);
    let class = |i: usize| items[i].best().map_or("\u{10ffff}", |best| &best.class);
    let shares: Vec<f64> = match order {
        Order::Inside => {
            let share = |item: &BatchItem| item.best().and_then(|best| item.inside(best)).unwrap_or(f64::INFINITY);
            items.iter().map(share).collect()
        }
        _ => Vec::new(),
    };
    // One sort: the page's program has its code once.
    positions.sort_by(|&a, &b| match order {
        Order::Added => Ordering::Equal,
        Order::Name => items[a].name.cmp(&items[b].name),
        Order::Class => class(a).cmp(class(b)).then(probability(b).total_cmp(&probability(a))),
        Order::Confidence => probability(a).total_cmp(&probability(b)),
        Order::Inside => shares[a].total_cmp(&shares[b]),
    });
    positions
}

/// Means over the photos whose most probable class is the same.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassSummary {
    /// Position of the class among the logits.
    pub index: usize,
    /// Name of the class.
    pub name: String,
    /// Number of photos.
    pub photos: usize,
    /// Mean probability, 0 to 1.
    pub confidence: f64,
    /// Mean evidence inside of the photos that have boxes, 0 to 1; `None` where none has.
    pub inside: Option<f64>,
    /// Mean of the maps, cell by cell: where the network usually finds the class.
    pub map: ClassMap,
}

/// Summarise every class that is the most probable of some photo, most photos first.
pub fn class_summaries(items: &[BatchItem]) -> Vec<ClassSummary> {
    let mut by_class: BTreeMap<usize, Vec<(&BatchItem, &Prediction)>> = BTreeMap::new();
    for item in items {
        if let Some(best) = item.best() {
            by_class.entry(best.index).or_default().push((item, best));
        }
    }
    let summary = |(index, photos): (usize, Vec<(&BatchItem, &Prediction)>)| {
        let count = photos.len() as f64;
        let inside: Vec<f64> = photos.iter().filter_map(|(item, best)| item.inside(best)).collect();
        let mut map = photos[0].1.map.clone();
        map.values.fill(0.0);
        for (_, best) in &photos {
            map.values.iter_mut().zip(&best.map.values).for_each(|(sum, value)| *sum += value / count as f32);
        }
        ClassSummary {
            index,
            name: photos[0].1.class.clone(),
            photos: photos.len(),
            confidence: photos.iter().map(|(_, best)| f64::from(best.probability)).sum::<f64>() / count,
            inside: (!inside.is_empty()).then(|| inside.iter().sum::<f64>() / inside.len() as f64),
            map,
        }
    };
    let mut summaries: Vec<ClassSummary> = by_class.into_iter().map(summary).collect();
    summaries.sort_by_key(|summary| std::cmp::Reverse(summary.photos));
    summaries
}

/// First line of the CSV table whose other lines [`csv_rows`] writes.
pub const CSV_HEADER: &str = "photo,rank,class,index,probability,logit,evidence_inside,x0,y0,x1,y1,error\n";

/// Write a photo's lines of the CSV table (RFC 4180): one for each predicted class, or one with the error.
///
/// `x0` to `y1` are the evidence box in pixels of the upright photo. `translate` puts the error into words.
///
/// ```
/// # use camscope::core::batch::{BatchItem, BatchItemState, CSV_HEADER, csv_rows};
/// let state = BatchItemState::Failed("photo-empty".into());
/// let item = BatchItem { id: 1, name: "cat, wild.jpg".into(), state, boxes: Vec::new(), truth: None };
/// let row = csv_rows(&item, |_| "The file is empty.".into());
/// assert_eq!(row, "\"cat, wild.jpg\",,,,,,,,,,,The file is empty.\n");
/// assert!(CSV_HEADER.starts_with("photo,rank,class,"));
/// ```
pub fn csv_rows(item: &BatchItem, translate: impl Fn(&Message) -> String) -> String {
    let name = quoted(&item.name);
    let row = |(rank, p): (usize, &Prediction)| {
        let inside = item.inside(p).map(|share| share.to_string()).unwrap_or_default();
        let corners = p.evidence_box.map_or([const { String::new() }; 4], |corners| corners.map(|c| c.to_string()));
        let (class, corners) = (quoted(&p.class), corners.join(","));
        format!("{name},{},{class},{},{},{},{inside},{corners},\n", rank + 1, p.index, p.probability, p.logit)
    };
    match &item.state {
        BatchItemState::Waiting => String::new(),
        BatchItemState::Failed(why) => format!("{name},,,,,,,,,,,{}\n", quoted(&translate(why))),
        BatchItemState::Done(inference) => inference.predictions.iter().enumerate().map(row).collect(),
    }
}

/// Encode the raw maps of all photos with an inference as a `.npy` file, `[photos, classes, height, width]`.
///
/// Photos keep their order; each photo's maps run from its most probable class down, as many as every photo has. `None`
/// where no photo has a map, or where maps differ in size.
pub fn raw_maps(items: &[BatchItem]) -> Option<Vec<u8>> {
    let inferences: Vec<&Inference> = items.iter().filter_map(BatchItem::inference).collect();
    let classes =
        inferences.iter().map(|inference| inference.predictions.len()).min().filter(|&classes| classes > 0)?;
    let first = &inferences[0].predictions[0].map;
    let maps = || inferences.iter().flat_map(|inference| &inference.predictions[..classes]).map(|p| &p.map);
    let alike = maps().all(|map| (map.width, map.height) == (first.width, first.height));
    let shape = [inferences.len(), classes, first.height, first.width];
    alike.then(|| npy(&shape, maps().flat_map(|map| map.values.iter().copied())))
}

/// Quote a CSV field if it holds a comma, a quote or a line break. A field that a spreadsheet would execute, such as `=SUM(A1)`, is
/// shown as text by an apostrophe before it (OWASP, CSV injection).
fn quoted(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}
