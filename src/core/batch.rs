//! Many photos looked at by one network: what was found in each, which are shown in which order, what every class comes to,
//! and the table of it all. Plain data.

use std::collections::BTreeMap;

use super::evidence::{Localisation, evidence_inside, localise};
use super::geometry::Rect;
use super::inference::{ClassMap, Inference, Prediction};
use super::message::Message;
use super::npy::npy;

/// A photo of the survey.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchItem {
    pub id: u32,
    /// Its path below the folder that was dropped.
    pub name: String,
    pub state: BatchItemState,
    /// Around what the photo shows, in shares of its width and height.
    pub boxes: Vec<Rect>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum BatchItemState {
    Waiting,
    Done(Inference),
    /// Why it could not be used.
    Failed(Message),
}

impl BatchItem {
    pub fn inference(&self) -> Option<&Inference> {
        match &self.state {
            BatchItemState::Done(inference) => Some(inference),
            _ => None,
        }
    }

    /// The most probable class.
    pub fn best(&self) -> Option<&Prediction> {
        self.inference()?.predictions.first()
    }

    /// Share of the positive evidence of `prediction` inside the boxes; `None` without boxes, or where nothing speaks for the
    /// class.
    pub fn inside(&self, prediction: &Prediction) -> Option<f64> {
        let boxes = self.boxes_in_crop()?;
        evidence_inside(&prediction.map.values, prediction.map.width, &boxes)
    }

    /// How well the map of `prediction` finds what the boxes hold; `None` without boxes.
    pub fn localisation(&self, prediction: &Prediction) -> Option<Localisation> {
        Some(localise(&prediction.map.values, prediction.map.width, &self.boxes_in_crop()?))
    }

    /// Share of what the network saw that the boxes cover: the evidence inside of a map that knows nothing.
    pub fn covered(&self) -> Option<f64> {
        evidence_inside(&[1.0], 1, &self.boxes_in_crop()?)
    }

    /// The boxes in shares of the square that the network saw.
    fn boxes_in_crop(&self) -> Option<Vec<Rect>> {
        let window = self.inference()?.window;
        let seen = |b: &Rect| Rect {
            x: (b.x - window.x) / window.width,
            y: (b.y - window.y) / window.height,
            width: b.width / window.width,
            height: b.height / window.height,
        };
        (!self.boxes.is_empty()).then(|| self.boxes.iter().map(seen).collect())
    }
}

/// What photos are sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// As they came.
    #[default]
    Added,
    Name,
    Class,
    /// The least sure first.
    Confidence,
    /// The least evidence inside first; photos without boxes last.
    Inside,
}

impl Order {
    pub const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Added, "came", "check-order-came"),
        (Self::Name, "name", "check-order-name"),
        (Self::Class, "class", "check-order-class"),
        (Self::Confidence, "confidence", "check-order-confidence"),
        (Self::Inside, "inside", "check-order-inside"),
    ];
}

/// Which photos are shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Filter {
    /// Most probable class.
    pub class: Option<usize>,
    /// Probability of the best class, at least and at most.
    pub confidence: [f32; 2],
    /// Evidence inside at most; photos without boxes are shown at 1 alone.
    pub inside: f64,
}

impl Default for Filter {
    fn default() -> Self {
        Self { class: None, confidence: [0.0, 1.0], inside: 1.0 }
    }
}

impl Filter {
    fn matches(&self, item: &BatchItem) -> bool {
        let Some(best) = item.best() else { return *self == Self::default() };
        let [low, high] = self.confidence;
        self.class.is_none_or(|class| class == best.index)
            && (low..=high).contains(&best.probability)
            && (self.inside >= 1.0 || item.inside(best).is_some_and(|inside| inside <= self.inside))
    }
}

