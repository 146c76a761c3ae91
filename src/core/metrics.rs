//! Metrics of a map: how far to trust it.

use serde::{Deserialize, Serialize};

use super::inference::ClassMap;

/// Class probability (softmax, 0 to 1) under perturbations of the photo that the map guides.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Faithfulness {
    /// Probability for the photo itself.
    pub probability: f32,
    /// Probability for the photo times the map, whose positive part is scaled to 0 … 1.
    pub masked: f32,
    /// Probabilities with 0, 1, … 28 twenty-eighths of the photo grey, the map's highest pixels first.
    pub deletion: Vec<f32>,
    /// Probabilities with 0, 1, … 28 twenty-eighths of a blurred photo sharp, the map's highest pixels first.
    pub insertion: Vec<f32>,
    /// Probabilities with the map's highest 10, 20, … 90 % of pixels imputed from their surroundings.
    pub road_most: Vec<f32>,
    /// Probabilities with the map's lowest 10, 20, … 90 % of pixels imputed from their surroundings.
    pub road_least: Vec<f32>,
}

impl Faithfulness {
    /// Return the share of the probability that is lost in the masked photo, 0 to 1; lower is better.
    ///
    /// Its mean over photos is the average drop (Chattopadhay et al. 2018, section 4.1).
    ///
    /// ```
    /// # use camscope::core::metrics::Faithfulness;
    /// let found = Faithfulness { probability: 0.8, masked: 0.6, deletion: vec![0.8, 0.0], ..Faithfulness::default() };
    /// assert!((found.drop() - 0.25).abs() < 1e-6 && !found.increases());
    /// assert!((found.deletion_area() - 0.4).abs() < 1e-6);
    /// ```
    pub fn drop(&self) -> f32 {
        (self.probability - self.masked).max(0.0) / self.probability.max(f32::MIN_POSITIVE)
    }

    /// Return whether the class is more probable in the masked photo (increase in confidence, the same section).
    pub fn increases(&self) -> bool {
        self.masked > self.probability
    }

    /// Return the area under [`deletion`](Self::deletion), 0 to 1; lower is better (Petsiuk et al. 2018, "RISE",
    /// section 4.2).
    pub fn deletion_area(&self) -> f32 {
        area(&self.deletion)
    }

    /// Return the area under [`insertion`](Self::insertion), 0 to 1; higher is better (the same section).
    pub fn insertion_area(&self) -> f32 {
        area(&self.insertion)
    }

    /// Return half of the mean difference between [`road_least`](Self::road_least) and [`road_most`](Self::road_most),
    /// −0.5 to 0.5; higher is better (Rong et al. 2022, "ROAD"; pytorch-grad-cam's `ROADCombined`).
    pub fn road(&self) -> f32 {
        (mean(&self.road_least) - mean(&self.road_most)) / 2.0
    }
}

/// One step of the cascading randomisation test (Adebayo et al. 2018, "Sanity Checks for Saliency Maps", section 4.1).
///
/// A map that stays similar does not show what the network has learnt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Randomised {
    /// The earliest layer with random weights; all later layers have random weights too.
    pub layer: String,
    /// Rank correlation of the map with the trained network's, −1 to 1; `None` where either map is constant.
    pub similarity: Option<f32>,
    /// The map with these weights; empty for a mean over photos.
    #[serde(default, skip_serializing_if = "ClassMap::is_empty")]
    pub map: ClassMap,
}

/// A metric to compute for a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Metric {
    /// Class probability under perturbations that the map guides.
    Faithfulness,
    /// Similarity of the map while the weights are randomised.
    Sanity,
}

/// The result of a [`Metric`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum MetricResult {
    /// Result of [`Metric::Faithfulness`].
    Faithfulness(Faithfulness),
    /// Result of [`Metric::Sanity`]: one step for each layer, from the head down.
    Sanity(Vec<Randomised>),
}

/// Return the area under `curve` over a width of one, by the trapezoidal rule.
fn area(curve: &[f32]) -> f32 {
    let steps = curve.len().saturating_sub(1).max(1) as f32;
    curve.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0).sum::<f32>() / steps
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}
