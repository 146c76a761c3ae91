//! What the site offers: its models and sample photos. Read by the browser's own JSON, which costs the page no code.

use js_sys::{Array, JSON};
use wasm_bindgen::{JsCast, JsValue};

use super::web::{fetch_json, property};
use crate::core::message::Message;

const MODELS: &str = "models/";
const SAMPLES: &str = "photos/";

/// What the page needs of a model's card.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub name: String,
    pub title: String,
    pub classes: Vec<String>,
    pub licence: String,
    pub source: String,
    /// Percent of right answers, and of what.
    pub accuracy: Option<(f64, String)>,
    pub url: String,
    pub bytes: f64,
    /// Pixels on a side of what the network sees.
    pub size: u32,
    /// The whole card, for the engine.
    pub card: String,
}

/// A sample photo of the site.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub url: String,
    pub file: String,
    /// What it shows.
    pub said: Message,
}

/// The models of the manifest, in its order; at least one.
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

/// A model that is not the site's own: its card as JSON, and the address of its weights.
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
        size: property(&property(&card, "recipe"), "size").as_f64()? as u32,
        card: JSON::stringify(&card).ok()?.into(),
    })
}

/// The samples that the site has; none is no fault.
pub async fn samples() -> Vec<Sample> {
    let json = fetch_json(&format!("{SAMPLES}index.json")).await.unwrap_or(JsValue::NULL);
    let sample = |sample: JsValue| {
        let file = property(&sample, "file").as_string()?;
        let said = Message::new(property(&sample, "said").as_string()?);
        Some(Sample { url: format!("{SAMPLES}{file}"), file, said })
    };
    json.dyn_ref().map(|array: &Array| array.iter().filter_map(sample).collect()).unwrap_or_default()
}