/// Positions of the photos that `filter` lets through, in that order.
pub fn shown(items: &[BatchItem], filter: &Filter, order: Order) -> Vec<usize> {
    let mut places: Vec<usize> = (0..items.len()).filter(|&i| filter.matches(&items[i])).collect();
    let probability = |i: usize| items[i].best().map_or(f32::INFINITY, |best| best.probability);
    match order {
        Order::Added => {}
        Order::Name => places.sort_by(|&a, &b| items[a].name.cmp(&items[b].name)),
        Order::Class => {
            let class = |i: usize| items[i].best().map_or("\u{10ffff}", |best| &best.class);
            places.sort_by(|&a, &b| class(a).cmp(class(b)).then(probability(b).total_cmp(&probability(a))));
        }
        Order::Confidence => places.sort_by(|&a, &b| probability(a).total_cmp(&probability(b))),
        Order::Inside => {
            let share = |i: usize| items[i].best().and_then(|best| items[i].inside(best)).unwrap_or(f64::INFINITY);
            let shares: BTreeMap<usize, f64> = places.iter().map(|&i| (i, share(i))).collect();
            places.sort_by(|a, b| shares[a].total_cmp(&shares[b]));
        }
    }
    places
}

/// What the photos of one class come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Class {
    pub index: usize,
    pub name: String,
    pub photos: usize,
    /// Mean probability.
    pub confidence: f64,
    /// Mean share of the evidence inside the boxes, of the photos that have boxes.
    pub inside: Option<f64>,
    /// Mean of the maps: where this class is usually found.
    pub map: ClassMap,
}

/// Every class that is the best of some photo, most photos first.
pub fn classes(items: &[BatchItem]) -> Vec<Class> {
    let mut by_class: BTreeMap<usize, Vec<(&BatchItem, &Prediction)>> = BTreeMap::new();
    for item in items {
        if let Some(best) = item.best() {
            by_class.entry(best.index).or_default().push((item, best));
        }
    }
    let class = |(index, photos): (usize, Vec<(&BatchItem, &Prediction)>)| {
        let count = photos.len() as f64;
        let inside: Vec<f64> = photos.iter().filter_map(|(item, best)| item.inside(best)).collect();
        let mut map = photos[0].1.map.clone();
        map.values.fill(0.0);
        for (_, best) in &photos {
            map.values.iter_mut().zip(&best.map.values).for_each(|(sum, value)| *sum += value / count as f32);
        }
        Class {
            index,
            name: photos[0].1.class.clone(),
            photos: photos.len(),
            confidence: photos.iter().map(|(_, best)| f64::from(best.probability)).sum::<f64>() / count,
            inside: (!inside.is_empty()).then(|| inside.iter().sum::<f64>() / inside.len() as f64),
            map,
        }
    };
    let mut classes: Vec<Class> = by_class.into_iter().map(class).collect();
    classes.sort_by_key(|class| std::cmp::Reverse(class.photos));
    classes
}

/// The header of [`rows`].
pub const COLUMNS: &str = "photo,rank,class,index,probability,logit,evidence_inside,x0,y0,x1,y1,error\n";

/// A photo's lines of the table, one a class (RFC 4180). `x0` to `y1` are the box around the evidence, in pixels of the
/// upright photo; `words` are for the error.
pub fn rows(item: &BatchItem, words: impl Fn(&Message) -> String) -> String {
    let name = quoted(&item.name);
    let row = |(rank, p): (usize, &Prediction)| {
        let inside = item.inside(p).map(|share| share.to_string()).unwrap_or_default();
        let corners = p.evidence_box.map_or([const { String::new() }; 4], |corners| corners.map(|c| c.to_string()));
        let (class, corners) = (quoted(&p.class), corners.join(","));
        format!("{name},{},{class},{},{},{},{inside},{corners},\n", rank + 1, p.index, p.probability, p.logit)
    };
    match &item.state {
        BatchItemState::Waiting => String::new(),
        BatchItemState::Failed(why) => format!("{name},,,,,,,,,,,{}\n", quoted(&words(why))),
        BatchItemState::Done(inference) => inference.predictions.iter().enumerate().map(row).collect(),
    }
}

/// The raw maps as a `.npy` file, `[photos, classes, height, width]`, of the photos that were looked at, in their order; as
/// many classes as all have. `None` where there is none, or where maps differ in size.
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

fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}
