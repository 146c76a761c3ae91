//! The site's models and sample photos. The browser parses the JSON, which adds no code to the page.

use js_sys::{Array, JSON};
use wasm_bindgen::{JsCast, JsValue};

use super::web::{fetch_json, property};
use crate::core::message::Message;

const MODELS: &str = "models/";
const SAMPLES: &str = "photos/";

/// The fields of a model card that the page needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub name: String,
    pub title: String,
    pub classes: Vec<String>,
    pub licence: String,
    pub source: String,
    /// Percentage of correct answers, and the images it was measured on.
    pub accuracy: Option<(f64, String)>,
    pub url: String,
    pub bytes: f64,
    /// Side of the network's input, in pixels.
    pub size: u32,
    /// The complete card as JSON, for the engine.
    pub card: String,
    /// Probability below which the answer is "none of these", if the network was taught so.
    pub threshold: Option<f32>,
}

impl Model {
    /// Return whether the network is there to be studied beside others: small photos are no photos of visitors.
    pub fn is_for_study(&self) -> bool {
        self.size <= 32
    }
}

/// A sample photo of the site.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub url: String,
    pub file: String,
    /// Name of what the photo shows.
    pub message: Message,
}

/// Fetch the models of the manifest, in its order; at least one.
///
/// # Errors
/// The reason why there are none.
pub async fn models() -> Result<Vec<Model>, Message> {
    let json = fetch_json(&format!("{MODELS}manifest.json"))
        .await
        .map_err(|why| Message::new("models-lost").with("why", why))?;
    let models: Option<Vec<_>> =
        property(&json, "models").dyn_ref().map(|array: &Array| array.iter().map(model).collect());
    let models = models.and_then(|models: Vec<Option<_>>| models.into_iter().collect::<Option<Vec<_>>>());
    match models {
        None => Err("models-damaged".into()),
        Some(models) if models.is_empty() => Err("models-none".into()),
        Some(models) => Ok(models),
    }
}

/// Make a model that is not in the manifest from its card as JSON and the address of its weights.
pub fn model_at(card: &str, url: String) -> Option<Model> {
    Some(Model { url, ..model(JSON::parse(card).ok()?)? })
}

fn model(card: JsValue) -> Option<Model> {
    let text = |name| property(&card, name).as_string();
    let accuracy = property(&card, "accuracy");
    let right = (!accuracy.is_undefined()).then(|| property(&accuracy, "top1").as_f64()).flatten();
    Some(Model {
        name: text("name")?,
        title: text("title")?,
        classes: property(&card, "classes").dyn_ref::<Array>()?.iter().filter_map(|name| name.as_string()).collect(),
        licence: text("licence")?,
        source: text("source")?,
        accuracy: right.map(|right| (right * 100.0, property(&accuracy, "on").as_string().unwrap_or_default())),
        url: format!("{MODELS}{}", text("file")?),
        bytes: property(&card, "bytes").as_f64()?,
        size: input_size(&card)?,
        card: JSON::stringify(&card).ok()?.into(),
        threshold: None,
    })
}

/// Return the side of the network's input. Cards of the version before have it in `recipe`; projects kept in the browser and
/// exported archives still contain such cards.
fn input_size(card: &JsValue) -> Option<u32> {
    let size = |name| property(&property(card, name), "size").as_f64();
    Some(size("preprocessing").or_else(|| size("recipe"))? as u32)
}

/// Fetch the site's sample photos. A site may have none.
pub async fn samples() -> Vec<Sample> {
    let json = fetch_json(&format!("{SAMPLES}index.json")).await.unwrap_or(JsValue::NULL);
    let sample = |sample: JsValue| {
        let file = property(&sample, "file").as_string()?;
        let message = Message::new(property(&sample, "message").as_string()?);
        Some(Sample { url: format!("{SAMPLES}{file}"), file, message })
    };
    json.dyn_ref().map(|array: &Array| array.iter().filter_map(sample).collect()).unwrap_or_default()
}
