//! Metrics of maps: how far to trust them, for photos with a cached inference.

use std::ops::ControlFlow;

use super::error::EngineError;
use super::session::Session;
use crate::cam::{faithfulness, sanity};
use crate::core::method::CamOptions;
use crate::core::metrics::{Faithfulness, Randomised};
use crate::core::resample::bilinear;

impl Session {
    /// Measure the probability of `class` for photo `id` under perturbations that the map made with `options` guides.
    ///
    /// `progress(done, total)` is called after every batch of passes and stops the metric by breaking.
    ///
    /// # Errors
    /// As for [`Session::explain`].
    pub async fn faithfulness(
        &self,
        id: u32,
        options: &CamOptions,
        class: usize,
        mut progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<Faithfulness, EngineError> {
        let maps = self.explain(id, options, &[class], async |done, of| progress(done, of).await).await?;
        let model = self.loaded()?;
        let size = model.card.preprocessing.size as usize;
        let map = maps.first().map_or(Vec::new(), |p| bilinear(&p.map.values, p.map.width, p.map.height, size, size));
        let x = model.card.preprocessing.normalise(&self.cached(id, &[class])?.rgb, &self.device);
        Ok(faithfulness(&model.network, x, &map, class, None, progress).await?)
    }

    /// Measure how similar the map of `class` for photo `id` stays while the weights are randomised from the head down.
    ///
    /// `progress(done, total)` is called as it goes and stops the metric by breaking.
    ///
    /// # Errors
    /// As for [`Session::explain`].
    pub async fn sanity(
        &self,
        id: u32,
        options: &CamOptions,
        class: usize,
        progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<Vec<Randomised>, EngineError> {
        let model = self.loaded()?;
        let x = model.card.preprocessing.normalise(&self.cached(id, &[class])?.rgb, &self.device);
        Ok(sanity(&model.network, x, options, class, progress).await?)
    }
}
