//! What is measured of a map, so that one knows how far to trust it. Plain data, for page and engine.

use serde::{Deserialize, Serialize};

/// How the class's probability (softmax, 0 to 1) answers when the map says what of the photo is taken away.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Faithfulness {
    /// Of the photo as it is.
    pub probability: f32,
    /// Of the photo times the map, stretched to 0 … 1 from its positive part.
    pub masked: f32,
    /// With the first 0, 1, … 28 twenty-eighths of the photo grey, what the map has highest first.
    pub deletion: Vec<f32>,
    /// With the first 0, 1, … 28 twenty-eighths sharp in a blurred photo, what the map has highest first.
    pub insertion: Vec<f32>,
    /// With 10, 20, … 90 % filled in from what is around it: what the map has highest,
    pub road_most: Vec<f32>,
    /// and lowest.
    pub road_least: Vec<f32>,
}

impl Faithfulness {
    /// Share of the probability that is lost where only what the map shows is left, 0 to 1; lower is better (average drop,
    /// Chattopadhay et al. 2018, section 4.1).
    pub fn drop(&self) -> f32 {
        (self.probability - self.masked).max(0.0) / self.probability.max(f32::MIN_POSITIVE)
    }

    /// Whether the class becomes more probable there (increase in confidence, the same section).
    pub fn increases(&self) -> bool {
        self.masked > self.probability
    }

    /// Area under [`deletion`](Self::deletion), 0 to 1; lower is better (Petsiuk et al. 2018, "RISE", section 4.2).
    pub fn deletion_area(&self) -> f32 {
        area(&self.deletion)
    }

    /// Area under [`insertion`](Self::insertion), 0 to 1; higher is better (the same section).
    pub fn insertion_area(&self) -> f32 {
        area(&self.insertion)
    }

    /// Half of what keeping the map's highest is worth more than keeping its lowest, −0.5 to 0.5; higher is better (Rong et
    /// al. 2022, "ROAD"; pytorch-grad-cam's `ROADCombined`).
    pub fn road(&self) -> f32 {
        (mean(&self.road_least) - mean(&self.road_most)) / 2.0
    }
}

/// How alike a map stays (rank correlation, −1 to 1) when the network's weights are made random from the head down to, and
/// with, `layer` (Adebayo et al. 2018, "Sanity Checks for Saliency Maps", section 4.1). A map that stays as it was does not
/// show what the network learnt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Randomised {
    pub layer: String,
    /// `None` where either map is the same everywhere.
    pub similarity: Option<f32>,
}

/// How far a map is to be trusted: what to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Metric {
    Faithfulness,
    Sanity,
}

/// And what was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum MetricResult {
    Faithfulness(Faithfulness),
    Sanity(Vec<Randomised>),
}

/// By the trapezoidal rule, over a width of one.
fn area(curve: &[f32]) -> f32 {
    let steps = curve.len().saturating_sub(1).max(1) as f32;
    curve.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0).sum::<f32>() / steps
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}
